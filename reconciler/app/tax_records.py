"""How answers about taxes name the records of the ERP that they depend on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from reconciler.app.wire import Workspace
from reconciler.connectors.description import Description, FieldEntry
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import key_of, values_of
from reconciler.errors import StateError
from reconciler.mapping.identifiers import identifier_of
from reconciler.mapping.plan import EntityMapping
from reconciler.model import staging
from reconciler.model.entities import ENTITIES, Side
from reconciler.project import Project
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.record_changes import RecordName

BEHIND_TAXES: Final[Mapping[str, str]] = {"customers": "tax_id", "products": "sku"}
"""Entities whose records decide about taxes, and the field that names a record in a quote."""


def key_entries(project: Project) -> dict[str, FieldEntry]:
    """Where the project says that the key of an entity is in the ERP, instead of the description."""
    entries: dict[str, FieldEntry] = {}
    for entity, field in BEHIND_TAXES.items():
        scope = project.file.scope.get(entity)
        entry = None if scope is None or field not in scope.fields else scope.fields[field].erp
        if entry is not None:
            entries[entity] = entry
    return entries


class RecordNames:
    """Names records of the ERP as answers about taxes do: by id, and by the key a quote names them with.

    The key of the reconciliation may be another one.
    """

    def __init__(self, project: Project, erp: Description) -> None:
        self._description = erp
        self._time_zone = project.file.project.timezone
        entries = key_entries(project)
        self._mappings = {
            entity: self._mapping(entity, field, entries.get(entity))
            for entity, field in BEHIND_TAXES.items()
            if entity in erp.entities
        }

    def of(self, entity: str, records: Iterable[JsonValue]) -> set[RecordName]:
        """The names of these records, as the system gave them. Of other entities there are none."""
        mapping = self._mappings.get(entity)
        return set() if mapping is None else {name for record in records for name in _named(mapping, record)}

    def _mapping(self, entity: str, field: str, own: FieldEntry | None) -> EntityMapping:
        entry = own or self._description.entities[entity].fields.get(field)
        canonical = ENTITIES[entity].field(field)
        if canonical is None:
            raise TypeError(f"{entity} have no {field}")
        fields = {} if entry is None else {field: entry}
        types = {} if entry is None else {field: canonical.type}
        return entity_mapping(
            self._description, entity, key=tuple(fields), fields=fields, types=types, time_zone=self._time_zone
        )


def _named(mapping: EntityMapping, record: JsonValue) -> Iterator[RecordName]:
    identity = identifier_of(mapping.id.read(record))
    if isinstance(identity, str):
        yield mapping.entity, identity
    key = key_of(mapping.key, mapping.fields, values_of(mapping.fields, record)) if mapping.key else None
    if key is not None:
        yield mapping.entity, key


@dataclass(frozen=True, slots=True)
class StagedNames:
    """Names records of the ERP of which only the id is told, as the last run read them."""

    workspace: Workspace

    async def of(self, ids: Mapping[str, Collection[str]]) -> set[RecordName] | None:
        """The names of these records.

        Args:
            ids: by entity.

        Returns:
            None when one is not known: its key may be any.
        """
        names: set[RecordName] = set()
        for entity, wanted in ids.items():
            record = await self.workspace.state.snapshots.latest(Side.ERP, entity)
            if record is None:
                return None
            keys = await asyncio.to_thread(self._keys, Snapshot.from_json(record.files), entity, wanted)
            if keys is None:
                return None
            names |= {(entity, name) for name in (*wanted, *keys)}
        return names

    def _keys(self, snapshot: Snapshot, entity: str, wanted: Collection[str]) -> set[str] | None:
        import polars as pl

        column = staging.form_column(BEHIND_TAXES[entity])
        try:
            frame = pl.scan_parquet(snapshot.record_paths(self.workspace.folder))
            if column not in frame.collect_schema():
                return None
            found = frame.filter(pl.col(staging.ID).is_in(sorted(wanted))).select(staging.ID, column).collect()
        except (StateError, OSError, pl.exceptions.PolarsError):
            return None
        if found.height < len(wanted):
            return None
        return {key for key in found[column].to_list() if key is not None}
