"""What stands where the content would be: loading, nothing there, nothing let through, an error."""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.widgets import Static

from tui.i18n import Texts
from tui.text import lines, plain
from tui.viewmodel import EmptyFiltered, EmptyNone, Failed, Loading, Notice, NoticeKind, ViewState

_CLASSES: Final = ("-loading", "-empty", "-failed")


class StatePanel(Static):
    """Shows one `ViewState` in words."""

    DEFAULT_CSS = """
    StatePanel { height: 1fr; padding: 1 2; content-align: center middle; text-align: center; }
    StatePanel.-failed { content-align: left top; text-align: left; }
    """

    def __init__(self, texts: Texts, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts
        self.state: ViewState | None = None

    def show(self, state: ViewState) -> None:
        """Show a state instead of the one before."""
        self.state = state
        match state:
            case Loading(what):
                self._put("-loading", plain(what, "$text-muted"))
            case EmptyNone(what, to_do) | EmptyFiltered(what, to_do):
                self._put("-empty", lines(plain(what, "bold"), *([plain(to_do)] if to_do else [])))
            case Failed(problem):
                texts = self._texts
                self._put(
                    "-failed",
                    lines(
                        plain(f"! {problem.what}", "bold $text-error"),
                        plain(""),
                        plain(texts("error.why", why=problem.why)),
                        plain(texts("error.to_do", to_do=problem.to_do or texts("error.nothing_to_do"))),
                        plain(texts("error.code", code=problem.code), "$text-muted"),
                    ),
                )

    def _put(self, css_class: str, content: Content) -> None:
        for each in _CLASSES:
            self.set_class(each == css_class, each)
        self.update(content)


class NoticeLine(Static):
    """Lines above the content that say what to hold against it; nothing when there is nothing."""

    DEFAULT_CSS = """
    NoticeLine { height: auto; padding: 0 1; background: $panel; color: $text-warning; display: none; }
    """

    def __init__(self, texts: Texts, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts = texts
        self.notices: tuple[Notice, ...] = ()

    def show(self, *notices: Notice) -> None:
        """Show these instead of those before."""
        self.notices = notices
        self.display = bool(notices)
        texts = self._texts
        shown = [texts("notice.line", kind=texts(f"notice.{each.kind}"), why=each.sentence) for each in notices]
        self.update(lines(*(plain(each) for each in shown)))

    def without(self, kind: NoticeKind) -> tuple[Notice, ...]:
        """Those that are not of a kind."""
        return tuple(each for each in self.notices if each.kind is not kind)
