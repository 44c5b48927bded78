"""The parts of the panel about one record: fields side by side, raw records, the way of a value, history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import orjson
from textual.content import Content

from reconciler.app.correct import ShownCorrection
from reconciler.app.review.records import ComparedField, ReviewedRecord
from reconciler.mapping.explain import NOTHING
from reconciler.model.corrections import FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.model.staging import shown_key
from tui.review.graphemes import content_of, differences, shortened
from tui.session import Session
from tui.status import Status, Tone, glyph, shown
from tui.text import ellipsis, fitted, lines, plain

_MOST_RAW_CHARACTERS: Final = 20_000
_SHORT_CHARACTERS: Final = 300
_LABEL_CELLS: Final = 20
_SIDE_CELLS: Final = 4


class Part(StrEnum):
    """Parts of the panel. The title is the text `review.part.<value>`."""

    FIELDS = "fields"
    RAW = "raw"
    TRACE = "trace"
    HISTORY = "history"


class RecordView:
    """Says everything about one record, in the words of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts
        self._arrow = "->" if session.ascii_only else "→"
        self._parts: Mapping[Part, Callable[[ReviewedRecord], Iterator[Content]]] = {
            Part.FIELDS: self._fields,
            Part.RAW: self._raw,
            Part.TRACE: self._trace,
            Part.HISTORY: self._history,
        }

    def content(self, record: ReviewedRecord, part: Part) -> Content:
        """One part."""
        correction = (
            self._correction(record.correction) if part is Part.FIELDS and record.correction is not None else ()
        )
        return lines(*self._head(record), *correction, plain(""), *self._parts[part](record))

    def _head(self, record: ReviewedRecord) -> Iterator[Content]:
        finding, words = record.finding, self._session.words
        what = f"{words.entity_label(finding.entity)} {shortened(finding.key, _SHORT_CHARACTERS)}"
        status = Status.OPEN if finding.status is FindingStatus.OPEN else None
        state = self._status(Status(finding.status.value) if status is None else status)
        yield Content.assemble(plain(what, "bold"), plain("  "), state)
        yield plain(shortened(record.explanation, 4 * _SHORT_CHARACTERS), "$text-muted")
        if finding.accepted_reason is not None:
            until = "" if finding.accepted_until is None else f" {self._arrow} {finding.accepted_until.isoformat()}"
            reason = shortened(finding.accepted_reason, _SHORT_CHARACTERS)
            yield plain(self._texts("review.accepted_by", person=finding.accepted_by or "?", reason=reason + until))

    def _status(self, status: Status) -> Content:
        return shown(status, self._texts, ascii_only=self._session.ascii_only)

    # The correction, and who is missing.

    def _correction(self, correction: ShownCorrection) -> Iterator[Content]:
        what, missing = correction.correction, correction.missing
        by = self._texts("review.proposed_by", person=what.proposed_by, side=what.side.value.upper())
        yield Content.assemble(self._status(Status(what.state.value)), plain(f"  {by}"))
        for change in what.changes[:_MOST_CHANGES]:
            yield self._change(change)
        if len(what.changes) > _MOST_CHANGES:
            yield plain(self._texts.counted("review.more_changes", len(what.changes) - _MOST_CHANGES), "$text-muted")
        for problem in what.problems:
            yield plain(f"! {shortened(self._texts.said(problem), _SHORT_CHARACTERS)}", Tone.BAD)
        counted = ", ".join(missing.counted) or "-"
        yield plain(
            self._texts("review.eyes", given=len(missing.counted), required=missing.required, people=counted),
            Tone.GOOD if missing.approved else Tone.CAUTION,
        )
        if not missing.approved:
            able = ", ".join(missing.may_approve)
            text_id = "review.eyes_missing" if missing.may_approve else "review.eyes_impossible"
            yield plain(self._texts(text_id, count=missing.number, people=able or "-"), Tone.CAUTION)

    def _change(self, change: FieldChange) -> Content:
        label = self._session.words.field_label(change.field)
        line = "" if change.line is None else f" [{shown_key(change.line)}]"
        edited = "" if change.edited_by is None else self._texts("review.edited_by", person=change.edited_by)
        old, new = differences(self._word(change.old), self._word(change.new))
        return Content.assemble(
            plain(f"  {fitted(label + line, _LABEL_CELLS)} "),
            content_of(old),
            plain(f" {self._arrow} ", "bold"),
            content_of(new),
            plain(f"  {edited}", "$text-muted"),
        )

    def _word(self, value: str | None) -> str:
        return self._texts("review.no_value") if value is None else value

    # Fields side by side.

    def _fields(self, record: ReviewedRecord) -> Iterator[Content]:
        if not record.fields:
            yield from self._whole_values(record)
        for field in record.fields:
            yield from self._field(field)
        if not record.raw:
            yield plain(self._texts("review.no_snapshot"), "$text-muted")

    def _whole_values(self, record: ReviewedRecord) -> Iterator[Content]:
        for side, value in ((Side.CRM, record.finding.crm), (Side.ERP, record.finding.erp)):
            text = self._word(value.value)
            named = "" if value.id is None else f"{shortened(value.id, _SHORT_CHARACTERS)}  "
            yield plain(f"{fitted(side.value.upper(), _SIDE_CELLS)} {named}{shortened(text)}")

    def _field(self, field: ComparedField) -> Iterator[Content]:
        label = self._session.words.field_label(field.name)
        crm, erp = (field.values.get(side) for side in (Side.CRM, Side.ERP))
        if field.finding is None and crm == erp and not field.problems:
            sign = glyph(Status.EQUAL, ascii_only=self._session.ascii_only)
            text = self._word(crm)
            yield plain(f"{sign} {fitted(label, _LABEL_CELLS)} {shortened(text, _SHORT_CHARACTERS)}", "$text-muted")
            return
        differs = field.finding is not None
        # Values that are not the same and of which nothing was found: not compared, within a tolerance, or one-sided.
        sign = glyph(Status.DIFFERS, ascii_only=self._session.ascii_only) if differs else " "
        owner = "" if field.owner is None else self._texts("review.owned_by", owner=field.owner.upper())
        note = "" if differs or field.compared else self._texts("review.not_compared")
        yield plain(f"{sign} {label}  {owner}{note}", "bold" if differs else "")
        yield from self._two(field, crm, erp)

    def _two(self, field: ComparedField, crm: str | None, erp: str | None) -> Iterator[Content]:
        both = crm is not None and erp is not None
        pieces = differences(crm or "", erp or "") if both else None
        for number, (side, value) in enumerate(((Side.CRM, crm), (Side.ERP, erp))):
            head = plain(f"  {fitted(side.value.upper(), _SIDE_CELLS)} ", "$text-muted")
            if side in field.problems:
                body = plain(f"! {shortened(self._texts.said(field.problems[side]), _SHORT_CHARACTERS)}", Tone.BAD)
            elif pieces is not None:
                body = content_of(pieces[number])
            else:
                body = plain(shortened(self._word(value)), "" if value is not None else "$text-muted")
            yield Content.assemble(head, body)

    # Raw records, the way of a value, history.

    def _raw(self, record: ReviewedRecord) -> Iterator[Content]:
        if not record.raw:
            yield plain(self._texts("review.no_snapshot"), "$text-muted")
        for side, raw in record.raw.items():
            yield plain(side.value.upper(), "bold $text-primary")
            text = orjson.dumps(raw.whole, option=orjson.OPT_INDENT_2).decode()
            for line in text[:_MOST_RAW_CHARACTERS].splitlines():
                yield plain(shortened(line, 4 * _SHORT_CHARACTERS))
            if len(text) > _MOST_RAW_CHARACTERS:
                yield plain(f"{ellipsis()} (+{len(text) - _MOST_RAW_CHARACTERS})", "$text-muted")

    def _trace(self, record: ReviewedRecord) -> Iterator[Content]:
        if not record.traces:
            yield plain(self._texts("review.no_trace"), "$text-muted")
        for side, trace in record.traces.items():
            yield plain(side.value.upper(), "bold $text-primary")
            for step in trace.steps:
                stage = self._texts(f"review.stage.{step.stage}")
                what = shortened(step.what, _SHORT_CHARACTERS)
                result = self._word(None if step.result == NOTHING else shortened(step.result, _SHORT_CHARACTERS))
                yield plain(f"  {fitted(stage, _LABEL_CELLS)} {fitted(what, 2 * _LABEL_CELLS)} {result}")

    def _history(self, record: ReviewedRecord) -> Iterator[Content]:
        finding, texts = record.finding, self._texts
        yield plain(f"{texts.moment(finding.first_seen)}  {texts('review.first_seen')}")
        for event in record.history:
            what = texts(f"review.event.{event.kind.value}")
            why = " ".join(shortened(each, _SHORT_CHARACTERS) for each in (event.person, event.reason) if each)
            until = "" if event.until is None else f" {self._arrow} {event.until.isoformat()}"
            yield plain(f"{texts.moment(event.at)}  {what}  {why}{until}")
        seen = texts.counted("review.times_seen", finding.occurrences)
        yield plain(f"{texts.moment(finding.last_seen)}  {seen}")
        for approval in record.correction.approvals if record.correction is not None else ():
            given = texts("review.approval", person=approval.person, until=texts.moment(approval.expires_at))
            yield plain(f"{texts.moment(approval.at)}  {given}")
        for said in record.feedback:
            severity = texts(f"review.feedback.{said.severity}")
            words = shortened(said.text, 4 * _SHORT_CHARACTERS)
            yield plain(f"{texts.moment(said.at)}  {shortened(said.who, _SHORT_CHARACTERS)} ({severity}): {words}")


_MOST_CHANGES: Final = 12
