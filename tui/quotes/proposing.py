"""Proposing corrections from the list of what drifted: the same way as everywhere, towards the same approvals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.store.state.records import FindingFilter
from tui.action import Action
from tui.actions import BY_ID
from tui.quotes.drifting import DriftedQuote
from tui.review.asking import LinesModal
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from reconciler.app.correct import Acting

_PROPOSE = "quotes.propose"


class ProposingScreen(PlaceScreen):
    """The half of the quotes that proposes.

    Attributes:
        drifted: the quotes of the list, by number.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.drifted: dict[str, DriftedQuote] = {}
        self._acting: Acting | None = None

    @property
    def table(self) -> VirtualTable:
        """The list of what drifted."""
        return self.query_one("#list", VirtualTable)

    def disabled_reason(self, action: Action) -> str | None:
        """Something has to be meant."""
        if (reason := super().disabled_reason(action)) is not None:
            return reason
        if action.id == _PROPOSE and (not self.is_mounted or not self.meant()):
            return self.texts("quotes.refusal.nothing_drifted")
        return None

    def meant(self) -> list[str]:
        """The differences that are marked; without marks the one under the cursor, or all of the quote there."""
        marks, row = self.table.marks, self.table.row
        if marks:
            everything = ((each.id, quote.number) for quote in self.drifted.values() for each in quote.differences)
            return [finding for finding, number in everything if marks.holds(finding, number)]
        if row is None:
            return []
        if row.heading is None:
            return [row.id]
        quote = self.drifted.get(row.section)
        return [] if quote is None else [each.id for each in quote.differences]

    async def do_quotes_propose(self) -> None:
        """Propose that these lines of quotes carry the ERP's taxes; nothing is approved or written by that."""
        # Loaded by who needs it: it brings everything that reads and writes systems.
        from reconciler.app.correct import ProposeOptions
        from reconciler.app.review.decisions import Target, propose_findings
        from tui.review.telling import Telling

        ids = self.meant()
        if not ids:
            return
        if self._acting is None:
            self._acting = self.session.acting()
        target = Target((FindingFilter(ids=frozenset(ids)),))
        decided = await propose_findings(self._acting, target, ProposeOptions())
        action = replace(BY_ID[_PROPOSE], command=("corrections", "propose", *sorted(ids)))
        self.house.note(self.texts(action.text_id), self.session.command_line(action, {}))
        self.table.clear_marks()
        told = Telling(self.session).told("review.done.proposed", decided)
        if told.details:
            title = self.texts("review.left_title")
            self.app.push_screen(LinesModal(title, (told.short, "", *told.details), self.texts))
        elif told.short:
            self.house.tell(f"{told.short} {self.texts('quotes.proposed_next')}")
        await self.house.store_moved()
