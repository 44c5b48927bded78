"""The differences that somebody accepted: why, who, until when, and what this run reopened."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.dates import format_date

from reconciler.model.findings import Acceptance
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, element, fill
from reconciler.reports.html.words import entity_name, label, sentence
from reconciler.reports.report import Report

_COLUMNS: Final = ("accepted_until", "accepted_by", "accepted_reason")


def accepted_section(report: Report, display: Display) -> Html:
    """A row for each decision and entity. Empty when nothing is accepted and nothing accepted came back."""
    texts = display.texts
    if not report.accepted and not report.reopened:
        return EMPTY
    return element(
        "section",
        element("h2", texts.accepted),
        element("p", fill(texts.accepted_lead, findings=display.count(report.accepted)), class_="lead"),
        _reopened(report, display),
        _table(report, display) if report.acceptances else EMPTY,
        id="accepted",
    )


def _reopened(report: Report, display: Display) -> Html:
    if not report.reopened:
        return EMPTY
    changed = sum(entity.value_changed for entity in report.entities)
    expired = sum(entity.expired for entity in report.entities)
    words = fill(display.texts.reopened, changed=display.count(changed), expired=display.count(expired))
    return element("p", words, class_="reopened")


def _table(report: Report, display: Display) -> Html:
    texts = display.texts
    names = (texts.entity, texts.count, *(texts.columns[name] for name in _COLUMNS))
    return element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in names))),
        element("tbody", *(_row(each, display) for each in report.acceptances)),
        class_="accounting",
    )


def _row(acceptance: Acceptance, display: Display) -> Html:
    return element(
        "tr",
        element("th", entity_name(acceptance.entity, display), scope="row"),
        element("td", display.count(acceptance.findings)),
        element("td", _until(acceptance.until, display)),
        element("td", label(acceptance.person)),
        element("td", sentence(acceptance.reason)),
    )


def _until(day: date | None, display: Display) -> str:
    if day is None:
        return display.texts.while_values_stay
    return format_date(day, display.texts.date_pattern, display.locale)
