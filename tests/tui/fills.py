"""Made-up runs, findings and acts, put into a state as the product would."""

from __future__ import annotations

from typing import Any

from reconciler.model.findings import Cause, FindingKind, FindingRow
from reconciler.store.state.records import RunStatus
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, many, row

HOSTILE = "[red]ACME[/x] \x1b[31mred \u202eedoc\u202c [bold"
"""Ends a process that takes it for markup, colours a terminal that obeys it, turns a line round."""
HOSTILE_SEEN = "[red]ACME[/x] \\x1b[31mred \\u202eedoc\\u202c [bold"

_SIDE = {"pulled": 1_204, "matched": 1_190, "only_here": 9, "duplicate": 4, "rejected": 1}


def entity_document(new: int, opened: int, **causes: int) -> dict[str, Any]:
    """One entity of a run as `run --json` has it."""
    findings = {"new": new, "open": opened, "closed": 2, "by_kind": {"differs": opened}, "by_cause": causes}
    return {"crm": dict(_SIDE), "erp": dict(_SIDE), "compared_fields": 12, "findings": findings}


def run_document(**entities: Any) -> dict[str, Any]:
    """A run as it is kept."""
    reports = {"html": "/reports/run.html", "json": "/reports/run.json", "xlsx": "/reports/run.xlsx"}
    return {"seconds": 12.5, "entities": entities, "reports": reports}


async def run_of(
    state: State, rows: list[FindingRow], document: dict[str, Any], status: RunStatus = RunStatus.COMPLETE
) -> None:
    """One whole run; its findings are these, by entity."""
    run_id = await state.runs.start(list(document["entities"]), full=True)
    for entity in document["entities"]:
        await state.findings.record(run_id, entity, [[each for each in rows if each.entity == entity]])
    await state.runs.finish(run_id, status, document)


async def reconciled(state: State, clock: Clock) -> None:
    """Three runs, the last one an hour ago; open findings of two entities; taxes that drifted; a trail."""
    products = [row(f"P{number:04}", entity="products", field="price", cause=Cause.ROUNDING) for number in range(5)]
    drifted = [row("1202", entity="quotes", field="taxes", kind=FindingKind.TAX_DRIFT, cause=Cause.UNEXPLAINED)]
    for opened in (60, 52, 40):
        customers = many(opened)
        document = run_document(
            customers=entity_document(3, opened, case=opened // 2, accents=opened - opened // 2),
            products=entity_document(1, 5, rounding=5),
            quotes=entity_document(1, 1, unexplained=1),
        )
        document["taxes"] = {"quotes": 12, "calculated": 11, "unavailable": 1, "drifted": 1}
        await run_of(state, [*customers, *products, *drifted], document)
        clock.move(hours=1)
    for number in range(40):
        await state.audit.append("ana" if number % 3 else "bruno", "plan.exported", f"{number:016x}", {"n": number})


async def left_alone(state: State, clock: Clock) -> None:
    """As `reconciled`, three days ago."""
    await reconciled(state, clock)
    clock.move(days=3)


async def in_trouble(state: State, clock: Clock) -> None:
    """A run that read only one side, told in words that nobody should obey; its counts do not add up."""
    broken = entity_document(1, 1, case=1)
    broken["crm"]["matched"] -= 1
    document = run_document(customers=broken)
    document["entities"]["products"] = {
        "crm": None,
        "erp": None,
        "findings": None,
        "failure": f"erp: no answer from {HOSTILE} in 30 s.",
    }
    document["warnings"] = [f"crm: {HOSTILE}"]
    await run_of(state, [row("1", entity="customers")], document, RunStatus.PARTIAL)
    clock.move(minutes=5)
    await state.audit.append(HOSTILE, "finding.accepted", HOSTILE, {"reason": HOSTILE})
