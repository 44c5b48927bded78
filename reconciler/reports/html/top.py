"""What a reader sees first: which run this is, how it ended in words, what limits it, and four numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.model.entities import Side
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, Part, element, fill, join
from reconciler.reports.html.words import SYSTEMS, entity_name, label, sentence
from reconciler.reports.report import EntityReport, Report, RunEnding

_STATUS_GLYPHS: Final = {RunEnding.COMPLETE: "✓", RunEnding.PARTIAL: "◐", RunEnding.FAILED: "✕"}
_WARNING_GLYPH: Final = "▲"


def page_header(report: Report, display: Display) -> Html:
    """Project, systems and run."""
    texts = display.texts
    systems = [_system(report, side) for side in Side]
    facts = (
        (texts.run, element("code", label(report.run_id))),
        (texts.started, element("span", display.moment(report.started_at))),
        (texts.duration, element("span", display.seconds(report.seconds))),
    )
    return element(
        "header",
        element("p", texts.title, class_="eyebrow"),
        element("h1", label(report.project)),
        element(
            "p", join((systems[0], " ", element("span", "⇄", class_="between"), " ", systems[1])), class_="systems"
        ),
        element(
            "dl", *(element("div", element("dt", name), element("dd", value)) for name, value in facts), class_="facts"
        ),
    )


def status_section(report: Report, display: Display) -> Html:
    """How the run ended, what is not believed, and what limits the result; in words, before any number."""
    return join(
        (_ending(report, display), _suspicion(report, display), _unbalanced(report, display), _limits(report, display))
    )


def tiles(report: Report, display: Display) -> Html:
    """The four numbers of a run."""
    texts = display.texts
    counts = [entity.counts for entity in report.entities if entity.counts is not None]
    numbers = (
        (texts.open, report.open, "open"),
        (texts.new, sum(each.new for each in counts), "new"),
        (texts.closed, sum(each.closed for each in counts), "closed"),
        (texts.compared, sum(each.crm.matched for each in counts), "compared"),
    )
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", display.count(number)), class_="tile", data_number=mark)
            for name, number, mark in numbers
        ),
        class_="tiles",
    )


def _system(report: Report, side: Side) -> Html:
    title = report.system(side)
    return element(
        "span",
        element("strong", SYSTEMS[side]),
        " ",
        label(title.vendor),
        " ",
        element("code", label(title.host)),
        class_="system",
    )


def _ending(report: Report, display: Display) -> Html:
    failures = [
        element("li", element("strong", entity_name(entity.name, display)), ": ", sentence(entity.failure))
        for entity in report.entities
        if entity.failure is not None
    ]
    doubtful = report.status is RunEnding.COMPLETE and not report.believable
    return _notice(
        f"notice status-{'doubtful' if doubtful else report.status.value}",
        _WARNING_GLYPH if doubtful else _STATUS_GLYPHS[report.status],
        display.texts.status_titles[report.status],
        _ending_words(report, display),
        failures,
    )


def _ending_words(report: Report, display: Display) -> Part:
    texts = display.texts
    words = {RunEnding.PARTIAL: texts.partial, RunEnding.FAILED: texts.failed}.get(report.status)
    if report.open:
        return words or fill(texts.found, open=display.count(report.open))
    if report.believable:
        return texts.all_clear
    return f"{words} {texts.nothing_in_what_was_read}" if words else texts.nothing_in_what_was_read


def _suspicion(report: Report, display: Display) -> Html:
    return _entity_notice(
        display,
        display.texts.suspicious,
        [(entity, sentence(entity.suspicious)) for entity in report.entities if entity.suspicious is not None],
    )


def _unbalanced(report: Report, display: Display) -> Html:
    return _entity_notice(
        display,
        display.texts.unbalanced,
        [
            (entity, display.texts.does_not_add_up)
            for entity in report.entities
            if entity.counts is not None and not (entity.counts.crm.balances and entity.counts.erp.balances)
        ],
    )


def _entity_notice(display: Display, words: str, entities: Sequence[tuple[EntityReport, Part]]) -> Html:
    if not entities:
        return EMPTY
    items = [element("li", element("strong", entity_name(each.name, display)), ": ", why) for each, why in entities]
    return _notice("notice suspicious", _WARNING_GLYPH, display.texts.suspicious_title, words, items)


def _limits(report: Report, display: Display) -> Html:
    if not report.warnings:
        return EMPTY
    items = [element("li", sentence(warning)) for warning in report.warnings]
    return _notice("notice limits", "i", display.texts.limits, "", items)


def _notice(kind: str, glyph: str, title: str, words: Part, items: list[Html]) -> Html:
    return element(
        "section",
        element("h2", element("span", glyph, class_="sign", aria_hidden="true"), title),
        element("p", words) if words else EMPTY,
        element("ul", *items) if items else EMPTY,
        class_=kind,
    )
