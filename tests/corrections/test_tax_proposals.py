"""A finding of tax drift becomes the ERP's answer in the line of the quote, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from reconciler.app.scope_plan import plan_entities
from reconciler.app.tax_corrections import mappings_with_taxes, rules_with_taxes
from reconciler.app.wire import load_descriptions
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.corrections.basis import Basis
from reconciler.corrections.propose import Proposals, propose
from reconciler.corrections.reasons import Reason
from reconciler.corrections.tax_changes import is_still_said
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, EntityRule, Finding, FindingKind, FindingStatus, SideValue
from reconciler.project import load_project
from reconciler.sandbox.project_file import project_text
from tests.corrections.proposal_rig import NOW, Snapshots

ASKED = {"asked_customer": "11222333000181", "asked_quantity": "2", "asked_unit_price": "50", "asked_discount": "0"}
ICMS = {"crm_rate": "7", "crm_base": "100", "crm_amount": "7", "erp_rate": "12", "erp_base": "100", "erp_amount": "12"}
RESTS_ON = ["quantity", "unit_price", "discount"]


@pytest.fixture(scope="module")
def basis(tmp_path_factory: pytest.TempPathFactory) -> Basis:
    """What proposals rest on in a sandbox project; the CRM's writer can only be asked what it would take."""
    systems = {
        "crm": ("ploomes", "http://127.0.0.1:9", {"user_key": "made-up"}),
        "erp": ("sandbox_erp", "http://127.0.0.1:9/api", {"user": "made-up", "password": "made-up"}),
    }
    path: Path = tmp_path_factory.mktemp("box") / "reconciler.toml"
    path.write_text(project_text(systems))
    project = load_project(path, {})
    descriptions = load_descriptions(project)
    plans = {plan.entity.name: plan for plan in plan_entities(project, descriptions, ())}
    rules: dict[str, EntityRule] = {}
    for plan in plans.values():
        rules |= {rule.entity: rule for rule in (plan.rule, plan.lines_rule) if rule is not None}
    crm = descriptions[Side.CRM]
    mappings = mappings_with_taxes(project, crm, {name: plan.mappings[Side.CRM] for name, plan in plans.items()})
    writer = RecordWriter("crm", crm, cast("RecordPort", None), mappings, ZoneInfo("America/Sao_Paulo"))
    return Basis(rules_with_taxes(project, crm, rules), Snapshots(), dict.fromkeys(Side, writer))


def drifted(kind: str = "icms", line: str | None = "P1", **detail: str) -> Finding:
    """A finding of one tax; the ERP has none where no `erp_` detail is given."""
    known = {"quote": "1202", **ASKED, **detail} | ({} if line is None else {"line": line})
    due = any(name.startswith("erp_") for name in known)
    return Finding(
        id=f"{kind}{line}".ljust(16, "0"),
        entity="quotes.taxes",
        key=f"1202|{line}",
        kind=FindingKind.TAX_DRIFT,
        field=kind,
        crm=SideValue("77", "7.00"),
        erp=SideValue(None, "12.00" if due else None),
        cause=Cause.STALE_RATE,
        detail=known,
        status=FindingStatus.OPEN,
        owner="erp",
        first_seen=NOW,
        last_seen=NOW,
        occurrences=1,
    )


def proposed(basis: Basis, *findings: Finding) -> Proposals:
    numbers = count(1)
    return propose(findings, basis, person="ana", now=NOW, new_id=lambda: f"{next(numbers):016x}")


@contextmanager
def _one(found: Proposals) -> Iterator[list[FieldChange]]:
    (correction,) = found.corrections
    assert (correction.entity, correction.key, correction.side, correction.action, correction.record_id) == (
        "quotes", "1202", Side.CRM, CorrectionAction.UPDATE, "77",
    )  # fmt: skip
    assert correction.problems == ()
    assert found.left_out == ()
    yield list(correction.changes)


def test_the_erps_answer_is_written_beside_what_it_rests_on(basis: Basis) -> None:
    """What it was calculated from is compared before the write: another quantity has other taxes."""
    finding = drifted(**ICMS)
    with _one(proposed(basis, finding)) as changes:
        written = [change for change in changes if change.old != change.new]
        compared = [change for change in changes if change.old == change.new]
    assert written == [
        FieldChange("icms_rate", "7", "12", "P1", finding.id),
        FieldChange("icms_amount", "7", "12", "P1", finding.id),
    ]
    assert [(change.line, change.field, change.new) for change in compared] == [
        (None, "customer", "11222333000181"),
        *(("P1", name, ASKED[f"asked_{name}"]) for name in RESTS_ON),
    ]


def test_all_taxes_of_a_quote_are_one_correction(basis: Basis) -> None:
    found = proposed(basis, drifted(**ICMS), drifted("pis", erp_amount="3"), drifted("ipi", "P2", erp_amount="5"))
    with _one(found) as changes:
        told = [(change.line, change.field) for change in changes]
    taxes = [("P1", "icms_rate"), ("P1", "icms_amount"), ("P1", "pis_amount"), ("P2", "ipi_amount")]
    assert set(told) == {(None, "customer"), *taxes, *((line, name) for line in ("P1", "P2") for name in RESTS_ON)}
    assert len(told) == len(set(told))


def test_a_tax_that_is_not_due_leaves_nothing(basis: Basis) -> None:
    with _one(proposed(basis, drifted("difal", crm_rate="6", crm_amount="6"))) as changes:
        assert {change.field: change.new for change in changes if change.old != change.new} == {
            "difal_rate": None,
            "difal_amount": None,
        }


def test_what_the_erp_does_not_tell_of_a_tax_stays(basis: Basis) -> None:
    with _one(proposed(basis, drifted(crm_base="90", crm_amount="7", erp_amount="12"))) as changes:
        assert [change.field for change in changes if change.old != change.new] == ["icms_amount"]


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        (drifted(line=None, **ICMS), Reason.LINES_NOT_DISTINCT),
        (drifted("cbs", erp_amount="9"), Reason.OUT_OF_SCOPE),
        (replace(drifted(**ICMS), status=FindingStatus.ACCEPTED), Reason.ACCEPTED),
    ],
    ids=["a line like another", "a kind without a place", "accepted"],
)
def test_what_cannot_be_written_says_why(basis: Basis, finding: Finding, reason: Reason) -> None:
    found = proposed(basis, finding)
    assert found.corrections == ()
    assert [each.reason for each in found.left_out] == [reason]


def test_a_proposal_is_known_as_long_as_the_finding_asks_for_exactly_it() -> None:
    change = FieldChange("icms_rate", "7", "12", "P1")
    assert is_still_said(drifted(**ICMS), change)
    assert not is_still_said(drifted(**{**ICMS, "erp_rate": "13"}), change)
    assert not is_still_said(drifted(line="P2", **ICMS), change)
