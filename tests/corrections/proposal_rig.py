"""What proposals are made of in these tests: rules, findings, snapshots in memory, and writers that never reach out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from zoneinfo import ZoneInfo

from reconciler.connectors.description import Description
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.corrections.basis import Basis
from reconciler.corrections.content import digest_of
from reconciler.corrections.ports import KnownLine, KnownRecord, LineOfRecord
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import ENTITIES, Entity, Side
from reconciler.model.findings import Cause, EntityRule, FieldRule, Finding, FindingKind, FindingStatus, SideValue
from tests.connectors.writing_vendor import DESCRIPTION, ZONE, description_in, mappings_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TAX_ID = "11222333000181"
OWNERS = {"legal_name": "erp", "phone": "crm", "credit_limit": "erp", "active": "erp", "status": "erp"}
_LINE_OWNERS = {"quantity": "crm"}


@cache
def described(text: str = DESCRIPTION) -> Description:
    """The description that both systems of these tests have."""
    with TemporaryDirectory() as folder:
        return description_in(Path(folder), text)


@cache
def writer(text: str = DESCRIPTION) -> RecordWriter:
    """A writer that can only be asked what it would take."""
    nowhere = cast("RecordPort", None)
    return RecordWriter("erp", described(text), nowhere, mappings_of(described(text)), ZoneInfo(ZONE), {"model": 12})


def rules(**owners: str) -> dict[str, EntityRule]:
    """The rules of every entity the description has, lines too, with these owners besides the usual ones."""
    found: dict[str, EntityRule] = {}
    for name, mapping in mappings_of(described()).items():
        known = ENTITIES[name]
        own = _field_rules(known, [each.name for each in mapping.fields], {**OWNERS, **owners})
        found[name] = EntityRule(name, own, known.key)
        if known.lines is not None and mapping.lines is not None:
            lines = _field_rules(known.lines, [each.name for each in mapping.lines.fields], _LINE_OWNERS)
            keys = [each for each in own if each.name in known.key]
            parents = tuple(replace(each, name=f"parent_{each.name}", compared=False) for each in keys)
            key = (*(each.name for each in parents), *known.lines.key)
            found[known.lines.name] = EntityRule(known.lines.name, (*parents, *lines), key)
    return found


def _field_rules(entity: Entity, names: Sequence[str], owners: Mapping[str, str]) -> tuple[FieldRule, ...]:
    codes = {"status": frozenset({"OPEN", "CANCELLED"})}
    return tuple(
        FieldRule(field.name, field.type, True, None, field.compared, owners.get(field.name), codes.get(field.name))
        for field in entity.fields
        if field.name in names
    )


@dataclass
class Snapshots:
    """Records in memory, as snapshots hold them."""

    records: dict[tuple[str, Side, str], KnownRecord] = field(default_factory=dict)
    lines: dict[tuple[str, Side, str], LineOfRecord] = field(default_factory=dict)

    def hold(self, entity: str, side: Side, record: KnownRecord) -> None:
        """Keep a record; its lines are numbered as snapshots number lines without an id."""
        self.records[entity, side, record.id] = record
        for place, line in enumerate(record.lines):
            self.lines[f"{entity}.lines", side, f"{record.id}#{place}"] = LineOfRecord(line, record)

    def record(self, entity: str, side: Side, identity: str) -> KnownRecord | None:
        return self.records.get((entity, side, identity))

    def line(self, entity: str, side: Side, identity: str) -> LineOfRecord | None:
        return self.lines.get((entity, side, identity))


def customer(identity: str = "C1", **changed: Any) -> KnownRecord:
    """A customer of a snapshot."""
    values = {
        "tax_id": TAX_ID,
        "legal_name": "Alfa Ltda",
        "phone": None,
        "credit_limit": "1000.5",
        "special_discount": "0",
        "state": "SP",
        "active": "true",
        "updated_at": "2026-05-02T13:11:12Z",
    }
    plain = {name: changed.pop(name) for name in list(changed) if name in values}
    return KnownRecord(identity, TAX_ID, {**values, **plain}, **changed)


def order(identity: str = "900", **changed: Any) -> KnownRecord:
    """An order of a snapshot, with two lines."""
    values = {"number": "900", "customer": TAX_ID, "date": "2026-05-02", "status": "OPEN", "total": "30"}
    lines = (
        KnownLine("B", {"sku": "B", "quantity": "2", "unit_price": "10"}),
        KnownLine("A", {"sku": "A", "quantity": "1", "unit_price": "10"}),
    )
    return KnownRecord(identity, "900", values, **{"lines": lines, **changed})


def basis(snapshots: Snapshots | None = None, **changed: Any) -> Basis:
    """What proposals rest on; both systems take the same."""
    given = {"rules": rules(), "records": snapshots or Snapshots(), "targets": dict.fromkeys(Side, writer())}
    return Basis(**{**given, **changed})


def finding(
    field: str | None = "legal_name", crm: str | None = "Alfa", erp: str | None = "Alfa Ltda", **changed: Any
) -> Finding:
    """A finding of the customer; without a field, one about the whole record."""
    made = Finding(
        id=f"f{field or 'record'}".ljust(16, "0")[:16],
        entity="customers",
        key=TAX_ID,
        kind=FindingKind.DIFFERS,
        field=field,
        crm=SideValue("401", crm),
        erp=SideValue("C1", erp),
        cause=Cause.UNEXPLAINED,
        detail={},
        status=FindingStatus.OPEN,
        owner=None,
        first_seen=NOW,
        last_seen=NOW,
        occurrences=1,
    )
    return replace(made, **changed)


def only_in(side: Side, entity: str = "customers", identity: str = "C1", key: str = TAX_ID, **changed: Any) -> Finding:
    """A finding of a record that only one side has."""
    kind = FindingKind.ONLY_IN_CRM if side is Side.CRM else FindingKind.ONLY_IN_ERP
    here, nothing = SideValue(identity, "Alfa Ltda"), SideValue()
    crm, erp = (here, nothing) if side is Side.CRM else (nothing, here)
    about = {"id": "only000000000000", "entity": entity, "key": key, "kind": kind, "crm": crm, "erp": erp}
    return replace(finding(None), **{**about, "cause": Cause.NOT_FOUND, **changed})


def correction(*changes: FieldChange, **changed: Any) -> Correction:
    """An approved correction of the CRM's customer."""
    made: dict[str, Any] = {
        "id": "00000000000000a1",
        "entity": "customers",
        "key": TAX_ID,
        "side": Side.CRM,
        "action": CorrectionAction.UPDATE,
        "record_id": "401",
        "source_id": "C1",
        "changes": changes or (FieldChange("legal_name", "Alfa", "Alfa Ltda", finding="f1"),),
        "digest": "",
        "state": CorrectionState.APPROVED,
        "proposed_by": "ana",
        "proposed_at": NOW,
        **changed,
    }
    whole = Correction(**made)
    return whole if whole.digest else replace(whole, digest=digest_of(whole))
