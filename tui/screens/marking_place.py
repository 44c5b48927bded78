"""A place with a long table whose rows are marked: what both such places do when their table tells something."""

from __future__ import annotations

from textual import on

from tui.screens.place import PlaceScreen
from tui.viewmodel import problem_of
from tui.widgets.virtual_table import LONGEST_RANGE_ROWS, VirtualTable


class MarkingPlace(PlaceScreen):
    """Keeps what is said of the marks, and the keys, as the table is."""

    def show_facts(self) -> None:
        """Say what is listed and marked."""
        raise NotImplementedError

    def keys_may_differ(self) -> None:
        """Let the footer be made anew where something can be done now that could not, or the other way round."""
        raise NotImplementedError

    @on(VirtualTable.MarksChanged)
    def _marks_changed(self) -> None:
        self.show_facts()
        self.keys_may_differ()

    @on(VirtualTable.RangeTooLong)
    def _range_too_long(self) -> None:
        most = self.texts.number(LONGEST_RANGE_ROWS)
        self.house.tell(self.texts("review.range_too_long", most=most), severity="warning")

    @on(VirtualTable.ReadFailed)
    def _read_failed(self, event: VirtualTable.ReadFailed) -> None:
        self.house.tell_problem(problem_of(event.error, self.texts))
