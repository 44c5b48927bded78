"""Small windows of the review: a few fields to fill in, and lines to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static

from tui.i18n import Texts
from tui.screens.once import OnceModal
from tui.text import lines, plain


@dataclass(frozen=True, slots=True)
class AskedField:
    """One line to fill in.

    Attributes:
        label: ours, or made visible when it is shown.
        value: what it holds at first.
    """

    label: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked.

    Attributes:
        facts: lines before the fields.
        wrong: why the answers will not do, as a sentence; None when they will.
    """

    title: str
    facts: Sequence[str]
    fields: Sequence[AskedField]
    verb: str
    wrong: Callable[[Sequence[str]], str | None]


class AskModal(OnceModal[tuple[str, ...] | None]):
    """Gives the answers, or None when the person thought better of it."""

    DEFAULT_CSS = """
    AskModal { align: center middle; }
    AskModal > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 96%; padding: 1 2; border: round $primary;
        background: $surface;
    }
    AskModal Static { height: auto; }
    AskModal #wrong { color: $text-error; }
    AskModal Horizontal { height: auto; align-horizontal: right; }
    AskModal Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", show=False)]

    def __init__(self, form: Form, texts: Texts) -> None:
        super().__init__()
        self.form = form
        self._texts = texts

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(plain(self.form.title, "bold"))
            yield Static(lines(*(plain(fact) for fact in self.form.facts)))
            for number, field in enumerate(self.form.fields):
                yield Static(plain(field.label, "$text-muted"))
                yield Input(field.value, id=f"field-{number}", select_on_focus=False, compact=True)
            yield Static(plain(""), id="wrong")
            with Horizontal():
                yield Button(plain(self._texts("confirm.cancel")), id="cancel", compact=True)
                yield Button(plain(self.form.verb), id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """The first field is filled in first."""
        self.query_one("#field-0", Input).focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._answer()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes":
            self._answer()
        else:
            self.dismiss(None)

    def _answer(self) -> None:
        answers = tuple(field.value for field in self.query(Input))
        wrong = self.form.wrong(answers)
        if wrong is None:
            self.dismiss(answers)
        else:
            self.query_one("#wrong", Static).update(plain(wrong))

    def action_cancel(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


class LinesModal(OnceModal[None]):
    """Lines that have to be read before one goes on."""

    DEFAULT_CSS = """
    LinesModal { align: center middle; }
    LinesModal > VerticalScroll {
        width: 100; max-width: 96%; height: auto; max-height: 90%; padding: 1 2; border: thick $warning;
        background: $surface;
    }
    LinesModal Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss", show=False)]

    def __init__(self, title: str, told: Sequence[str], texts: Texts) -> None:
        super().__init__()
        self.told = tuple(told)
        self._title = title
        self._texts = texts

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(plain(self._title, "bold $text-warning"))
            yield Static(plain(""))
            yield Static(lines(*(plain(each) for each in self.told)))
            yield Static(plain(""))
            yield Static(plain(self._texts("review.close"), "$text-muted"))
