"""A short list to choose from with the arrows."""

from __future__ import annotations

from textual.widgets import OptionList


class Choices(OptionList):
    """An `OptionList` that leaves Enter to the place it is in, whose footer says what Enter does."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._bindings.key_to_bindings.pop("enter", None)

    def action_page_up(self) -> None:
        """A page up; nothing while the list has not been laid out, where Textual would end the process."""
        if self._index_to_line:
            super().action_page_up()  # type: ignore[no-untyped-call]  # as Textual has it

    def action_page_down(self) -> None:
        """A page down; nothing while the list has not been laid out."""
        if self._index_to_line:
            super().action_page_down()  # type: ignore[no-untyped-call]  # as Textual has it
