"""What a pull builds on, how it is asked for, and what it gives. Loading it loads nothing that reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.connectors.description import Description
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.store.snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Base:
    """The last complete snapshot of a side and entity.

    Attributes:
        digest: of the mapping it was staged with (`EntityMapping.digest`).
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


def resumes_from(description: Description, mapping: EntityMapping, base: Base | None) -> datetime | None:
    """The moment to ask changes from, or None when only a full pull is right."""
    changed = description.entities[mapping.entity].changed
    if base is None or changed is None or base.watermark is None:
        return None
    if base.digest != mapping.digest or base.snapshot.unidentified:
        return None
    return base.watermark - timedelta(seconds=changed.overlap_s)
