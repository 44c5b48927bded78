"""The HTML page of runs that found nothing, broke off, or are not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.findings import SideCount
from reconciler.reports.languages import texts_of
from reconciler.reports.report import EntityReport, Report, RunEnding
from tests.reports.page_reading import page_of
from tests.reports.report_samples import (
    CUSTOMERS,
    counts_of,
    entity_of,
    report_of,
    stream_of,
    usual_report,
)


async def test_accounting_that_does_not_add_up_is_said_loudly() -> None:
    counts = replace(counts_of(CUSTOMERS), erp=SideCount(10, 5, 2, 1, 1))
    page = await page_of(report_of(replace(entity_of("customers", CUSTOMERS), counts=counts)))
    assert "10 ≠ 5 + 2 + 1 + 1 ✕ does not add up" in page.words
    notice = page.all("section", "suspicious")[0]
    assert "Customers: does not add up" in notice.words


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "No open findings. Both systems"), ("pt-BR", "Nenhuma divergência em aberto. Os dois")],
)
async def test_a_run_without_findings_says_so(locale: str, said: str) -> None:
    page = await page_of(report_of(entity_of("customers", ()), locale=locale))
    assert page.all("section", "status-complete")[0].all("p")[0].words.startswith(said)
    assert [node.words for node in page.all("p", "empty")] == [f"✓ {texts_of(locale).no_findings}"]
    assert not page.all("figure")
    assert not page.all("li", "decision")
    assert not page.all("table", "findings")


def _failed_run(status: RunEnding) -> Report:
    failed = EntityReport("orders", None, stream_of(()), failure="erp: no answer.")
    return replace(report_of(failed, entity_of("customers", ())), status=status)


@pytest.mark.parametrize("status", [RunEnding.PARTIAL, RunEnding.FAILED])
async def test_a_run_that_did_not_read_everything_never_claims_to_be_clean(status: RunEnding) -> None:
    texts = texts_of("en")
    page = await page_of(_failed_run(status))
    notice = page.all("section", f"status-{status.value}")[0].words
    assert texts.status_titles[status] in notice
    assert "Orders: erp: no answer." in notice
    assert texts.nothing_in_what_was_read in notice
    assert texts.all_clear not in page.words
    assert "✕ Not compared in this run. erp: no answer." in page.words


async def test_a_suspicious_side_is_said_before_any_number() -> None:
    entity = replace(entity_of("customers", ()), suspicious="The CRM came back empty.")
    page = await page_of(report_of(entity))
    assert page.all("section", "status-doubtful")
    assert not page.all("section", "status-complete")
    assert "Customers: The CRM came back empty." in page.all("section", "suspicious")[0].words
    assert page.words.index("The CRM came back empty.") < page.words.index("Open findings")
    assert texts_of("en").all_clear not in page.words
    assert "✓ No open findings." not in page.words


async def test_what_limits_the_result_is_listed() -> None:
    page = await page_of(replace(usual_report(), warnings=("Products are read in full.", "120 calls a minute.")))
    items = [node.words for node in page.all("section", "limits")[0].all("li")]
    assert items == ["Products are read in full.", "120 calls a minute."]
