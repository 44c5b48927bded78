"""From the rows of files to the records of a listing: lines gathered, changes laid over the newest full file. Pure
reading; it blocks on disk and processor and belongs in a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.reading import read_batches
from reconciler.ports.files.settings import FileListing
from reconciler.ports.http.json_path import scalar_text, value_at

RECORDS_PER_PAGE: Final = 1_000
_MOST_ROWS_OF_A_RECORD: Final = 100_000

Record = dict[str, JsonValue]


class BrokenFileError(Exception):
    """A file is not what its description says.

    Attributes:
        file: its name on the server, with the folder.
        problem: what is wrong and where in the file, without content.
    """

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {problem}")
        self.file = file
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that is complete on this machine.

    Attributes:
        shown: its name on the server, with the folder.
        delivered_at: aware.
    """

    shown: str
    path: Path
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class FilesInForce:
    """The files that say what the records are now: the newest full one, and later changes, the newest first."""

    full: ReceivedFile
    changes: tuple[ReceivedFile, ...] = ()


def batches_in_force(files: FilesInForce, listing: FileListing) -> Iterator[list[Record]]:
    """The records, each once as it is now, in batches of at most `RECORDS_PER_PAGE`.

    Raises:
        BrokenFileError: a file is not laid out as described; what came before counts for nothing.
    """
    seen: set[str] = set()
    for file in files.changes:
        changed = _last_of_each(file, listing)
        yield from _cut(record for identity, record in changed.items() if identity not in seen)
        seen.update(changed)
    for batch in batches_of(files.full, listing):
        kept = [record for record in batch if _id_of(record, listing) not in seen] if seen else batch
        if kept:
            yield kept


def batches_of(file: ReceivedFile, listing: FileListing) -> Iterator[list[Record]]:
    """The records of one file, in its order. Raises as `batches_in_force`."""
    try:
        rows = read_batches(file.path, listing.format, batch_size=RECORDS_PER_PAGE)
        yield from rows if listing.rows_into is None else _gathered(rows, listing, listing.rows_into)
    except FileLayoutError as error:
        raise BrokenFileError(file.shown, str(error)) from error


def _last_of_each(file: ReceivedFile, listing: FileListing) -> dict[str, Record]:
    """A file of changes is a log: the last row about a record counts."""
    changed: dict[str, Record] = {}
    for batch in batches_of(file, listing):
        for record in batch:
            identity = _id_of(record, listing)
            if identity is None:
                raise BrokenFileError(file.shown, f"a record has no {listing.id}, so it is not known what it changes.")
            changed[identity] = record
    return changed


def _gathered(batches: Iterable[Sequence[Record]], listing: FileListing, member: str) -> Iterator[list[Record]]:
    """Rows that follow one another with the same id as one record."""
    gathered: list[Record] = []
    finished: set[str] = set()
    current: str | None = None
    rows: list[JsonValue] = []
    for number, row in enumerate((row for batch in batches for row in batch), 1):
        identity = _id_of(row, listing)
        if identity is not None and identity == current:
            rows.append(row)
            if len(rows) > _MOST_ROWS_OF_A_RECORD:
                raise FileLayoutError(f"more than {_MOST_ROWS_OF_A_RECORD} rows with one {listing.id}")
            continue
        if identity in finished:
            raise FileLayoutError(
                f"record {number} continues an earlier {listing.id}, and others came between.",
                hint="The sender must write the rows of one record together.",
            )
        if current is not None:
            finished.add(current)
        current, rows = identity, [dict(row)]
        if len(gathered) == RECORDS_PER_PAGE:
            yield gathered
            gathered = []
        gathered.append({**row, member: rows})
    if gathered:
        yield gathered


def _cut(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == RECORDS_PER_PAGE:
            yield batch
            batch = []
    if batch:
        yield batch


def _id_of(record: Record, listing: FileListing) -> str | None:
    found = value_at(record, listing.id) if listing.id else None
    return None if found is None or found == "" else scalar_text(found)
