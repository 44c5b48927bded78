"""What the state keeps of one person: found by keys, ids and values, and erased in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Column, ColumnElement, Select, Table, and_, delete, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError, StateError
from reconciler.model.correction_records import LIVE_STATES
from reconciler.model.entities import Side
from reconciler.model.privacy import Row, Sought, StateTraces
from reconciler.store.state import pilot_schema, schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.database import Database
from reconciler.store.state.fingerprint import fingerprint, number
from reconciler.store.state.merge import recount

ERASED: Final = "(erased)"
"""What stands where a person's data stood, in rows that stay because others depend on them."""

_FINDINGS: Final = schema.findings.c
_GROUPS: Final = schema.finding_groups.c
_CORRECTIONS: Final = schema.corrections.c
_JOURNAL: Final = schema.journal_steps.c
_PLANS: Final = schema.correction_plans.c
_SAID: Final = pilot_schema.pilot_feedback.c
_HINTS: Final = schema.webhook_hints.c
_CHANGES: Final = schema.record_changes.c
_AUDIT: Final = schema.audit_entries.c
_TABLES: Final = (
    schema.findings,
    schema.finding_events,
    schema.corrections,
    schema.journal_steps,
    schema.correction_plans,
    schema.webhook_hints,
    schema.record_changes,
    pilot_schema.pilot_feedback,
)
_LIVE: Final = frozenset(state.value for state in LIVE_STATES)
_ROWS_AT_ONCE: Final = 500


class _Mentions:
    """Rows that name the person in one of some columns, whatever else stands there.

    The database finds the characters, and cannot tell a number from the middle of a longer one: that would be somebody
    else's.
    """

    def __init__(self, sought: Sought, *columns: Column[Any]) -> None:
        self._names_them = sought.names_them
        self._columns = [column.name for column in columns]
        likes = (
            func.lower(each).contains(text.casefold(), autoescape=True) for each in columns for text in sought.texts
        )
        self.somewhere: ColumnElement[bool] = or_(false(), *likes)

    def stands_in(self, row: Mapping[Any, Any]) -> bool:
        """Whether it is them."""
        return any(self._names_them(row[name]) for name in self._columns if row[name] is not None)


class PrivateData:
    """The rows of one state that hold a person's data."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def find(self, sought: Sought) -> StateTraces:
        """Every row about the records, or with one of the texts in it.

        Raises:
            StateError: the state cannot be read.
        """
        async with self._database.read() as connection:
            return await self._find(connection, sought)

    async def erase(self, sought: Sought, snapshots: Collection[str], act: Act) -> StateTraces:
        """Erase what `find` finds, and forget snapshots; the trail keeps its entries and takes the act.

        Findings, hints and changes are deleted. Corrections, their journal, finished plans and feedback stay as rows
        without their content.

        Raises:
            RefusedError: a correction of theirs may still be written, or a plan with one is not over.
            StateError: the state cannot be written.
        """
        async with self._database.write() as connection:
            found = await self._find(connection, sought)
            _refuse_what_goes_on(found)
            await self._delete(connection, found)
            await self._blank(connection, found)
            for each in snapshots:
                await connection.execute(delete(schema.snapshots).where(schema.snapshots.c.id == each))
            details = {**orjson.loads(act.details), "erased": found.counts() | {"snapshots": len(snapshots)}}
            told = act._replace(details=details_text(details))
            await append_acts(connection, self._database.backend, self._clock(), [told])
        async with self._database.bulk() as connection:
            if not await self._database.backend.drop_deleted(connection, _TABLES):
                raise StateError(
                    "the rows are erased, and the database still holds a copy of them in its log.",
                    hint="Stop what else uses the state, such as `reconciler serve`, and erase again.",
                )
        return found

    async def _find(self, connection: AsyncConnection, sought: Sought) -> StateTraces:
        findings = [
            {**each, "id": fingerprint(each["id"])}
            for each in await self._rows(connection, _select_findings(), self._findings_of(sought))
        ]
        corrections = await self._rows(connection, select(schema.corrections), self._corrections_of(sought))
        numbers = [each["id"] for each in corrections]
        journal = await self._belonging(connection, schema.journal_steps, _JOURNAL.correction, numbers)
        digests = {each["plan"] for each in (*corrections, *journal) if each["plan"]}
        plans = await self._belonging(connection, schema.correction_plans, _PLANS.digest, sorted(digests))
        feedback = select(pilot_schema.pilot_feedback)
        subjects = [each["id"] for each in findings] + [fingerprint(each) for each in numbers]
        live = [fingerprint(each["id"]) for each in corrections if each["state"] in _LIVE]
        return StateTraces(
            findings=tuple(findings),
            corrections=tuple({**each, "id": fingerprint(each["id"])} for each in corrections),
            journal=tuple({**each, "correction": fingerprint(each["correction"])} for each in journal),
            plans=tuple(plans),
            feedback=tuple(await self._rows(connection, feedback, self._feedback_of(sought))),
            webhooks=tuple(await self._rows(connection, select(schema.webhook_hints), self._hints_of(sought))),
            changes=tuple(await self._rows(connection, select(schema.record_changes), self._changes_of(sought))),
            audit=tuple(await self._trail(connection, subjects, sought)),
            live=tuple(live),
            plans_going_on=tuple(await self._going_on(connection, sorted(digests))),
        )

    async def _rows(
        self, connection: AsyncConnection, query: Select[Any], conditions: Iterable[ColumnElement[bool] | _Mentions]
    ) -> list[Row]:
        """Rows that meet any of the conditions, each once."""
        found: dict[Any, Row] = {}
        for each in conditions:
            where = each.somewhere if isinstance(each, _Mentions) else each
            for row in (await connection.execute(query.where(where))).mappings():
                if not isinstance(each, _Mentions) or each.stands_in(row):
                    found.setdefault(row["number"] if "number" in row else row["id"], _plain(row))
        return list(found.values())

    async def _belonging(
        self, connection: AsyncConnection, table: Table, column: Column[Any], values: Collection[Any]
    ) -> list[Row]:
        if not values:
            return []
        query = select(table).where(self._database.backend.among(column, values))
        return [_plain(row) for row in (await connection.execute(query)).mappings()]

    async def _going_on(self, connection: AsyncConnection, digests: list[str]) -> list[str]:
        """Those plans of which a correction, whoever's, may still be written."""
        if not digests:
            return []
        named = self._database.backend.among(_CORRECTIONS.plan, digests)
        query = select(_CORRECTIONS.plan).where(named, _CORRECTIONS.state.in_(_LIVE)).distinct()
        return sorted((await connection.execute(query)).scalars())

    async def _trail(self, connection: AsyncConnection, subjects: list[str], sought: Sought) -> list[Row]:
        among = self._database.backend.among
        conditions: list[ColumnElement[bool] | _Mentions]
        conditions = [among(_AUDIT.subject, part) for part in _parts(subjects)]
        return await self._rows(
            connection, select(schema.audit_entries), [*conditions, _Mentions(sought, _AUDIT.details)]
        )

    def _findings_of(self, sought: Sought) -> Iterator[ColumnElement[bool] | _Mentions]:
        among = self._database.backend.among
        for entity, keys in sought.keys.items():
            own = _GROUPS.entity.in_([entity, f"{entity}.lines", f"{entity}.taxes"])
            for part in _parts(sorted(keys)):
                below = [_FINDINGS.key.startswith(f"{key}|", autoescape=True) for key in part]
                yield and_(own, or_(among(_FINDINGS.key, part), *below))
        for (entity, side), ids in sought.ids.items():
            column = _FINDINGS.crm_id if side is Side.CRM else _FINDINGS.erp_id
            for part in _parts(sorted(ids)):
                yield and_(_GROUPS.entity == entity, among(column, part))
        yield _Mentions(sought, _FINDINGS.key, _FINDINGS.crm_value, _FINDINGS.erp_value, _FINDINGS.detail)

    def _corrections_of(self, sought: Sought) -> Iterator[ColumnElement[bool] | _Mentions]:
        among = self._database.backend.among
        for entity, keys in sought.keys.items():
            for part in _parts(sorted(keys)):
                yield and_(_CORRECTIONS.entity == entity, among(_CORRECTIONS.key, part))
        for (entity, side), ids in sought.ids.items():
            for part in _parts(sorted(ids)):
                target = and_(_CORRECTIONS.side == side.value, among(_CORRECTIONS.record_id, part))
                source = and_(_CORRECTIONS.side != side.value, among(_CORRECTIONS.source_id, part))
                yield and_(_CORRECTIONS.entity == entity, or_(target, source))
        yield _Mentions(sought, _CORRECTIONS.key, _CORRECTIONS.changes, _CORRECTIONS.words, _CORRECTIONS.problems)

    def _feedback_of(self, sought: Sought) -> Iterator[ColumnElement[bool] | _Mentions]:
        for entity, keys in sought.keys.items():
            for part in _parts(sorted(keys)):
                yield and_(_SAID.entity == entity, self._database.backend.among(_SAID.key, part))
        yield _Mentions(sought, _SAID.text, _SAID.answer, _SAID.key)

    def _hints_of(self, sought: Sought) -> Iterator[ColumnElement[bool] | _Mentions]:
        for (entity, side), ids in sought.ids.items():
            for part in _parts(sorted(ids)):
                own = and_(_HINTS.entity == entity, _HINTS.side == side.value)
                yield and_(own, self._database.backend.among(_HINTS.record_id, part))
        yield _Mentions(sought, _HINTS.problem)

    def _changes_of(self, sought: Sought) -> Iterator[ColumnElement[bool] | _Mentions]:
        names: dict[str, set[str]] = {entity: set(keys) for entity, keys in sought.keys.items()}
        for (entity, _), ids in sought.ids.items():
            names.setdefault(entity, set()).update(ids)
        for entity, these in names.items():
            for part in _parts(sorted(these)):
                yield and_(_CHANGES.entity == entity, self._database.backend.among(_CHANGES.name, part))
        yield _Mentions(sought, _CHANGES.name)

    async def _delete(self, connection: AsyncConnection, found: StateTraces) -> None:
        among = self._database.backend.among
        numbers = [number(each["id"]) for each in found.findings]
        if numbers:
            events = schema.finding_events
            await connection.execute(delete(events).where(among(events.c.finding_id, numbers)))
            await connection.execute(delete(schema.findings).where(among(_FINDINGS.id, numbers)))
            await recount(connection, sorted({each["group_id"] for each in found.findings}))
        for table, rows in ((schema.webhook_hints, found.webhooks), (schema.record_changes, found.changes)):
            if rows:
                gone = among(table.c.number, [each["number"] for each in rows])
                await connection.execute(delete(table).where(gone))

    async def _blank(self, connection: AsyncConnection, found: StateTraces) -> None:
        """Leave rows that others name without what they said."""
        among = self._database.backend.among
        gone = {"key": ERASED, "record_id": None, "source_id": None, "changes": "[]", "words": "", "problems": "[]"}
        for each in found.corrections:
            mark = {"target": f"{ERASED} {each['id']}", "offer": ""}
            these = _CORRECTIONS.number == each["number"]
            await connection.execute(update(schema.corrections).where(these).values(**gone, **mark))
        blanks: list[tuple[Table, Column[Any], list[Any], Row]] = [
            (
                schema.journal_steps,
                _JOURNAL.number,
                [each["number"] for each in found.journal],
                {"record_id": None, "words": "", "before": None, "after": None},
            ),
            (schema.correction_plans, _PLANS.digest, [each["digest"] for each in found.plans], {"document": ""}),
            (
                pilot_schema.pilot_feedback,
                _SAID.number,
                [each["number"] for each in found.feedback],
                {"text": ERASED, "key": ERASED, "answer": ""},
            ),
        ]
        for table, column, values, blank in blanks:
            if values:
                await connection.execute(update(table).where(among(column, values)).values(**blank))


def erasure_act(person: str, request: str, reason: str) -> Act:
    """What the trail says of an erasure. It names the request, never the person whose data it was."""
    details = {"reason": storable(reason)}
    return Act(storable(person), "privacy.erased", storable(request), details_text(details))


def _refuse_what_goes_on(found: StateTraces) -> None:
    if found.live:
        raise RefusedError(
            f"{len(found.live)} corrections of these records may still be written, the first is {found.live[0]};"
            " nothing is erased.",
            hint="Reject, apply or settle them first: `reconciler corrections list` shows them.",
        )
    if found.plans_going_on:
        raise RefusedError(
            f"plan {found.plans_going_on[0]} holds one of these records and is not over; nothing is erased.",
            hint="Apply it, or plan the corrections that are left of it anew.",
        )


def _select_findings() -> Select[Any]:
    return select(schema.findings, _GROUPS.entity, _GROUPS.kind, _GROUPS.field, _GROUPS.cause).join(
        schema.finding_groups, _GROUPS.id == _FINDINGS.group_id
    )


def _parts(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _ROWS_AT_ONCE):
        yield values[start : start + _ROWS_AT_ONCE]


def _plain(row: Any) -> Row:
    return {str(name): value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
