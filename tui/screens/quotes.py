"""Quotes: the taxes of one, asked now, beside what it carries; and the list of what drifted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from reconciler.model.taxes import LONGEST_QUOTE_NUMBER_CHARACTERS
from reconciler.taxes.quote_members import MOST_LINES
from tui.action import Action
from tui.list_source import ListSource
from tui.quotes.answer import AnswerView
from tui.quotes.asking import (
    CRM_WITHIN_S,
    Answered,
    WrongLineError,
    taxes_of_number,
    taxes_of_would_be,
    would_be,
)
from tui.quotes.drift_now import Drifted, drifted_lines, drifted_now
from tui.quotes.drifting import MOST_READ, DriftLines, drifted_quotes
from tui.quotes.proposing import ProposingScreen
from tui.review.asking import AskedField, AskModal, Form
from tui.session import Session
from tui.text import lines, plain
from tui.viewmodel import EmptyNone, Failed, Loading, Problem, ViewState, problem_of
from tui.widgets.state_panel import StatePanel
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from reconciler.app.taxes import DeskStanding

_WIDE_COLUMNS: Final = 150
_SPARE_CELLS: Final = 3
_LEAST_ROOM: Final = 40
_ASK: Final = "ask"
_DRIFT_NOW: Final = "quotes.drift_now"


class QuotesScreen(ProposingScreen):
    """The place where taxes are asked for. The systems are called only when somebody asks."""

    PLACE: ClassVar[str] = "quotes"
    AUTO_FOCUS = "#list"
    CSS = """
    QuotesScreen #number { height: 1; border: none; padding: 0 1; background: $panel; }
    QuotesScreen #facts { height: 1; padding: 0 1; color: $text-muted; }
    QuotesScreen #split { height: 1fr; layout: vertical; }
    QuotesScreen #list { height: 1fr; }
    QuotesScreen #answer { height: 60%; border-top: solid $primary; padding: 0 1; }
    QuotesScreen #answer:focus { border-top: heavy $accent; }
    QuotesScreen #answer-text { height: auto; width: 100%; }
    QuotesScreen #answer-state { height: auto; }
    QuotesScreen.-wide #split { layout: horizontal; }
    QuotesScreen.-wide #list { width: 1fr; height: 1fr; }
    QuotesScreen.-wide #answer { width: 1fr; height: 1fr; border-top: none; border-left: solid $primary; }
    QuotesScreen.-wide #answer:focus { border-left: heavy $accent; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.lines = DriftLines(session)
        self.view = AnswerView(session)
        self.answered: Answered | Drifted | None = None
        self.is_asking = False
        self._usable: tuple[bool, ...] | None = None

    def compose_body(self) -> ComposeResult:
        texts = self.texts
        yield Input(placeholder=texts("quotes.placeholder"), max_length=LONGEST_QUOTE_NUMBER_CHARACTERS, id="number")
        yield Static(plain(""), id="facts")
        with Container(id="split"):
            yield VirtualTable(self.lines.columns(), texts, self.session.keymap, id="list")
            with VerticalScroll(id="answer"):
                yield StatePanel(texts, id="answer-state")
                yield Static(plain(""), id="answer-text")

    def on_mount(self) -> None:
        """Say how to ask, before anything was asked. Enter is `quotes.ask` here, which the footer names."""
        self.table._bindings.key_to_bindings.pop("enter", None)
        super().on_mount()
        self._show_instead(EmptyNone(self.texts("quotes.ask_one"), self.texts("quotes.ask_how")))

    @property
    def answer_state(self) -> ViewState | None:
        """What stands in the place of an answer."""
        return self.query_one("#answer-state", StatePanel).state

    # The list of what drifted.

    async def fill(self) -> ViewState | None:
        """Read what the last run found; neither system is asked."""
        quotes, more = await drifted_quotes(self.session.workspace)
        self.drifted = {each.number: each for each in quotes}
        currency = self.session.workspace.project.file.project.currency
        if not quotes:
            facts = self.texts("quotes.none_drifted")
        else:
            stake = f"{sum(each.at_stake for each in quotes)} {currency}"
            count = sum(len(each.differences) for each in quotes)
            facts = self.texts(
                "quotes.facts_more" if more else "quotes.facts",
                quotes=self.texts.counted("quotes.count", len(quotes)),
                differences=self.texts.counted("quotes.differences", count),
                stake=stake,
                most=self.texts.number(MOST_READ),
            )
        self.query_one("#facts", Static).update(plain(facts))
        await self.table.show(ListSource(self.lines.rows(quotes)), cursor_id=self.table.cursor_id)
        return None

    def disabled_reason(self, action: Action) -> str | None:
        """A line has to be there to be asked about; one question at a time."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        if action.id == "quotes.ask" and (not self.is_mounted or self.table.row is None):
            return self.texts("quotes.refusal.nothing")
        if action.id == _DRIFT_NOW and self.is_asking:
            return self.texts("quotes.refusal.asking")
        if action.id == "quotes.give_up" and not self.is_asking:
            return self.texts("quotes.refusal.not_asking")
        return None

    # Asking.

    def do_quotes_number(self) -> None:
        """Type a number."""
        self.query_one("#number", Input).focus()

    def do_quotes_ask(self) -> None:
        """Ask about the quote under the cursor."""
        row = self.table.row
        if row is not None:
            self.ask_number(row.section)

    @on(VirtualTable.Opened)
    def _opened(self) -> None:
        self.action_do("quotes.ask")

    @on(VirtualTable.CursorMoved)
    @on(VirtualTable.MarksChanged)
    def _keys_may_differ(self) -> None:
        """Let the footer be made anew where something can be done now that could not, or the other way round."""
        usable = (self.table.row is not None, self.is_asking, bool(self.meant()))
        if usable != self._usable:
            self._usable = usable
            self.refresh_bindings()

    @on(Input.Submitted, "#number")
    def _typed(self, event: Input.Submitted) -> None:
        number = event.value.strip()
        if number:
            self.query_one("#answer").focus()
            self.ask_number(number)

    def ask_number(self, number: str) -> None:
        """Ask about a quote of the CRM."""
        self.query_one("#number", Input).value = number
        label = self.texts("action.quotes.ask")
        self._note(label, shlex.join(("taxes", "quote", "--", number)))
        workspace = self.session.workspace
        self._ask(self.texts("quotes.asking", number=number), lambda: taxes_of_number(workspace, number, self._watch))

    def do_quotes_drift_now(self) -> None:
        """Ask about every open quote."""
        asking = self.texts("quotes.drift_now.asking")
        self._ask(asking, lambda: drifted_now(self.session.workspace.project, self._compared))

    def _compared(self, done: int, total: int) -> None:
        if self.is_asking and self.is_attached:
            count = {"done": self.texts.number(done), "total": self.texts.number(total)}
            self._show_instead(Loading(self.texts("quotes.drift_now.progress", **count)))

    def _watch(self, standing: DeskStanding) -> None:
        self.house.tax_desk = (self.session.clock(), standing)

    async def do_quotes_build(self) -> None:
        """Ask about a quote that does not exist yet."""
        texts = self.texts
        form = Form(
            texts("quotes.build.title"),
            (texts("quotes.build.means"),),
            (
                AskedField(texts("quotes.build.customer")),
                AskedField(texts("quotes.build.state")),
                AskedField(texts("quotes.build.lines", most=MOST_LINES), several=True),
            ),
            texts("action.quotes.build"),
            self._wrong_quote,
        )
        answers = await self.app.push_screen_wait(AskModal(form, texts))
        if answers is None:
            return
        document = would_be(answers)
        typed = json.dumps(document, ensure_ascii=False)
        self._note(texts("action.quotes.build"), "taxes lookup -", before=f"printf %s {shlex.quote(typed)} | ")
        workspace = self.session.workspace
        self._ask(texts("quotes.asking_would_be"), lambda: taxes_of_would_be(workspace, document, self._watch))

    def _wrong_quote(self, answers: Sequence[str]) -> str | None:
        """What the tax desk would say, before anything is sent."""
        from reconciler.errors import WrongQuoteError
        from reconciler.taxes.request import question_of

        try:
            question_of(would_be(answers), self.session.clock().date())
        except WrongLineError as wrong:
            return self.texts("quotes.build.wrong_line", number=wrong.number)
        except WrongQuoteError as wrong:
            return self.texts.said(wrong.message)
        return None

    def do_quotes_give_up(self) -> None:
        """Wait no longer."""
        self.workers.cancel_group(self, _ASK)

    def _ask(self, what: str, question: Callable[[], Awaitable[Answered | Drifted]]) -> None:
        self._show_instead(Loading(what))
        self.answered = None
        self._asked(question)

    @work(group=_ASK, exclusive=True, exit_on_error=False)
    async def _asked(self, question: Callable[[], Awaitable[Answered | Drifted]]) -> None:
        self.is_asking = True
        self._keys_may_differ()
        given_up = True
        try:
            self.answered = await question()
            self._show_answer()
            given_up = False
        except TimeoutError:
            given_up = False
            late = self.texts("quotes.crm_late", seconds=f"{CRM_WITHIN_S:.0f}")
            what, to_do = self.texts("error.timeout.what"), self.texts("error.timeout.to_do")
            self._show_instead(Failed(Problem(what, late, to_do, "timeout")))
        except Exception as error:  # noqa: BLE001 - whatever it was is shown in the place of the answer, with its code
            given_up = False
            self.log.error(error)
            self._show_instead(Failed(problem_of(error, self.texts)))
        finally:
            self.is_asking = False
            if self.is_attached:
                if given_up:
                    self._show_instead(EmptyNone(self.texts("quotes.given_up"), self.texts("quotes.ask_how")))
                self._keys_may_differ()

    # Showing.

    def _show_instead(self, state: ViewState) -> None:
        panel = self.query_one("#answer-state", StatePanel)
        panel.show(state)
        panel.display = True
        self.query_one("#answer-text", Static).display = False

    def _show_answer(self) -> None:
        if self.answered is None:
            return
        scroll = self.query_one("#answer", VerticalScroll)
        room = max(_LEAST_ROOM, scroll.size.width - _SPARE_CELLS)
        panel, text = self.query_one("#answer-state", StatePanel), self.query_one("#answer-text", Static)
        panel.state = None
        panel.display = False
        text.display = True
        if isinstance(self.answered, Drifted):
            text.update(lines(*drifted_lines(self.answered, self.session, room)))
        else:
            text.update(lines(*self.view.lines(self.answered, room)))
        scroll.scroll_home(animate=False)

    def go_back(self) -> bool:
        """Give up waiting, then from the answer or the number to the list."""
        if self.is_asking:
            self.do_quotes_give_up()
        elif self.focused is not self.table:
            self.table.focus()
        else:
            return False
        return True

    def on_resize(self, event: events.Resize) -> None:
        """With room beside the list, the answer goes there; lines are laid out anew."""
        super().on_resize(event)
        self.set_class(event.size.width >= _WIDE_COLUMNS, "-wide")
        self.call_after_refresh(self._show_answer)

    def _note(self, what: str, words: str, *, before: str = "") -> None:
        head = shlex.join(("reconciler", "--project", str(self.session.project_file)))
        self.house.note(what, f"{before}{head} {words}")
