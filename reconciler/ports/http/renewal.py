"""One renewal of a session or token, however many calls find out at once that they need it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from reconciler.errors import CredentialsRefusedError
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import Traffic

_LONGEST_END_S: Final = 10.0


class TokenStore(Protocol):
    """Where rotated refresh tokens are kept durably, so that the next run can use them."""

    async def load(self, name: str) -> str | None:
        """The token last saved under this name, or None."""
        ...

    async def save(self, name: str, token: str) -> None:
        """Keep it. When this returns the token survives a crash."""
        ...


class Renewal:
    """Numbers sessions (generations, from 1; 0 is none) and opens the next one once.

    The work runs in a task of its own. A caller that is cancelled meanwhile does not take it along: an answer with a
    rotated refresh token, once asked for, must reach the token store.
    """

    def __init__(self, system: str, obtain: Callable[[], Awaitable[None]], traffic: Traffic) -> None:
        self._system = system
        self._obtain = obtain
        self._traffic = traffic
        self._generation = 0
        self._proven = False
        self._refusal: str | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def generation(self) -> int:
        """The current session."""
        return self._generation

    def proven(self, generation: int) -> None:
        """An answer was given to this session: when it is refused later, it has ended and may be renewed."""
        if generation == self._generation:
            self._proven = True

    async def first(self) -> None:
        """Open a session if there is none yet.

        Raises:
            CredentialsRefusedError: now or before; refused credentials are not tried again.
            SystemReadError: the system did not answer.
        """
        if self._generation == 0:
            await self.after(0)

    async def next(self, refused: int, label: str) -> None:
        """Open the session after `refused`, unless that has been done meanwhile. Raises as `first`.

        Args:
            label: of the request that was refused, for the message.
        """
        if refused == self._generation and self._generation > 0 and not self._proven:
            raise CredentialsRefusedError(
                self._system,
                phrase("{label}: a session that was just opened is not accepted.", label=label),
                hint=phrase("Check the rights of the integration user and how the description signs requests."),
            )
        await self.after(refused)

    async def after(self, generation: int) -> None:
        """Open a session if `generation` is still the current one, proven or not. Raises as `first`."""
        if generation != self._generation:
            return
        if self._refusal is not None:
            raise CredentialsRefusedError(self._system, self._refusal, hint=phrase("They are not tried again."))
        if self._running is None:
            self._running = asyncio.create_task(self._renew(), name=f"{self._system}: renewal")
        await asyncio.shield(self._running)

    async def settle(self) -> None:
        """Wait, for a bounded time, until a renewal that is under way has ended."""
        if self._running is not None:
            await asyncio.wait([self._running], timeout=_LONGEST_END_S)
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _renew(self) -> None:
        try:
            await self._obtain()
            if self._generation > 0:
                self._traffic.renewals += 1
            self._generation += 1
            self._proven = False
        except CredentialsRefusedError as error:
            self._refusal = error.message.removeprefix(f"{self._system}: ")
            raise
        finally:
            self._running = None
