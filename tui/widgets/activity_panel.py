"""The log of what was done, with the commands that do the same."""

from __future__ import annotations

from textual.widgets import Log

from tui.activity import Activity
from tui.i18n import Texts
from tui.text import visible


class ActivityPanel(Log):
    """Lines of the activity log; the newest is in sight. `Log` reads no markup."""

    DEFAULT_CSS = """
    ActivityPanel { height: 7; border-top: solid $primary; display: none; }
    """
    can_focus = False

    def __init__(self, texts: Texts, *, id: str | None = None) -> None:
        super().__init__(id=id, highlight=False)
        self._texts = texts

    def add(self, activity: Activity) -> None:
        """One more."""
        at = activity.at.astimezone(self._texts.time_zone).strftime("%H:%M:%S")
        self.write_line(f"{at}  {visible(activity.what)}")
        if activity.command is not None:
            self.write_line(f"          $ {visible(activity.command)}")
