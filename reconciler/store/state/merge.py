"""The life of findings as set operations between what was staged and what is known (DESIGN.md 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Insert,
    ScalarSelect,
    Select,
    Update,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from reconciler.store.state import schema
from reconciler.store.state.backend import staged
from reconciler.store.state.groups import ACCEPTED, CLOSED, LIST_KINDS, NOT_CLOSED, OPEN
from reconciler.store.state.records import FindingEventKind
from reconciler.store.state.webhook_records import KeyScope

if TYPE_CHECKING:
    from reconciler.store.state.backend import Upsert

Columns = ReadOnlyColumnCollection[str, Any]

_KNOWN: Final = schema.findings.c
_GROUPS: Final = schema.finding_groups.c
_DECISIONS: Final = schema.decisions.c
_COUNTS: Final = schema.finding_counts.c
_REPLACED: Final = (
    "group_id", "detail",
    "crm_id", "crm_value", "crm_page", "crm_position",
    "erp_id", "erp_value", "erp_page", "erp_position",
)  # fmt: skip

SHOWN_SEPARATOR: Final = "|"
"""Between the parts of a key as it is shown, which is how it is kept here."""
_AFTER_SEPARATOR: Final = "}"
"""The character that follows the separator: where keys that begin with it end."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What the statements of one merge need to know.

    Attributes:
        run_number: of the run, or check of single records, that saw the staged findings.
        today: an acceptance until yesterday has ended.
        scope: the findings a check speaks for; None for a run, which speaks for all of the entity.
        spared: the findings a run does not speak for, because it could not look; None when there are none.
    """

    run_number: int
    entity: str
    now: datetime
    today: date
    scope: KeyScope | None = None
    spared: ColumnElement[bool] | None = None

    def changes_anything(self) -> ColumnElement[bool]:
        """Whether a check would open, change, reopen or close a finding."""
        known = staged.outerjoin(schema.findings, _KNOWN.id == staged.c.id)
        seen = select(staged.c.id).select_from(known).where(or_(_KNOWN.id.is_(None), self._changed(staged.c)))
        return or_(exists(seen), exists(select(_KNOWN.id).where(*self._missing())))

    def touched_groups(self) -> CompoundSelect[int]:
        """The groups whose counts a check may change. Must be asked before `upsert`."""
        moved = select(_KNOWN.group_id).where(_KNOWN.id.in_(select(staged.c.id)))
        return union(select(staged.c.group_id), moved, select(_KNOWN.group_id).where(*self._missing()))

    def note_reopened(self) -> Insert:
        """Write the event of every known finding that `upsert` will reopen. Must come before it."""
        why = case(
            (_KNOWN.status != ACCEPTED, FindingEventKind.RETURNED.value),
            (self._expired(), FindingEventKind.EXPIRED.value),
            else_=FindingEventKind.VALUE_CHANGED.value,
        )
        return self._events(
            why,
            select()
            .select_from(schema.findings.join(staged, staged.c.id == _KNOWN.id))
            .where(
                _KNOWN.group_id.in_(entity_groups(self.entity)),
                _KNOWN.status != OPEN,
                or_(_KNOWN.status != ACCEPTED, self._lapsed(staged.c)),
            ),
        )

    def upsert(self, statement: Upsert) -> Upsert:
        """Open what is new, and bring what is known up to date: seen again, reopened, or still accepted.

        Args:
            statement: an empty INSERT into `findings`.
        """
        names = staged.columns.keys()
        incoming = [staged.c[name] for name in names]
        loaded = statement.from_select(
            [*names, "status", "first_run", "last_run", "occurrences"],
            # SQLite reads ON CONFLICT as a join condition unless a WHERE stands before it.
            select(*incoming, literal(OPEN), literal(self.run_number), literal(self.run_number), literal(1)).where(
                true()
            ),
        )
        new = loaded.excluded
        stays_accepted = and_(_KNOWN.status == ACCEPTED, ~self._lapsed(new))
        return loaded.on_conflict_do_update(
            index_elements=["id"],
            set_={
                **{name: new[name] for name in _REPLACED},
                "status": case((stays_accepted, ACCEPTED), else_=OPEN),
                "decision_id": case((stays_accepted, _KNOWN.decision_id), else_=null()),
                "last_run": self.run_number,
                "occurrences": _KNOWN.occurrences + 1,
            },
            # A finding that a check confirms keeps its run, and so the raw records behind it.
            where=None if self.scope is None else self._changed(new),
        )

    def note_closed(self) -> Insert:
        """Write the event of every finding that `close` will close. Must come before it."""
        return self._events(literal(FindingEventKind.CLOSED.value), select().where(*self._missing()))

    def close(self) -> Update:
        """Close what this run or check speaks for and did not see."""
        return update(schema.findings).where(*self._missing()).values(status=CLOSED)

    def _missing(self) -> tuple[ColumnElement[bool], ...]:
        known = (_KNOWN.group_id.in_(entity_groups(self.entity)), _KNOWN.status.in_(NOT_CLOSED))
        if self.scope is None:
            looked_at = () if self.spared is None else (~self.spared,)
            return (*known, _KNOWN.last_run < self.run_number, *looked_at)
        return (*known, within(self.scope), _KNOWN.id.not_in(select(staged.c.id)))

    def _changed(self, incoming: Columns) -> ColumnElement[bool]:
        """Whether a known finding is not as it was seen now."""
        values = ("crm_value", "erp_value", "crm_id", "erp_id")
        return or_(
            _KNOWN.status.not_in((OPEN, ACCEPTED)),
            *(_KNOWN[name].is_distinct_from(incoming[name]) for name in values),
            and_(_KNOWN.status == ACCEPTED, self._expired()),
        )

    def _lapsed(self, incoming: Columns) -> ColumnElement[bool]:
        """Whether a decision no longer covers what was seen: it has run out, or it was about something else."""
        names_differ = or_(
            _KNOWN.crm_id.is_distinct_from(incoming["crm_id"]), _KNOWN.erp_id.is_distinct_from(incoming["erp_id"])
        )
        lists = select(_GROUPS.id).where(_GROUPS.kind.in_(LIST_KINDS)).scalar_subquery()
        return or_(
            _KNOWN.crm_value.is_distinct_from(incoming["crm_value"]),
            _KNOWN.erp_value.is_distinct_from(incoming["erp_value"]),
            and_(_KNOWN.group_id.in_(lists), names_differ),
            self._expired(),
        )

    def _expired(self) -> ColumnElement[bool]:
        return _KNOWN.decision_id.in_(select(_DECISIONS.id).where(_DECISIONS.until < self.today))

    def _events(self, kind: ColumnElement[str], source: Select[()]) -> Insert:
        return insert(schema.finding_events).from_select(
            ["finding_id", "at", "kind", "run_number", "decision_id"],
            source.add_columns(
                _KNOWN.id,
                literal(self.now, schema.finding_events.c.at.type),
                kind,
                literal(self.run_number),
                _KNOWN.decision_id,
            ),
        )


def entity_groups(entity: str) -> ScalarSelect[int]:
    """The numbers of the groups of an entity."""
    return select(_GROUPS.id).where(_GROUPS.entity == entity).scalar_subquery()


def within(scope: KeyScope) -> ColumnElement[bool]:
    """Whether the key of a known finding is one that a check speaks for."""
    if not scope.parents:
        return _KNOWN.key.in_(sorted(scope.keys))
    # Chosen by key alone and then by number: together with the other conditions SQLite would read every open finding.
    lines = schema.findings.alias("lines").c
    separators = func.length(lines.key) - func.length(func.replace(lines.key, SHOWN_SEPARATOR, ""))
    below = [
        and_(lines.key >= f"{parent}{SHOWN_SEPARATOR}", lines.key < f"{parent}{_AFTER_SEPARATOR}")
        for parent in sorted(scope.parents)
    ]
    return _KNOWN.id.in_(select(lines.id).where(or_(*below), separators == scope.separators))


async def recount(connection: AsyncConnection, groups: ScalarSelect[int] | Sequence[int]) -> None:
    """Bring `finding_counts` up to date for some groups, after their findings changed."""
    await connection.execute(delete(schema.finding_counts).where(_COUNTS.group_id.in_(groups)))
    await connection.execute(
        insert(schema.finding_counts).from_select(
            ["group_id", "status", "findings"],
            select(_KNOWN.group_id, _KNOWN.status, func.count())
            .where(_KNOWN.group_id.in_(groups))
            .group_by(_KNOWN.group_id, _KNOWN.status),
        )
    )
