"""What is done with the systems: sealing a plan, trying it, writing it, trying again, settling, taking back."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, TypeVar

from reconciler.app.correct import (
    Acting,
    Applied,
    Choice,
    Planned,
    Retried,
    UndoProposed,
    apply_plan,
    plan_corrections,
    retry_corrections,
    settle_correction,
    undo_corrections,
)
from reconciler.corrections.plan import MAX_AGE
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from tui.action import Action
from tui.actions import BY_ID
from tui.plan.deciding import DecidingScreen, Meant
from tui.plan.plan_files import file_of, keep_as, remove_expired, sealing_path
from tui.plan.source import HEADING, Part
from tui.plan.tabs import Tab
from tui.plan.telling import Outcome
from tui.plan.totals import Totals, amount_lines, system_lines, totals
from tui.plan.writing import Task, Work, WritingProgress, unless_stopped
from tui.review.asking import AskedField, AskModal, Form
from tui.session import Session
from tui.text import sign
from tui.widgets.confirm import Question

T = TypeVar("T")
_S = CorrectionState
_WRITTEN_BY_RETRY: Final = frozenset({_S.FAILED, _S.UNKNOWN, _S.APPLIED})
_TO_WRITE: Final = frozenset({_S.PLANNED, _S.FAILED, _S.APPLYING})
_YES: Final = frozenset({"y", "yes", "s", "sim"})
_NO: Final = frozenset({"n", "no", "nao", "não"})
_MOST_AMOUNTS: Final = 4
_STOP: Final = "plans.stop"
_SETTLE: Final = "plans.settle"
_OF_A_PLAN: Final = frozenset({"plans.apply", "plans.dry_run"})


class OperatingScreen(DecidingScreen):
    """The operating part of the screen for plans.

    Attributes:
        outcome: what the last work came to, as long as nobody closed it.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.outcome: Outcome | None = None

    def show_work(self) -> None:
        """Show how far the work is, or what it came to."""
        raise NotImplementedError

    async def change_tab(self, tab: Tab, cursor_id: str | None = None) -> None:
        """Show another list."""
        raise NotImplementedError

    def state_here(self) -> CorrectionState | None:
        """The state of the correction under the cursor."""
        raise NotImplementedError

    def disabled_reason(self, action: Action) -> str | None:
        """Why it cannot be done now."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        writing = self.house.writing
        if action.id == _STOP and not writing.is_running:
            return self.texts("plans.refusal.nothing_to_stop")
        if action.id == _STOP and writing.is_stopping:
            return self.texts("plans.refusal.stopping")
        if action.id == _SETTLE and not self.table.marks and self.state_here() is not _S.UNKNOWN:
            return self.texts("plans.refusal.not_unknown")
        if action.id in _OF_A_PLAN and self._is_expired():
            return self.texts("plans.refusal.expired")
        return None

    def _is_expired(self) -> bool:
        part = self.part_here()
        return part is not None and part.plan is not None and part.plan.made_at + MAX_AGE <= self.session.clock()

    def do_plans_seal(self) -> None:
        """Read every record, and seal a plan of what would go through."""
        self.decide(partial(self._seal_now, self.meant()))

    def do_plans_dry_run(self) -> None:
        """Read both systems and tell what would become of the plan; nothing is written."""
        self.decide(partial(self._dry_run_now, self.part_here()))

    def do_plans_apply(self) -> None:
        """Write the plan under the cursor, after a yes."""
        self.decide(partial(self._apply_now, self.part_here()))

    def do_plans_retry(self) -> None:
        """Try again what did not go through, after a yes where that may write."""
        self.decide(partial(self._retry_now, self.meant()))

    def do_plans_settle(self) -> None:
        """Say what became of an unknown outcome."""
        self.decide(partial(self._settle_now, self.meant()))

    def do_plans_undo(self) -> None:
        """Propose to take back what was written."""
        self.decide(partial(self._undo_now, self.meant()))

    def do_plans_stop(self) -> None:
        """Finish what is under way, and begin nothing more."""
        self.house.writing.ask_to_stop()

    # Plans.

    async def _seal_now(self, meant: Meant | None) -> None:
        project = self.session.workspace.project
        if meant is None:
            return
        path = sealing_path(project)

        async def task(acting: Acting, progress: WritingProgress, stop: asyncio.Event) -> Planned | None:
            await remove_expired(acting.workspace.project, acting.clock())
            sealing = plan_corrections(acting, Choice(meant.ids), out=path, progress=progress.step)
            return await unless_stopped(sealing, stop)

        planned = await self._work(Work.SEAL, task)
        if planned is None:
            self._over(Outcome((self.texts("plans.not_sealed"),), good=False))
            return
        outcome = self.telling.sealed(planned)
        self._over(outcome)
        if planned.sealed is None:
            await self.look_again()
        else:
            file = await keep_as(path, project, planned.sealed.digest)
            chosen = () if meant.everything and self.tab is Tab.APPROVED else meant.ids
            self.note("plans.seal", "corrections", "plan", *chosen, "--out", str(file))
            await self.change_tab(Tab.PLANNED, HEADING + planned.sealed.digest)
        if outcome.details:
            self.tell_all(outcome.lines[0], outcome.details)

    async def _dry_run_now(self, here: Part | None) -> None:
        found = await self._sealed(here)
        if found is None:
            return
        part, document = found
        file = await file_of(self.session.workspace.project, part.id, document)
        self.note("plans.dry_run", "corrections", "apply", str(file), "--dry-run")

        async def task(acting: Acting, progress: WritingProgress, stop: asyncio.Event) -> Applied | None:
            return await unless_stopped(apply_plan(acting, document, dry_run=True, progress=progress.step), stop)

        applied = await self._work(Work.DRY_RUN, task)
        stopped = Outcome((self.texts("plans.dry_run_stopped"),), good=False)
        self._over(stopped if applied is None else self.telling.applied(applied))

    async def _apply_now(self, here: Part | None) -> None:
        found = await self._sealed(here)
        if found is None:
            return
        part, document = found
        left = [each.id for each in await self._corrections(part.ids) if each.state in _TO_WRITE]
        if not left:
            self.house.tell(self.texts("plans.nothing_left"), severity="warning")
            return
        if not await self.house.confirmed(await self._question("plans.apply", left)):
            return
        file = await file_of(self.session.workspace.project, part.id, document)
        self.note("plans.apply", "corrections", "apply", str(file))

        async def task(acting: Acting, progress: WritingProgress, stop: asyncio.Event) -> Applied:
            return await apply_plan(acting, document, progress=progress.step, stop=stop)

        self._over(self.telling.applied(await self._work(Work.APPLY, task)))
        await self.look_again()

    async def _sealed(self, part: Part | None) -> tuple[Part, str] | None:
        """A plan and its sealed text."""
        stored = None if part is None else await self.session.workspace.state.corrections.plan(part.id)
        return None if part is None or stored is None else (part, stored.document)

    async def totals_of(self, ids: Collection[str]) -> Totals:
        """What these corrections come to."""
        corrections, acting = await self._corrections(ids), self.acting
        missing = await acting.missing(corrections)
        usual = self.session.workspace.project.file.approvals.required
        return await asyncio.to_thread(totals, corrections, acting.approval_rules.amounts, missing, usual)

    async def _corrections(self, ids: Collection[str]) -> list[Correction]:
        chosen = CorrectionFilter(ids=list(ids))
        return await self.session.workspace.state.corrections.listed(chosen) if ids else []

    async def _question(self, action_id: str, ids: Collection[str]) -> Question:
        found, texts = await self.totals_of(ids), self.texts
        facts = [*system_lines(found.systems, self.session), *amount_lines(found, self.session)[:_MOST_AMOUNTS]]
        if found.deactivated:
            facts.append(texts.counted("plans.ask.deactivates", found.deactivated))
        if found.costly:
            facts.append(texts.counted("plans.costly", found.costly))
        records = texts.counted("plans.records", found.records)
        stage = texts(f"stage.{self.session.stage}")
        verb = texts(f"action.{action_id}")
        return Question(
            f"{verb}: {records}{sign(' · ', ' | ')}{stage}",
            [*facts, texts("plans.ask.stoppable")],
            verb,
            found.to_type,
        )

    # The error desk.

    async def _retry_now(self, meant: Meant | None) -> None:
        if meant is None:
            return
        writes = [each.id for each in await self._corrections(meant.ids) if each.state in _WRITTEN_BY_RETRY]
        if writes and not await self.house.confirmed(await self._question("plans.retry", writes)):
            return
        self.note("plans.retry", "corrections", "retry", *self.words_of(meant))

        async def task(acting: Acting, progress: WritingProgress, stop: asyncio.Event) -> Retried:
            return await retry_corrections(acting, Choice(meant.ids), progress=progress.step, stop=stop)

        self._over(self.telling.retried(await self._work(Work.RETRY, task)))
        await self.look_again()

    async def _settle_now(self, meant: Meant | None) -> None:
        if meant is None or len(meant.ids) != 1:
            self.house.tell(self.texts("plans.settle_one"), severity="warning")
            return
        if [each.state for each in await self._corrections(meant.ids)] != [_S.UNKNOWN]:
            self.house.tell_refusal(BY_ID[_SETTLE], self.texts("plans.refusal.not_unknown"))
            return
        form = Form(
            self.texts("plans.ask.settle"),
            (self.texts("plans.ask.settle_means"),),
            (AskedField(self.texts("plans.ask.written")), AskedField(self.texts("plans.ask.how_known"))),
            self.texts("action.plans.settle"),
            self._wrong_settlement,
        )
        answers = await self.app.push_screen_wait(AskModal(form, self.texts))
        if answers is None:
            return
        written, reason = answers[0].strip().casefold() in _YES, answers[1].strip()
        word = "--as-written" if written else "--not-written"
        self.note("plans.settle", "corrections", "settle", meant.ids[0], word, "--reason", reason)

        async def task(acting: Acting, _progress: WritingProgress, _stop: asyncio.Event) -> Correction:
            return await settle_correction(acting, meant.ids[0], written=written, reason=reason)

        settled = await self._work(Work.SETTLE, task)
        state = self.texts(f"status.{settled.state.value}")
        self._over(Outcome((self.texts("plans.settled", key=settled.key, state=state), self.texts.said(settled.words))))
        await self.look_again()

    def _wrong_settlement(self, answers: Sequence[str]) -> str | None:
        if answers[0].strip().casefold() not in _YES | _NO:
            return self.texts("plans.ask.yes_or_no")
        return None if answers[1].strip() else self.texts("plans.ask.how_needed")

    async def _undo_now(self, meant: Meant | None) -> None:
        if meant is None:
            return
        self.note("plans.undo", "corrections", "undo", *self.words_of(meant))

        async def task(acting: Acting, _progress: WritingProgress, stop: asyncio.Event) -> UndoProposed | None:
            return await unless_stopped(undo_corrections(acting, Choice(meant.ids)), stop)

        proposed = await self._work(Work.UNDO, task)
        if proposed is None:
            self._over(Outcome((self.texts("plans.undo_stopped"),), good=False))
            return
        outcome = self.telling.undone(proposed)
        self._over(outcome)
        await self.change_tab(Tab.AWAITING, proposed.proposals[0].id)
        if outcome.details:
            self.tell_all(outcome.lines[0], outcome.details)

    # Work in the background.

    async def _work(self, work: Work, task: Task[T]) -> T:
        self.outcome = None
        try:
            return await self.house.writing.carry_out(work, self.acting, task)
        finally:
            if self.is_attached:
                self.show_work()

    def _over(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.show_work()
        self.house.note(outcome.lines[0])
