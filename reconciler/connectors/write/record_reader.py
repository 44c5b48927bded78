"""Reads one record as it is right now, with what protects it against writes of others in the meantime."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, cast

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.connectors.record_id import id_values
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.current_record import CurrentRecord, belongs, key_of, lines_of, values_of
from reconciler.connectors.write.description import Guard, RecordReading, WriteSource
from reconciler.errors import ResponseNotUnderstoodError
from reconciler.mapping.identifiers import identifier_of
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import EntityMapping
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import label_of
from reconciler.ports.http.json_path import value_at
from reconciler.ports.http.references import Value, pieces_of

_ETAG: Final = "ETag"


class RecordReader:
    """Reads the records of one system.

    Args:
        system: `crm` or `erp`, for messages.
        time_zone: as of `Connector`.
    """

    def __init__(self, system: str, description: Description, port: RecordPort, time_zone: tzinfo) -> None:
        self._system = system
        self._description = description
        self._port = port
        self._connector = Connector(system, description, port, time_zone)

    async def read(self, mapping: EntityMapping, identity: str) -> CurrentRecord | None:
        """The record, or None when there is none or it is not part of the entity.

        Raises:
            SystemReadError: the system could not be read.
        """
        source = self._description.entities[mapping.entity]
        # An answer of a minute ago is not what the record is now.
        self._port.forget_answers()
        etag = None
        if source.write is not None and source.write.read is not None:
            records, etag = await self._asked(source.write.read, id_values(identity, source.id))
        else:
            records = await self._connector.one(mapping.entity, identity)
        found = [record for record in records if isinstance(record, dict) and _id_of(mapping, record) == identity]
        if not found or not belongs(mapping.only, found[0]):
            return None
        return current_record(mapping, source.write, source.slots, identity, found[0], etag)

    async def with_key(self, mapping: EntityMapping, key: str) -> list[str]:
        """The ids of the records that have exactly this canonical key, each once.

        Raises:
            SystemReadError: the system could not be read.
        """
        self._port.forget_answers()
        found = await self._connector.find(mapping.entity, key)
        ids = {
            _id_of(mapping, record)
            for record in found
            if belongs(mapping.only, record)
            and key_of(mapping.key, mapping.fields, values_of(mapping.fields, record)) == key
        }
        return sorted(identity for identity in ids if identity is not None)

    async def _asked(self, reading: RecordReading, values: Mapping[str, Value]) -> tuple[list[JsonValue], str | None]:
        """What the answer holds where the record should be, and its `ETag`."""
        reply = await self._port.call(reading.request, values)
        if reply.empty:
            return [], None
        found = value_at(reply.document, reading.record)
        if isinstance(found, list):
            return found, reply.headers.get(_ETAG)
        if isinstance(found, dict):
            return [found], reply.headers.get(_ETAG)
        where = f"at `{reading.record}`" if reading.record else "as the whole answer"
        raise ResponseNotUnderstoodError(
            self._system,
            phrase("{request}: there is no record {where}.", request=label_of(reading.request), where=where),
        )


def current_record(
    mapping: EntityMapping,
    write: WriteSource | None,
    slots: Mapping[str, str],
    identity: str,
    record: Mapping[str, JsonValue],
    etag: str | None = None,
) -> CurrentRecord:
    """What one reading of a record says."""
    named: dict[str, JsonValue] = {}
    if write is not None:
        named = {name: cast("JsonValue", parse_path(path, slots).read(record)) for name, path in write.current.items()}
    guard = None if write is None or write.guard is None else _guard(write.guard, slots, identity, record, named, etag)
    lines = () if mapping.lines is None else tuple(lines_of(mapping.lines, record))
    return CurrentRecord(identity, record, values_of(mapping.fields, record), lines, guard, named)


def _guard(
    guard: Guard,
    slots: Mapping[str, str],
    identity: str,
    record: Mapping[str, JsonValue],
    named: Mapping[str, JsonValue],
    etag: str | None,
) -> JsonValue:
    if guard.table:
        table = {
            _filled(name, identity, named): parse_path(path, slots).read(record) for name, path in guard.table.items()
        }
        return {name: cast("JsonValue", value) for name, value in table.items() if name and value is not None} or None
    return etag if guard.at is None else cast("JsonValue", parse_path(guard.at, slots).read(record))


def _filled(template: str, identity: str, named: Mapping[str, JsonValue]) -> str:
    """A name of the guard's table with its values; "" when one of them is missing."""
    text = ""
    for piece in pieces_of(template):
        text += piece.literal
        if piece.name is None:
            continue
        value = identity if piece.name == "id" else identifier_of(named.get(piece.name.removeprefix("current.")))
        if not isinstance(value, str):
            return ""
        text += value
    return text


def _id_of(mapping: EntityMapping, record: object) -> str | None:
    found = identifier_of(mapping.id.read(record))
    return found if isinstance(found, str) else None
