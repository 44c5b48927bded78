"""The raw records behind findings: found through page and position in the snapshots that are still kept."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from pydantic import JsonValue

from reconciler.app.scope_plan import EntityPlan
from reconciler.app.wire import Workspace
from reconciler.connectors.description import Description, EntitySource
from reconciler.mapping.path import Path, parse_path
from reconciler.mapping.plan import EntityMapping, FieldMapping, LinesMapping
from reconciler.mapping.reading import select_plain
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, SideValue
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import RawPlace

_LINES = ".lines"
_NAMING_FIELDS = ("legal_name", "name", "number", "sku")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One side's record as received.

    Attributes:
        whole: the record.
        mapped: what the finding's field is read from: the record itself, or the line inside it.
    """

    whole: object
    mapped: object


@dataclass(frozen=True, slots=True)
class _Page:
    snapshot: str
    number: int


class RawValues:
    """Reads raw pages, each once for a batch of findings."""

    def __init__(
        self, workspace: Workspace, descriptions: Mapping[Side, Description], plans: Sequence[EntityPlan]
    ) -> None:
        self._workspace = workspace
        self._descriptions = descriptions
        self._plans = {plan.entity.name: plan for plan in plans}

    def mapping(self, entity: str, side: Side) -> EntityMapping | LinesMapping | None:
        """How records (or lines) of an entity are read on a side; None when it is no longer in scope."""
        plan = self._plans.get(entity.removesuffix(_LINES))
        if plan is None:
            return None
        mapping = plan.mappings[side]
        return mapping.lines if entity.endswith(_LINES) else mapping

    async def filled(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings with the raw values of both sides, where their snapshots are still kept."""
        found = await self._read(findings)
        return [
            replace(
                finding,
                crm=self._with_raw(finding, Side.CRM, found[finding.id]),
                erp=self._with_raw(finding, Side.ERP, found[finding.id]),
            )
            for finding in findings
        ]

    async def records(self, finding: Finding) -> dict[Side, RawRecord]:
        """The raw records of one finding."""
        return (await self._read([finding]))[finding.id]

    def _with_raw(self, finding: Finding, side: Side, records: Mapping[Side, RawRecord]) -> SideValue:
        value = finding.crm if side is Side.CRM else finding.erp
        mapping = self.mapping(finding.entity, side)
        if side not in records or mapping is None:
            return value
        wanted = (finding.field,) if finding.field is not None else _NAMING_FIELDS
        field = next((field for name in wanted for field in mapping.fields if field.name == name), None)
        return value if field is None else replace(value, raw=_raw_text(field, records[side].mapped))

    async def _read(self, findings: Sequence[Finding]) -> dict[str, dict[Side, RawRecord]]:
        places = await self._workspace.state.findings.places([finding.id for finding in findings])
        by_side: dict[Side, set[_Page]] = defaultdict(set)
        for sides in places.values():
            for side, place in sides.items():
                if place.snapshot is not None:
                    by_side[side].add(_Page(place.snapshot, place.page))
        pages = {side: await self._pages(wanted) for side, wanted in by_side.items()}
        found: dict[str, dict[Side, RawRecord]] = {}
        for finding in findings:
            found[finding.id] = {}
            for side, place in places.get(finding.id, {}).items():
                record = self._record(finding, side, place, pages.get(side, {}))
                if record is not None:
                    found[finding.id][side] = record
        return found

    async def _pages(self, wanted: set[_Page]) -> dict[_Page, JsonValue]:
        """Decoded answers; pages whose snapshot is gone are left out."""
        by_snapshot: dict[str, list[int]] = defaultdict(list)
        for page in wanted:
            by_snapshot[page.snapshot].append(page.number)
        found: dict[_Page, JsonValue] = {}
        for snapshot_id, numbers in by_snapshot.items():
            record = await self._workspace.state.snapshots.get(snapshot_id)
            if record is None:
                continue
            snapshot = Snapshot.from_json(record.files)
            if all(self._workspace.folder.holds(file.name) for file in snapshot.raw):
                bodies = await asyncio.to_thread(snapshot.raw_pages, self._workspace.folder, numbers)
                found.update({_Page(snapshot_id, number): orjson.loads(body) for number, body in bodies.items()})
        return found

    def _record(
        self, finding: Finding, side: Side, place: RawPlace, pages: Mapping[_Page, JsonValue]
    ) -> RawRecord | None:
        document = pages.get(_Page(place.snapshot or "", place.page))
        entity = finding.entity.removesuffix(_LINES)
        if document is None or entity not in self._plans:
            return None
        records = records_in(self._descriptions[side].entities[entity], document)
        if records is None or place.position >= len(records):
            return None
        whole = records[place.position]
        lines = self._plans[entity].mappings[side].lines
        if not finding.entity.endswith(_LINES) or lines is None:
            return RawRecord(whole, whole)
        line_id = (finding.crm if side is Side.CRM else finding.erp).id
        line = _line(lines, whole, line_id)
        return None if line is None else RawRecord(whole, line)


def records_in(source: EntitySource, document: JsonValue) -> list[JsonValue] | None:
    """The records in an answer, decoded: where one of the listings of their entity has them."""
    listings = [source.full, *([source.changed.listing] if source.changed else [])]
    for listing in listings:
        records = parse_path(listing.records).read(document) if listing.records else document
        if isinstance(records, list):
            return records
    return None


def _line(lines: LinesMapping, whole: object, line_id: str | None) -> object:
    """The line of that id: its own, or its position in the document."""
    found = lines.path.read(whole)
    candidates = found if isinstance(found, list) else [found]
    for position, candidate in enumerate(candidates):
        if line_id is not None and line_id in (_id_of(lines.id, candidate), _numbered(line_id, position)):
            return candidate
    return None


def _id_of(path: Path | None, line: object) -> str | None:
    value = path.read(line) if path is not None else None
    return None if value is None else str(value)


def _numbered(line_id: str, position: int) -> str:
    return f"{line_id.rpartition('#')[0]}#{position}"


def _raw_text(field: FieldMapping, record: object) -> str | None:
    raw = select_plain(field, record)
    if raw is None or isinstance(raw, str):
        return raw
    return orjson.dumps(raw).decode()
