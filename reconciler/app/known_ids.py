"""Ids of records as the last run read them, for systems that cannot be asked for a record by its key."""

from __future__ import annotations

import asyncio
from typing import Final

import polars as pl

from reconciler.app.wire import Workspace
from reconciler.errors import StateError
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.store.snapshots.snapshot import Snapshot

_KEYS: Final = {"customers": "tax_id", "products": "sku"}


class SnapshotIds:
    """Looks ids up in the latest snapshots of one side."""

    def __init__(self, workspace: Workspace, side: Side) -> None:
        self._workspace = workspace
        self._side = side

    async def ids(self, entity: str, key: str) -> list[str] | None:
        """Ids of the customers with that CNPJ or CPF, or of the products with that SKU, in canonical form.

        Returns:
            None when the entity was never read, or its key is not among what is read.

        Raises:
            StateError: the snapshot cannot be read.
        """
        record = await self._workspace.state.snapshots.latest(self._side, entity)
        if record is None:
            return None
        return await asyncio.to_thread(self._matching, Snapshot.from_json(record.files), entity, key)

    def _matching(self, snapshot: Snapshot, entity: str, key: str) -> list[str] | None:
        if not snapshot.records:
            return []
        column = staging.form_column(_KEYS[entity])
        try:
            frame = pl.scan_parquet(snapshot.record_paths(self._workspace.folder))
            if column not in frame.collect_schema():
                return None
            found = frame.filter(pl.col(column) == key).select(staging.ID).collect()[staging.ID]
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StateError(
                phrase("a snapshot of {entity} cannot be read.", entity=entity), detail=type(error).__name__
            ) from error
        return sorted({identity for identity in found.to_list() if identity is not None})
