"""Looking for a person in everything that is kept on this machine."""

from __future__ import annotations

import asyncio
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from reconciler.app.privacy.identifiers import Identifiers
from reconciler.app.raw_values import records_in
from reconciler.app.wire import EVIDENCE, RECEIVED_FILES, REPORTS, Workspace, load_descriptions
from reconciler.connectors.description import Description, EntitySource
from reconciler.model.entities import Side
from reconciler.model.privacy import RecordTrace, Sought, StateTraces
from reconciler.model.staging import ID, KEY, PAGE, POSITION, shown_key
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import PAGE_BODY, PAGE_NUMBER, RawFile, Snapshot
from reconciler.store.state.records import SnapshotRecord

_PAGES_AT_ONCE: Final = 16
_LONGEST_MEMBER_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Traces:
    """All that is kept of a person.

    Attributes:
        records: as received, by snapshot.
        snapshots: ids of those that hold any of it, also what no record could be read from.
        state: rows of the state.
        reports: files of runs, each with the name of its run.
        evidence: of test scenarios, as a file and a page.
        received: copies of received files of the systems whose snapshots hold any of it.
    """

    records: tuple[RecordTrace, ...]
    snapshots: tuple[str, ...]
    state: StateTraces
    reports: tuple[Path, ...]
    received: tuple[Path, ...]
    evidence: tuple[Path, ...]


async def find_traces(workspace: Workspace, identifiers: Identifiers) -> Traces:
    """Look through the snapshots that are kept, the state, the reports, evidence and the copies of received files.

    Raises:
        ConfigurationError: a description is wrong.
        StateError: the state or a snapshot cannot be read.
    """
    descriptions = load_descriptions(workspace.project)
    records: list[RecordTrace] = []
    snapshots: list[str] = []
    read = _PagesRead()
    for each in await workspace.state.snapshots.complete_ones():
        found = await asyncio.to_thread(_in_snapshot, each, workspace.folder, descriptions, identifiers, read)
        if found is not None:
            snapshots.append(each.id)
            records += found
    state = await workspace.state.privacy.find(sought_for(identifiers, records))
    data = workspace.project.data
    reports = await asyncio.to_thread(_reports_with, data / REPORTS, identifiers.forms())
    sides = {each.side for each in records}
    received = tuple(path for side in sorted(sides) for path in _files(data / RECEIVED_FILES / side.value))
    evidence = await asyncio.to_thread(_reports_with, data / EVIDENCE, identifiers.forms())
    return Traces(tuple(records), tuple(snapshots), state, reports, received, evidence)


def sought_for(identifiers: Identifiers, records: Sequence[RecordTrace]) -> Sought:
    """What to look for in the state, when these records hold an identifier."""
    keys: dict[str, set[str]] = defaultdict(set)
    ids: dict[tuple[str, Side], set[str]] = defaultdict(set)
    for each in records:
        if each.key is not None:
            keys[each.entity].add(shown_key(each.key))
        if each.id is not None:
            ids[each.entity, each.side].add(each.id)
    return Sought(
        identifiers.forms(),
        identifiers.are_in,
        {entity: frozenset(values) for entity, values in keys.items()},
        {place: frozenset(values) for place, values in ids.items()},
    )


class _PagesRead:
    """What was found in raw files that are read already: snapshots share most of their files."""

    def __init__(self) -> None:
        self._found: dict[str, dict[int, dict[int, object]]] = {}

    def in_file(
        self, folder: ContentFolder, file: RawFile, source: EntitySource | None, identifiers: Identifiers
    ) -> dict[int, dict[int, object]]:
        """By page, by position: the records that hold an identifier; position -1 is a page without records."""
        if file.name not in self._found:
            pages = _pages(folder.path(file.name))
            found = {number: _in_page(body, source, identifiers) for number, body in pages}
            self._found[file.name] = {number: records for number, records in found.items() if records}
        return self._found[file.name]


def _in_snapshot(
    record: SnapshotRecord,
    folder: ContentFolder,
    descriptions: Mapping[Side, Description],
    identifiers: Identifiers,
    read: _PagesRead,
) -> list[RecordTrace] | None:
    """The records of a snapshot that hold an identifier; None when nothing in it does."""
    snapshot = Snapshot.from_json(record.files)
    source = descriptions[record.side].entities.get(record.entity)
    pages: dict[int, dict[int, object]] = {}
    for file in snapshot.raw:
        found = read.in_file(folder, file, source, identifiers)
        pages.update({number: each for number, each in found.items() if file.first <= number <= file.last})
    if not pages:
        return None
    staged = _staged(snapshot, folder, list(pages))
    return [
        RecordTrace(record.id, record.side, record.entity, *staged.get((number, position), (None, None)), whole)
        for number, positions in pages.items()
        for position, whole in positions.items()
    ]


def _pages(path: Path) -> Iterator[tuple[int, bytes]]:
    frame = pl.scan_parquet(path)
    rows = frame.select(pl.len()).collect().item()
    for start in range(0, rows, _PAGES_AT_ONCE):
        part = frame.slice(start, _PAGES_AT_ONCE).collect()
        yield from zip(part[PAGE_NUMBER], part[PAGE_BODY], strict=True)


def _in_page(body: bytes, source: EntitySource | None, identifiers: Identifiers) -> dict[int, object]:
    document = orjson.loads(body)
    records = records_in(source, document) if source is not None else None
    if records is None:
        return {-1: document} if identifiers.are_in(document) else {}
    return {position: each for position, each in enumerate(records) if identifiers.are_in(each)}


def _staged(
    snapshot: Snapshot, folder: ContentFolder, pages: list[int]
) -> dict[tuple[int, int], tuple[str | None, str | None]]:
    """Id and key of the staged records of some pages, by page and position."""
    frame = pl.scan_parquet(snapshot.record_paths(folder)).filter(pl.col(PAGE).is_in(pages))
    rows = frame.select(PAGE, POSITION, ID, KEY).collect().iter_rows()
    return {(page, position): (identity, key) for page, position, identity, key in rows}


def _reports_with(folder: Path, forms: tuple[str, ...]) -> tuple[Path, ...]:
    """The reports of every run, or playing, of which one report holds an identifier."""
    needles = [form.casefold().encode() for form in forms]
    files = _files(folder)
    runs = {path.stem for path in files if any(needle in _content(path) for needle in needles)}
    return tuple(path for path in files if path.stem in runs)


def _content(path: Path) -> bytes:
    if path.suffix != ".xlsx":
        return path.read_bytes().lower()
    with zipfile.ZipFile(path) as book:
        sizes = (each for each in book.infolist() if each.file_size <= _LONGEST_MEMBER_BYTES)
        return b"\n".join(book.read(each).lower() for each in sizes)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
