"""From marks on the screen to what is decided about, in the product's words and as options of a command. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from reconciler.app.review.conflicts import Seen
from reconciler.app.review.decisions import Target
from reconciler.store.state.records import FindingFilter
from tui.review.narrowing import option_words
from tui.review.source import FindingSource
from tui.text import ellipsis
from tui.widgets.marks import Marks
from tui.widgets.table_rows import TableRow

_MOST_NAMED: Final = 200
"""Ids in an equivalent command; of more, the command says how many were left out."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What is decided about.

    Attributes:
        count: findings.
        by_filter: whether a filter chose, so that not each was looked at.
        commands: options and ids of `findings list` that choose the same; several where no single one can.
    """

    target: Target
    count: int
    by_filter: bool
    commands: tuple[tuple[str, ...], ...]


def meant_by(source: FindingSource, marks: Marks, row: TableRow | None, basis: FindingFilter) -> Meant | None:
    """What the marks mean, or without any the line under the cursor; None when that is nothing."""
    if marks:
        return _marked(source, marks, basis)
    if row is None:
        return None
    if row.heading is None:
        return _of_filters(source, [_named({row.id})], 1, by_filter=False)
    section = source.section(row.section)
    if section is None or not section.size:
        return None
    return _of_filters(source, [section.filter], section.size, by_filter=True)


def _marked(source: FindingSource, marks: Marks, basis: FindingFilter) -> Meant | None:
    filters: list[FindingFilter] = []
    if marks.whole.keys() == {section.id for section in source.sections}:
        filters.append(_but(basis, {row for left_out in marks.whole.values() for row in left_out}))
    else:
        whole = [section for section in source.sections if section.id in marks.whole]
        filters += [_but(section.filter, marks.whole[section.id]) for section in whole]
    if marks.single:
        filters.append(_named(set(marks.single)))
    count = marks.count(source.sizes)
    return _of_filters(source, filters, count, by_filter=bool(marks.whole)) if count else None


def _of_filters(source: FindingSource, filters: list[FindingFilter], count: int, *, by_filter: bool) -> Meant:
    seen: dict[str, Seen] = dict(source.seen)
    return Meant(Target(tuple(filters), seen), count, by_filter, tuple(tuple(_words(each)) for each in filters))


def _but(filter_: FindingFilter, left_out: set[str]) -> FindingFilter:
    return replace(filter_, without=frozenset(left_out)) if left_out else filter_


def _named(ids: set[str]) -> FindingFilter:
    return FindingFilter(ids=frozenset(ids))


def _words(filter_: FindingFilter) -> list[str]:
    if filter_.ids is None:
        return option_words(filter_, with_status=False) or ["--all"]
    ids = sorted(filter_.ids)
    return ids if len(ids) <= _MOST_NAMED else [*ids[:_MOST_NAMED], f"{ellipsis()}(+{len(ids) - _MOST_NAMED})"]
