"""Puts the page together from what the other rooms are made of."""

from __future__ import annotations

from typing import Final

from reconciler.app.quote_reading import QuoteReader
from reconciler.app.taxes import TaxDesk
from reconciler.project import Project
from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.gate import Gate
from reconciler.service.page.asking import Asker
from reconciler.service.page.entrance import Entrance
from reconciler.service.page.room import PageRoom
from reconciler.service.page.static import StaticRoom
from reconciler.service.sessions import Sessions
from reconciler.service.taxes import Absent

_QUOTES_AT_ONCE: Final = 8
_QUOTES_WAITING: Final = 32


def page_rooms(
    project: Project,
    desk: TaxDesk | Absent,
    quotes: QuoteReader | Absent,
    check: CallerCheck,
    sessions: Sessions,
    browser: BrowserGuard,
    bodies: Bodies,
) -> tuple[PageRoom, StaticRoom]:
    """The page, and the files it is shown with."""
    section = project.file.project
    reading = Gate(_QUOTES_AT_ONCE, _QUOTES_WAITING)
    asker = Asker(desk, quotes, project.file.taxes.deadline_s, reading)
    entrance = Entrance(check, sessions, browser)
    return PageRoom(asker, entrance, bodies, section.name, section.locale, project.time_zone), StaticRoom()
