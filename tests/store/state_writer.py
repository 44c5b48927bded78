"""A process that writes runs and findings until it is killed, and says the id of every run whose `finish` returned."""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path

from reconciler.store.state.records import FindingFilter, RunStatus
from reconciler.store.state.state import State
from tests.store.state_cases import many

ENTITIES = ("customers", "products")


def write(folder: Path, seed: int, says: Connection, url: str = "sqlite:///state.db") -> None:
    """What the process does."""
    asyncio.run(_write_for_ever(url, folder, random.Random(seed), says))


async def _write_for_ever(url: str, folder: Path, chance: random.Random, says: Connection) -> None:
    """Runs over two entities whose findings change, some so many that indexes are rebuilt, and decisions between."""
    rows = {entity: many(6_000, entity=entity) for entity in ENTITIES}
    async with State.open(url, folder) as state:
        while True:
            run_id = await state.runs.start(ENTITIES, full=True)
            totals = {}
            for entity in ENTITIES:
                found = chance.sample(rows[entity], chance.choice((50, 500, 6_000)))
                recorded = asdict(await state.findings.record(run_id, entity, [found]))
                totals[entity] = {name: recorded[name] for name in ("new", "open", "closed", "reopened")}
            await state.runs.finish(run_id, RunStatus.COMPLETE, totals)
            says.send(run_id)
            await state.findings.accept(FindingFilter(cause="spacing", status="open"), reason="agreed", person="ana")
