"""How fast the audit trail is checked, against the least that checking it could cost.

The baseline reads the same rows with the driver alone, in the same process, and takes one SHA-256 of each: no JSON, no
comparison, no order. Written are corrections as they are proposed, in one transaction for each 100,000, which is what a
trail mostly holds. Prints one JSON document: `python -m tests.bench.bench_audit [ENTRIES] [REPEATS]`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.state import State
from tests.store.state_cases import START

_URL = "sqlite:///state.db"
_TOGETHER = 100_000


def run(entries: int, repeats: int) -> dict[str, object]:
    """Write a trail of so many entries and check it; medians of `repeats` checks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written_s = asyncio.run(_write(folder, entries))
        bare_s = median(_bare(folder / "state.db") for _ in range(repeats))
        verified_s = median(asyncio.run(_verified(folder, entries)) for _ in range(repeats))
        size_bytes = (folder / "state.db").stat().st_size
    return {
        "bench": "audit",
        "entries": entries,
        "repeats": repeats,
        "file_mib": size_bytes >> 20,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "append_entries_s": round(entries / written_s),
        "verify_s": round(verified_s, 2),
        "verify_us_per_entry": round(verified_s / entries * 1e6, 2),
        "ratio_verify_to_bare": round(verified_s / bare_s, 2),
    }


def _acts(first: int, last: int) -> Iterator[Act]:
    for number in range(first, last):
        change = {"field": "legal_name", "old": f"Comercial São João {number}", "new": f"COMERCIAL SAO JOAO {number}"}
        details = {
            "entity": "customers",
            "key": f"{number * 7_919 % 10**12:012d}81",
            "side": "crm",
            "action": "update",
            "record_id": str(number),
            "changes": [{**change, "line": None, "finding": f"{number:016x}", "edited_by": None}],
            "digest": f"{number:064x}",
        }
        yield Act("ana", "correction.proposed", f"{number:016x}", details_text(details))


async def _write(folder: Path, entries: int) -> float:
    async with State.open(_URL, folder):
        pass
    database = Database(backend_for(_URL, folder))
    started = time.perf_counter()
    for first in range(0, entries, _TOGETHER):
        acts = _acts(first, min(first + _TOGETHER, entries))
        async with database.write() as connection:
            await append_acts(connection, database.backend, START, acts)
    seconds = time.perf_counter() - started
    await database.close()
    return seconds


async def _verified(folder: Path, entries: int) -> float:
    async with State.open(_URL, folder) as state:
        started = time.perf_counter()
        check = await state.audit.verify()
        seconds = time.perf_counter() - started
    if not check.is_whole or check.entries != entries:
        raise RuntimeError("the trail is not the one that was written")
    return seconds


def _bare(file: Path) -> float:
    """Seconds to read the rows with the driver alone, and to hash the longest column of each."""
    with closing(sqlite3.connect(file)) as database:
        started = time.perf_counter()
        for row in database.execute("SELECT * FROM audit_entries ORDER BY number"):
            hashlib.sha256(row[5].encode()).hexdigest()
        return time.perf_counter() - started


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    print(json.dumps(run(*(arguments + [1_000_000, 3][len(arguments) :])), indent=2))
