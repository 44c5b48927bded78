"""What is decided about corrections without any system: yes, no, and taking a yes back. All of it by `app.correct`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from textual import work

from reconciler.app.correct import (
    Acting,
    Choice,
    approve_corrections,
    reject_corrections,
    withdraw_approvals,
)
from reconciler.errors import RefusedError
from tui.action import Action
from tui.actions import BY_ID
from tui.plan.source import CorrectionSource, Part
from tui.plan.tabs import Tab
from tui.plan.telling import Telling
from tui.review.asking import AskedField, AskModal, Form, LinesModal
from tui.screens.marking_place import MarkingPlace
from tui.session import Session
from tui.widgets.confirm import Question

ASK_FROM: Final = 100
"""Corrections chosen together from which on the number is asked to be confirmed."""

WHERE: Final[Mapping[str, frozenset[Tab]]] = {
    "plans.approve": frozenset({Tab.AWAITING}),
    "plans.reject": frozenset({Tab.AWAITING, Tab.APPROVED, Tab.PLANNED, Tab.DESK}),
    "plans.withdraw": frozenset({Tab.AWAITING, Tab.APPROVED}),
    "plans.seal": frozenset({Tab.APPROVED, Tab.PLANNED}),
    "plans.apply": frozenset({Tab.PLANNED}),
    "plans.dry_run": frozenset({Tab.PLANNED}),
    "plans.retry": frozenset({Tab.DESK}),
    "plans.settle": frozenset({Tab.DESK}),
    "plans.undo": frozenset({Tab.WRITTEN}),
}
"""In which lists an action is about something."""

Decision = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Meant:
    """What an action would be about.

    Attributes:
        ids: of corrections.
        everything: whether it is the whole list.
        together: whether they were not marked one by one.
    """

    ids: tuple[str, ...]
    everything: bool = False
    together: bool = False


class DecidingScreen(MarkingPlace):
    """The deciding part of the screen for plans."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.tab = Tab.AWAITING
        self.source: CorrectionSource | None = None
        self.telling = Telling(session)
        self.is_deciding = False
        self._acting: Acting | None = None

    # What the listing part gives.

    def meant(self) -> Meant | None:
        """What an action would be about now."""
        raise NotImplementedError

    def means_something(self) -> bool:
        """Whether an action would be about anything, which costs nothing to ask."""
        raise NotImplementedError

    def part_here(self) -> Part | None:
        """The section the cursor is in."""
        raise NotImplementedError

    @property
    def acting(self) -> Acting:
        """The person at work; descriptions are read once."""
        if self._acting is None:
            self._acting = self.session.acting()
        return self._acting

    def disabled_reason(self, action: Action) -> str | None:
        """Why it cannot be done now."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        where = WHERE.get(action.id)
        if where is None:
            return None
        if self.house.writing.is_running or self.is_deciding:
            return self.texts("plans.refusal.working")
        if self.tab not in where:
            lists = ", ".join(self.texts(f"plans.tab.{tab.value}") for tab in Tab if tab in where)
            return self.texts("plans.refusal.elsewhere", lists=lists)
        return None if self.means_something() else self.texts("plans.refusal.nothing")

    # Decisions: one at a time, so that none is cut off by the next key. Each is about what was meant when its key came.

    def do_plans_approve(self) -> None:
        """Approve exactly what was looked at."""
        self.decide(partial(self._approve_now, self.meant()))

    def do_plans_reject(self) -> None:
        """Say no, with a reason."""
        self.decide(partial(self._reject_now, self.meant()))

    def do_plans_withdraw(self) -> None:
        """Take one's own approvals back."""
        self.decide(partial(self._withdraw_now, self.meant()))

    def decide(self, decision: Decision) -> None:
        """Carry a decision out, unless another one is being carried out."""
        if not self.is_deciding:
            self.is_deciding = True
            self._carry_out(decision)

    @work(group="decide", exit_on_error=False)
    async def _carry_out(self, decision: Decision) -> None:
        try:
            await decision()
        except RefusedError:
            # Often because somebody else was faster: what they did is to be seen beside the reason.
            await self.look_again()
            raise
        finally:
            self.is_deciding = False
            if self.is_attached:
                self.keys_may_differ()

    async def _approve_now(self, chosen: Meant | None) -> None:
        meant = await self._confirmed("plans.approve", chosen)
        source = self.source
        if meant is None or source is None:
            return
        seen = {each: source.seen[each] for each in meant.ids if each in source.seen}
        approved = await approve_corrections(self.acting, Choice(meant.ids), seen=seen)
        self.note("plans.approve", "corrections", "approve", *self.words_of(meant))
        said = []
        if approved.approved:
            said.append(self.texts.counted("review.done.approved", len(approved.approved)))
        if approved.waiting:
            people = {name for _, missing in approved.waiting for name in missing.may_approve}
            who = ", ".join(sorted(people)) or "-"
            said.append(self.texts.counted("review.waiting", len(approved.waiting), people=who))
        await self.after_decision()
        self.tell_all(" ".join(said), self.telling.left(approved.left_alone))

    async def _reject_now(self, meant: Meant | None) -> None:
        if meant is None:
            return
        form = Form(
            self.texts.counted("plans.ask.reject", len(meant.ids)),
            (self.texts("plans.ask.reject_means"),),
            (AskedField(self.texts("review.ask.reason_if_any")),),
            self.texts("action.plans.reject"),
            lambda _answers: None,
        )
        answers = await self.app.push_screen_wait(AskModal(form, self.texts))
        if answers is None:
            return
        reason = answers[0].strip()
        rejected = await reject_corrections(self.acting, Choice(meant.ids), reason=reason)
        said = ["--reason", reason] if reason else []
        self.note("plans.reject", "corrections", "reject", *said, *meant.ids)
        await self.after_decision()
        left = self.telling.left(rejected.left_alone)
        self.tell_all(self.texts.counted("review.done.rejected", len(rejected.rejected)), left)

    async def _withdraw_now(self, meant: Meant | None) -> None:
        if meant is None:
            return
        withdrawn = await withdraw_approvals(self.acting, Choice(meant.ids))
        self.note("plans.withdraw", "corrections", "withdraw", *meant.ids)
        await self.after_decision()
        left = self.telling.left(withdrawn.left_alone)
        self.tell_all(self.texts.counted("plans.withdrawn", len(withdrawn.withdrawn)), left)

    # Asking and telling.

    async def _confirmed(self, action_id: str, meant: Meant | None) -> Meant | None:
        """What is meant, once the person said yes to a number that they did not look at one by one."""
        if meant is None or not meant.together or len(meant.ids) < ASK_FROM:
            return meant
        label = self.texts(BY_ID[action_id].text_id)
        records = self.texts.counted("plans.records", len(meant.ids))
        question = Question(f"{label}: {records}", (self.texts("plans.ask.together"),), label)
        return meant if await self.house.confirmed(question) else None

    def tell_all(self, short: str, details: Sequence[str]) -> None:
        """A sentence; details have to be looked at."""
        if details:
            title = self.texts("review.left_title")
            self.app.push_screen(LinesModal(title, (short, "", *details), self.texts))
        elif short:
            self.house.tell(short)

    def words_of(self, meant: Meant) -> Sequence[str]:
        """How a command is told which ones."""
        return ("--all",) if meant.everything else meant.ids

    def note(self, action_id: str, *words: str) -> None:
        """Into the activity log, with the command that does the same."""
        action = replace(BY_ID[action_id], command=words)
        self.house.note(self.texts(action.text_id), self.session.command_line(action, {}))
