"""Which records of the ERP changed between two pulls: answers about taxes that depend on them are forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import orjson
import polars as pl
from pydantic import JsonValue

from reconciler.app.pulling.pulled import Base
from reconciler.app.raw_values import records_in
from reconciler.app.tax_records import BEHIND_TAXES, RecordNames
from reconciler.app.wire import Workspace
from reconciler.connectors.description import Description, EntitySource
from reconciler.errors import StateError
from reconciler.model import staging
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import PAGE_BODY, PAGE_NUMBER, Snapshot
from reconciler.store.state.record_changes import MOST_AT_ONCE, RecordName

_MOST_PAGES: Final = 200
"""Answers that are decoded to find what changed in them; beyond, anything may have."""
_HASH: Final = "hash"


@dataclass(frozen=True, slots=True)
class ErpChanges:
    """Tells the state what a pull of the ERP found changed.

    Attributes:
        erp: its description.
    """

    workspace: Workspace
    erp: Description

    async def tell(self, entity: str, base: Base | None, pulled: Snapshot) -> None:
        """Tell what is not as it was in the last complete snapshot. Where there is none, anything may have changed.

        Raises:
            StateError: the state cannot be written.
        """
        if entity not in BEHIND_TAXES or self.erp.taxes is None:
            return
        changed = None if base is None else await asyncio.to_thread(self._changed, entity, base.snapshot, pulled)
        await self.workspace.state.changes.tell(changed)

    def _changed(self, entity: str, before: Snapshot, pulled: Snapshot) -> set[RecordName] | None:
        if before.unidentified or pulled.unidentified:
            return None
        source = self.erp.entities[entity]
        try:
            places = _moved(self.workspace.folder, before, pulled)
            old = _records(self.workspace.folder, before, places.select("page", "position"), source)
            new = _records(self.workspace.folder, pulled, places.select("page_new", "position_new"), source)
        except (_TooManyError, StateError, OSError, pl.exceptions.PolarsError):
            # A snapshot of which a file is gone tells nothing.
            return None
        changed = [record for pair in zip(old, new, strict=True) if pair[0] != pair[1] for record in pair]
        return RecordNames(self.workspace.project, self.erp).of(entity, (each for each in changed if each is not None))


class _TooManyError(Exception):
    """More changed than is worth looking at."""


def _moved(folder: ContentFolder, before: Snapshot, pulled: Snapshot) -> pl.DataFrame:
    """Where the records are in each snapshot that are not surely equal; nulls where one has no such record."""
    unlike = {
        which: _hashes(folder, snapshot, other)
        for which, snapshot, other in (("old", before, pulled), ("new", pulled, before))
    }
    old = _places(folder, before).join(unlike["old"], on="page", how="left")
    new = _places(folder, pulled).join(unlike["new"], on="page", how="left")
    both = old.join(new, on="id", how="full", suffix="_new")
    # Pages of one file in both snapshots have no hash here, and then the same number.
    same_page = pl.when(pl.col(_HASH).is_null() & pl.col(f"{_HASH}_new").is_null())
    same = same_page.then(pl.col("page") == pl.col("page_new")).otherwise(pl.col(_HASH) == pl.col(f"{_HASH}_new"))
    surely = (same & (pl.col("position") == pl.col("position_new"))).fill_null(value=False)
    moved = both.filter(~surely)
    if moved.height > MOST_AT_ONCE:
        raise _TooManyError
    return moved


def _hashes(folder: ContentFolder, snapshot: Snapshot, other: Snapshot) -> pl.DataFrame:
    """Hashes of the answers in files that the other snapshot does not have."""
    shared = {file.name for file in other.raw}
    frames = [
        pl.read_parquet(folder.path(file.name)).select(
            pl.col(PAGE_NUMBER).alias("page"), pl.col(PAGE_BODY).hash().alias(_HASH)
        )
        for file in snapshot.raw
        if file.name not in shared
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={"page": pl.Int32, _HASH: pl.UInt64})


def _places(folder: ContentFolder, snapshot: Snapshot) -> pl.DataFrame:
    wanted = {staging.ID: "id", staging.PAGE: "page", staging.POSITION: "position"}
    frames = [
        pl.read_parquet(path, columns=list(wanted)).rename(wanted).select(*wanted.values())
        for path in snapshot.record_paths(folder)
    ]
    schema = {"id": pl.String, "page": pl.Int32, "position": pl.Int32}
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)


def _records(
    folder: ContentFolder, snapshot: Snapshot, places: pl.DataFrame, source: EntitySource
) -> list[JsonValue | None]:
    """The raw records at these places; None where there is no place."""
    numbers = places.to_series(0).drop_nulls().unique().to_list()
    if len(numbers) > _MOST_PAGES:
        raise _TooManyError
    bodies = snapshot.raw_pages(folder, numbers)
    pages = {number: records_in(source, orjson.loads(body)) for number, body in bodies.items()}
    return [None if page is None else _at(pages.get(page), position) for page, position in places.iter_rows()]


def _at(records: list[JsonValue] | None, position: int) -> JsonValue:
    if records is None or position >= len(records):
        raise _TooManyError
    return records[position]
