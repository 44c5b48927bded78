"""Small pieces of the page that several sections share: labels with their glyph, values with their marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import Cause, Finding, FindingKind, FindingStatus, SideValue
from reconciler.reports.html.difference import Excerpt, Segment, difference, excerpt
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, clipped, element, fill, isolated, join, text

KIND_GLYPHS: Final = {
    FindingKind.DIFFERS: "≠",
    FindingKind.ONLY_IN_CRM: "◂",
    FindingKind.ONLY_IN_ERP: "▸",
    FindingKind.DUPLICATE: "2×",
    FindingKind.AMBIGUOUS: "?",
    FindingKind.INVALID: "!",
    FindingKind.TAX_DRIFT: "%",
}
STATUS_GLYPHS: Final = {
    FindingStatus.OPEN: "○",
    FindingStatus.ACCEPTED: "✓",
    FindingStatus.CORRECTED: "✎",
    FindingStatus.CLOSED: "●",
}
SYSTEMS: Final = {Side.CRM: "CRM", Side.ERP: "ERP"}

MAX_LABEL_CHARACTERS: Final = 120
MAX_SENTENCE_CHARACTERS: Final = 500

_TEXTUAL: Final = frozenset(
    {None, *FieldType} - {FieldType.DECIMAL, FieldType.BOOLEAN, FieldType.DATE, FieldType.TIMESTAMP}
)
FieldTypeOf = Callable[[str, str], FieldType | None]
"""Type of a field, by entity and field name; None when it is not known."""


def label(outside: str) -> Html:
    """A name from outside, short enough for a heading."""
    return isolated(clipped(outside, MAX_LABEL_CHARACTERS))


def sentence(outside: str) -> Html:
    """A sentence made with outside values."""
    return isolated(clipped(outside, MAX_SENTENCE_CHARACTERS))


def kind_badge(kind: FindingKind, display: Display) -> Html:
    """The kind of a finding: glyph and word."""
    return element(
        "span", element("span", KIND_GLYPHS[kind], class_="glyph"), display.texts.kinds[kind], class_="badge"
    )


def status_badge(status: FindingStatus, display: Display) -> Html:
    """The state of a finding: glyph and word."""
    return element(
        "span", element("span", STATUS_GLYPHS[status], class_="glyph"), display.texts.statuses[status], class_="state"
    )


def field_name(name: str, display: Display) -> Html:
    """A field in words, and its name in the project file."""
    shown = display.texts.field_label(name)
    if shown == name:
        return element("code", label(name))
    return join((shown, " ", element("code", name)))


def entity_name(name: str, display: Display) -> Html:
    """An entity in words."""
    return label(display.texts.entity_label(name))


def both_values(finding: Finding, kind: FieldType | None, display: Display) -> tuple[Html, Html]:
    """What the CRM and what the ERP has, with the characters that differ marked where both have text."""
    crm, erp = finding.crm, finding.erp
    spaces = finding.cause is Cause.SPACING
    if crm.value is not None and erp.value is not None and finding.field is not None:
        ours, theirs = display.value(crm.value, kind), display.value(erp.value, kind)
        pair = difference(ours, theirs) if kind in _TEXTUAL else (excerpt(ours), excerpt(theirs))
        return _shown(pair[0], spaces, display), _shown(pair[1], spaces, display)
    return _alone(crm, finding, kind, display), _alone(erp, finding, kind, display)


def side_cell(side: Side, finding: Finding, value: Html, kind: FieldType | None, display: Display) -> Html:
    """One side of a finding: value, its record, how a text was sent when that differs, and who owns the field."""
    has, texts = (finding.crm if side is Side.CRM else finding.erp), display.texts
    notes = []
    if has.id is not None and (has.value or finding.field is not None):
        notes.append(element("span", fill(texts.record, id=label(has.id)), class_="note"))
    if has.value and has.raw is not None and kind in _TEXTUAL and has.raw != has.value:
        notes.append(element("span", _as_sent(has.raw, display), class_="note"))
    if finding.owner == side.value and finding.kind is FindingKind.DIFFERS:
        notes.append(element("span", "★ ", texts.owner_mark, class_="owner"))
    return join((value, element("div", join(notes, " "), class_="notes") if notes else EMPTY))


def marks_note(display: Display) -> Html:
    """How to read marks and signs for what cannot be seen."""
    return fill(
        display.texts.marks_note,
        space=text(" ", spaces=True),
        no_break_space=text("\xa0"),
        code=text("\u200b"),
    )


def _alone(has: SideValue, finding: Finding, kind: FieldType | None, display: Display) -> Html:
    """A side compared with nothing: its value, what was sent instead of one, its record, or that it has none."""
    if has.value:
        return _shown(excerpt(display.value(has.value, kind)), spaces=False, display=display)
    if has.raw:
        return _as_sent(has.raw, display)
    if has.id is not None:
        if finding.field is None:
            return fill(display.texts.record, id=label(has.id))
        return element("span", "∅ ", display.texts.empty_value, class_="nothing")
    if finding.kind in (FindingKind.ONLY_IN_CRM, FindingKind.ONLY_IN_ERP):
        return element("span", "∅ ", display.texts.no_record, class_="nothing")
    return element("span", "–", class_="nothing")


def _as_sent(raw: str, display: Display) -> Html:
    return join((display.texts.as_sent, ": ", _shown(excerpt(raw), spaces=raw.isspace(), display=display)))


def _shown(found: Excerpt, spaces: bool, display: Display) -> Html:
    parts = [_segment(each, spaces) for each in found.segments]
    if found.before:
        parts.insert(0, join((_left_out(found.before, display), " …")))
    if found.after:
        parts.append(join(("… ", _left_out(found.after, display))))
    return element("bdi", *parts, class_="value")


def _segment(segment: Segment, spaces: bool) -> Html:
    shown = text(segment.text, spaces=spaces or segment.differs)
    return element("mark", shown) if segment.differs else shown


def _left_out(characters: int, display: Display) -> Html:
    words = fill(display.texts.more_characters, count=display.count(characters))
    return element("span", "(", words, ")", class_="cut")
