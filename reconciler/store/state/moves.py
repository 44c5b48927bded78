"""Steps of the journal and moves between states, written together: what concurrent tasks ask for in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, JournalStep, StepKind
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.backend import Backend
from reconciler.store.state.correction_rows import row_number

_S = CorrectionState
_ROWS: Final = schema.corrections.c
_STEPS: Final = schema.journal_steps.c
_JOINS_PLAN: Final = frozenset({_S.PLANNED, _S.APPLYING})
_LEAVES_PLAN: Final = frozenset({_S.PROPOSED, _S.APPROVED, _S.REJECTED})
_ENDS_APPROVAL: Final = frozenset({_S.PROPOSED, _S.REJECTED})
_WAS_SENT: Final = frozenset({_S.APPLYING, _S.UNKNOWN})
_ACTS: Final = {
    (_S.APPROVED, _S.PROPOSED): "correction.approval_lapsed",
    (_S.PLANNED, _S.APPROVED): "correction.unplanned",
    (_S.FAILED, _S.APPROVED): "correction.unplanned",
    (_S.UNKNOWN, _S.APPLIED): "correction.settled",
}
"""Where the state that is reached does not say what happened."""


_Values = tuple[CorrectionState, str, str | None, str | None]
"""State, words, plan and record's id (None: as it is) that a correction gets."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Moves that somebody asked for together, each by the stored form of its correction's id."""

    moves: tuple[tuple[int, Move], ...]
    person: str
    plan: str | None
    through: str = ""

    @classmethod
    def of(cls, moves: Iterable[Move], person: str, plan: str | None, through: str = "") -> MoveRequest:
        """Of moves as they are asked for.

        Raises:
            ValueError: an id is not one.
        """
        return cls(tuple((row_number(move.correction), move) for move in moves), person, plan, through)


@dataclass(slots=True)
class _Place:
    """Where a correction is, and what this transaction makes of it. `record_id` None stays as it is."""

    number: int
    state: CorrectionState
    plan: str | None
    digest: str
    words: str = ""
    record_id: str | None = None
    moved: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class _Made:
    """A move that was made, on its way into the trail."""

    row: int
    move: Move
    person: str
    plan: str | None
    through: str


class MoveWriter:
    """Writes batches of steps and moves within a transaction that writes."""

    def __init__(self, backend: Backend, clock: Callable[[], datetime]) -> None:
        self._backend = backend
        self._clock = clock

    async def write(
        self, connection: AsyncConnection, requests: Sequence[JournalStep | MoveRequest]
    ) -> list[list[str]]:
        """Write steps, then moves, each in order; the answer to moves is the ids that were not where they should be."""
        steps = [request for request in requests if isinstance(request, JournalStep)]
        if steps:
            await connection.execute(insert(schema.journal_steps), [_step_row(step) for step in steps])
        asked = [request for request in requests if isinstance(request, MoveRequest)]
        places = await self._places(connection, asked) if asked else {}
        made: list[_Made] = []
        answers = [[] if isinstance(request, JournalStep) else _make(request, places, made) for request in requests]
        if made:
            await self._store(connection, places)
            outcomes = await self._outcomes(connection, made)
            await append_acts(connection, self._backend, self._clock(), _acts(made, outcomes))
        return answers

    async def _places(self, connection: AsyncConnection, requests: Iterable[MoveRequest]) -> dict[int, _Place]:
        """The write lock is held: nobody can change them before they are written back."""
        rows = {row for request in requests for row, _ in request.moves}
        query = select(_ROWS.id, _ROWS.number, _ROWS.state, _ROWS.plan, _ROWS.digest).where(
            self._backend.among(_ROWS.id, sorted(rows))
        )
        return {
            row: _Place(number, _S(state), *others) for row, number, state, *others in await connection.execute(query)
        }

    async def _store(self, connection: AsyncConnection, places: Mapping[int, _Place]) -> None:
        for values, numbers in _alike(places.values()).items():
            await self._update(connection, values, numbers)
        withdrawn = [row for row, place in places.items() if place.withdrawn]
        if withdrawn:
            approvals = schema.approvals.c.correction
            await connection.execute(delete(schema.approvals).where(self._backend.among(approvals, withdrawn)))

    async def _update(self, connection: AsyncConnection, values: _Values, numbers: Sequence[int]) -> None:
        state, words, plan, record_id = values
        change = update(schema.corrections).values(state=state, words=words, plan=plan)
        if record_id is not None:
            change = change.values(record_id=record_id)
        await connection.execute(change.where(self._backend.among(_ROWS.number, numbers)))

    async def _outcomes(self, connection: AsyncConnection, made: Iterable[_Made]) -> dict[int, dict[str, Any]]:
        """What the last finished attempt at each correction read and wrote."""
        sent = sorted({each.row for each in made if each.move.expected in _WAS_SENT})
        if not sent:
            return {}
        last = (
            select(func.max(_STEPS.number))
            .where(self._backend.among(_STEPS.correction, sent), _STEPS.kind == StepKind.DONE)
            .group_by(_STEPS.correction)
        )
        query = select(_STEPS.correction, _STEPS.attempt, _STEPS.record_id, _STEPS.before, _STEPS.after)
        return {
            row: {"attempt": attempt, "record_id": record_id, "before": _json(before), "after": _json(after)}
            for row, attempt, record_id, before, after in await connection.execute(query.where(_STEPS.number.in_(last)))
        }


def _alike(places: Iterable[_Place]) -> dict[_Values, list[int]]:
    """The corrections that move, by what they become: each kind is one statement, however many they are."""
    alike: dict[_Values, list[int]] = {}
    for place in places:
        if place.moved:
            alike.setdefault((place.state, place.words, place.plan, place.record_id), []).append(place.number)
    return alike


def _make(request: MoveRequest, places: Mapping[int, _Place], made: list[_Made]) -> list[str]:
    """Make the moves that can be made; gives the corrections of the others."""
    refused = []
    for row, move in request.moves:
        place = places.get(row)
        if place is None or not _may_make(move, place, request):
            refused.append(move.correction)
            continue
        place.state, place.words, place.moved = move.to, storable(move.words), True
        place.record_id = move.record_id if move.record_id is not None else place.record_id
        if move.to in _LEAVES_PLAN:
            place.plan = None
        elif move.to in _JOINS_PLAN and request.plan is not None:
            place.plan = request.plan
        place.withdrawn = place.withdrawn or move.to in _ENDS_APPROVAL
        made.append(_Made(row, move, request.person, request.plan, request.through))
    return refused


def _may_make(move: Move, place: _Place, request: MoveRequest) -> bool:
    if place.state is not move.expected or (move.digest is not None and move.digest != place.digest):
        return False
    # A plan that was withdrawn and made anew must not be applied by its old document.
    return place.state is not _S.PLANNED or request.plan is None or place.plan == request.plan


def _acts(made: Iterable[_Made], outcomes: Mapping[int, Mapping[str, Any]]) -> Iterator[Act]:
    told: dict[tuple[object, ...], tuple[str, str]] = {}
    for each in made:
        move, outcome = each.move, outcomes.get(each.row)
        if outcome is not None:
            yield Act(each.person, _act(move), move.correction, _details(each, outcome))
            continue
        # Moves that were asked for together mostly have the same to tell.
        alike = (move.expected, move.to, move.words, move.record_id, each.plan, each.through)
        if alike not in told:
            told[alike] = (_act(move), _details(each, {}))
        yield Act(each.person, told[alike][0], move.correction, told[alike][1])


def _act(move: Move) -> str:
    return _ACTS.get((move.expected, move.to), f"correction.{move.to}")


def _details(made: _Made, outcome: Mapping[str, Any]) -> str:
    move = made.move
    details: dict[str, Any] = {"from": move.expected, "to": move.to, **outcome}
    if move.words:
        details["words"] = storable(move.words)
    if move.record_id is not None:
        details["record_id"] = move.record_id
    if made.plan is not None:
        details["plan"] = made.plan
    if made.through:
        details["through"] = storable(made.through)
    return details_text(details)


def _step_row(step: JournalStep) -> dict[str, Any]:
    return {
        "correction": row_number(step.correction),
        "plan": step.plan,
        "attempt": step.attempt,
        "kind": step.kind,
        "at": step.at,
        "record_id": step.record_id,
        "state": step.state,
        "words": storable(step.words),
        "before": _text(step.before),
        "after": _text(step.after),
    }


def _text(values: Mapping[str, str | None] | None) -> str | None:
    return None if values is None else orjson.dumps(values).decode()


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
