"""Pages of one pull, mapped in a worker thread and staged as they come: memory is bounded by a few pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl

from reconciler.mapping.page import map_pages
from reconciler.mapping.plan import EntityMapping
from reconciler.model import staging
from reconciler.ports.http.paging import RecordPage
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.snapshots.writer import SnapshotWriter

_RECORDS_PER_BATCH = 2_000
_STAMP_COLUMN = staging.form_column("updated_at")


class StagingSink:
    """Takes the pages of one pull and becomes a snapshot.

    Attributes:
        records: records staged so far, for progress.
        newest_change: the latest change stamp among them (UTC), or None.
        left: ids of the records that came and are not part of the entity.
    """

    def __init__(
        self,
        mapping: EntityMapping,
        folder: ContentFolder,
        *,
        first_page: int = 0,
        on_progress: Callable[[int, int | None], None] = lambda done, total: None,
    ) -> None:
        self._mapping = mapping
        self._folder = folder
        self._first_page = first_page
        self._on_progress = on_progress
        self._start()

    def _start(self) -> None:
        self._writer = SnapshotWriter(self._folder)
        self._buffered: list[RecordPage] = []
        self._buffered_records = 0
        self.records = 0
        self.newest_change: datetime | None = None
        self.left: set[str] = set()

    async def page(self, page: RecordPage) -> None:
        """Take one page; returns when there is room for the next."""
        self._buffered.append(page)
        self._buffered_records += len(page.records)
        if self._buffered_records >= _RECORDS_PER_BATCH:
            await self._stage()
        self._on_progress(self.records + self._buffered_records, page.total)

    async def restart(self) -> None:
        """Forget everything: the scan proved unstable and starts again."""
        self._start()

    async def finish(self) -> Snapshot:
        """Stage what is buffered and return the snapshot."""
        await self._stage()
        return await asyncio.to_thread(self._writer.finish)

    async def _stage(self) -> None:
        if self._buffered:
            pages, self._buffered, self._buffered_records = self._buffered, [], 0
            await asyncio.to_thread(self._map_and_write, pages)

    def _map_and_write(self, pages: list[RecordPage]) -> None:
        numbered = [(self._first_page + page.number, page.records) for page in pages]
        mapped = map_pages(self._mapping, numbered)
        for page in pages:
            self._writer.add_raw(self._first_page + page.number, page.body)
        self._writer.add_mapped(mapped.records, mapped.lines)
        self.records += mapped.records.height
        self.left.update(mapped.left)
        self._notice_stamps(mapped.records)

    def _notice_stamps(self, records: pl.DataFrame) -> None:
        if _STAMP_COLUMN not in records.columns:
            return
        newest = records[_STAMP_COLUMN].max()
        if isinstance(newest, datetime):
            newest = newest.astimezone(UTC)
            self.newest_change = newest if self.newest_change is None else max(self.newest_change, newest)
