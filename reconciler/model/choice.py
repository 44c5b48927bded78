"""One part of a filter: nothing, one value, or any of several."""

from __future__ import annotations

from collections.abc import Collection

Choice = str | Collection[str] | None
"""One value, or any of several; None puts no restriction, an empty collection chooses nothing."""


def chosen(choice: Choice) -> frozenset[str] | None:
    """The values of a choice; None where it puts no restriction."""
    if choice is None:
        return None
    return frozenset((str(choice),)) if isinstance(choice, str) else frozenset(map(str, choice))
