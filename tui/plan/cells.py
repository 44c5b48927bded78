"""A correction, or the heading of a plan, as one line of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.corrections.approval import Missing
from reconciler.corrections.plan import MAX_AGE
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.staging import shown_key
from tui.plan.source import HEADING, Part
from tui.plan.tabs import STATES, Tab
from tui.review.graphemes import shortened
from tui.session import Session
from tui.status import LOOKS, Status, Tone, glyph, word
from tui.widgets.table_rows import Cell, Column, TableRow

_VALUE_CHARACTERS: Final = 60
_PLAN_DIGITS: Final = 8
_SETTLED: Final = frozenset({CorrectionState.VERIFIED, CorrectionState.UNDONE, CorrectionState.REJECTED})


class PlanLines:
    """Makes the lines of the lists for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    def columns(self) -> tuple[Column, ...]:
        """The columns, those that are needed least last."""
        texts = self._texts
        return (
            Column(texts("plans.column.state"), 12),
            Column(texts("plans.column.system"), 4),
            Column(texts("plans.column.key"), 14, 1),
            Column(texts("plans.column.change"), 24, 4),
            Column(texts("plans.column.eyes"), 14, 1, order=1),
            Column(texts("plans.column.entity"), 12, 0, order=2),
            Column("id", 8, 0, order=3),
        )

    def row(self, tab: Tab, correction: Correction, missing: Missing, part: Part, *, changed: bool) -> TableRow:
        """The line of a correction."""
        status = Status(correction.state.value)
        sign = f"{glyph(status, ascii_only=self._session.ascii_only)} {word(status, self._texts)}"
        cells = (
            Cell(sign, LOOKS[status].tone),
            Cell(correction.side.value.upper(), Tone.MUTED),
            Cell(correction.key),
            self._what(correction, changed=changed),
            self._eyes(correction, missing),
            Cell(self._session.words.entity_label(correction.entity), Tone.MUTED),
            Cell(correction.id, Tone.MUTED),
        )
        return TableRow(correction.id, cells, part.id, faded=correction.state not in STATES[tab])

    def heading(self, tab: Tab, part: Part) -> TableRow:
        """What a section is, and of a plan who sealed it and how long it counts."""
        count = self._texts.counted("plans.records", len(part.numbers))
        tone = Tone.INFORM
        if part.plan is None:
            text = self._texts(f"plans.heading.{tab.value}", records=count)
        else:
            until = part.plan.made_at + MAX_AGE
            expired = until <= self._session.clock()
            tone = Tone.CAUTION if expired else Tone.INFORM
            text = self._texts(
                "plans.plan_expired" if expired else "plans.plan",
                plan=part.plan.digest[:_PLAN_DIGITS],
                person=part.plan.made_by,
                records=count,
                until=self._texts.moment(until),
            )
        return TableRow(HEADING + part.id, (), part.id, heading=Cell(text, tone))

    def _what(self, correction: Correction, *, changed: bool) -> Cell:
        if changed:
            return Cell(self._texts("plans.changed"), Tone.CAUTION)
        if correction.words and correction.state not in _SETTLED:
            return Cell(shortened(self._texts.said(correction.words), 4 * _VALUE_CHARACTERS), Tone.CAUTION)
        what = self.changes(correction)
        return Cell(f"! {what}", Tone.BAD) if correction.problems else Cell(what)

    def changes(self, correction: Correction) -> str:
        """Old → new of the first value that changes, and how many more there are."""
        moved = [each for each in correction.changes if each.old != each.new]
        prefix = self._prefix(correction)
        if not moved:
            return prefix or self._texts("plans.no_change")
        more = f"  +{len(moved) - 1}" if len(moved) > 1 else ""
        return f"{prefix}{self._change(moved[0])}{more}"

    def _prefix(self, correction: Correction) -> str:
        if correction.undoes is not None:
            return self._texts("plans.undo_prefix")
        prefix = _PREFIXES.get(correction.action)
        return "" if prefix is None else self._texts(prefix)

    def _change(self, change: FieldChange) -> str:
        label = self._session.words.field_label(change.field)
        line = "" if change.line is None else f" [{shown_key(change.line)}]"
        arrow = "->" if self._session.ascii_only else "→"
        return f"{label}{line}: {self.value(change.old)} {arrow} {self.value(change.new)}"

    def value(self, text: str | None) -> str:
        """A value, shortened; the word for none."""
        return self._texts("plans.no_value") if text is None else shortened(text, _VALUE_CHARACTERS)

    def _eyes(self, correction: Correction, missing: Missing) -> Cell:
        given = f"{len(missing.counted)}/{missing.required}"
        if correction.state is not CorrectionState.PROPOSED:
            return Cell(f"{given} {', '.join(missing.counted)}".rstrip(), Tone.MUTED)
        who = ", ".join(missing.may_approve) or self._texts("plans.nobody")
        return Cell(f"{given} {who}", Tone.CAUTION)


_PREFIXES: Final[Mapping[CorrectionAction, str]] = {
    CorrectionAction.CREATE: "plans.create_prefix",
    CorrectionAction.DEACTIVATE: "plans.deactivate_prefix",
}
