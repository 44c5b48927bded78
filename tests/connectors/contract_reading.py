"""Reads a shipped description against a strict server, through the real connector and port, and maps what came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description, FieldEntry, FieldSource
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.mapping.page import MappedPage, map_pages
from reconciler.model.entities import ENTITIES, Entity, FieldType
from reconciler.ports.http.client import HttpPort, TokenStore
from tests.connectors.strict_server import Exchange, strict_server
from tests.connectors.unknown_system import Pages

ZONE = "America/Sao_Paulo"


@asynccontextmanager
async def connected(
    vendor: str,
    *exchanges: Exchange,
    credentials: Mapping[str, str],
    context: Mapping[str, JsonValue] | None = None,
    system: Literal["crm", "erp"] = "erp",
    below: str = "",
    tokens: TokenStore | None = None,
    **changes: Any,
) -> AsyncIterator[Connector]:
    """A connector to a server that knows these exchanges only. `below` is the path of the base URL.

    The description is the shipped one, but for rates and the waits between tries: a test never waits. `changes` are
    other settings of the port, such as `concurrency`. What was not asked for when the block ends fails the test, as
    does what was not expected.
    """
    description = _description(vendor)
    settings = description.http
    assert settings is not None
    quick = settings.retry.model_copy(update={"first_s": 0.001, "longest_s": 0.002})
    async with (
        strict_server(*exchanges) as server,
        HttpPort(
            system,
            settings.model_copy(update={"retry": quick, "rates": [], **changes}),
            base_url=f"{server}{below}",
            credentials=credentials,
            context=context or {},
            tokens=tokens,
        ) as port,
    ):
        yield Connector(system, description, port, ZoneInfo(ZONE))


@lru_cache
def _description(vendor: str) -> Description:
    return load_description(vendor, Path())


async def pulled(connector: Connector, entity: str, since: Any = None) -> Pages:
    """One believable scan, of all records or of those changed."""
    sink = Pages()
    await connector.pull_stable(entity, since, sink)
    return sink


def mapped(connector: Connector, entity: str, pages: Pages, own: Mapping[str, FieldEntry] | None = None) -> MappedPage:
    """What came, mapped with every field the description has.

    Args:
        own: fields as a project names them, beside or instead of those of the description.
    """
    source = connector.description.entities[entity]
    fields = {**source.fields, **(own or {})}
    canonical = ENTITIES[entity]
    lines = source.lines.fields if source.lines is not None else None
    mapping = entity_mapping(
        connector.description,
        entity,
        key=canonical.key,
        fields=fields,
        types=_types(canonical, fields),
        line_key=canonical.lines.key if canonical.lines is not None else (),
        line_fields=lines,
        line_types=_types(canonical.lines, lines) if canonical.lines is not None and lines else None,
        time_zone=ZONE,
    )
    return map_pages(mapping, [(page.number, page.records) for page in pages.pages])


def rows(page: MappedPage) -> list[dict[str, Any]]:
    """The records by name: forms without their prefix, texts as written, and what was refused."""
    return [_readable(row) for row in page.records.iter_rows(named=True)]


def lines(page: MappedPage) -> list[dict[str, Any]]:
    """The lines, as `rows`, with the id of their record as `_parent`."""
    assert page.lines is not None
    return [_readable(row) for row in page.lines.iter_rows(named=True)]


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("_id", "_parent", "_rejected", "_invalid") if row[name] is not None}
    forms = {name.removeprefix("form."): value for name, value in row.items() if name.startswith("form.")}
    values = {name.removeprefix("value."): value for name, value in row.items() if name.startswith("value.")}
    return {**kept, **{name: value for name, value in {**forms, **values}.items() if not name.startswith("parent_")}}


def _types(canonical: Entity, fields: Mapping[str, FieldEntry]) -> dict[str, FieldType]:
    types: dict[str, FieldType] = {}
    for name, entry in fields.items():
        own = entry.type if isinstance(entry, FieldSource) else None
        field = canonical.field(name)
        kind = field.type if field is not None else own
        assert kind is not None
        types[name] = kind
    return types
