"""The ladder of confirmation: nothing for what can be undone, a question on Cancel, a number to type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from tui.i18n import Texts
from tui.screens.once import OnceModal
from tui.text import lines, plain


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done.

    Attributes:
        title: one line.
        facts: what is going to happen, line by line: counts, sums, systems.
        verb: what the button says, such as “Apply”.
        typed: a number that has to be typed, for what is large, costly or hard to take back; None: a button is enough.
    """

    title: str
    facts: Sequence[str]
    verb: str
    typed: int | None = None


class ConfirmModal(OnceModal[bool]):
    """Gives True only when the person said yes. Escape, Cancel and a wrong number are no."""

    DEFAULT_CSS = """
    ConfirmModal { align: center middle; }
    ConfirmModal > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 96%; padding: 1 2;
        border: thick $warning; background: $surface;
    }
    ConfirmModal #facts { height: auto; max-height: 12; overflow-y: auto; margin: 1 0; }
    ConfirmModal #typing { height: auto; }
    ConfirmModal Horizontal { height: auto; align-horizontal: right; margin-top: 1; }
    ConfirmModal Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]
    AUTO_FOCUS = "#cancel"

    def __init__(self, question: Question, texts: Texts) -> None:
        super().__init__()
        self.question = question
        self._texts = texts

    def compose(self) -> ComposeResult:
        question, texts = self.question, self._texts
        with Vertical():
            yield Static(plain(question.title, "bold"))
            yield Static(lines(*(plain(fact) for fact in question.facts)), id="facts")
            if question.typed is not None:
                number = str(question.typed)
                yield Static(plain(texts("confirm.type", number=number)), id="typing")
                yield Input(id="number", max_length=len(number) + 8, compact=True)
            with Horizontal():
                yield Button(plain(texts("confirm.cancel")), id="cancel", compact=True)
                typing = question.typed is not None
                yield Button(plain(question.verb), id="yes", variant="warning", disabled=typing, compact=True)

    def on_mount(self) -> None:
        """Where a number is typed Enter alone says nothing, and whoever begins to type must not be on a button."""
        for number in self.query("#number"):
            number.focus()

    @on(Input.Changed, "#number")
    def _allow(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = not self._typed(event.value)

    @on(Input.Submitted, "#number")
    def _submitted(self, event: Input.Submitted) -> None:
        if self._typed(event.value):
            self.dismiss(True)
        else:
            self.notify(self._texts("confirm.wrong", number=self.question.typed), severity="warning", markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(False)

    def _typed(self, value: str) -> bool:
        return self.question.typed is None or value.strip() == str(self.question.typed)
