"""The top of every screen: project, stage, mode, person; and the tabs of the places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui.places import PLACES
from tui.session import Session
from tui.text import plain, truncated

_STAGE_STYLES: Final = {
    "sandbox": "$text-muted",
    "homologation": "$text-primary bold",
    "pilot": "$text-warning bold",
    "live": "$text-error bold reverse",
}
_LONGEST_NAME_CELLS: Final = 24


class PlaceTab(Static):
    """One place; a click goes there."""

    DEFAULT_CSS = """
    PlaceTab { width: auto; height: 1; padding: 0 1 0 0; color: $text-muted; }
    PlaceTab:hover { background: $boost; }
    PlaceTab.-here { color: $foreground; text-style: bold reverse; }
    """

    def __init__(self, label: Content, go: Callable[[], None], *, here: bool) -> None:
        super().__init__(label, classes="-here" if here else "")
        self._go = go

    def on_click(self) -> None:
        """Go there."""
        self._go()


class Banner(Vertical):
    """Two lines that never scroll away."""

    DEFAULT_CSS = """
    Banner { height: 2; background: $panel; }
    Banner Horizontal { height: 1; }
    Banner #who { width: 1fr; text-align: right; padding-right: 1; }
    Banner #project { width: auto; padding-left: 1; }
    """

    def __init__(self, session: Session, place: str, go: Callable[[str], None]) -> None:
        super().__init__()
        self._session = session
        self._place = place
        self._go = go

    def compose(self) -> ComposeResult:
        texts = self._session.texts
        with Horizontal():
            yield Static(self._project(), id="project")
            yield Static(self._who(), id="who")
        with Horizontal():
            for place in PLACES:
                label = plain(f"{self._session.keymap.get(f'go.{place.id}', place.key)} {texts(f'place.{place.id}')}")
                yield PlaceTab(label, partial(self._go, place.id), here=place.id == self._place)

    def _project(self) -> Content:
        file = self._session.workspace.project.file
        arrow = "<->" if self._session.ascii_only else "⇄"
        names = (file.project.name, file.crm.vendor, file.erp.vendor)
        name, crm, erp = (truncated(each, _LONGEST_NAME_CELLS) for each in names)
        return Content.assemble(plain(name, "bold"), plain(f"  {crm} {arrow} {erp}", "$text-muted"))

    def _who(self) -> Content:
        session = self._session
        parts = [plain(session.texts(f"stage.{session.stage}"), _STAGE_STYLES[session.stage])]
        if session.read_only is not None:
            parts.append(plain(session.texts("mode.read_only"), "bold reverse"))
        parts.append(plain(truncated(session.person.name, _LONGEST_NAME_CELLS)))
        return plain("  ").join(parts)
