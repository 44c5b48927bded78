"""How fast findings are stored, against the least that storing them could cost.

The baseline is `sqlite3.executemany` of the same rows into a table of the same columns without any index, in the same
journal mode and with the same durability, in the same process. The store does all that and the life cycle, three
indexes and the counts as well. A run stores its entities one after another through one open state, and the first one
also prepares the statements: what that costs is measured apart, with one finding of another entity.
Prints one JSON document: `python -m tests.bench.bench_store [ROWS] [REPEATS]`.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from reconciler.model.findings import Cause, FindingKind, FindingRow
from reconciler.store.state.records import RunStatus
from reconciler.store.state.state import State

_BATCH_ROWS = 5_000
_ENTITY = "customers"
_FIELDS = ("legal_name", "trade_name", "email", "phone", "street", "city", "state", "zip", "credit_limit", "active")
_CAUSES = (Cause.CASE, Cause.ACCENTS, Cause.SPACING, Cause.TRUNCATED, Cause.LEADING_ZEROS, Cause.UNEXPLAINED)

Batches = list[list[FindingRow]]


def run(rows: int, repeats: int) -> dict[str, object]:
    """Store 10,000, 100,000 … up to `rows` new findings, and the same ones again; medians of `repeats`."""
    results: dict[str, object] = {}
    sizes = sorted({size for size in (10_000, 100_000, 1_000_000) if size < rows} | {rows})
    for size in sizes:
        batches = _batches(size)
        # The collector would walk the bench's own input again and again, in both contestants.
        gc.collect()
        gc.freeze()
        measured = [(_bare(batches), *asyncio.run(_stored(batches))) for _ in range(repeats)]
        gc.unfreeze()
        bare, first, new, again = (median(column) for column in zip(*measured, strict=True))
        results[str(size)] = {
            "bare_rows_s": round(size / bare),
            "first_finding_ms": round(first * 1e3, 1),
            "new_rows_s": round(size / new),
            "again_rows_s": round(size / again),
            "new_us_per_row": round(new / size * 1e6, 2),
            "ratio_new_to_bare": round(new / bare, 2),
            "ratio_again_to_bare": round(again / bare, 2),
        }
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"bench": "store", "repeats": repeats, "peak_mib_with_input": peak_mib, "findings": results}


async def filled(state: State, size: int) -> None:
    """Store that many new findings of one entity, as a finished run would."""
    await _recorded(state, _ENTITY, _batches(size))


def _batches(size: int) -> Batches:
    """Findings in the order of their ids, as a comparison gives them."""
    ordered = sorted(_rows(size))
    return [ordered[start : start + _BATCH_ROWS] for start in range(0, size, _BATCH_ROWS)]


def _rows(size: int) -> Iterator[FindingRow]:
    """Nine of ten are differences of a field, the tenth is a record of one side only."""
    for index in range(size):
        record, place = divmod(index, len(_FIELDS))
        one_sided = place == 0
        kind = FindingKind.ONLY_IN_CRM.value if one_sided else FindingKind.DIFFERS.value
        field = None if one_sided else _FIELDS[place]
        cause = Cause.NOT_FOUND if one_sided else _CAUSES[index % len(_CAUSES)]
        key = f"{record * 7_919 % 10**12:012d}81"
        text = "\x1f".join((_ENTITY, key, field or "", kind))
        yield FindingRow(
            id=hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16],
            entity=_ENTITY,
            key=key,
            kind=kind,
            field=field,
            cause=cause.value,
            detail="{}",
            owner="erp",
            crm_id=str(record),
            crm_value=None if one_sided else f"COMERCIAL SAO JOAO {index} LTDA",
            crm_page=record // 500,
            crm_position=record % 500,
            erp_id=None if one_sided else str(record + 1),
            erp_value=None if one_sided else f"Comercial São João {index} Ltda",
            erp_page=None if one_sided else record // 500,
            erp_position=None if one_sided else record % 500,
        )


def _bare(batches: Batches) -> float:
    """Seconds to write the rows with the driver alone."""
    columns = FindingRow._fields
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder, "bare.db"), isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"CREATE TABLE findings ({', '.join(columns)})")
        started = time.perf_counter()
        database.execute("BEGIN IMMEDIATE")
        for batch in batches:
            database.executemany(f"INSERT INTO findings VALUES ({', '.join('?' * len(columns))})", batch)
        database.execute("COMMIT")
        seconds = time.perf_counter() - started
        database.close()
    return seconds


async def _stored(batches: Batches) -> tuple[float, float, float]:
    """Seconds to record one finding first, then the findings when all are new, and when all are seen again."""
    with tempfile.TemporaryDirectory() as folder:
        async with State.open("sqlite:///state.db", Path(folder)) as state:
            first = await _recorded(state, "products", [[batches[0][0]._replace(id="0", entity="products")]])
            return first, await _recorded(state, _ENTITY, batches), await _recorded(state, _ENTITY, batches)


async def _recorded(state: State, entity: str, batches: Batches) -> float:
    run_id = await state.runs.start([entity], full=True)
    started = time.perf_counter()
    totals = await state.findings.record(run_id, entity, batches)
    seconds = time.perf_counter() - started
    await state.runs.finish(run_id, RunStatus.COMPLETE, {})
    if totals.open != sum(map(len, batches)):
        raise RuntimeError("the store lost findings")
    return seconds


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    print(json.dumps(run(*(arguments + [1_000_000, 3][len(arguments) :])), indent=2))
