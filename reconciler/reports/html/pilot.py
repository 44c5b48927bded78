"""The report of a pilot as one page, made to be read on a screen and to be printed to PDF and signed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal

from reconciler.reports.html.markup import EMPTY, Html, Part, element, join
from reconciler.reports.pilot_report import (
    PilotCell,
    PilotNote,
    PilotReport,
    PilotRow,
    PilotScenario,
    PilotWords,
    pilot_words,
)

_WIDTH: Final = 320
_HEIGHT: Final = 80
_MARKS: Final = {True: "✓", False: "✕", None: ""}
_OWN_STYLE: Final = """
.verdict { font-size: 1.6rem; font-weight: 700; margin: .4rem 0; }
.scorecard td, .scorecard th { text-align: right; font-variant-numeric: tabular-nums; padding: .2rem .5rem; }
.scorecard th:first-child { text-align: left; }
.scorecard .missed { font-weight: 700; text-decoration: underline; }
.content { font-family: monospace; overflow-wrap: anywhere; }
.trend { width: 100%; height: auto; }
.scorecard td, .scorecard th { overflow-wrap: normal; word-break: normal; }
@page { size: A4 landscape; margin: 12mm; }
@media print { section { break-inside: avoid; } table { font-size: 8pt; } .scorecard td { white-space: nowrap; } }
"""


@dataclass(frozen=True, slots=True)
class _Shown:
    """How numbers and moments look."""

    words: PilotWords
    locale: Locale
    zone: ZoneInfo

    def number(self, value: Decimal | None, unit: str) -> str:
        if value is None:
            return "–"
        written = format_decimal(value, format="#,##0.##", locale=self.locale)
        # A currency stands before the number, every other unit behind it.
        return f"{unit} {written}" if unit.endswith("$") else f"{written} {unit}".rstrip()

    def moment(self, note: PilotNote) -> str:
        return self.at(note.at)

    def at(self, moment: datetime) -> str:
        return format_datetime(moment, "yyyy-MM-dd HH:mm", self.zone, self.locale)


def pilot_html(report: PilotReport) -> bytes:
    """The whole page: one file, no request to anywhere, no script."""
    shown = _Shown(pilot_words(report.locale), Locale.parse(report.locale.replace("-", "_")), ZoneInfo(report.timezone))
    words = shown.words
    page = join(
        (
            Html(f'<!DOCTYPE html>\n<html lang="{words.language}">'),
            _head(report, words),
            Html("<body><main>\n"),
            element("header", element("h1", f"{words.title}: ", element("bdi", report.project))),
            _verdict(report, words),
            _scorecard(report, shown),
            _charts(report, shown),
            _scenarios(report, shown),
            _notes(words.signatures, report.signatures, shown, words.nobody),
            _notes(words.feedback, report.feedback, shown, words.nothing),
            _notes(words.freezes, report.freezes, shown, words.nothing),
            _notes(words.declarations, report.declarations, shown, words.nothing),
            _meanings(report, words),
            Html("</main></body></html>\n"),
        )
    )
    return page.markup.encode()


def _head(report: PilotReport, words: PilotWords) -> Html:
    style = files(__package__).joinpath("report.css").read_text(encoding="utf-8") + _OWN_STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{words.title}: {report.project}"),
        Html(f"<style>{style}</style>"),
    )


def _verdict(report: PilotReport, words: PilotWords) -> Html:
    return element(
        "section",
        element("p", words.verdicts[report.verdict], class_="verdict"),
        element("h2", words.reasons),
        element("ul", *(element("li", each) for each in report.reasons)),
        element("p", f"{words.content}: ", element("span", report.content, class_="content")),
        id="verdict",
    )


def _scorecard(report: PilotReport, shown: _Shown) -> Html:
    words = shown.words
    off = element("small", f" ({words.day_off})")
    heads = [element("th", day, off if day in report.days_off else EMPTY, scope="col") for day in report.days]
    rows = [
        element(
            "tr",
            element("th", row.title, scope="row"),
            element("td", _criterion(row, shown)),
            *(element("td", _cell(each, row, shown), class_=_class(each)) for each in row.cells),
        )
        for row in report.rows
    ]
    head = element("tr", element("th", words.measure, scope="col"), element("th", words.criterion, scope="col"), *heads)
    table = element("table", element("thead", head), element("tbody", *rows), class_="scorecard")
    return element("section", element("h2", words.scorecard), table, id="scorecard")


def _criterion(row: PilotRow, shown: _Shown) -> str:
    if row.criterion is None:
        return ""
    bound = shown.words.at_most if row.good == "at_most" else shown.words.at_least
    return f"{bound} {shown.number(row.criterion, row.unit)}"


def _cell(cell: PilotCell, row: PilotRow, shown: _Shown) -> str:
    return "" if cell.sample is None else f"{shown.number(cell.value, row.unit)} {_MARKS[cell.met]}".rstrip()


def _class(cell: PilotCell) -> str | None:
    return "missed" if cell.met is False else None


def _charts(report: PilotReport, shown: _Shown) -> Html:
    charts = [_chart(row, report.days, shown) for row in report.rows if any(cell.value for cell in row.cells)]
    if not charts:
        return EMPTY
    return element("section", element("h2", shown.words.charts), element("div", *charts, class_="charts"), id="charts")


def _chart(row: PilotRow, days: Sequence[str], shown: _Shown) -> Html:
    """One bar for each day, and a line where the criterion is."""
    values = [cell.value or Decimal(0) for cell in row.cells]
    highest = max([*values, row.criterion or Decimal(0)])
    step = Decimal(_WIDTH) / len(days)
    shapes: list[Html] = []
    for place, (cell, value) in enumerate(zip(row.cells, values, strict=True)):
        height = _HEIGHT * value / highest
        left, top = step * place + step / 8, _HEIGHT - height
        told = f"{days[place]}: {_cell(cell, row, shown)}"
        bar = element("title", told)
        colour = "series-4" if cell.met is False else "series-0"
        size = {"x": _text(left), "y": _text(top), "width": _text(step * 3 / 4), "height": _text(height)}
        shapes.append(element("rect", bar, class_=colour, **size))
    if row.criterion is not None:
        level = _text(_HEIGHT - _HEIGHT * row.criterion / highest)
        line = {"x1": "0", "x2": str(_WIDTH), "y1": level, "y2": level, "stroke": "currentColor"}
        shapes.append(element("line", stroke_dasharray="4 3", **line))
    spoken = "; ".join(
        f"{day}: {_cell(cell, row, shown)}"
        for day, cell in zip(days, row.cells, strict=True)
        if cell.sample is not None
    )
    drawing = element("svg", *shapes, class_="trend", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=spoken)
    caption = element("figcaption", row.title, " ", element("small", _criterion(row, shown)))
    return element("figure", caption, drawing, class_="chart")


def _notes(title: str, notes: Sequence[PilotNote], shown: _Shown, nothing: str) -> Html:
    if not notes:
        return element("section", element("h2", title), element("p", nothing))
    words = shown.words
    head = element("tr", *(element("th", each, scope="col") for each in _columns(words)))
    rows = [element("tr", *(element("td", each) for each in _parts(note, shown))) for note in notes]
    return element("section", element("h2", title), element("table", element("thead", head), element("tbody", *rows)))


def _scenarios(report: PilotReport, shown: _Shown) -> Html:
    words = shown.words
    if not report.scenarios:
        return element("section", element("h2", words.scenarios), element("p", words.nothing), id="scenarios")
    titles = (words.what, words.outcome, words.when, words.who, words.expected, words.seen, words.evidence)
    head = element("tr", *(element("th", each, scope="col") for each in titles))
    rows = [element("tr", *(element("td", part) for part in _scenario(each, shown))) for each in report.scenarios]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("section", element("h2", words.scenarios), table, id="scenarios")


def _scenario(each: PilotScenario, shown: _Shown) -> tuple[Part, ...]:
    status = element("span", shown.words.statuses[each.status], class_="missed" if each.status == "failed" else None)
    told = (element("bdi", each.who), each.expected, element("bdi", each.seen))
    return (each.title, status, shown.at(each.at), *told, element("span", each.digest, class_="content"))


def _columns(words: PilotWords) -> tuple[str, ...]:
    return (words.when, words.who, words.what, words.outcome)


def _parts(note: PilotNote, shown: _Shown) -> tuple[Part, ...]:
    return (shown.moment(note), element("bdi", note.who), element("bdi", note.what), element("bdi", note.outcome))


def _meanings(report: PilotReport, words: PilotWords) -> Html:
    items = [element("li", element("strong", row.title), ": ", row.meaning) for row in report.rows]
    return element("section", element("h2", words.meanings), element("ul", *items))


def _text(number: Decimal) -> str:
    return f"{number:.2f}"
