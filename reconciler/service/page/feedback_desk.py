"""What visitors of the page say during the pilot, and what was said about a quote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reconciler.app.correct import Clock, person_of_token
from reconciler.app.pilot.feedback import Said, keep_feedback, list_feedback
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError, StateError
from reconciler.model.pilot import Feedback
from reconciler.service.callers import ANYBODY_HERE, Caller
from reconciler.service.page.reception import no_state

QUOTES: Final = "quotes"
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """Takes and shows feedback."""

    workspace: Workspace
    clock: Clock

    async def about(self, number: str) -> tuple[Feedback, ...]:
        """What was said about a quote and is not dealt with, the latest first; the oldest of many are left out.

        Where the state cannot be read there is none: the taxes beside it must be shown all the same.
        """
        try:
            said = await list_feedback(self.workspace, entity=QUOTES, key=number, only_open=True)
        except StateError as error:
            no_state(error)
            return ()
        return tuple(reversed(said))[:_MOST_SHOWN]

    async def keep(self, said: Said) -> None:
        """Keep it.

        Raises:
            RefusedError: something in it cannot be used.
            StateError: the state cannot be written.
        """
        await keep_feedback(self.workspace, said, self.now())

    def now(self) -> datetime:
        """The present moment."""
        return self.clock()

    def name_of(self, caller: Caller) -> str:
        """Who that is: the person the project says the token is, or the token's own name; "" for whoever is here."""
        if caller is ANYBODY_HERE:
            return ""
        try:
            return person_of_token(self.workspace.project, caller.name).name
        except RefusedError:
            return caller.name
