"""Quotes of the CRM, read now: as would-be quotes, and with the taxes they carry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from reconciler.app.carried_taxes import TOTAL, CarriedTaxes, carried_taxes, with_taxes
from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.description import Description, FieldEntry
from reconciler.connectors.plan import entity_mapping
from reconciler.connectors.write.current_record import (
    CurrentLine,
    FieldValue,
    Unreadable,
    belongs,
    key_of,
    lines_of,
    values_of,
)
from reconciler.errors import RefusedError, WrongQuoteError
from reconciler.mapping.identifiers import identifier_of
from reconciler.mapping.plan import EntityMapping, LinesMapping
from reconciler.mapping.reading import TEXT_FORMS
from reconciler.model.entities import QUOTES, Entity, FieldType, Side
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.page_facts import RecordPage
from reconciler.project import EntityScope, FieldScope, Project
from reconciler.taxes.drift import CarriedLine

if TYPE_CHECKING:
    from reconciler.connectors.connector import Connector

_NEEDED: Final = ("number", "customer")
_WANTED: Final = (*_NEEDED, "revision", "status")
_NEEDED_OF_LINES: Final = ("sku", "quantity", "unit_price")
_ASKED_OF_LINES: Final = (*_NEEDED_OF_LINES, "discount")
_WANTED_OF_LINES: Final = (*_ASKED_OF_LINES, "taxes")


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as one reading gave it. Two readings of the same quote are equal when nothing of this changed.

    Attributes:
        id: the CRM's own.
        number: canonical.
        key: canonical key of the quote in the scope of the project.
        revision: None where the CRM has none.
        would_be: as the JSON that `taxes.request` reads. It names no day: taxes are asked for today.
        carried: what each line carries, in the order of `would_be`, with the same labels; or what cannot be read of it.
        line_keys: canonical key of each line within the quote, by label; None where it has none of its own.
    """

    id: str
    number: str
    key: str
    revision: str | None
    would_be: dict[str, Any]
    carried: tuple[CarriedLine, ...] | str
    line_keys: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class UnusableQuote:
    """A quote that cannot be asked about, and why. `number` and `key` are None where they cannot be read."""

    id: str
    number: str | None
    key: str | None
    problem: WrongQuoteError


class QuoteReader:
    """Reads quotes of the CRM. For as long as its connection is open; calls may run concurrently.

    Attributes:
        carried: how taxes are read from their lines.
    """

    def __init__(self, project: Project, connector: Connector) -> None:
        self._connector = connector
        self._title = connector.description.vendor.name
        self.carried = carried_taxes(project, connector.description)
        self._mapping, self._lines = _mappings(project, connector.description, self.carried)
        self._open = frozenset(status.upper() for status in project.file.taxes.open_statuses)

    async def quote(self, number: str) -> Quote:
        """The latest revision of a quote.

        Raises:
            WrongQuoteError: there is no such quote, or one of its values cannot be read.
            SystemReadError: the CRM could not be read.
            RefusedError: the CRM cannot be asked for a quote by its number.
        """
        key = TEXT_FORMS[FieldType.CODE](number)
        if not self._connector.can_find(QUOTES.name):
            raise RefusedError(
                phrase("“{title}” cannot be asked for a quote by its number.", title=self._title),
                hint=phrase("Give the lines to: reconciler taxes lookup."),
            )
        found = [each for each in self._read(await self._connector.find(QUOTES.name, key)) if each.number == key]
        if not found:
            raise WrongQuoteError(phrase("the CRM has no quote {key}.", key=key), code="unknown_quote", place="number")
        last = _last_revisions(found)
        if len(last) > 1:
            raise _several(last)
        return self._quote(last[0])

    @property
    def keeps_taxes(self) -> bool:
        """Whether it is known where lines of quotes carry taxes, or at least their sum."""
        return _keeps_taxes(self.carried, self._lines)

    @property
    def can_read_again(self) -> bool:
        """Whether `again` works."""
        return self._connector.can_read_one(QUOTES.name)

    async def again(self, quote: Quote, *, only_open: bool) -> Quote | None:
        """The same quote as it is now; None when it is not there any more, or cannot be asked about.

        Args:
            only_open: None, too, when it is not open.

        Raises:
            SystemReadError: the CRM could not be read.
        """
        found = [each for each in self._read(await self._connector.one(QUOTES.name, quote.id)) if each.id == quote.id]
        if len(found) != 1 or (only_open and not self._is_open(found[0])):
            return None
        try:
            return self._quote(found[0])
        except WrongQuoteError:
            return None

    async def all_open(self) -> list[Quote | UnusableQuote]:
        """Every open quote, latest revisions only, in the order of the CRM.

        Raises:
            SystemReadError: the CRM could not be read, or its quotes moved too much while they were.
        """
        sink = _Records()
        await self._connector.pull_stable(QUOTES.name, None, sink)
        by_number: dict[str | None, list[_Read]] = {}
        for each in self._read(sink.records):
            by_number.setdefault(each.number, []).append(each)
        found: list[Quote | UnusableQuote] = []
        for number, same in by_number.items():
            last = same if number is None else _last_revisions(same)
            found += [self._usable(each, last) for each in last if self._is_open(each)]
        return found

    def _usable(self, read: _Read, last: Sequence[_Read]) -> Quote | UnusableQuote:
        try:
            if read.number is not None and len(last) > 1:
                raise _several(last)
            return self._quote(read)
        except WrongQuoteError as problem:
            return UnusableQuote(read.id, read.number, self._key(read), problem)

    def _read(self, records: Iterable[JsonValue]) -> list[_Read]:
        found = []
        for record in records:
            if isinstance(record, dict) and belongs(self._mapping.only, record):
                values = values_of(self._mapping.fields, record)
                number = values.get("number")
                identity = identifier_of(self._mapping.id.read(record))
                if isinstance(identity, str):
                    found.append(_Read(identity, number if isinstance(number, str) else None, values, record))
        return found

    def _is_open(self, read: _Read) -> bool:
        status = read.values.get("status")
        return not isinstance(status, str) or status in self._open

    def _key(self, read: _Read) -> str | None:
        return key_of(self._mapping.key, self._mapping.fields, read.values)

    def _quote(self, read: _Read) -> Quote:
        key = self._key(read)
        if read.number is None or key is None:
            raise WrongQuoteError(phrase("the quote in the CRM has no number."), place="number")
        lines = list(lines_of(self._lines, read.record))
        labelled = [(str(place), line) for place, line in enumerate(lines, start=1)]
        keys = [line.key for line in lines]
        revision = read.values.get("revision")
        return Quote(
            id=read.id,
            number=read.number,
            key=key,
            revision=None if not isinstance(revision, Decimal) else f"{revision.normalize():f}",
            would_be={
                "customer": {"tax_id": _text(read.values, "customer", "")},
                "lines": [_line(line, label) for label, line in labelled],
            },
            carried=self._carried(labelled),
            line_keys={label: line.key if keys.count(line.key) == 1 else None for label, line in labelled},
        )

    def _carried(self, labelled: Iterable[tuple[str, CurrentLine]]) -> tuple[CarriedLine, ...] | str:
        found = []
        for label, line in labelled:
            try:
                taxes, total = self.carried.of_line(line.values), self.carried.total_of(line.values)
            except ValueError as error:
                return f"line {label}, {error}"
            found.append(CarriedLine(label, _text(line.values, "sku", f"line {label}") or "", taxes, total))
        return tuple(found)


def describes_quotes(crm: Description) -> bool:
    """Whether quotes with lines can be read."""
    source = crm.entities.get(QUOTES.name)
    return source is not None and source.lines is not None


def quote_mapping(project: Project, crm: Description) -> EntityMapping:
    """How quotes are read, their lines with the taxes they carry. Raises as `keeps_taxes`."""
    return _mappings(project, crm, carried_taxes(project, crm))[0]


def keeps_taxes(project: Project, crm: Description) -> bool:
    """As of `QuoteReader`, before anything is connected.

    Raises:
        RefusedError: the CRM's description has no quotes with lines.
        ConfigurationError: the project file or the description is wrong.
    """
    carried = carried_taxes(project, crm)
    return _keeps_taxes(carried, _mappings(project, crm, carried)[1])


def _keeps_taxes(carried: CarriedTaxes, lines: LinesMapping) -> bool:
    return bool(carried.places) or any(field.name == TOTAL for field in lines.fields)


@asynccontextmanager
async def open_quote_reader(workspace: Workspace) -> AsyncIterator[QuoteReader]:
    """A reader with a connection of its own to the CRM, which is made by the first call.

    Raises:
        RefusedError: the CRM's description has no quotes with lines, or exchanges files.
        ConfigurationError: the project file or the description is wrong, or does not say where a value is.
    """
    project = workspace.project
    crm = load_descriptions(project)[Side.CRM]
    if crm.http is None:
        raise RefusedError(
            phrase("“{vendor}” exchanges files, in which no quote can be looked up.", vendor=crm.vendor.name)
        )
    async with connector_to(project, Side.CRM, crm, workspace.state) as connector:
        yield QuoteReader(project, connector)


async def read_quote(workspace: Workspace, number: str) -> dict[str, Any]:
    """The latest revision of a quote, as the JSON that `taxes.request` reads.

    Raises as `open_quote_reader` and `QuoteReader.quote`.
    """
    async with open_quote_reader(workspace) as quotes:
        return (await quotes.quote(number)).would_be


@dataclass(frozen=True, slots=True)
class _Read:
    """One record of the CRM that is a quote. `number` is None where it cannot be read."""

    id: str
    number: str | None
    values: Mapping[str, FieldValue]
    record: JsonValue


class _Records:
    """Keeps the records of a pull, in the order of its pages."""

    def __init__(self) -> None:
        self._pages: dict[int, RecordPage] = {}

    async def page(self, page: RecordPage) -> None:
        """Part of `PageSink`."""
        self._pages[page.number] = page

    async def restart(self) -> None:
        """Part of `PageSink`."""
        self._pages.clear()

    @property
    def records(self) -> list[JsonValue]:
        return [record for number in sorted(self._pages) for record in self._pages[number].records]


def _mappings(project: Project, crm: Description, carried: CarriedTaxes) -> tuple[EntityMapping, LinesMapping]:
    """What is read of a quote: more than is compared, and nothing that only the ERP knows."""
    source, scope = crm.entities.get(QUOTES.name), project.file.scope.get(QUOTES.name, EntityScope())
    if source is None or source.lines is None or QUOTES.lines is None:
        raise RefusedError(phrase("“{vendor}” describes no quotes with lines.", vendor=crm.vendor.name))
    key, line_key = scope.key or QUOTES.key, scope.lines.key or QUOTES.lines.key
    fields = _entries(source.fields, scope.fields, [*_WANTED, *key])
    line_fields = _entries(source.lines.fields, scope.lines.fields, [*_WANTED_OF_LINES, *line_key])
    _require(project, fields, [*_NEEDED, *key], "")
    _require(project, line_fields, [*_NEEDED_OF_LINES, *line_key], "lines.")
    mapping = entity_mapping(
        crm,
        QUOTES.name,
        key=key,
        fields=fields,
        types=_types(QUOTES, fields, scope.fields),
        line_key=line_key,
        line_fields=line_fields,
        line_types=_types(QUOTES.lines, line_fields, scope.lines.fields),
        time_zone=project.file.project.timezone,
    )
    mapping = with_taxes(mapping, carried)
    if mapping.lines is None:
        raise TypeError("lines were asked for")
    return mapping, mapping.lines


def _entries(
    described: Mapping[str, FieldEntry], scoped: Mapping[str, FieldScope], wanted: Sequence[str]
) -> dict[str, FieldEntry]:
    own = {name: scope.crm for name, scope in scoped.items() if scope.crm is not None}
    known = {**described, **own}
    return {name: known[name] for name in dict.fromkeys(wanted) if name in known}


def _require(project: Project, known: Mapping[str, FieldEntry], needed: Sequence[str], place: str) -> None:
    for name in needed:
        if name not in known:
            raise project.fault(
                ("scope", QUOTES.name),
                phrase("the CRM description does not say where {name} of a quote is.", name=name),
                hint=phrase("Name it under scope.quotes.{place}fields.{name}.crm.", place=place, name=name),
            )


def _types(entity: Entity, fields: Mapping[str, FieldEntry], scoped: Mapping[str, FieldScope]) -> dict[str, FieldType]:
    types = {field.name: field.type for field in entity.fields if field.name in fields}
    own = {name: scope.type for name, scope in scoped.items() if name in fields and scope.type is not None}
    return {**own, **types}


def _last_revisions(same: Sequence[_Read]) -> list[_Read]:
    """Those of the latest revision: of several with a number, the latest one counts (trap 14)."""
    newest = max(_revision(each.values) for each in same)
    return [each for each in same if _revision(each.values) == newest]


def _several(last: Sequence[_Read]) -> WrongQuoteError:
    problem = phrase(
        "the CRM has {last} quotes {number} of the same revision, and nobody can tell which is meant.",
        last=len(last),
        number=last[0].number,
    )
    return WrongQuoteError(problem, place="number")


def _revision(values: Mapping[str, FieldValue]) -> Decimal:
    revision = values.get("revision")
    return revision if isinstance(revision, Decimal) else Decimal(0)


def _line(line: CurrentLine, label: str) -> dict[str, str]:
    found = {name: _text(line.values, name, f"line {label}") for name in _ASKED_OF_LINES}
    return {"line": label, **{name: text for name, text in found.items() if text is not None}}


def _text(values: Mapping[str, FieldValue], name: str, place: str) -> str | None:
    value = values.get(name)
    if isinstance(value, Unreadable):
        where = f"{place}, {name}" if place else name
        raise WrongQuoteError(
            phrase("the quote in the CRM has a value that cannot be read: {where}.", where=where), place=where
        )
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return None if value is None else str(value)
