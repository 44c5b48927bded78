"""Filters and orders as SQL.

Findings are picked in one of three ways. *Walking* follows the wanted order through an index and skips what the filter
does not choose; *gathering* takes what the filter chooses from the index by group and sorts it; *scanning* reads the
whole table as it lies, where a text has to be looked for in most of it: an index leads to its rows all over the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    UnaryExpression,
    and_,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)

from reconciler.errors import RefusedError
from reconciler.model.choice import chosen
from reconciler.model.staging import KEY_SEPARATOR, shown_key
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.backend import Backend
from reconciler.store.state.fingerprint import number
from reconciler.store.state.groups import Selection
from reconciler.store.state.records import FindingFilter, FindingSort

_ROWS: Final = schema.findings.c
_NOTHING: Final = literal_column("0", Integer)
_FIRST: Final = schema.runs.alias("first_runs")
_LAST: Final = schema.runs.alias("last_runs")
_DECISIONS: Final = schema.decisions.c
_MAX_PATTERNS: Final = 200
_COMPOUND_SELECTS: Final = 200
"""SQLite joins at most 500 selects."""
_BEYOND_UNICODE: Final = "\U0010ffff"
_SCATTERED: Final = 6
"""A row that an index leads to costs as much as so many that are read as they lie (measured with 500,000)."""

Counts = Mapping[tuple[int, int], int]
"""Findings by group and status; pairs without findings are left out."""

Order = tuple[UnaryExpression[Any], ...]

_COLUMNS: Final[dict[FindingSort, tuple[Column[Any], ...]]] = {
    FindingSort.ID: (_ROWS.id,),
    FindingSort.KEY: (_ROWS.key, _ROWS.id),
    FindingSort.LAST_SEEN: (_ROWS.last_run, _ROWS.id),
}


def row_numbers(fingerprints: frozenset[str]) -> list[int]:
    """Row numbers of whole fingerprints.

    Raises:
        RefusedError: one of them is not a fingerprint.
    """
    try:
        return [number(text) for text in fingerprints]
    except ValueError:
        raise RefusedError(phrase("a finding id has 16 hexadecimal digits.")) from None


@dataclass(frozen=True, slots=True)
class Picking:
    """What a filter chooses, ready to be asked for.

    Attributes:
        selection: the part answered by groups and statuses.
        narrow: the part answered by keys and ids; None when the filter gives neither.
        loose: the part that no index answers: a text to look for, and findings that are left out; None without either.
        searches: whether there is a text to look for.
    """

    selection: Selection
    narrow: ColumnElement[bool] | None
    loose: ColumnElement[bool] | None = None
    searches: bool = False

    @classmethod
    def of(cls, filter_: FindingFilter, selection: Selection, backend: Backend) -> Picking:
        """Build from a filter; `selection` is what `select_groups` made of it."""
        parts = []
        if (keys := chosen(filter_.key)) is not None:
            parts.append(key_condition(_ROWS.key, keys, backend))
        if (ids := chosen(filter_.ids)) is not None:
            parts.append(backend.among(_ROWS.id, row_numbers(ids)))
        narrow = and_(*parts) if parts else None
        return cls(selection, narrow, _loose_condition(filter_, backend), filter_.text is not None)

    @property
    def is_counted(self) -> bool:
        """Whether `finding_counts` knows how many findings are chosen."""
        return self.narrow is None and self.loose is None

    def scans(self, counts: Counts) -> bool:
        """Whether the table is read as it lies: to look for a text in more rows than an index is good for."""
        return self.searches and self.narrow is None and _SCATTERED * self._matching(counts) >= sum(counts.values())

    def counted_by_group(self, counts: Counts) -> Select[int, int, int]:
        """Rows of group, status and how many are chosen of them."""
        group: ColumnElement[int] = _ROWS.group_id
        status: ColumnElement[int] = _ROWS.status
        if self.narrow is None and not self.scans(counts):
            condition = self.condition_by_group(counts)
        else:
            # The sums keep the database from grouping along the index.
            group, status, condition = group + _NOTHING, status + _NOTHING, self.condition()
        return select(group, status, func.count()).where(condition).group_by(group, status)

    def condition(self) -> ColumnElement[bool]:
        """The whole filter, in a form that keeps the database off the index by group: another path is better."""
        parts = [part for part in (self.narrow, self.loose) if part is not None]
        for column, numbers in ((_ROWS.group_id, self.selection.groups), (_ROWS.status, self.selection.statuses)):
            if numbers is not None:
                parts.append((column + 0).in_(sorted(numbers)))
        return and_(True, *parts)

    def condition_by_group(self, counts: Counts) -> ColumnElement[bool]:
        """The part answered by groups and statuses, in a form that the index by group answers."""
        matching = [pair for pair in counts if self.selection.takes(*pair)]
        return and_(
            _ROWS.group_id.in_(sorted({group for group, _ in matching})),
            _ROWS.status.in_(sorted({status for _, status in matching})),
            *(() if self.loose is None else (self.loose,)),
        )

    def page(self, sort: FindingSort, counts: Counts, limit: int, offset: int) -> Select[tuple[int]]:
        """The row numbers of one page, in order."""
        scan = self.scans(counts) and sort is not FindingSort.ID
        gather = not scan and self._gathers(sort, counts, limit + offset)
        condition = self.condition_by_group(counts) if gather else self.condition()
        rows = select(_ROWS.id).where(condition).limit(limit).offset(offset)
        return rows.order_by(*order_of(sort, indexed=not (gather or scan)))

    def everything(self, sort: FindingSort, counts: Counts) -> Select[tuple[int]]:
        """The row numbers of all that is chosen, in order.

        Sorting by key gathers, however much it is: following the index by key reads every row from another place.
        """
        scan = self.scans(counts) and sort is not FindingSort.ID
        gather = (
            self.narrow is None
            and not scan
            and (sort is FindingSort.KEY or 2 * self._matching(counts) < sum(counts.values()))
        )
        condition = self.condition_by_group(counts) if gather else self.condition()
        return select(_ROWS.id).where(condition).order_by(*order_of(sort, indexed=not (gather or scan)))

    def _gathers(self, sort: FindingSort, counts: Counts, wanted: int) -> bool:
        if self.narrow is not None or self.selection.is_everything:
            return False
        total, matching = sum(counts.values()), self._matching(counts)
        if sort is FindingSort.ID:
            # Fingerprints scatter every group evenly: walking visits `wanted` times `total / matching` rows.
            return wanted * total > matching * matching
        return 2 * matching < total

    def _matching(self, counts: Counts) -> int:
        return sum(count for pair, count in counts.items() if self.selection.takes(*pair))


def order_of(sort: FindingSort, *, indexed: bool = True) -> Order:
    """Total order of a sort. `indexed` False keeps the database from following an index to save the sorting."""
    first, *rest = _COLUMNS[sort]
    expression = first if indexed else first + ("" if sort is FindingSort.KEY else 0)
    descending = sort is FindingSort.LAST_SEEN
    return tuple(column.desc() if descending else column.asc() for column in (expression, *rest))


def beyond(sort: FindingSort, last: tuple[Any, ...]) -> ColumnElement[bool]:
    """Whether a finding comes after the one whose sort columns hold `last`."""
    columns = tuple_(*_COLUMNS[sort])
    return columns < last if sort is FindingSort.LAST_SEEN else columns > last


def sort_values(sort: FindingSort, row_number: int) -> Select[tuple[Any, ...]]:
    """The sort columns of one finding."""
    return select(*_COLUMNS[sort]).where(_ROWS.id == row_number)


def batched_selects(pages: Sequence[Select[tuple[int]]]) -> Iterator[CompoundSelect[tuple[int, int]]]:
    """Queries for several pages at once: rows of `number`, which page it is, counted from 0, and `id`."""
    numbered = []
    for page_number, page in enumerate(pages):
        rows = page.subquery()
        numbered.append(select(literal(page_number, literal_execute=True).label("number"), rows.c.id))
    for start in range(0, len(numbered), _COMPOUND_SELECTS):
        yield union_all(*numbered[start : start + _COMPOUND_SELECTS])


def whole_findings() -> Select[tuple[Any, ...]]:
    """Findings with their runs and decision. Outer joins: an inner one would let SQLite start at the runs."""
    return select(
        schema.findings,
        _FIRST.c.started_at.label("first_seen"),
        _LAST.c.started_at.label("last_seen"),
        _DECISIONS.person,
        _DECISIONS.reason,
        _DECISIONS.until,
    ).select_from(
        schema.findings.outerjoin(_FIRST, _FIRST.c.number == _ROWS.first_run)
        .outerjoin(_LAST, _LAST.c.number == _ROWS.last_run)
        .outerjoin(schema.decisions, _DECISIONS.id == _ROWS.decision_id)
    )


def key_condition(column: Column[str], keys: frozenset[str], backend: Backend) -> ColumnElement[bool]:
    """Whether a key is one of these, as stored, or as shown with `|` between their parts; `*` is any text.

    Raises:
        RefusedError: there are too many patterns.
    """
    spellings = keys | {key.replace(shown_key(KEY_SEPARATOR), KEY_SEPARATOR) for key in keys}
    patterns = sorted(spelling for spelling in spellings if "*" in spelling)
    if len(patterns) > _MAX_PATTERNS:
        raise RefusedError(
            phrase("more than {max_patterns} key patterns were given at once.", max_patterns=_MAX_PATTERNS)
        )
    conditions = [_pattern_condition(column, pattern, backend) for pattern in patterns]
    if len(patterns) < len(spellings):
        conditions.append(backend.among(column, sorted(spellings.difference(patterns))))
    return or_(False, *conditions)


def _loose_condition(filter_: FindingFilter, backend: Backend) -> ColumnElement[bool] | None:
    parts: list[ColumnElement[bool]] = []
    if filter_.text is not None:
        # SQLite folds ASCII only: of other letters both cases are looked for.
        spellings = sorted({filter_.text} if filter_.text.isascii() else {filter_.text.lower(), filter_.text.upper()})
        columns = (_ROWS.key, _ROWS.crm_value, _ROWS.erp_value, _ROWS.crm_id, _ROWS.erp_id)
        parts.append(or_(*(backend.contains(column, text) for text in spellings for column in columns)))
    if (without := chosen(filter_.without)) is not None:
        parts.append(not_(backend.among(_ROWS.id, row_numbers(without))))
    return and_(*parts) if parts else None


def _pattern_condition(column: Column[str], pattern: str, backend: Backend) -> ColumnElement[bool]:
    beginning = pattern[: pattern.index("*")]
    fits = backend.matches(column, pattern)
    if not beginning:
        return fits
    return and_(column >= beginning, column < beginning + _BEYOND_UNICODE, fits)
