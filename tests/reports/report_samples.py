"""Made-up runs for the tests of reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.model.entities import ENTITIES, FieldType
from reconciler.model.findings import (
    Cause,
    EntityCount,
    Finding,
    FindingKind,
    FindingStatus,
    SideCount,
    SideValue,
)
from reconciler.reports.report import Decision, EntityReport, FindingStream, Report, RunEnding, SystemTitle

STARTED_AT = datetime(2026, 11, 22, 6, 2, 3, tzinfo=UTC)

FINDING = Finding(
    id="00000000000000a1",
    entity="customers",
    key="12ABC34501DE35",
    kind=FindingKind.DIFFERS,
    field="legal_name",
    crm=SideValue("401", "Indústria São João Ltda", "Indústria São João Ltda"),
    erp=SideValue("2", "INDUSTRIA SAO JOAO LTDA", "INDUSTRIA SAO JOAO LTDA"),
    cause=Cause.ACCENTS,
    detail={},
    status=FindingStatus.OPEN,
    owner="erp",
    first_seen=datetime(2026, 11, 20, 6, 2, 3, tzinfo=UTC),
    last_seen=STARTED_AT,
    occurrences=3,
)

CUSTOMERS = (
    FINDING,
    replace(FINDING, id="00000000000000a2", key="83101222000128"),
    replace(
        FINDING,
        id="00000000000000a3",
        key="83101222000209",
        kind=FindingKind.ONLY_IN_CRM,
        field=None,
        crm=SideValue("512", None, None),
        erp=SideValue(),
        cause=Cause.NOT_FOUND,
        owner=None,
        occurrences=1,
    ),
)
PRODUCTS = (
    replace(
        FINDING,
        id="00000000000000b1",
        entity="products",
        key="0007",
        field="price",
        crm=SideValue("31", "4928.84", "4928.84"),
        erp=SideValue("9", "4928.8", "4928.8"),
        cause=Cause.ROUNDING,
        owner=None,
    ),
)


def explain(finding: Finding) -> str:
    """A sentence that tells findings apart."""
    return f"Explained: {finding.cause.value} of {finding.field}."


def stream_of(findings: Sequence[Finding]) -> FindingStream:
    """A stream that can be started any number of times."""

    async def stream() -> AsyncIterator[Finding]:
        for finding in findings:
            yield finding

    return stream


def counts_of(findings: Sequence[Finding], *, pulled: int = 120, new: int = 1, closed: int = 2) -> EntityCount:
    """Counts that add up, with these findings open."""
    return EntityCount(
        crm=SideCount(pulled, pulled - 9, 6, 2, 1),
        erp=SideCount(pulled - 6, pulled - 9, 3, 0, 0),
        compared_fields=12,
        new=new,
        open=len(findings),
        closed=closed,
        by_kind=dict(Counter(finding.kind.value for finding in findings)),
        by_cause=dict(Counter(finding.cause.value for finding in findings)),
    )


def entity_of(name: str, findings: Sequence[Finding], *, pulled: int = 120) -> EntityReport:
    """A compared entity with these findings."""
    types: dict[str, FieldType] = (
        {field.name: field.type for field in ENTITIES[name].fields} if name in ENTITIES else {}
    )
    return EntityReport(
        name=name,
        counts=counts_of(findings, pulled=pulled),
        findings=stream_of(findings),
        by_field=dict(Counter(finding.field for finding in findings if finding.field is not None)),
        field_types=types,
    )


def decisions_of(findings: Sequence[Finding]) -> tuple[Decision, ...]:
    """The groups that these findings make."""
    groups: dict[tuple[str, FindingKind, str | None, Cause], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.entity, finding.kind, finding.field, finding.cause), []).append(finding)
    return tuple(Decision(*group, len(found), tuple(found[:3])) for group, found in groups.items())


def report_of(*entities: EntityReport, findings: Sequence[Finding] = (), locale: str = "en") -> Report:
    """A complete run of these entities; `findings` become its decisions."""
    return Report(
        project="acme",
        run_id="20261122T060203-7f3a",
        status=RunEnding.COMPLETE,
        started_at=STARTED_AT,
        seconds=1.23456,
        crm=SystemTitle("ploomes", "crm.example"),
        erp=SystemTitle("sandbox_erp", "erp.example:8069"),
        entities=entities,
        decisions=decisions_of(findings),
        locale=locale,
        timezone="America/Sao_Paulo",
        files={"html": "data/report.html", "json": "data/report.json", "xlsx": "data/report.xlsx"},
    )


def usual_report(locale: str = "en") -> Report:
    """Two entities with four findings."""
    return report_of(
        entity_of("customers", CUSTOMERS),
        entity_of("products", PRODUCTS, pulled=12_345),
        findings=(*CUSTOMERS, *PRODUCTS),
        locale=locale,
    )
