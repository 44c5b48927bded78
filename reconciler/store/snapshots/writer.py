"""Writing a snapshot while its pages arrive: memory is bounded by the rows buffered here, never by the pull."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from reconciler.model import staging
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.disk import disk_failures
from reconciler.store.snapshots.snapshot import PAGE_BODY, PAGE_NUMBER, RawFile, Snapshot

_ROWS_PER_FILE = 250_000
_ROWS_PER_GROUP = 8_000
_RAW_PAGES_PER_GROUP = 8
_RAW_BYTES_PER_GROUP = 8 << 20


class TableWriter:
    """Staged frames into Parquet files of at most about `_ROWS_PER_FILE` rows each."""

    def __init__(self, folder: ContentFolder) -> None:
        self._folder = folder
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self.names: list[str] = []
        self.count = 0
        self.unidentified = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Stage these rows."""
        if frame.is_empty():
            return
        self.unidentified += frame[staging.ID].null_count()
        self._frames.append(frame)
        self._rows += frame.height
        self.count += frame.height
        if self._rows >= _ROWS_PER_FILE:
            self.flush()

    def flush(self) -> None:
        if not self._frames:
            return
        path = self._folder.unfinished_file(".parquet")
        frame = pl.concat(self._frames, rechunk=False)
        with disk_failures(self._folder.root):
            frame.write_parquet(path, compression="lz4", statistics=False, row_group_size=_ROWS_PER_GROUP * 8)
            self.names.append(self._folder.adopt(path))
        self._frames.clear()
        self._rows = 0


class _RawWriter:
    """Answers as received, a few pages per Parquet file part so that one page can be read back cheaply."""

    def __init__(self, folder: ContentFolder) -> None:
        self._folder = folder
        self._pages: list[tuple[int, bytes]] = []
        self._bytes = 0
        self._parts: list[tuple[Path, int, int]] = []

    def add(self, number: int, body: bytes) -> None:
        self._pages.append((number, body))
        self._bytes += len(body)
        if len(self._pages) >= _RAW_PAGES_PER_GROUP * 4 or self._bytes >= _RAW_BYTES_PER_GROUP * 2:
            self.flush()

    def flush(self) -> None:
        if not self._pages:
            return
        numbers = [number for number, _ in self._pages]
        frame = pl.DataFrame(
            {PAGE_NUMBER: numbers, PAGE_BODY: [body for _, body in self._pages]},
            schema={PAGE_NUMBER: pl.Int32, PAGE_BODY: pl.Binary},
        )
        path = self._folder.unfinished_file(".parquet")
        with disk_failures(self._folder.root):
            frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=_RAW_PAGES_PER_GROUP)
        self._parts.append((path, min(numbers), max(numbers)))
        self._pages.clear()
        self._bytes = 0

    def finish(self) -> tuple[RawFile, ...]:
        self.flush()
        with disk_failures(self._folder.root):
            return tuple(RawFile(self._folder.adopt(path), first, last) for path, first, last in self._parts)


class SnapshotWriter:
    """Collects mapped pages and their raw answers, then becomes a `Snapshot`.

    Every method blocks on the processor or the disk: call them from a worker thread, one at a time.
    """

    def __init__(self, folder: ContentFolder) -> None:
        self._folder = folder
        self._records = TableWriter(folder)
        self._lines = TableWriter(folder)
        self._raw = _RawWriter(folder)

    @property
    def count(self) -> int:
        """Records written so far."""
        return self._records.count

    def add_raw(self, number: int, body: bytes) -> None:
        """Keep one answer as received under its page number."""
        self._raw.add(number, body)

    def add_mapped(self, records: pl.DataFrame, lines: pl.DataFrame | None) -> None:
        """Stage mapped records, and their lines where the entity has them."""
        self._records.add(records)
        if lines is not None:
            self._lines.add(lines)

    def finish(self) -> Snapshot:
        """Write what is buffered and return the snapshot of exactly what was added."""
        self._records.flush()
        self._lines.flush()
        return Snapshot(
            records=tuple(self._records.names),
            lines=tuple(self._lines.names),
            raw=self._raw.finish(),
            count=self._records.count,
            unidentified=self._records.unidentified,
        )
