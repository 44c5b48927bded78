"""What people decide about the pilot: names under it, feedback, stages. Each decision is asked about first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from textual import work

from reconciler.app.correct import Acting
from reconciler.app.pilot.assessment import SHORTEST_CONTENT, sign_scorecard
from reconciler.app.pilot.feedback import add_feedback, close_feedback
from reconciler.app.pilot.promotion import fall_back, lift_freeze, promote, start_pilot
from reconciler.model.pilot import Feedback
from tui.action import Action
from tui.actions import BY_ID
from tui.pilot.reading import PilotLook
from tui.review.asking import AskedField, AskModal, Form
from tui.screens.place import PlaceScreen
from tui.session import Session

_SEVERITIES = ("note", "problem", "blocker")


class PilotDeciding(PlaceScreen):
    """The deciding part of the screen for the pilot."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.look: PilotLook | None = None
        self.is_deciding = False
        self._acting: Acting | None = None

    def feedback_here(self) -> Feedback | None:
        """What was said under the cursor."""
        raise NotImplementedError

    @property
    def acting(self) -> Acting:
        """The person at work; descriptions are read once."""
        if self._acting is None:
            self._acting = self.session.acting()
        return self._acting

    def disabled_reason(self, action: Action) -> str | None:
        """Why it cannot be decided now."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        look, texts = self.look, self.texts
        match action.id:
            case "pilot.sign" if look is None or look.assessment is None:
                return texts("pilot.refusal.no_scorecard")
            case "pilot.close":
                here = self.feedback_here()
                return texts("pilot.refusal.no_open_feedback") if here is None or here.closed_at is not None else None
            case "pilot.lift" if look is None or look.status["frozen"] is None:
                return texts("pilot.refusal.not_frozen")
            case "pilot.promote" if look is not None and look.status["missing"]:
                return texts("pilot.refusal.missing")
            case _:
                return None

    def do_pilot_sign(self) -> None:
        """Put one's name under exactly this scorecard."""
        self.decide(self._sign)

    def do_pilot_say(self) -> None:
        """Say something about the pilot, or about a quote."""
        self.decide(self._say)

    def do_pilot_close(self) -> None:
        """Say that something was dealt with, and how."""
        self.decide(self._close)

    def do_pilot_declare(self) -> None:
        """Seal the pilot as the project file has it."""
        self.decide(lambda: self._with_reason("pilot.declare", ("start",), start_pilot, may_be_empty=True))

    def do_pilot_promote(self) -> None:
        """Let the project go one stage further."""
        self.decide(lambda: self._with_reason("pilot.promote", ("promote",), promote))

    def do_pilot_fall_back(self) -> None:
        """Let the project be written less, at once."""
        self.decide(lambda: self._with_reason("pilot.fall_back", ("fall-back",), fall_back))

    def do_pilot_lift(self) -> None:
        """Let corrections be written again."""
        self.decide(lambda: self._with_reason("pilot.lift", ("lift",), lift_freeze))

    def decide(self, decision: Callable[[], Awaitable[None]]) -> None:
        """Carry a decision out, unless another one is being carried out."""
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
                self.load(quietly=True)

    async def _sign(self) -> None:
        assessment = None if self.look is None else self.look.assessment
        if assessment is None:
            return
        card, texts = assessment.scorecard, self.texts
        shown = card.content[:SHORTEST_CONTENT]
        facts = [
            texts(f"pilot.verdict.{card.verdict}"),
            *(each.words(texts.locale) for each in card.reasons[:6]),
            texts("pilot.ask.content", content=shown),
        ]

        def wrong(answers: Sequence[str]) -> str | None:
            return None if answers[0].strip().lower() == shown else texts("pilot.ask.wrong_content", content=shown)

        answers = await self._asked("pilot.sign", facts, [AskedField(texts("pilot.ask.type_content"))], wrong)
        if answers is None:
            return
        # All of it: what is signed is what was shown here, whatever was measured since.
        signature = await sign_scorecard(self.acting, card.content)
        self._note("pilot.sign", "sign", card.content)
        self.house.tell(texts("pilot.signed_now", role=texts(f"pilot.role.{signature.role}")))

    async def _say(self) -> None:
        texts = self.texts

        def wrong(answers: Sequence[str]) -> str | None:
            if not answers[0].strip():
                return texts("pilot.ask.needs_text")
            return None if answers[1].strip() in _SEVERITIES else texts("pilot.ask.needs_severity")

        fields = [
            AskedField(texts("pilot.ask.text")),
            AskedField(texts("pilot.ask.severity"), _SEVERITIES[0]),
            AskedField(texts("pilot.ask.quote")),
        ]
        answers = await self._asked("pilot.say", (), fields, wrong)
        if answers is None:
            return
        text, severity, quote = (each.strip() for each in answers)
        entity = "quotes" if quote else ""
        await add_feedback(self.acting, text, severity=severity, entity=entity, key=quote)
        self._note("pilot.say", "feedback", "add", text, "--severity", severity, *(("--quote", quote) if quote else ()))

    async def _close(self) -> None:
        said = self.feedback_here()
        if said is None:
            return
        answers = await self._reason("pilot.close", [said.text], self.texts("pilot.ask.answer"))
        if answers is None:
            return
        await close_feedback(self.acting, said.id, answers)
        self._note("pilot.close", "feedback", "close", said.id, "--answer", answers)

    async def _with_reason(
        self,
        action_id: str,
        command: tuple[str, ...],
        act: Callable[[Acting, str], Awaitable[object]],
        *,
        may_be_empty: bool = False,
    ) -> None:
        facts = [self.texts(f"{action_id.replace('pilot.', 'pilot.ask.')}")]
        reason = await self._reason(action_id, facts, self.texts("pilot.ask.reason"), may_be_empty=may_be_empty)
        if reason is None:
            return
        await act(self.acting, reason)
        self._note(action_id, *command, *(("--reason", reason) if reason else ()))
        self.house.tell(self.texts("pilot.done", what=self.texts(f"action.{action_id}")))

    async def _reason(
        self, action_id: str, facts: Sequence[str], label: str, *, may_be_empty: bool = False
    ) -> str | None:
        def wrong(answers: Sequence[str]) -> str | None:
            return None if may_be_empty or answers[0].strip() else self.texts("pilot.ask.needs_reason")

        answers = await self._asked(action_id, facts, [AskedField(label)], wrong)
        return None if answers is None else answers[0].strip()

    async def _asked(
        self,
        action_id: str,
        facts: Sequence[str],
        fields: Sequence[AskedField],
        wrong: Callable[[Sequence[str]], str | None],
    ) -> tuple[str, ...] | None:
        verb = self.texts(f"action.{action_id}")
        return await self.app.push_screen_wait(AskModal(Form(verb, facts, fields, verb, wrong), self.texts))

    def _note(self, action_id: str, *words: str) -> None:
        """Write the command that does the same into the activity log."""
        action = replace(BY_ID[action_id], command=("pilot", *words))
        self.house.note(self.texts(action.text_id), self.session.command_line(action, {}))
