"""A short list to choose from with the arrows."""

from __future__ import annotations

from textual.widgets import OptionList


class Choices(OptionList):
    """An `OptionList` that leaves Enter to the place it is in, whose footer says what Enter does."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._bindings.key_to_bindings.pop("enter", None)
