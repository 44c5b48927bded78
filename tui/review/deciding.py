"""What is decided on the review screen. Every decision goes through `app.correct`; this only asks and tells."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from textual import work

from reconciler.app.correct import Acting, ProposeOptions, edit_correction
from reconciler.app.review.decisions import (
    Decided,
    accept_target,
    approve_findings,
    propose_findings,
    reject_findings,
)
from reconciler.app.review.records import ReviewedRecord
from reconciler.corrections.editing import Edit
from reconciler.model.corrections import Correction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.staging import shown_key
from tui.action import Action, ActionGroup
from tui.actions import BY_ID
from tui.review.asking import AskedField, AskModal, Form, LinesModal
from tui.review.graphemes import shortened
from tui.review.marking import Meant
from tui.review.telling import Telling
from tui.review.undoing import Decision, Undoing
from tui.screens.marking_place import MarkingPlace
from tui.session import Session
from tui.widgets.confirm import Question
from tui.widgets.table_rows import TableRow

_ASK_FROM: Final = 100
"""Findings chosen by a filter from which on the number is asked to be confirmed."""
_MOST_COMMANDS: Final = 8
_SHOWN_CHARACTERS: Final = 200
_NEED_ROWS: Final = frozenset(
    f"review.{name}" for name in ("approve", "reject", "accept", "propose", "crm_right", "erp_right")
)
_EDIT: Final = "review.edit"
_UNDO: Final = "review.undo"


class DecidingScreen(MarkingPlace):
    """The deciding half of the review screen."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.undoing = Undoing()
        self._telling = Telling(session)
        self._acting: Acting | None = None
        self._usable: tuple[bool, ...] | None = None
        self.is_deciding = False

    # What the looking half gives.

    def meant(self) -> Meant | None:
        """What a decision would be about now."""
        raise NotImplementedError

    def shown_record(self) -> ReviewedRecord | None:
        """The record in the panel, when it is the one under the cursor."""
        raise NotImplementedError

    async def record_of(self, row: TableRow) -> ReviewedRecord:
        """The record of a line, which the panel may not show yet."""
        raise NotImplementedError

    @property
    def acting(self) -> Acting:
        """The person at work; descriptions are read once."""
        if self._acting is None:
            self._acting = self.session.acting()
        return self._acting

    def disabled_reason(self, action: Action) -> str | None:
        """Why a decision cannot be taken now."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        if self.is_deciding and action.group is ActionGroup.DECIDE:
            return self.texts("review.refusal.deciding")
        if action.id in _NEED_ROWS and self.meant() is None:
            return self.texts("review.refusal.nothing")
        if action.id == _UNDO and not len(self.undoing):
            return self.texts("review.refusal.no_decision")
        if action.id == _EDIT and not self._may_edit():
            return self.texts("review.refusal.no_proposal")
        return None

    def keys_may_differ(self) -> None:
        """Let the footer be made anew, when a decision can be taken now that could not, or the other way round.

        Making it anew at every step of the cursor costs more than everything else that the step does.
        """
        usable = (self.meant() is not None, len(self.undoing) > 0, self._may_edit())
        if usable != self._usable:
            self._usable = usable
            self.refresh_bindings()

    def _may_edit(self) -> bool:
        """Whether there is a proposal; where the record of the line is not read yet, there may be."""
        row, record = self._line_here(), self.shown_record()
        return row is not None and (record is None or _proposal_of(record) is not None)

    def _line_here(self) -> TableRow | None:
        row = self.table.row if self.is_mounted and self.state is None else None
        return None if row is None or row.heading is not None else row

    # Decisions: one at a time, so that none is cut off by the next key.

    def do_review_propose(self) -> None:
        """Propose corrections."""
        self._decide(self._propose_now)

    def do_review_crm_right(self) -> None:
        """The CRM's value counts where nobody owns the field."""
        self._decide(self._crm_right_now)

    def do_review_erp_right(self) -> None:
        """The ERP's value counts where nobody owns the field."""
        self._decide(self._erp_right_now)

    def do_review_approve(self) -> None:
        """Approve exactly what was looked at; what is not proposed yet is proposed first."""
        self._decide(self._approve_now)

    def do_review_reject(self) -> None:
        """Say no to proposals, with a reason."""
        self._decide(self._reject_now)

    def do_review_accept(self) -> None:
        """Accept differences as known, with a reason and a last day."""
        self._decide(self._accept_now)

    def do_review_edit(self) -> None:
        """Give a proposal other values before it is approved."""
        self._decide(partial(self._edit_now, self._line_here()))

    def do_review_undo(self) -> None:
        """Take the last decision back, as long as nothing was planned because of it."""
        self._decide(self._undo_now)

    def _decide(self, decision: Callable[[], Awaitable[None]]) -> None:
        if not self.is_deciding:
            self.is_deciding = True
            self._carry_out(decision)

    @work(group="decide", exit_on_error=False)
    async def _carry_out(self, decision: Callable[[], Awaitable[None]]) -> None:
        try:
            await decision()
        finally:
            self.is_deciding = False
            if self.is_attached:
                self.keys_may_differ()

    async def _propose_now(self) -> None:
        await self._propose("review.propose", ProposeOptions())

    async def _crm_right_now(self) -> None:
        await self._propose("review.crm_right", ProposeOptions(right_side=Side.CRM), "--choose", "crm")

    async def _erp_right_now(self) -> None:
        await self._propose("review.erp_right", ProposeOptions(right_side=Side.ERP), "--choose", "erp")

    async def _propose(self, action_id: str, options: ProposeOptions, *words: str) -> None:
        meant = await self._confirmed(action_id)
        if meant is None:
            return
        decided = await propose_findings(self.acting, meant.target, replace(options, everything=meant.by_filter))
        for chosen in meant.commands:
            self._note(action_id, "corrections", "propose", *words, *chosen)
        await self._tell("review.done.proposed", decided)

    async def _approve_now(self) -> None:
        meant = await self._confirmed("review.approve")
        if meant is None:
            return
        options = ProposeOptions(everything=meant.by_filter)
        decided = await approve_findings(self.acting, meant.target, options)
        approved = [*decided.done, *(each for each, _ in decided.waiting)]
        shown = {each.correction for each in meant.target.seen.values()}
        if any(each.id not in shown for each in approved):
            for chosen in meant.commands:
                self._note("review.propose", "corrections", "propose", *chosen)
        self._note_corrections("review.approve", "approve", approved)
        self.undoing.note(Decision.APPROVED, [each.id for each in approved])
        await self._tell("review.done.approved", decided)

    async def _reject_now(self) -> None:
        meant = self.meant()
        if meant is None:
            return
        form = Form(
            self.texts.counted("review.ask.reject", meant.count),
            (),
            (AskedField(self.texts("review.ask.reason_if_any")),),
            self.texts("action.review.reject"),
            lambda _answers: None,
        )
        answers = await self.app.push_screen_wait(AskModal(form, self.texts))
        if answers is None:
            return
        decided = await reject_findings(self.acting, meant.target, reason=answers[0].strip())
        self._note_corrections("review.reject", "reject", decided.done, "--reason", answers[0].strip())
        self.undoing.note(Decision.REJECTED, decided.findings)
        await self._tell("review.done.rejected", decided)

    async def _accept_now(self) -> None:
        meant = self.meant()
        if meant is None:
            return
        form = Form(
            self.texts.counted("review.ask.accept", meant.count),
            (self.texts("review.ask.accept_means"),),
            (AskedField(self.texts("review.ask.reason")), AskedField(self.texts("review.ask.until"))),
            self.texts("action.review.accept"),
            self._wrong_acceptance,
        )
        answers = await self.app.push_screen_wait(AskModal(form, self.texts))
        if answers is None:
            return
        reason, until = answers[0].strip(), answers[1].strip()
        last_day = date.fromisoformat(until) if until else None
        decided = await accept_target(self.acting, meant.target, reason=reason, until=last_day)
        last_words = ["--until", until] if until else []
        for chosen in meant.commands:
            self._note("review.accept", "findings", "accept", "--reason", reason, *last_words, *chosen)
        self.undoing.note(Decision.ACCEPTED, decided.findings)
        await self._tell("review.done.accepted", decided)

    def _wrong_acceptance(self, answers: Sequence[str]) -> str | None:
        if not answers[0].strip():
            return self.texts("review.ask.reason_needed")
        if not answers[1].strip():
            return None
        try:
            last = date.fromisoformat(answers[1].strip())
        except ValueError:
            return self.texts("review.ask.no_date")
        today = self.session.clock().astimezone(self.texts.time_zone).date()
        return self.texts("review.ask.past_date") if last < today else None

    async def _edit_now(self, row: TableRow | None) -> None:
        proposal = None if row is None else _proposal_of(await self.record_of(row))
        if proposal is None:
            self.house.tell_refusal(BY_ID[_EDIT], self.texts("review.refusal.no_proposal"))
            return
        changes = proposal.changes
        form = Form(
            self.texts("review.ask.edit", key=shortened(proposal.key, _SHOWN_CHARACTERS)),
            (self.texts("review.ask.edit_means"),),
            tuple(AskedField(self._label_of(each), each.new or "") for each in changes),
            self.texts("action.review.edit"),
            lambda _answers: None,
        )
        answers = await self.app.push_screen_wait(AskModal(form, self.texts))
        if answers is None:
            return
        edits = [
            Edit(change.field, answer or None, change.line)
            for change, answer in zip(changes, answers, strict=True)
            if answer != (change.new or "")
        ]
        if not edits:
            return
        edited = await edit_correction(self.acting, proposal.id, edits, looked_at=proposal.digest)
        for edit in edits:
            line = () if edit.line is None else ("--line", edit.line)
            self._note(
                "review.edit", "corrections", "edit", proposal.id, "--set", f"{edit.field}={edit.text or ''}", *line
            )
        self.undoing.note_edit(proposal, edited)
        self.house.tell(self.texts("review.done.edited"))
        await self.after_decision()

    def _label_of(self, change: FieldChange) -> str:
        label = self.session.words.field_label(change.field)
        return label if change.line is None else f"{label} [{shown_key(change.line)}]"

    async def _undo_now(self) -> None:
        step = self.undoing.last()
        if step is None:
            return
        words = {
            Decision.APPROVED: ("corrections", "withdraw"),
            Decision.REJECTED: ("corrections", "propose"),
            Decision.ACCEPTED: ("findings", "withdraw"),
        }.get(step.decision)
        step, count = await self.undoing.undo(self.acting)
        if words is not None:
            self._note("review.undo", *words, *step.ids)
        self.house.tell(self.texts.counted(f"review.undone.{step.decision.value}", count))
        await self.after_decision()

    # Asking and telling.

    async def _confirmed(self, action_id: str) -> Meant | None:
        """What is meant, once the person said yes to a number that they did not look at one by one."""
        meant = self.meant()
        if meant is None or not meant.by_filter or meant.count < _ASK_FROM:
            return meant
        label = self.texts(BY_ID[action_id].text_id)
        question = Question(
            self.texts.counted("review.ask.many", meant.count, action=label),
            (self.texts("review.ask.many_means"), *(shlex.join(chosen) for chosen in meant.commands[:_MOST_COMMANDS])),
            label,
        )
        return meant if await self.house.confirmed(question) else None

    async def _tell(self, done: str, decided: Decided) -> None:
        told = self._telling.told(done, decided)
        await self.after_decision()
        if told.details:
            title = "review.conflict" if told.conflicts else "review.left_title"
            self.app.push_screen(LinesModal(self.texts(title), (told.short, "", *told.details), self.texts))
        elif told.short:
            self.house.tell(told.short)

    def _note_corrections(self, action_id: str, verb: str, corrections: Sequence[Correction], *words: str) -> None:
        said = words if not words or words[-1] else ()
        if corrections:
            self._note(action_id, "corrections", verb, *said, *(each.id for each in corrections))

    def _note(self, action_id: str, *words: str) -> None:
        """Into the activity log, with the command that does the same."""
        action = replace(BY_ID[action_id], command=words)
        self.house.note(self.texts(action.text_id), self.session.command_line(action, {}))


def _proposal_of(record: ReviewedRecord) -> Correction | None:
    """What can still be given other values."""
    correction = None if record.correction is None else record.correction.correction
    return correction if correction is not None and correction.state is CorrectionState.PROPOSED else None
