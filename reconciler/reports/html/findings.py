"""The findings of an entity as rows: at most so many, and honest about the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from reconciler.model.entities import Side
from reconciler.model.findings import Finding
from reconciler.model.staging import shown_key
from reconciler.reports.files import close_stream
from reconciler.reports.html.decisions import section_id
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, element, fill, join
from reconciler.reports.html.overview import compared_fields, field_chart
from reconciler.reports.html.words import (
    SYSTEMS,
    FieldTypeOf,
    both_values,
    entity_name,
    field_name,
    kind_badge,
    label,
    sentence,
    side_cell,
    status_badge,
)
from reconciler.reports.report import EntityReport, Explain

_ROWS_PER_CHUNK = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """How rows are made: words, explanations, types of fields, and how many rows one entity gets at most."""

    display: Display
    explain: Explain
    type_of: FieldTypeOf
    limit: int


async def findings_section(entity: EntityReport, rows: Rows) -> AsyncGenerator[Html, None]:
    """The section of one entity, in pieces. Reads at most `limit + 1` findings."""
    shown, more = await _first(entity, rows.limit)
    texts = rows.display.texts
    yield Html(f'<section class="entity" id="{section_id(entity.name)}">')
    yield element("h2", entity_name(entity.name, rows.display))
    if entity.failure is not None:
        yield element("p", "✕ ", texts.not_compared, " ", sentence(entity.failure), class_="unbalanced")
    if entity.suspicious is not None:
        yield element("p", "▲ ", texts.suspicious_title, ": ", sentence(entity.suspicious), class_="unbalanced")
    if entity.counts is not None:
        yield element("p", compared_fields(entity.counts, rows.display), class_="note")
    if shown:
        async for piece in _table(entity, shown, more, rows):
            yield piece
    elif entity.failure is None:
        yield element("p", "✓ " if entity.suspicious is None else "", texts.no_findings, class_="empty")
    yield Html("</section>\n")


async def _first(entity: EntityReport, limit: int) -> tuple[list[Finding], bool]:
    shown: list[Finding] = []
    found = entity.findings()
    try:
        async for finding in found:
            if len(shown) == limit:
                return shown, True
            shown.append(finding)
    finally:
        await close_stream(found)
    return shown, False


async def _table(entity: EntityReport, shown: Sequence[Finding], more: bool, rows: Rows) -> AsyncGenerator[Html, None]:
    display, texts = rows.display, rows.display.texts
    yield field_chart(entity, display)
    if entity.counts is None:
        yield element("p", texts.from_earlier, class_="truncated")
    if more:
        yield element("p", _left_out(entity, len(shown), display), class_="truncated")
    yield _filter(display)
    yield Html('<table class="findings">')
    names = (texts.key, texts.what, *SYSTEMS.values(), texts.explanation, texts.state)
    yield element("thead", element("tr", *(element("th", name, scope="col") for name in names)))
    yield Html("<tbody>\n")
    for start in range(0, len(shown), _ROWS_PER_CHUNK):
        yield join(_row(finding, rows) for finding in shown[start : start + _ROWS_PER_CHUNK])
    yield Html("</tbody></table>")


def _left_out(entity: EntityReport, shown: int, display: Display) -> Html:
    """How much is shown, of how much. Without a number for all that agrees with what is there, none is given."""
    if entity.open > shown:
        return fill(display.texts.shown_of, shown=display.count(shown), total=display.count(entity.open))
    return fill(display.texts.shown_first, shown=display.count(shown))


def _filter(display: Display) -> Html:
    """Hidden until the script is there to serve it."""
    words = display.texts.rows_matching
    return element(
        "div",
        element("label", display.texts.filter_rows, " ", element("input", type="search", autocomplete="off")),
        element("span", role="status", data_words=words),
        class_="filter",
        hidden="",
    )


def _row(finding: Finding, rows: Rows) -> Html:
    display, texts = rows.display, rows.display.texts
    kind = rows.type_of(finding.entity, finding.field) if finding.field is not None else None
    values = zip(Side, both_values(finding, kind, display), strict=True)
    sides = [
        element("td", side_cell(side, finding, value, kind, display), class_="side-cell", data_label=SYSTEMS[side])
        for side, value in values
    ]
    return element(
        "tr",
        element(
            "td",
            element("code", label(shown_key(finding.key)), class_="key-cell"),
            element("div", label(finding.id), class_="note finding-id"),
            data_label=texts.key,
        ),
        element("td", _what(finding, display), data_label=texts.what),
        *sides,
        element("td", sentence(rows.explain(finding)), class_="why", data_label=texts.explanation),
        element("td", _state(finding, display), data_label=texts.state),
    )


def _what(finding: Finding, display: Display) -> Html:
    field = element("div", field_name(finding.field, display), class_="field") if finding.field is not None else EMPTY
    cause = element("div", display.texts.causes[finding.cause], class_="cause")
    return join((kind_badge(finding.kind, display), field, cause))


def _state(finding: Finding, display: Display) -> Html:
    texts = display.texts
    notes = [fill(texts.since, date=display.day(finding.first_seen))]
    if finding.occurrences > 1:
        notes.append(fill(texts.times_seen, count=display.count(finding.occurrences)))
    if finding.accepted_reason is not None:
        notes.append(sentence(finding.accepted_reason))
    return join((status_badge(finding.status, display), *(element("div", note, class_="note") for note in notes)))
