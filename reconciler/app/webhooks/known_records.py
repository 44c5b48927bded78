"""What the last run and later checks know of a few records: keys, ids and links, before anything is read again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from reconciler.app.scope_plan import EntityPlan
from reconciler.app.wire import Workspace
from reconciler.errors import StateError
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.store.snapshots.snapshot import Snapshot


@dataclass(slots=True)
class Known:
    """Records named by ids and keys.

    Attributes:
        ids: by side, every id that belongs to the keys, or that is linked with the ids.
        keys: stored keys of the ids.
        with_key: by side and key, the ids that had it.
        staged: by side, the ids that are in the latest snapshot.
    """

    ids: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})
    keys: set[str] = field(default_factory=set)
    with_key: dict[Side, dict[str, set[str]]] = field(default_factory=lambda: {side: {} for side in Side})
    staged: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})

    def note(self, side: Side, record_id: str, key: str | None) -> None:
        """A record of that side has, or had, that key."""
        self.ids[side].add(record_id)
        if key is not None:
            self.keys.add(key)
            self.with_key[side].setdefault(key, set()).add(record_id)


class KnownRecords:
    """Looks records of one entity up in the latest snapshots, and in findings of checks since then.

    Args:
        horizon: the latest run (`Runs.horizon`).
    """

    def __init__(self, workspace: Workspace, plan: EntityPlan, horizon: int) -> None:
        self._workspace = workspace
        self._plan = plan
        self._horizon = horizon

    async def about(self, ids: Mapping[Side, Collection[str]], keys: Collection[str]) -> Known:
        """What is known of records with these ids, or with these stored keys.

        Raises:
            StateError: a snapshot cannot be read.
        """
        known = Known()
        for side in Side:
            await self._from_snapshot(known, side, ids, keys)
        await self._from_findings(known, ids, keys)
        return known

    async def _from_snapshot(
        self, known: Known, side: Side, ids: Mapping[Side, Collection[str]], keys: Collection[str]
    ) -> None:
        record = await self._workspace.state.snapshots.latest(side, self._plan.entity.name)
        if record is None:
            return
        rows = await asyncio.to_thread(
            self._matching, Snapshot.from_json(record.files), ids[side], keys, ids[side.other]
        )
        for record_id, key, link in rows:
            known.note(side, record_id, key)
            known.staged[side].add(record_id)
            if link is not None:
                known.ids[side.other].add(link)

    def _matching(
        self, snapshot: Snapshot, ids: Collection[str], keys: Collection[str], linked: Collection[str]
    ) -> Iterable[tuple[str, str | None, str | None]]:
        columns = ((staging.ID, ids), (staging.KEY, keys), (staging.LINK, linked))
        chosen = pl.any_horizontal(*(pl.col(column).is_in(sorted(values)) for column, values in columns if values))
        if not any(values for _, values in columns) or not snapshot.records:
            return []
        try:
            paths = snapshot.record_paths(self._workspace.folder)
            frame = pl.scan_parquet(paths).filter(chosen).select(staging.ID, staging.KEY, staging.LINK).collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            # A run that ended meanwhile may have taken an old snapshot away; the next attempt sees the new one.
            raise StateError(
                f"a snapshot of {self._plan.entity.name} cannot be read.", detail=type(error).__name__
            ) from error
        return [row for row in frame.iter_rows() if row[0] is not None]

    async def _from_findings(self, known: Known, ids: Mapping[Side, Collection[str]], keys: Collection[str]) -> None:
        places = await self._workspace.state.findings.known_places(
            self._plan.entity.name,
            keys=[staging.shown_key(key) for key in keys],
            ids={side: list(ids[side]) for side in Side},
            since=self._horizon,
        )
        for place in places:
            key = self._stored_key(place.key)
            for side in Side:
                for record_id in place.ids(side):
                    known.note(side, record_id, key)

    def _stored_key(self, shown: str) -> str | None:
        """A key as it is stored; None for what is none, such as the place of a rejected record."""
        parts = shown.split("|")
        if len(parts) != len(self._plan.rule.key) or shown.startswith(tuple(f"{side.value}:" for side in Side)):
            return None
        return staging.KEY_SEPARATOR.join(parts)
