"""The command palette: the action table, searched by words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.action import Action
from tui.actions import actions_of
from tui.screens.place import PlaceScreen
from tui.text import plain

_LEAST_SCORE = 0.001


class ActionProvider(Provider):
    """Actions of the place from which the palette was opened; of one that cannot be done now it says why."""

    @property
    def _place(self) -> PlaceScreen:
        return cast("PlaceScreen", self.screen)

    def _actions(self) -> list[Action]:
        return [action for action in actions_of(self._place.PLACE) if action.listed_in_palette and not action.runs]

    def _help(self, action: Action) -> str:
        reason = self._place.disabled_reason(action)
        return self._place.texts(action.help_id) if reason is None else self._place.texts("help.not_now", why=reason)

    def _asked(self, action: Action) -> Callable[[], None]:
        return partial(self._place.action_do, action.id)

    async def discover(self) -> Hits:
        """Every action, before anything is typed."""
        for action in self._actions():
            label = self._place.texts(action.text_id)
            yield DiscoveryHit(plain(label), self._asked(action), text=label, help=self._help(action))

    async def search(self, query: str) -> Hits:
        """Actions whose label or sentence has the letters, the best first."""
        matcher = self.matcher(query)
        found = False
        for action in self._actions():
            label = self._place.texts(action.text_id)
            score = max(matcher.match(label), matcher.match(self._place.texts(action.help_id)) / 2)
            if score > 0:
                found = True
                yield Hit(score, matcher.highlight(label), self._asked(action), text=label, help=self._help(action))
        if not found:
            yield Hit(_LEAST_SCORE, plain(self._place.texts("palette.nothing")), _nothing, text=query)


def _nothing() -> None:
    """Chosen where nothing was found."""
