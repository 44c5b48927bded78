"""One entity of one side, from the system to a complete snapshot: in full, or what changed since the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from reconciler.app.pulling.pulled import Base, Pulled, PullOptions, resumes_from
from reconciler.app.pulling.staging_sink import StagingSink
from reconciler.connectors.connector import Connector
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.store.snapshots.changes import with_changes
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot

_SHRUNK_TO = 0.5
_TOO_FEW_TO_JUDGE = 20


async def pull_entity(
    connector: Connector,
    side: Side,
    mapping: EntityMapping,
    folder: ContentFolder,
    base: Base | None,
    options: PullOptions,
    on_progress: Callable[[int, int | None], None],
) -> Pulled:
    """Read one entity of one side.

    Args:
        mapping: of that entity on that side.

    Raises:
        SystemReadError: the system could not be read; the base stays as it was.
    """
    started_at = datetime.now(UTC)
    entity = mapping.entity
    since = None if options.full else resumes_from(connector.description, mapping, base)
    changes: Snapshot | None = None
    if base is not None and since is not None:
        sink = StagingSink(mapping, folder, first_page=base.snapshot.next_page, on_progress=on_progress)
        await connector.pull_stable(entity, since, sink)
        changes = await sink.finish()
    if base is None or changes is None or changes.unidentified:
        sink = StagingSink(mapping, folder, on_progress=on_progress)
        await connector.pull_stable(entity, None, sink)
        snapshot, swept_at, resumed = await sink.finish(), started_at, None
    else:
        sweep = started_at - base.swept_at >= options.sweep_every
        present_ids = await connector.ids(entity) if sweep else None
        snapshot = await asyncio.to_thread(with_changes, folder, base.snapshot, changes, present_ids, sink.left)
        swept_at, resumed = started_at if sweep else base.swept_at, base
    return Pulled(
        side=side,
        entity=entity,
        snapshot=snapshot,
        watermark=_watermark(sink.newest_change, resumed, started_at),
        swept_at=swept_at,
        incremental=resumed is not None,
        suspicious=_shrunk(base, snapshot),
    )


def _watermark(newest: datetime | None, base: Base | None, started_at: datetime) -> datetime | None:
    """Changes after this moment may be missing. Never later than our own start: a record stamped in the future must
    not hide the changes made until then."""
    marks = [mark for mark in (newest, base.watermark if base else None) if mark is not None]
    return min(max(marks), started_at) if marks else None


def _shrunk(base: Base | None, snapshot: Snapshot) -> str | None:
    before = base.snapshot.count if base else 0
    if before and not snapshot.count:
        return phrase("it holds no record now and held {before} before", before=before)
    if before >= _TOO_FEW_TO_JUDGE and snapshot.count < before * _SHRUNK_TO:
        return phrase("it holds {count} records now and held {before} before", count=snapshot.count, before=before)
    return None
