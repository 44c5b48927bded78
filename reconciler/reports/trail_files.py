"""The audit trail as files: JSON lines that prove themselves, and CSV for reading."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

import orjson

from reconciler.model.corrections import AuditEntry
from reconciler.reports.cells import safe_cell
from reconciler.reports.documents import instant
from reconciler.reports.files import write_chunks

TRAIL_COLUMNS: Final = ("number", "at", "person", "act", "subject", "details", "previous", "digest")
_ENTRIES_AT_ONCE: Final = 500


async def write_trail_jsonl(entries: AsyncGenerator[AuditEntry, None], path: Path) -> None:
    """Write one entry on each line. `details` is the very text that the digest is over, JSON inside a text.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, _jsonl_chunks(entries))


async def write_trail_csv(entries: AsyncGenerator[AuditEntry, None], path: Path) -> None:
    """Write a header and one row for each entry: RFC 4180 in UTF-8, no cell a formula, which may put apostrophes into
    `details`.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, _csv_chunks(entries))


async def _jsonl_chunks(entries: AsyncGenerator[AuditEntry, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(_batches(entries)) as source:
        async for batch in source:
            yield b"".join(orjson.dumps(dict(zip(TRAIL_COLUMNS, _cells(each), strict=True))) + b"\n" for each in batch)


async def _csv_chunks(entries: AsyncGenerator[AuditEntry, None]) -> AsyncGenerator[bytes, None]:
    yield _delimited([TRAIL_COLUMNS])
    async with aclosing(_batches(entries)) as source:
        async for batch in source:
            yield _delimited([[safe_cell(str(cell)) for cell in _cells(each)] for each in batch])


async def _batches(entries: AsyncIterator[AuditEntry]) -> AsyncGenerator[list[AuditEntry], None]:
    batch: list[AuditEntry] = []
    async for entry in entries:
        batch.append(entry)
        if len(batch) == _ENTRIES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _cells(entry: AuditEntry) -> tuple[object, ...]:
    return (
        entry.number,
        instant(entry.at),
        entry.person,
        entry.act,
        entry.subject,
        entry.details,
        entry.previous,
        entry.digest,
    )


def _delimited(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")
