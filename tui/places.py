"""The places of the application and the keys that go there. A screen is imported when somebody first goes there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.screens.place import PlaceScreen
    from tui.session import Session


@dataclass(frozen=True, slots=True)
class Place:
    """One place. Its name is the text `place.<id>`; the action that goes there is `go.<id>`.

    Attributes:
        screen: `module:Class` of a `PlaceScreen`.
        holds: a widget with keys of its own that is in it, by the place of its actions: `table`.
    """

    id: str
    key: str
    screen: str
    holds: str | None = None

    def build(self, session: Session) -> PlaceScreen:
        """The screen, new."""
        module, _, name = self.screen.partition(":")
        screen: PlaceScreen = getattr(import_module(module), name)(session)
        return screen


PLACES: Final[tuple[Place, ...]] = (
    Place("overview", "1", "tui.screens.overview:OverviewScreen"),
    Place("review", "2", "tui.screens.review:ReviewScreen", holds="table"),
    Place("plans", "3", "tui.screens.plan:PlanScreen", holds="table"),
    Place("quotes", "4", "tui.screens.quotes:QuotesScreen", holds="table"),
    Place("pilot", "5", "tui.screens.pilot:PilotScreen", holds="table"),
    Place("runs", "6", "tui.screens.runs:RunsScreen", holds="table"),
    Place("systems", "7", "tui.screens.systems:SystemsScreen"),
    Place("audit", "8", "tui.screens.audit:AuditScreen", holds="table"),
)
"""In the order of the tabs."""

FIRST: Final = PLACES[0].id
