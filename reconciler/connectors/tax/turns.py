"""A few after the others: of questions or answers that come together, the first go out before the last are read."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

AT_ONCE: Final = 2
"""What is done in one round is sent together, which costs less than one by one. More would let the first wait."""


class Turns:
    """Lets a few through in each round of the event loop.

    What comes next to them is done in the round after, so that whoever waits for one does not wait for all the others
    too. For one event loop.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """Return when it is this caller's turn; at once where few had one in this round."""
        loop = asyncio.get_running_loop()
        if self._taken < self._at_once and not self._waiting:
            if not self._taken:
                loop.call_soon(self._next_round)
            self._taken += 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next_round(self) -> None:
        self._taken = 0
        while self._waiting and self._taken < self._at_once:
            turn = self._waiting.popleft()
            # Who went away has no turn.
            if not turn.done():
                turn.set_result(None)
                self._taken += 1
        if self._taken:
            asyncio.get_running_loop().call_soon(self._next_round)
