"""Made-up corrections and shorthands for the tests of what is kept of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable
from datetime import timedelta
from itertools import pairwise
from typing import TypeVar

from reconciler.model.correction_records import CorrectionFilter, Move
from reconciler.model.corrections import (
    Approval,
    Correction,
    CorrectionAction,
    CorrectionState,
    FieldChange,
    JournalStep,
    StepKind,
)
from reconciler.model.entities import Side
from reconciler.store.state.state import State
from tests.store.state_cases import START

S = CorrectionState
PLAN = "p" * 64
Item = TypeVar("Item")


def digest_of_text(text: str) -> str:
    """A digest that stands for some content."""
    return hashlib.sha256(text.encode()).hexdigest()


def correction(
    number: int = 1,
    *,
    record_id: str | None = "401",
    key: str = "11222333000181",
    entity: str = "customers",
    side: Side = Side.CRM,
    action: CorrectionAction = CorrectionAction.UPDATE,
    changes: tuple[FieldChange, ...] = (FieldChange("legal_name", "Acme", "ACME"),),
    proposed_by: str = "ana",
    problems: tuple[str, ...] = (),
    undoes: str | None = None,
) -> Correction:
    """A proposal. `number` gives the id; the digest follows from the changes."""
    return Correction(
        id=f"{number:016x}",
        entity=entity,
        key=key,
        side=side,
        action=action,
        record_id=record_id,
        source_id="2",
        changes=changes,
        digest=digest_of_text(repr((entity, key, side, action, record_id, changes))),
        state=S.PROPOSED,
        proposed_by=proposed_by,
        proposed_at=START,
        problems=problems,
        undoes=undoes,
    )


def several(count: int, *, first: int = 1) -> list[Correction]:
    """Proposals about as many records."""
    return [correction(number, record_id=str(number), key=f"{number:014d}") for number in range(first, first + count)]


def step(
    correction_id: str, kind: StepKind = StepKind.INTENT, *, attempt: int = 1, state: S | None = None, words: str = ""
) -> JournalStep:
    """A step of applying; a finished one read a value before and after."""
    done = kind is StepKind.DONE
    return JournalStep(
        correction_id,
        PLAN,
        attempt,
        kind,
        START,
        record_id="401" if kind is not StepKind.INTENT else None,
        state=state,
        words=words,
        before={"legal_name": "Acme"} if done else None,
        after={"legal_name": "ACME", "trade_name": None} if done else None,
    )


def approval(of: Correction, person: str = "rui", *, hours: float = 24) -> Approval:
    """A yes to the content as it is."""
    return Approval(of.id, person, START, of.digest, START + timedelta(hours=hours))


async def listed(items: AsyncIterable[Item]) -> list[Item]:
    """All of it."""
    return [item async for item in items]


async def chosen(state: State, **parts: object) -> list[str]:
    """The ids that a filter of these parts chooses."""
    filter_ = CorrectionFilter(**parts)  # type: ignore[arg-type]  # tables of tests name the parts
    found = [each.id for each in await listed(state.corrections.iterate(filter_))]
    assert await state.corrections.count(filter_) == len(found)
    return found


async def in_state(state: State, correction_id: str) -> CorrectionState:
    """Where a correction is."""
    return (await state.corrections.get(correction_id)).state


async def go(state: State, correction_id: str, *states: CorrectionState, plan: str = PLAN) -> None:
    """Move a correction through these states, from the first to the last."""
    for expected, to in pairwise(states):
        assert await state.corrections.move([Move(correction_id, expected, to)], person="ana", plan=plan) == []


async def acts(state: State) -> list[tuple[str, str, str]]:
    """Person, act and subject of everything in the trail."""
    return [(entry.person, entry.act, entry.subject) for entry in await listed(state.audit.iterate())]
