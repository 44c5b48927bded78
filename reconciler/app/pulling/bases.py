"""What a run builds on: the last complete snapshots, and how much there is still to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.app.pulling.pulled import Base, resumes_from
from reconciler.app.workspace import Workspace
from reconciler.connectors.description import Description
from reconciler.mapping.plan import EntityMapping
from reconciler.model.entities import Side
from reconciler.store.snapshots.snapshot import Snapshot


async def base_of(workspace: Workspace, side: Side, entity: str) -> Base | None:
    """The last complete snapshot, or None. Also None when its files are gone: a full pull heals the data folder.

    Raises:
        StateError: the state cannot be read.
    """
    record = await workspace.state.snapshots.latest(side, entity)
    if record is None or record.sweep_at is None:
        return None
    snapshot = Snapshot.from_json(record.files)
    if not all(workspace.folder.holds(name) for name in snapshot.names):
        return None
    watermark = None if record.watermark is None else datetime.fromisoformat(record.watermark)
    return Base(snapshot, record.digest, watermark, record.sweep_at)


def records_to_read(
    description: Description, mappings: Iterable[EntityMapping], bases: Mapping[str, Base | None], *, full: bool
) -> int | None:
    """How many records of one side are read in full, by what it held before; None where an entity was never read.

    Args:
        bases: by entity.
        full: everything is read, whatever the description offers.
    """
    count = 0
    for mapping in mappings:
        base = bases[mapping.entity]
        if base is None:
            return None
        if full or resumes_from(description, mapping, base) is None:
            count += base.snapshot.count
    return count
