"""The keys that do something now, in one line at the bottom.

It is one widget that draws a line. Textual's footer makes a widget for every key and makes all of them anew whenever a
key may have changed, which cost more than everything else that a key press does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui.text import plain, width

_HELP: Final = "app.help"
_FRAME_CELLS: Final = 3
"""A space on both sides of the key, one behind the label."""


@dataclass(frozen=True, slots=True)
class ShownKey:
    """One key of the line.

    Attributes:
        key: as Textual names it.
        sign: as it is written.
        enabled: whether it does something now; one that does not says why when it is pressed.
    """

    id: str
    key: str
    sign: str
    label: str
    enabled: bool

    @property
    def cells(self) -> int:
        """What it takes of the line."""
        return width(self.sign) + width(self.label) + _FRAME_CELLS


class KeyLine(Widget, can_focus=False):
    """Those keys of the footer that there is room for; the help, which has all of them, is never left out."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; color: $footer-foreground; background: $footer-background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[ShownKey, ...] = ()

    def on_mount(self) -> None:
        """Be told when a key may do something else."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_unmount(self) -> None:
        """Nothing is shown any more."""
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            keys = tuple(self._keys())
            if keys != self.keys:
                self.keys = keys
                self.refresh()

    def _keys(self) -> Iterator[ShownKey]:
        seen: set[str] = set()
        for _node, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in seen:
                seen.add(binding.action)
                yield self._key(binding, enabled=enabled)

    def _key(self, binding: Binding, *, enabled: bool) -> ShownKey:
        sign = self.app.get_key_display(binding)
        return ShownKey(binding.id or "", binding.key, sign, binding.description, enabled)

    def shown_keys(self) -> list[ShownKey]:
        """Those there is room for, in their order."""
        # The space behind the last one may be missing.
        room = self.size.width + 1 - sum(each.cells for each in self.keys if each.id == _HELP)
        kept: list[ShownKey] = []
        for each in self.keys:
            if each.id != _HELP:
                if each.cells > room:
                    continue
                room -= each.cells
            kept.append(each)
        return kept

    def render(self) -> Content:
        """The line."""
        parts: list[Content] = []
        for each in self.shown_keys():
            dim = "" if each.enabled else " dim"
            parts.append(plain(f" {each.sign} ", f"bold $footer-key-foreground on $footer-key-background{dim}"))
            label = f"$footer-description-foreground on $footer-description-background{dim}"
            parts.append(plain(f"{each.label} ", label))
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        """As if the key was pressed; one that does nothing now says why."""
        left = 0
        for each in self.shown_keys():
            left += each.cells
            if event.x < left:
                event.stop()
                self.app.simulate_key(each.key)
                return
