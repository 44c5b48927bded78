"""A new snapshot from an older one and what changed since."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from reconciler.model import staging
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import RawFile, Snapshot
from reconciler.store.snapshots.writer import TableWriter

_READING = (staging.PARENT, staging.PAGE, staging.POSITION)


def with_changes(
    folder: ContentFolder,
    base: Snapshot,
    changes: Snapshot,
    present_ids: Collection[str] | None,
    left_ids: Collection[str] = (),
) -> Snapshot:
    """The base snapshot with changed records replaced or added, and records that are gone removed.

    Page numbers of `changes` must not occur in `base` (`Snapshot.next_page`). Neither may hold records without an id.

    Args:
        changes: changed records; of a record that was read several times, the last page counts.
        present_ids: every id the system holds now, or None when deletions were not looked for.
        left_ids: records that were read as changed and are no longer part of the entity.
    """
    newest = _newest_readings(folder, changes)
    replaced = pl.DataFrame({staging.ID: [*newest[staging.ID], *left_ids]}, schema={staging.ID: pl.String})
    present = None
    if present_ids is not None:
        present = pl.DataFrame({staging.ID: sorted(present_ids)}, schema={staging.ID: pl.String})
    records = TableWriter(folder)
    used_pages: set[int] = set()

    def keep(frame: pl.DataFrame) -> None:
        kept = frame if present is None else frame.join(present, on=staging.ID, how="semi")
        used_pages.update(kept[staging.PAGE].unique().to_list())
        records.add(kept)

    for path in base.record_paths(folder):
        keep(pl.read_parquet(path).join(replaced, on=staging.ID, how="anti"))
    keep(newest)
    records.flush()
    return Snapshot(
        records=tuple(records.names),
        lines=_merged_lines(folder, base, changes, newest, replaced, present),
        raw=tuple(file for file in (*base.raw, *changes.raw) if _is_used(file, used_pages)),
        count=records.count,
    )


def _newest_readings(folder: ContentFolder, changes: Snapshot) -> pl.DataFrame:
    """One row per id: of several readings of a record, the one on the last page."""
    frames = [pl.read_parquet(path) for path in changes.record_paths(folder)]
    if not frames:
        return pl.DataFrame(schema={staging.ID: pl.String, staging.PAGE: pl.Int32, staging.POSITION: pl.Int32})
    return pl.concat(frames).sort(staging.PAGE, staging.POSITION).unique(staging.ID, keep="last", maintain_order=True)


def _merged_lines(
    folder: ContentFolder,
    base: Snapshot,
    changes: Snapshot,
    newest: pl.DataFrame,
    replaced: pl.DataFrame,
    present: pl.DataFrame | None,
) -> tuple[str, ...]:
    """Lines follow their parent: replaced when it was read again, gone when it is gone."""
    reread = newest.select(pl.col(staging.ID).alias(staging.PARENT), staging.PAGE, staging.POSITION)
    parents = None if present is None else present.rename({staging.ID: staging.PARENT})
    lines = TableWriter(folder)
    others = replaced.rename({staging.ID: staging.PARENT})
    merged = [pl.read_parquet(path).join(others, on=staging.PARENT, how="anti") for path in base.line_paths(folder)]
    merged += [pl.read_parquet(path).join(reread, on=_READING, how="semi") for path in changes.line_paths(folder)]
    for frame in merged:
        lines.add(frame if parents is None else frame.join(parents, on=staging.PARENT, how="semi"))
    lines.flush()
    return tuple(lines.names)


def _is_used(file: RawFile, pages: set[int]) -> bool:
    return any(file.first <= page <= file.last for page in pages)
