"""Every key that does something here, made from the action table."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.action import Action
from tui.actions import actions_of, by_group, keys_of, split_keys
from tui.screens.once import OnceModal
from tui.screens.place import PlaceScreen
from tui.text import fitted, lines, plain, visible

_KEYS_CELLS = 8
_LABEL_CELLS = 20
_WIDEST = 100
_SHARE = 0.96
_FRAME_CELLS = 10
_LEAST_ROOM = 20


class HelpScreen(OnceModal[None]):
    """The keys of one place under their headings; of what cannot be done now it says why."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen VerticalScroll {
        width: 100; max-width: 96%; height: auto; max-height: 94%; padding: 1 2;
        border: round $primary; background: $surface;
    }
    HelpScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, place: PlaceScreen) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        texts = self._place.texts
        with VerticalScroll():
            yield Static(plain(texts("help.title", place=texts(f"place.{self._place.PLACE}")), "bold"))
            for group, actions in by_group(actions_of(self._place.PLACE)).items():
                yield Static(plain(""))
                yield Static(plain(texts(f"group.{group}"), "bold $text-primary"))
                yield Static(lines(*(self._line(action) for action in actions)))
            yield Static(plain(""))
            yield Static(plain(texts("help.close"), "$text-muted"))

    def action_scroll(self, lines_down: int) -> None:
        """Move the list."""
        self.query_one(VerticalScroll).scroll_relative(y=lines_down, animate=False)

    def _line(self, action: Action) -> Content:
        texts, place = self._place.texts, self._place
        keys = " ".join(self.app.get_key_display(Binding(key, "")) for key in self._keys(action))
        reason = place.disabled_reason(action)
        said = texts(action.help_id) if reason is None else texts("help.not_now", why=reason)
        first, *more = wrap(visible(said), max(_LEAST_ROOM, self._room - _KEYS_CELLS - _LABEL_CELLS)) or [""]
        indent = plain(" " * (_KEYS_CELLS + _LABEL_CELLS))
        head = Content.assemble(
            plain(fitted(keys, _KEYS_CELLS), "$accent bold"),
            plain(fitted(texts(action.text_id), _LABEL_CELLS), "" if reason is None else "$text-muted"),
            plain(first, "$text-muted"),
        )
        return lines(head, *(indent + plain(line, "$text-muted") for line in more))

    @property
    def _room(self) -> int:
        return min(_WIDEST, int(self.app.size.width * _SHARE)) - _FRAME_CELLS

    def _keys(self, action: Action) -> list[str]:
        return split_keys(keys_of(action, self._place.session.keymap))
