"""A filter as options of a command. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.choice import chosen
from reconciler.store.state.records import FindingFilter


def option_words(filter_: FindingFilter, *, with_status: bool = True) -> list[str]:
    """The options of `findings list` that choose the same."""
    words: list[str] = []
    for option, choice in (
        ("--entity", filter_.entity),
        ("--field", filter_.field),
        ("--kind", filter_.kind),
        ("--cause", filter_.cause),
        ("--status", filter_.status if with_status else None),
        ("--key", filter_.key),
        ("--without", filter_.without),
    ):
        words += _options(option, chosen(choice))
    return words if filter_.text is None else [*words, "--text", filter_.text]


def _options(option: str, values: Iterable[str] | None) -> list[str]:
    return [word for value in sorted(values or ()) for word in (option, value)]
