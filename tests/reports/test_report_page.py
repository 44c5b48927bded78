"""The HTML page: what it says, in which order, and how it reads without colour or script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.findings import Cause, Finding, FindingKind, SideValue
from reconciler.reports.documents import run_document
from reconciler.reports.html.decisions import SHOWN_DECISIONS
from reconciler.reports.html.page import write_html
from reconciler.reports.languages import texts_of
from reconciler.reports.report import LOCALES
from tests.reports.page_reading import markup_of, page_of
from tests.reports.report_samples import (
    CUSTOMERS,
    FINDING,
    PRODUCTS,
    counts_of,
    entity_of,
    explain,
    report_of,
    usual_report,
)


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_is_in_the_language_of_the_report(locale: str) -> None:
    page = await page_of(usual_report(locale))
    texts = texts_of(locale)
    assert page.all("html")[0].attributes["lang"] == locale
    for said in (
        texts.title,
        texts.decisions,
        texts.accounting,
        texts.causes[Cause.ACCENTS],
        texts.entities["products"],
    ):
        assert said in page.words
    other = texts_of(next(each for each in LOCALES if each != locale))
    for unsaid in (other.title, other.accounting, other.causes[Cause.ACCENTS], other.entities["products"]):
        assert unsaid not in page.words


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        ("en", ("120 = 111 + 6 + 2 + 1 ✓", "12,345 = 12,336 + 6 + 2 + 1 ✓")),
        ("pt-BR", ("120 = 111 + 6 + 2 + 1 ✓", "12.345 = 12.336 + 6 + 2 + 1 ✓")),
    ],
)
async def test_every_side_shows_its_accounting(locale: str, lines: tuple[str, str]) -> None:
    cells = [node.words for node in (await page_of(usual_report(locale))).all("td", "identity")]
    assert len(cells) == 4
    words = texts_of(locale).adds_up
    assert [f"{line} {words}" for line in lines] == [cells[0], cells[2]]


async def test_the_numbers_are_those_of_the_json_document() -> None:
    report = usual_report()
    document = json.loads(json.dumps(run_document(report)))["entities"].values()
    page = await page_of(report)
    tiles = {node.attributes["data-number"]: node.all("dd")[0].words for node in page.all("div", "tile")}
    assert tiles == {
        "open": str(sum(each["findings"]["open"] for each in document)),
        "new": str(sum(each["findings"]["new"] for each in document)),
        "closed": str(sum(each["findings"]["closed"] for each in document)),
        "compared": f"{sum(each['crm']['matched'] for each in document):,}",
    }
    by_entity, by_cause = page.all("figure")[:2]
    assert [node.words for node in by_entity.all("span", "bar-total")] == ["3", "1"]
    causes = Counter[str]()
    for each in document:
        causes.update(each["findings"]["by_cause"])
    labels = [node.words for node in by_cause.all("span", "bar-label")]
    totals = [int(node.words) for node in by_cause.all("span", "bar-total")]
    texts = texts_of("en")
    assert dict(zip(labels, totals, strict=True)) == {texts.causes[Cause(cause)]: n for cause, n in causes.items()}


async def test_bars_are_as_long_as_their_numbers() -> None:
    page = await page_of(usual_report())
    customers = page.all("figure")[0].all("svg")[0].all("rect")
    products = page.all("figure")[0].all("svg")[1].all("rect")
    assert [(node.attributes["x"], node.attributes["width"]) for node in customers] == [
        ("0%", "66.667%"),
        ("66.667%", "33.333%"),
    ]
    assert [(node.attributes["x"], node.attributes["width"]) for node in products] == [("0%", "33.333%")]


async def test_no_colour_stands_alone() -> None:
    """Every coloured part of a bar has a glyph in it or beside it, and the legend says what the glyph means."""
    page = await page_of(usual_report())
    for chart in page.all("figure")[:2]:
        meanings = {node.all("span", "key")[0].words for node in chart.all("ul", "legend")[0].all("li")}
        glyphs = {node.words for node in (*chart.all("text"), *chart.all("span", "glyph"))}
        assert glyphs == meanings


async def test_decisions_come_first_and_the_largest_before_the_others() -> None:
    page = await page_of(usual_report())
    assert [node.words for node in page.all("h2")][1:4] == [
        "Decisions",
        "Where the findings are",
        "Every record accounted for",
    ]
    cards = page.all("li", "decision")
    assert [card.all("span", "decision-count")[0].words for card in cards] == ["2", "1", "1"]
    first = cards[0].words
    for said in (
        "Accents",
        "Legal name legal_name",
        "Explained: accents of legal_name.",
        "ERP is right by agreement",
        "reconciler findings list --entity customers --field legal_name --kind differs --cause accents",
    ):
        assert said in first


async def test_many_decisions_are_folded_and_none_is_lost() -> None:
    findings = [replace(FINDING, field=f"field_{number:02}") for number in range(SHOWN_DECISIONS + 8)]
    page = await page_of(report_of(entity_of("customers", findings), findings=findings))
    assert len(page.all("li", "decision")) == SHOWN_DECISIONS
    folded = page.all("details")[0]
    assert folded.all("summary")[0].words == "8 smaller groups, 8 findings"
    counted = [int(node.attributes["data-count"] or 0) for node in page.all("") if "data-count" in node.attributes]
    assert sum(counted) == len(findings)


async def test_a_row_says_everything_about_its_finding() -> None:
    finding = replace(FINDING, crm=SideValue("401", "São  João", "S\xe3o  Jo\xe3o "), cause=Cause.SPACING)
    row = (await page_of(report_of(entity_of("customers", [finding])))).all("tr")[-1]
    cells = {node.attributes["data-label"]: node for node in row.all("td")}
    assert list(cells) == ["Key", "What differs", "CRM", "ERP", "Explanation", "State"]
    assert cells["Key"].words == "12ABC34501DE35 00000000000000a1".replace(" ", "")
    assert "Differs" in cells["What differs"].words
    assert cells["CRM"].all("bdi", "value")[0].words == "São··João"
    assert "record 401" in cells["CRM"].words
    assert "as sent: São João" in cells["CRM"].words
    assert "owner" in cells["ERP"].words
    assert "owner" not in cells["CRM"].words
    assert cells["Explanation"].words == "Explained: spacing of legal_name."
    assert "since 20 Nov 2026" in cells["State"].words
    assert "Seen in 3 runs" in cells["State"].words


async def test_what_differs_is_marked_character_by_character() -> None:
    finding = replace(FINDING, crm=SideValue("1", "São João", None), erp=SideValue("2", "Sao João", None))
    row = (await page_of(report_of(entity_of("customers", [finding])))).all("tr")[-1]
    assert [node.words for node in row.all("mark")] == ["ã", "a"]


@pytest.mark.parametrize(
    ("changes", "crm", "erp"),
    [
        ({"erp": SideValue("2", None, None), "cause": Cause.MISSING_VALUE}, "Indústria", "empty"),
        ({"kind": FindingKind.ONLY_IN_CRM, "field": None, "erp": SideValue()}, "Indústria", "no record"),
        (
            {"kind": FindingKind.DUPLICATE, "field": None, "crm": SideValue("401, 512"), "erp": SideValue()},
            "record 401, 512",
            "–",
        ),
        ({"kind": FindingKind.INVALID, "crm": SideValue("1", None, "<x>"), "erp": SideValue()}, "as sent: <x>", "–"),
    ],
    ids=["missing-value", "only-here", "duplicate", "invalid"],
)
async def test_a_side_without_a_value_says_why(changes: dict[str, object], crm: str, erp: str) -> None:
    finding: Finding = replace(FINDING, **changes)  # type: ignore[arg-type]  # values of several fields in one table
    row = (await page_of(report_of(entity_of("customers", [finding])))).all("tr")[-1]
    cells = {node.attributes["data-label"]: node.words for node in row.all("td")}
    assert crm in cells["CRM"]
    assert erp in cells["ERP"]


@pytest.mark.parametrize("count", [3, 4], ids=["all-fit", "one-more"])
async def test_rows_beyond_the_limit_are_left_out_and_it_says_so(count: int) -> None:
    page = await page_of(report_of(entity_of("customers", [FINDING] * count)), rows=3)
    assert len(page.all("table", "findings")[0].all("tbody")[0].all("tr")) == 3
    notes = [node.words for node in page.all("p", "truncated")]
    assert notes == [f"3 of {count} findings shown; the rest is in the XLSX and JSON reports."][: count - 3]


async def test_the_note_on_left_out_rows_counts_all_findings() -> None:
    counts = replace(counts_of([FINDING]), open=12_345)
    entity = replace(entity_of("customers", [FINDING] * 9), counts=counts)
    page = await page_of(report_of(entity, locale="pt-BR"), rows=5)
    assert page.all("p", "truncated")[0].words.startswith("5 de 12.345 divergências exibidas")


async def test_findings_of_an_entity_that_was_not_compared_are_said_to_be_old() -> None:
    """And no total is made up for them."""
    entity = replace(entity_of("customers", [FINDING] * 9), counts=None, failure="erp: no answer.")
    page = await page_of(report_of(entity), rows=5)
    assert [node.words for node in page.all("p", "truncated")] == [
        "The findings below are from earlier runs.",
        "The first 5 findings are shown; the rest is in the XLSX and JSON reports.",
    ]


async def test_only_the_findings_that_are_shown_are_read() -> None:
    read, closed = 0, False

    async def stream() -> AsyncIterator[Finding]:
        nonlocal read, closed
        try:
            for _ in range(1_000_000):
                read += 1
                yield FINDING
        finally:
            closed = True

    await page_of(report_of(replace(entity_of("customers", [FINDING]), findings=stream)), rows=5)
    assert (read, closed) == (6, True)


async def test_links_lead_to_the_section_of_an_entity() -> None:
    """Also for names with characters that a link has to write differently."""
    page = await page_of(report_of(entity_of("orders.lines", [FINDING]), entity_of("a b/ç", [FINDING])))
    targets = {node.attributes["id"] for node in page.all("section", "entity")}
    links = {(node.attributes["href"] or "")[1:] for node in page.all("a")}
    assert links == targets
    assert len(targets) == 2


async def test_the_page_is_written_to_its_file(tmp_path: Path) -> None:
    await write_html(usual_report(), tmp_path / "report.html", explain)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == await markup_of(usual_report())


async def test_findings_of_every_entity_are_on_the_page() -> None:
    page = await page_of(usual_report())
    ids = [node.words for node in page.all("div", "finding-id")]
    assert ids == [finding.id for finding in (*CUSTOMERS, *PRODUCTS)]
