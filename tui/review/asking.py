"""Small windows of the review: a few fields to fill in, and lines to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from tui.i18n import Texts
from tui.screens.once import OnceModal
from tui.text import lines, plain


@dataclass(frozen=True, slots=True)
class AskedField:
    """One line to fill in.

    Attributes:
        label: ours, or made visible when it is shown.
        value: what it holds at first.
        several: whether it takes several lines; Ctrl+Enter and the button send the form then.
    """

    label: str
    value: str = ""
    several: bool = False


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
    AskModal VerticalScroll { height: auto; max-height: 60vh; }
    AskModal TextArea { height: 8; border: none; padding: 0; }
    AskModal #wrong { color: $text-error; }
    AskModal Horizontal { height: auto; align-horizontal: right; }
    AskModal Button { margin-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, priority=True),
        Binding("ctrl+s,ctrl+enter", "send", show=False, priority=True),
    ]

    def __init__(self, form: Form, texts: Texts) -> None:
        super().__init__()
        self.form = form
        self._texts = texts

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(plain(self.form.title, "bold"))
            yield Static(lines(*(plain(fact) for fact in self.form.facts)))
            with VerticalScroll(can_focus=False):
                for number, field in enumerate(self.form.fields):
                    yield Static(plain(field.label, "$text-muted"))
                    if field.several:
                        yield TextArea(field.value, id=f"field-{number}", compact=True, tab_behavior="focus")
                    else:
                        yield Input(field.value, id=f"field-{number}", select_on_focus=False, compact=True)
            yield Static(plain(""), id="wrong")
            with Horizontal():
                yield Button(plain(self._texts("confirm.cancel")), id="cancel", compact=True)
                yield Button(plain(self.form.verb), id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """The first field is filled in first."""
        self.query_one("#field-0").focus()

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
        answers = tuple(_typed(self.query_one(f"#field-{number}")) for number in range(len(self.form.fields)))
        wrong = self.form.wrong(answers)
        if wrong is None:
            self.dismiss(answers)
        else:
            self.query_one("#wrong", Static).update(plain(wrong))

    def action_send(self) -> None:
        """From wherever the cursor is."""
        self._answer()

    def action_cancel(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


def _typed(field: Widget) -> str:
    return field.text if isinstance(field, TextArea) else field.value if isinstance(field, Input) else ""


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
