"""Puts the page together from what the other rooms are made of."""

from __future__ import annotations

from typing import Final

from reconciler.app.correct import now_utc
from reconciler.app.quote_reading import QuoteReader
from reconciler.app.taxes import TaxDesk
from reconciler.app.wire import Workspace
from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.gate import Gate
from reconciler.service.page.asking import Asker
from reconciler.service.page.entrance import Entrance
from reconciler.service.page.feedback import FeedbackRoom
from reconciler.service.page.feedback_desk import FeedbackDesk
from reconciler.service.page.reception import Reception
from reconciler.service.page.room import PageRoom
from reconciler.service.page.static import StaticRoom
from reconciler.service.sessions import Sessions
from reconciler.service.taxes import Absent

_QUOTES_AT_ONCE: Final = 8
_QUOTES_WAITING: Final = 32


def page_rooms(
    workspace: Workspace,
    desk: TaxDesk | Absent,
    quotes: QuoteReader | Absent,
    check: CallerCheck,
    sessions: Sessions,
    browser: BrowserGuard,
    bodies: Bodies,
) -> tuple[PageRoom, FeedbackRoom, StaticRoom]:
    """The pages, and the files they are shown with."""
    project = workspace.project
    section = project.file.project
    reading = Gate(_QUOTES_AT_ONCE, _QUOTES_WAITING)
    asker = Asker(desk, quotes, project.file.taxes.deadline_s, reading)
    entrance = Entrance(check, sessions, browser)
    reception = Reception(entrance, bodies, section.name, section.locale, project.time_zone)
    feedback = FeedbackDesk(workspace, now_utc)
    return PageRoom(asker, reception, feedback), FeedbackRoom(feedback, reception), StaticRoom()
