"""A quote of the CRM as a would-be quote: its latest revision, read now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import JsonValue

from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.description import Description, FieldEntry
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import CurrentLine, FieldValue, Unreadable, belongs, lines_of, values_of
from reconciler.errors import RefusedError, WrongQuoteError
from reconciler.mapping.plan import EntityMapping, LinesMapping
from reconciler.mapping.reading import TEXT_FORMS
from reconciler.model.entities import QUOTES, Entity, FieldType, Side
from reconciler.project import FieldScope, Project

_NEEDED: Final = ("number", "customer")
_WANTED: Final = (*_NEEDED, "revision")
_NEEDED_OF_LINES: Final = ("sku", "quantity", "unit_price")
_WANTED_OF_LINES: Final = (*_NEEDED_OF_LINES, "discount")


async def read_quote(workspace: Workspace, number: str) -> dict[str, Any]:
    """The would-be quote, as the JSON that `taxes.request` reads. It names no day: taxes are asked for today.

    Raises:
        WrongQuoteError: there is no such quote, or one of its values cannot be read.
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for a quote by its number.
        ConfigurationError: the project file or the description is wrong, or does not say where a value is.
    """
    project = workspace.project
    crm = load_descriptions(project)[Side.CRM]
    mapping, lines = _mappings(project, crm)
    key = TEXT_FORMS[FieldType.CODE](number)
    async with connector_to(project, Side.CRM, crm, workspace.state) as connector:
        if not connector.can_find(QUOTES.name):
            raise RefusedError(
                f"“{crm.vendor.name}” cannot be asked for a quote by its number.",
                hint="Give the lines to: reconciler taxes lookup.",
            )
        records = await connector.find(QUOTES.name, key)
    values, record = _latest(mapping, records, key)
    return {
        "customer": {"tax_id": _text(values, "customer", "")},
        "lines": [_line(line, place) for place, line in enumerate(lines_of(lines, record), start=1)],
    }


def _mappings(project: Project, crm: Description) -> tuple[EntityMapping, LinesMapping]:
    """What is read of a quote: more than is compared, and nothing that only the ERP knows."""
    source, scope = crm.entities.get(QUOTES.name), project.file.scope.get(QUOTES.name)
    if source is None or source.lines is None or QUOTES.lines is None:
        raise RefusedError(f"“{crm.vendor.name}” describes no quotes with lines.")
    fields = _entries(source.fields, {} if scope is None else scope.fields, _WANTED)
    line_fields = _entries(source.lines.fields, {} if scope is None else scope.lines.fields, _WANTED_OF_LINES)
    _require(project, fields, _NEEDED, "")
    _require(project, line_fields, _NEEDED_OF_LINES, "lines.")
    mapping = entity_mapping(
        crm,
        QUOTES.name,
        key=("number",),
        fields=fields,
        types=_types(QUOTES, fields),
        line_key=("sku",),
        line_fields=line_fields,
        line_types=_types(QUOTES.lines, line_fields),
        time_zone=project.file.project.timezone,
    )
    if mapping.lines is None:
        raise TypeError("lines were asked for")
    return mapping, mapping.lines


def _entries(
    described: Mapping[str, FieldEntry], scoped: Mapping[str, FieldScope], wanted: Sequence[str]
) -> dict[str, FieldEntry]:
    own = {name: scope.crm for name, scope in scoped.items() if scope.crm is not None}
    known = {**described, **own}
    return {name: known[name] for name in wanted if name in known}


def _require(project: Project, known: Mapping[str, FieldEntry], needed: Sequence[str], place: str) -> None:
    for name in needed:
        if name not in known:
            raise project.fault(
                ("scope", QUOTES.name),
                f"the CRM description does not say where {name} of a quote is.",
                hint=f"Name it under scope.quotes.{place}fields.{name}.crm.",
            )


def _types(entity: Entity, fields: Mapping[str, FieldEntry]) -> dict[str, FieldType]:
    return {field.name: field.type for field in entity.fields if field.name in fields}


def _latest(
    mapping: EntityMapping, records: Sequence[JsonValue], key: str
) -> tuple[Mapping[str, FieldValue], JsonValue]:
    """The quote with that number. Of several, the latest revision counts (trap 14)."""
    read = [(values_of(mapping.fields, record), record) for record in records if belongs(mapping.only, record)]
    same = [(values, record) for values, record in read if values.get("number") == key]
    if not same:
        raise WrongQuoteError(f"the CRM has no quote {key}.", code="unknown_quote", place="number")
    newest = max(_revision(values) for values, _ in same)
    last = [each for each in same if _revision(each[0]) == newest]
    if len(last) > 1:
        problem = f"the CRM has {len(last)} quotes {key} of the same revision, and nobody can tell which is meant."
        raise WrongQuoteError(problem, place="number")
    return last[0]


def _revision(values: Mapping[str, FieldValue]) -> Decimal:
    revision = values.get("revision")
    return revision if isinstance(revision, Decimal) else Decimal(0)


def _line(line: CurrentLine, place: int) -> dict[str, str]:
    found = {name: _text(line.values, name, f"line {place}") for name in _WANTED_OF_LINES}
    return {"line": str(place), **{name: text for name, text in found.items() if text is not None}}


def _text(values: Mapping[str, FieldValue], name: str, place: str) -> str | None:
    value = values.get(name)
    if isinstance(value, Unreadable):
        where = f"{place}, {name}" if place else name
        raise WrongQuoteError(f"the quote in the CRM has a value that cannot be read: {where}.", place=where)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return None if value is None else str(value)
