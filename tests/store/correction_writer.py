"""A process that applies made-up corrections until it is killed, and says every step and move whose call returned."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, StepKind
from reconciler.store.state.state import State
from tests.store.correction_cases import PLAN, S, correction, step

_AT_ONCE = 8
_ENDS = (S.VERIFIED, S.REFUSED, S.SUPERSEDED, S.FAILED, S.UNKNOWN)


async def _apply(state: State, identity: str, end: CorrectionState, says: Connection) -> None:
    async def move(expected: CorrectionState, to: CorrectionState) -> None:
        refused = await state.corrections.move([Move(identity, expected, to)], person="ana", plan=PLAN)
        if refused:
            raise RuntimeError(f"{identity} was not {expected}")
        says.send(("moved", identity, to.value))

    async def note(kind: StepKind) -> None:
        await state.journal.note(step(identity, kind, state=end if kind is StepKind.DONE else None))
        says.send(("noted", identity, kind.value))

    await asyncio.gather(move(S.PLANNED, S.APPLYING), note(StepKind.INTENT))
    await note(StepKind.ACCEPTED)
    await note(StepKind.DONE)
    await move(S.APPLYING, end)


def write(folder: Path, url: str, seed: int, says: Connection) -> None:
    """What the process does."""
    asyncio.run(_write_for_ever(folder, url, random.Random(seed), says))


async def _write_for_ever(folder: Path, url: str, chance: random.Random, says: Connection) -> None:
    """Rounds of proposing, deciding and planning some corrections at once and applying them one by one."""
    async with State.open(url, folder) as state:
        while True:
            made = [
                replace(correction(chance.getrandbits(64)), record_id=f"{chance.getrandbits(64):x}") for _ in range(40)
            ]
            await state.corrections.add(made, person="ana")
            for expected, to in ((S.PROPOSED, S.APPROVED), (S.APPROVED, S.PLANNED)):
                moves = [Move(each.id, expected, to) for each in made]
                await state.corrections.move(moves, person="ana", plan=PLAN)
            for start in range(0, len(made), _AT_ONCE):
                applied = made[start : start + _AT_ONCE]
                await asyncio.gather(*(_apply(state, each.id, chance.choice(_ENDS), says) for each in applied))
