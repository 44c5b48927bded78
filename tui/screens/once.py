"""Screens on top of a place that can be left only once.

Textual's `dismiss` takes away whatever screen is on top. Of two keys pressed quickly the second would take away the
place beneath, or end the process where there is none.
"""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.screen import ModalScreen, ScreenResultType


class OnceModal(ModalScreen[ScreenResultType]):
    """A modal; leaving it a second time does nothing."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave, with a result."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Palette(CommandPalette):
    """The command palette; leaving it a second time does nothing, nor moving in a list that was never laid out."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)
