"""The frozen report: what it refuses, how it names systems, when it is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from reconciler.model.findings import Cause, FindingKind, SideCount
from reconciler.reports.report import Decision, EntityReport, Report, RunEnding, SystemTitle
from tests.reports.report_samples import CUSTOMERS, FINDING, STARTED_AT, counts_of, entity_of, report_of, usual_report


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://api2.crm.example", "api2.crm.example"),
        ("http://erp.example:8069/rig", "erp.example:8069"),
        ("https://user:secret@crm.example/path?key=secret#secret", "crm.example"),
        ("http://[::1]:80/", "[::1]:80"),
    ],
    ids=["host", "port", "credentials", "ipv6"],
)
def test_a_system_is_named_by_its_host_and_nothing_more(base_url: str, host: str) -> None:
    assert SystemTitle.of("ploomes", base_url) == SystemTitle("ploomes", host)


def test_a_report_needs_a_known_locale() -> None:
    with pytest.raises(ValueError, match="locale"):
        replace(usual_report(), locale="fr")


def test_a_report_needs_an_aware_start() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(usual_report(), started_at=datetime(2026, 11, 22))  # noqa: DTZ001  (the naive time is the point)


def test_a_report_needs_a_known_time_zone() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        replace(usual_report(), timezone="America/Nowhere")


@pytest.mark.parametrize("examples", [(), (FINDING,) * 4], ids=["none", "four"])
def test_a_decision_has_one_to_three_examples(examples: tuple[()]) -> None:
    with pytest.raises(ValueError, match="1 to 3"):
        Decision("customers", FindingKind.DIFFERS, "legal_name", Cause.ACCENTS, 9, examples)


def test_decisions_are_ranked_by_how_much_they_settle() -> None:
    report = usual_report()
    ranked = replace(report, decisions=report.decisions[::-1]).ranked_decisions
    assert [(each.count, each.entity) for each in ranked] == [(2, "customers"), (1, "customers"), (1, "products")]


def _unbalanced() -> EntityReport:
    counts = replace(counts_of(CUSTOMERS), erp=SideCount(10, 5, 2, 1, 1))
    return replace(entity_of("customers", CUSTOMERS), counts=counts)


@pytest.mark.parametrize(
    ("report", "believable"),
    [
        (usual_report(), True),
        (replace(usual_report(), status=RunEnding.PARTIAL), False),
        (report_of(replace(entity_of("customers", ()), suspicious="The CRM came back empty.")), False),
        (report_of(replace(entity_of("customers", ()), failure="The ERP did not answer.", counts=None)), False),
        (report_of(_unbalanced()), False),
    ],
    ids=["complete", "partial", "suspicious", "failed-entity", "unbalanced"],
)
def test_a_run_is_believed_only_when_everything_is_accounted_for(report: Report, believable: bool) -> None:
    assert report.believable is believable


def test_open_findings_are_those_of_all_entities() -> None:
    assert usual_report().open == 4
    assert usual_report().started_at == STARTED_AT
