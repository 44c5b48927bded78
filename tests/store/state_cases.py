"""Made-up findings, a clock that is set by hand, and shorthands for the tests of the state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from reconciler.model.findings import Cause, FindingKind, FindingRow
from reconciler.store.state.records import FindingTotals, RunStatus
from reconciler.store.state.state import State

START = datetime(2026, 11, 22, 10, 11, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Says the same instant until it is moved."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Go forward by so many days, hours, …"""
        self.now += timedelta(**by)


def row(
    key: str = "11222333000181",
    *,
    entity: str = "customers",
    field: str | None = "legal_name",
    kind: FindingKind = FindingKind.DIFFERS,
    cause: Cause = Cause.CASE,
    crm_value: str | None = "Acme",
    erp_value: str | None = "ACME",
    crm_id: str | None = "401",
    erp_id: str | None = "2",
    detail: str = "{}",
    owner: str | None = "erp",
    page: int | None = 3,
) -> FindingRow:
    """A finding as a comparison gives it."""
    identity = "\x1f".join((entity, key, field or "", kind))
    return FindingRow(
        id=hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()[:16],
        entity=entity,
        key=key,
        kind=kind.value,
        field=field,
        cause=cause.value,
        detail=detail,
        owner=owner,
        crm_id=crm_id,
        crm_value=crm_value,
        crm_page=page if crm_id is not None else None,
        crm_position=4 if crm_id is not None else None,
        erp_id=erp_id,
        erp_value=erp_value,
        erp_page=5 if erp_id is not None else None,
        erp_position=6 if erp_id is not None else None,
    )


def many(count: int, *, entity: str = "customers") -> list[FindingRow]:
    """Findings of several fields, kinds and causes, in the order of their ids."""
    causes = (Cause.CASE, Cause.ACCENTS, Cause.SPACING)
    fields = ("legal_name", "email", "phone", None)
    made = []
    for number in range(count):
        name = fields[number % len(fields)]
        kind = FindingKind.ONLY_IN_CRM if name is None else FindingKind.DIFFERS
        made.append(
            row(
                f"{number // len(fields):014d}",
                entity=entity,
                field=name,
                kind=kind,
                cause=Cause.NOT_FOUND if name is None else causes[number % len(causes)],
                erp_id=None if name is None else str(number),
            )
        )
    return sorted(made)


async def run_with(
    state: State, rows: Iterable[FindingRow], *, entity: str = "customers", close_missing: bool = True
) -> FindingTotals:
    """One whole run that finds exactly these rows in one entity."""
    run_id = await state.runs.start([entity], full=True)
    totals = await state.findings.record(run_id, entity, [list(rows)], close_missing=close_missing)
    await state.runs.finish(run_id, RunStatus.COMPLETE, {"new": totals.new})
    return totals
