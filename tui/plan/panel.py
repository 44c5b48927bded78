"""What the panel says of one correction, and of a whole list or plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from reconciler.app.correct import TROUBLED, ShownCorrection
from reconciler.corrections.approval import Missing
from reconciler.corrections.desk import desk_entry, what_to_do
from reconciler.corrections.plan import MAX_AGE
from reconciler.model.corrections import Correction, CorrectionAction, FieldChange, StepKind
from reconciler.model.staging import shown_key
from tui.plan.source import Part
from tui.plan.tabs import Tab
from tui.plan.totals import Totals, amount_lines, system_lines
from tui.review.graphemes import content_of, differences, shortened
from tui.session import Session
from tui.status import Status, Tone, shown
from tui.text import fitted, lines, plain, sign

_LABEL_CELLS: Final = 20
_WORDS_CHARACTERS: Final = 400
_MOST_CHANGES: Final = 200
_MOST_STEPS: Final = 40
_MOST_GROUPS: Final = 12


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list or a plan comes to.

    Attributes:
        found: None where there are too many to be added up.
        waits: how many corrections wait for so many more people, and who they can be.
        file: of the plan; "" where there is none.
    """

    part: Part
    found: Totals | None
    waits: Mapping[tuple[int, tuple[str, ...]], int]
    file: str = ""


def waits_of(missing: Mapping[str, Missing]) -> Counter[tuple[int, tuple[str, ...]]]:
    """How many corrections wait for so many more people, and who they can be."""
    return Counter((each.number, each.may_approve) for each in missing.values() if not each.approved)


class PlanPanel:
    """Says it in the words of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    # A list, or a plan.

    def summary(self, tab: Tab, summary: Summary, heading: str) -> Content:
        """A whole section."""
        return lines(plain(heading, "bold"), *self._summary(tab, summary))

    def _summary(self, tab: Tab, summary: Summary) -> Iterator[Content]:
        texts, found, plan = self._texts, summary.found, summary.part.plan
        if found is None:
            yield plain(texts("plans.too_many_to_add_up"), Tone.MUTED)
        else:
            for line in system_lines(found.systems, self._session):
                yield plain(line)
            for line in amount_lines(found, self._session):
                yield plain(f"  {line}", Tone.MUTED)
            if found.costly:
                yield plain(texts.counted("plans.costly", found.costly), Tone.CAUTION)
        for (number, who), count in Counter(summary.waits).most_common(_MOST_GROUPS):
            yield self._waits(number, who, count)
        if plan is not None:
            until = texts.moment(plan.made_at + MAX_AGE)
            yield plain(texts("plans.sealed_by", person=plan.made_by, at=texts.moment(plan.made_at), until=until))
            yield plain(texts("plans.digest", digest=plan.digest), Tone.MUTED)
            yield plain(texts("plans.file", file=summary.file), Tone.MUTED)
        yield plain(texts(f"plans.next.{tab.value}"), "$text-primary")

    def _waits(self, number: int, who: Sequence[str], count: int) -> Content:
        records = self._texts.counted("plans.records", count)
        if not who:
            return plain(self._texts("plans.waits_for_nobody", records=records), Tone.BAD)
        people = ", ".join(who)
        return plain(self._texts.counted("plans.waits", number, records=records, people=people), Tone.CAUTION)

    # One correction.

    def correction(self, what: ShownCorrection) -> Content:
        """Old → new of every value, who said yes, what happened."""
        return lines(*self._head(what), *self._changes(what.correction), *self._eyes(what), *self._steps(what))

    def _head(self, what: ShownCorrection) -> Iterator[Content]:
        correction, texts = what.correction, self._texts
        words = self._session.words
        status = shown(Status(correction.state.value), texts, ascii_only=self._session.ascii_only)
        action = texts(f"plans.action.{correction.action.value}")
        where = sign(" · ", " | ").join((action, words.entity_label(correction.entity), correction.key))
        yield Content.assemble(
            status, plain(f"  {correction.side.value.upper()}  ", "bold"), plain(where), plain("  " + correction.id)
        )
        if correction.undoes is not None:
            yield plain(texts("plans.undoes", correction=correction.undoes), Tone.CAUTION)
        for problem in correction.problems:
            yield plain(f"! {shortened(texts.said(problem), _WORDS_CHARACTERS)}", Tone.BAD)
        if correction.words:
            yield plain(
                texts("plans.words", words=shortened(texts.said(correction.words), _WORDS_CHARACTERS)), Tone.CAUTION
            )
        if correction.state in TROUBLED:
            entry = desk_entry(correction, what.steps)
            yield plain(what_to_do(entry.trouble, texts.locale), Tone.INFORM)
            since = "" if entry.since is None else texts("plans.since", at=texts.moment(entry.since))
            yield plain(texts.counted("plans.attempts", entry.attempts) + since, Tone.MUTED)

    def _changes(self, correction: Correction) -> Iterator[Content]:
        moved = [each for each in correction.changes if each.old != each.new]
        compared = len(correction.changes) - len(moved)
        for change in moved[:_MOST_CHANGES]:
            yield self._change(change, is_new=correction.action is CorrectionAction.CREATE)
        if len(moved) > _MOST_CHANGES:
            yield plain(self._texts("plans.more", count=self._texts.number(len(moved) - _MOST_CHANGES)), Tone.MUTED)
        if compared:
            yield plain(self._texts.counted("plans.only_compared", compared), Tone.MUTED)

    def _change(self, change: FieldChange, *, is_new: bool) -> Content:
        line = "" if change.line is None else f" [{shown_key(change.line)}]"
        label = fitted(self._session.words.field_label(change.field) + line, _LABEL_CELLS)
        if is_new:
            return Content.assemble(plain(f"  {label} "), plain(self._value(change.new), "bold"))
        # Only two values differ in characters; from or to nothing there is nothing to mark.
        if change.old is None or change.new is None:
            old, new = plain(self._value(change.old)), plain(self._value(change.new), "bold")
        else:
            before, after = differences(change.old, change.new)
            old, new = content_of(before), content_of(after)
        arrow = plain(" -> " if self._session.ascii_only else " → ", "bold")
        edited = "" if change.edited_by is None else "  " + self._texts("review.edited_by", person=change.edited_by)
        return Content.assemble(plain(f"  {label} "), old, arrow, new, plain(edited, Tone.MUTED))

    def _value(self, value: str | None) -> str:
        return self._texts("plans.no_value") if value is None else shortened(value, _WORDS_CHARACTERS)

    def _eyes(self, what: ShownCorrection) -> Iterator[Content]:
        missing, texts = what.missing, self._texts
        people = ", ".join(missing.counted) or "-"
        yield plain(
            texts("review.eyes", given=len(missing.counted), required=missing.required, people=people),
            Tone.GOOD if missing.approved else Tone.CAUTION,
        )
        if not missing.approved:
            text_id = "review.eyes_missing" if missing.may_approve else "review.eyes_impossible"
            able = ", ".join(missing.may_approve) or "-"
            yield plain(texts(text_id, count=missing.number, people=able), Tone.CAUTION)
        for approval in what.approvals:
            said = texts("review.approval", person=approval.person, until=texts.moment(approval.expires_at))
            yield plain(f"  {texts.moment(approval.at)}  {said}", Tone.MUTED)

    def _steps(self, what: ShownCorrection) -> Iterator[Content]:
        for step in what.steps[-_MOST_STEPS:]:
            said = self._texts(f"plans.step.{step.kind.value}", attempt=step.attempt)
            state = "" if step.state is None else self._texts(f"status.{step.state.value}")
            told = " ".join(
                part for part in (said, state, shortened(self._texts.said(step.words), _WORDS_CHARACTERS)) if part
            )
            tone = Tone.MUTED if step.kind is not StepKind.DONE else Tone.NEUTRAL
            yield plain(f"  {self._texts.moment(step.at)}  {told}", tone)
