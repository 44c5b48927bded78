"""The JSON documents of the contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from reconciler.model.findings import FindingStatus
from reconciler.model.staging import KEY_SEPARATOR
from reconciler.reports.documents import finding_document, instant, run_document
from reconciler.reports.report import RunEnding
from tests.reports.report_samples import CUSTOMERS, FINDING, entity_of, explain, report_of


def test_the_run_document_is_the_one_of_the_contract() -> None:
    assert run_document(report_of(entity_of("customers", CUSTOMERS))) == {
        "run": "20261122T060203-7f3a",
        "status": "complete",
        "started_at": "2026-11-22T06:02:03Z",
        "seconds": 1.235,
        "entities": {
            "customers": {
                "crm": {"pulled": 120, "matched": 111, "only_here": 6, "duplicate": 2, "rejected": 1},
                "erp": {"pulled": 114, "matched": 111, "only_here": 3, "duplicate": 0, "rejected": 0},
                "compared_fields": 12,
                "findings": {
                    "new": 1,
                    "open": 3,
                    "closed": 2,
                    "accepted": 0,
                    "reopened": {"expired": 0, "value_changed": 0},
                    "by_kind": {"differs": 2, "only_in_crm": 1},
                    "by_cause": {"accents": 2, "not_found": 1},
                },
            }
        },
        "reports": {"html": "data/report.html", "json": "data/report.json", "xlsx": "data/report.xlsx"},
    }


def test_the_run_document_says_what_went_wrong() -> None:
    failed = replace(entity_of("orders", ()), counts=None, failure="erp: no answer.")
    suspicious = replace(entity_of("customers", ()), suspicious="The CRM came back empty.")
    report = replace(report_of(failed, suspicious), status=RunEnding.PARTIAL, warnings=("Read in full.",))
    document = run_document(report)
    assert document["status"] == "partial"
    assert document["warnings"] == ["Read in full."]
    assert document["entities"]["orders"] == {
        "crm": None,
        "erp": None,
        "compared_fields": 0,
        "findings": None,
        "failure": "erp: no answer.",
    }
    assert document["entities"]["customers"]["suspicious"] == "The CRM came back empty."


def test_the_finding_document_is_the_one_of_the_contract() -> None:
    finding = replace(FINDING, key=f"2026{KEY_SEPARATOR}0012")
    expected: dict[str, Any] = {
        "id": "00000000000000a1",
        "entity": "customers",
        "key": "2026|0012",
        "kind": "differs",
        "field": "legal_name",
        "crm": {"id": "401", "value": "Indústria São João Ltda", "raw": "Indústria São João Ltda"},
        "erp": {"id": "2", "value": "INDUSTRIA SAO JOAO LTDA", "raw": "INDUSTRIA SAO JOAO LTDA"},
        "cause": "accents",
        "explanation": "Explained: accents of legal_name.",
        "status": "open",
        "owner": "erp",
        "first_seen": "2026-11-20T06:02:03Z",
        "last_seen": "2026-11-22T06:02:03Z",
        "occurrences": 3,
    }
    assert finding_document(finding, explain) == expected


def test_an_accepted_finding_says_who_why_and_until_when() -> None:
    finding = replace(
        FINDING,
        status=FindingStatus.ACCEPTED,
        accepted_reason="Old contract.",
        accepted_by="reviewer",
        accepted_until=date(2026, 12, 31),
    )
    document = finding_document(finding, explain)
    assert document["accepted"] == {"by": "reviewer", "reason": "Old contract.", "until": "2026-12-31"}


def test_instants_are_given_in_utc() -> None:
    local = datetime(2026, 11, 22, 3, 2, 3, 500_000, tzinfo=timezone(timedelta(hours=-3)))
    assert instant(local) == "2026-11-22T06:02:03.500000Z"
