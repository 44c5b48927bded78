"""A process that applies made-up corrections until it is killed: `python -m tests.store.correction_writer FOLDER SEED`.

Prints a line for every step and every move whose call has returned.
"""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import replace
from pathlib import Path

from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, StepKind
from reconciler.store.state.state import State
from tests.store.correction_cases import PLAN, S, correction, step

_AT_ONCE = 8
_ENDS = (S.VERIFIED, S.REFUSED, S.SUPERSEDED, S.FAILED, S.UNKNOWN)


async def _apply(state: State, identity: str, end: CorrectionState) -> None:
    async def move(expected: CorrectionState, to: CorrectionState) -> None:
        refused = await state.corrections.move([Move(identity, expected, to)], person="ana", plan=PLAN)
        if refused:
            raise RuntimeError(f"{identity} was not {expected}")
        print("moved", identity, to.value, flush=True)

    async def note(kind: StepKind) -> None:
        await state.journal.note(step(identity, kind, state=end if kind is StepKind.DONE else None))
        print("noted", identity, kind.value, flush=True)

    await asyncio.gather(move(S.PLANNED, S.APPLYING), note(StepKind.INTENT))
    await note(StepKind.ACCEPTED)
    await note(StepKind.DONE)
    await move(S.APPLYING, end)


async def write_for_ever(folder: Path, chance: random.Random) -> None:
    """Rounds of proposing, deciding and planning some corrections at once and applying them one by one."""
    async with State.open("sqlite:///state.db", folder) as state:
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
                await asyncio.gather(*(_apply(state, each.id, chance.choice(_ENDS)) for each in applied))


if __name__ == "__main__":
    asyncio.run(write_for_ever(Path(sys.argv[1]), random.Random(int(sys.argv[2]))))
