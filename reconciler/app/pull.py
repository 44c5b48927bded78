"""One entity of one side, from the system to a complete snapshot: in full, or what changed since the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconciler.app.scope_plan import EntityPlan
from reconciler.app.staging_sink import StagingSink
from reconciler.connectors.connector import Connector
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.store.snapshots.changes import with_changes
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot

_SHRUNK_TO = 0.5
_TOO_FEW_TO_JUDGE = 20


@dataclass(frozen=True, slots=True)
class Base:
    """The last complete snapshot of a side and entity.

    Attributes:
        digest: of the mapping it was staged with (`EntityPlan.digest`).
        watermark: changes up to here are in it, by the system's own clock; None when the records carry no stamp.
        swept_at: when deletions were last looked for.
    """

    snapshot: Snapshot
    digest: str
    watermark: datetime | None
    swept_at: datetime


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull gave.

    Attributes:
        incremental: only changes were read, on top of the base.
        suspicious: why the result is not believed, or None. A suspicious snapshot must not replace the base.
    """

    side: Side
    entity: str
    snapshot: Snapshot
    watermark: datetime | None
    swept_at: datetime
    incremental: bool
    suspicious: str | None


@dataclass(frozen=True, slots=True)
class PullOptions:
    """How to pull.

    Attributes:
        full: read everything, whatever the description offers.
        sweep_every: how old the last look for deletions may be before a pull looks again.
    """

    full: bool
    sweep_every: timedelta


async def pull_entity(
    connector: Connector,
    plan: EntityPlan,
    side: Side,
    folder: ContentFolder,
    base: Base | None,
    options: PullOptions,
    on_progress: Callable[[int, int | None], None],
) -> Pulled:
    """Read one entity of one side.

    Raises:
        SystemReadError: the system could not be read; the base stays as it was.
    """
    started_at = datetime.now(UTC)
    entity, mapping = plan.entity.name, plan.mappings[side]
    since = None if options.full else _resume_from(connector, plan, side, base)
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


def _resume_from(connector: Connector, plan: EntityPlan, side: Side, base: Base | None) -> datetime | None:
    """The moment to ask changes from, or None when only a full pull is right."""
    changed = connector.description.entities[plan.entity.name].changed
    if base is None or changed is None or base.watermark is None:
        return None
    if base.digest != plan.digest(side) or base.snapshot.unidentified:
        return None
    return base.watermark - timedelta(seconds=changed.overlap_s)


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
