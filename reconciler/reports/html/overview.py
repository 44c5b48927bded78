"""Where the findings are, and that every record is accounted for."""

from __future__ import annotations

from reconciler.model.entities import Side
from reconciler.model.findings import Cause, EntityCount, FindingKind, SideCount
from reconciler.reports.documents import largest_first
from reconciler.reports.html.bars import Bar, Series, bar_chart
from reconciler.reports.html.decisions import section_id
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, element, fill, join
from reconciler.reports.html.words import KIND_GLYPHS, SYSTEMS, entity_name, field_name
from reconciler.reports.report import EntityReport, Report


def charts_section(report: Report, display: Display) -> Html:
    """Findings by entity and kind, and by cause and entity. Empty when there are none."""
    if not report.open:
        return EMPTY
    charts = join((_by_entity(report, display), _by_cause(report, display)))
    return element("section", element("h2", display.texts.charts), element("div", charts, class_="charts"), id="charts")


def accounting_section(report: Report, display: Display) -> Html:
    """The identity of DESIGN.md 7 for each entity and side."""
    texts = display.texts
    names = (texts.entity, *SYSTEMS.values())
    rows = [_accounting_row(entity, display) for entity in report.entities]
    return element(
        "section",
        element("h2", texts.accounting),
        element("p", texts.accounting_lead, class_="lead"),
        element(
            "table",
            element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
            element("tbody", *rows),
            class_="accounting",
        ),
        id="accounting",
    )


def field_chart(entity: EntityReport, display: Display) -> Html:
    """Findings of one entity by field. Empty when there are none or only one field has any."""
    numbers = largest_first(entity.by_field)
    if len(numbers) < 2:
        return EMPTY
    bars = [Bar(field_name(name, display), (count,)) for name, count in numbers.items()]
    return bar_chart(display.texts.by_field, (Series("", ""),), bars, display)


def identity(count: SideCount, display: Display) -> str:
    """The accounting of a side as a sum: `120 = 111 + 6 + 2 + 1 ✓`."""
    parts = (count.matched, count.only_here, count.duplicate, count.rejected)
    equal, mark = ("=", "✓") if count.balances else ("≠", "✕")
    return f"{display.count(count.pulled)} {equal} {' + '.join(map(display.count, parts))} {mark}"


def _by_entity(report: Report, display: Display) -> Html:
    texts = display.texts
    series = [Series(texts.kinds[kind], KIND_GLYPHS[kind]) for kind in FindingKind]
    return bar_chart(texts.by_entity, series, [_entity_bar(entity, display) for entity in report.entities], display)


def _entity_bar(entity: EntityReport, display: Display) -> Bar:
    name = element("a", entity_name(entity.name, display), href=f"#{section_id(entity.name)}")
    if entity.counts is None:
        return Bar(name, (0,) * len(FindingKind), element("span", display.texts.not_compared, class_="note"))
    return Bar(name, tuple(entity.counts.by_kind.get(kind.value, 0) for kind in FindingKind))


def _by_cause(report: Report, display: Display) -> Html:
    compared = [(entity, entity.counts) for entity in report.entities if entity.counts is not None]
    series = [
        Series(display.texts.entity_label(entity.name), _ordinal(place)) for place, (entity, _) in enumerate(compared)
    ]
    bars = [
        Bar(display.texts.causes[cause], tuple(count.by_cause.get(cause.value, 0) for _, count in compared))
        for cause in Cause
    ]
    found = sorted((bar for bar in bars if bar.total), key=lambda bar: -bar.total)
    return bar_chart(display.texts.by_cause, series, found, display)


def _ordinal(place: int) -> str:
    """① to ⑳, then plain numbers."""
    return chr(ord("①") + place) if place < 20 else str(place + 1)


def _accounting_row(entity: EntityReport, display: Display) -> Html:
    texts = display.texts
    name = element("td", entity_name(entity.name, display), class_="row-name", data_label=texts.entity)
    if entity.counts is None:
        words = element("span", "✕ ", texts.not_compared, class_="unbalanced")
        return element("tr", name, element("td", words, colspan="2", data_label="CRM, ERP"))
    return element("tr", name, *(_accounting_cell(entity.counts, side, display) for side in Side))


def _accounting_cell(counts: EntityCount, side: Side, display: Display) -> Html:
    count = counts.crm if side is Side.CRM else counts.erp
    verdict, look = (
        (display.texts.adds_up, "balanced") if count.balances else (display.texts.does_not_add_up, "unbalanced")
    )
    words = join((identity(count, display), " ", element("span", verdict, class_=look)))
    return element("td", element("span", words), class_="identity", data_label=SYSTEMS[side])


def compared_fields(counts: EntityCount, display: Display) -> Html:
    """How many fields were compared."""
    return fill(display.texts.compared_fields, count=display.count(counts.compared_fields))
