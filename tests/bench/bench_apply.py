"""What applying a correction costs beyond its calls: the engine against the same calls made bare, at concurrency 8.

`python -m tests.bench.bench_apply [RECORDS] [ROUNDS]`. The ERP runs in a process of its own; the calls are read, write
with the version that was read, read back. Both halves of a round write the same records, in turn.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import orjson

from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.corrections.apply import Applier, Applying
from reconciler.corrections.content import content_digest
from reconciler.logs import configure_logging
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.store.state.state import State
from tests.corrections.proof import keep_as_planned
from tests.corrections.sandbox_pair import STARTED, writers
from tests.processes import Sandbox

AT_ONCE = 8
LIMIT_MS = 5.0


def _email(identity: str, round_number: int, half: str) -> str:
    return f"{half}{round_number}.{identity}@example.com"


async def _each(identities: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
    """Every identity, eight at a time, in order."""
    waiting = iter(identities)

    async def worker() -> None:
        for identity in waiting:
            await work(identity)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


class Bare:
    """The calls themselves."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, token: str) -> None:
        self._session = session
        self._base_url = base_url
        self._headers = {"X-Sessao": token}

    async def write(self, identity: str, round_number: int) -> None:
        """Its half of a round, for one record."""
        email = _email(identity, round_number, "b")
        url = f"{self._base_url}/clientes/{identity}"
        async with self._session.get(url, headers=self._headers) as answer:
            orjson.loads(await answer.read())
            guard = answer.headers["ETag"]
        headers = {**self._headers, "If-Match": guard}
        async with self._session.patch(url, headers=headers, json={"email": email}) as answer:
            answer.raise_for_status()
            await answer.read()
        async with self._session.get(url, headers=self._headers) as answer:
            assert orjson.loads(await answer.read())["email"] == email


@asynccontextmanager
async def _bare(base_url: str, login: dict[str, str]) -> AsyncIterator[Bare]:
    async with aiohttp.ClientSession() as session:
        body = {"usuario": login["user"], "senha": login["password"]}
        async with session.post(f"{base_url}/sessao", json=body) as answer:
            token = (await answer.json())["sessao"]
        yield Bare(session, base_url, token)


async def _planned(state: State, identities: Iterable[str], round_number: int) -> tuple[str, list[Correction]]:
    """The engine's half of a round, kept as planned; not part of what is measured."""
    corrections = []
    for number, identity in enumerate(identities, 1):
        change = FieldChange("email", _email(identity, round_number, "b"), _email(identity, round_number, "e"))
        digest = content_digest("customers", identity, Side.ERP, CorrectionAction.UPDATE, identity, (change,))
        corrections.append(
            Correction(
                f"{round_number:08x}{number:08x}",
                "customers",
                identity,
                Side.ERP,
                CorrectionAction.UPDATE,
                identity,
                None,
                (change,),
                digest,
                CorrectionState.PROPOSED,
                "ana",
                STARTED,
            )
        )
    plan = f"{round_number:064x}"
    await keep_as_planned(state, corrections, plan)
    return plan, corrections


async def _allowed(_: Correction) -> str | None:
    return None


async def _apply(state: State, writes: dict[Side, RecordWriter], plan: str, corrections: list[Correction]) -> None:
    needs = Applying(state.corrections, state.journal, writes, _allowed, person="olga", plan=plan, owner="bench")
    summary = await Applier(needs).apply(corrections)
    assert summary.exit_code == 0, summary


async def _measured(work: Awaitable[None], records: int) -> tuple[float, float]:
    """Milliseconds per record: on the wall, and of this process's own time, to which others on the machine add less."""
    wall_s, own_s = time.perf_counter(), time.process_time()
    await work
    return 1000 * (time.perf_counter() - wall_s) / records, 1000 * (time.process_time() - own_s) / records


async def _rounds(base_url: str, login: dict[str, str], records: int, rounds: int) -> dict[str, object]:
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            _bare(base_url, login) as calls,
            State.open("sqlite:///state.db", Path(folder)) as state,
            writers({Side.ERP: base_url}, {Side.ERP: login}) as writes,
        ):
            identities = [f"{number:06d}" for number in range(1, records + 1)]
            identities = [each for each in identities if await writes[Side.ERP].read("customers", each) is not None]
            for number in range(rounds + 1):
                plan, corrections = await _planned(state, identities, number)
                write = partial(calls.write, round_number=number)
                bare.append(await _measured(_each(identities, write), len(identities)))
                ours.append(await _measured(_apply(state, writes, plan, corrections), len(identities)))
    pairs = list(zip(ours, bare, strict=True))[1:]
    overheads = [apply[0] - theirs[0] for apply, theirs in pairs]
    return {
        "records": len(identities),
        "rounds": rounds,
        "bare_calls_ms": round(statistics.median(theirs[0] for _, theirs in pairs), 2),
        "apply_ms": round(statistics.median(apply[0] for apply, _ in pairs), 2),
        "overhead_ms_per_record": round(statistics.median(overheads), 2),
        "best_round_overhead_ms": round(min(overheads), 2),
        "overhead_own_time_ms": round(statistics.median(apply[1] - theirs[1] for apply, theirs in pairs), 2),
        "limit_ms": LIMIT_MS,
    }


def run(records: int = 400, rounds: int = 5) -> dict[str, object]:
    """Medians over the rounds, after one to warm up; milliseconds per record."""
    configure_logging(debug=False)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(Path(folder) / "box", "--customers", str(records)) as sandbox,
    ):
        erp = sandbox.systems["erp"]
        return asyncio.run(_rounds(erp["base_url"], erp["credentials"], records, rounds))


if __name__ == "__main__":
    print(orjson.dumps(run(*map(int, sys.argv[1:])), option=orjson.OPT_INDENT_2).decode())
