"""Answers that are given again, for systems that refuse to answer the same question twice within a while.

Omie answers a repeated read within a minute with a notice instead of the data, and locks out who insists. What is kept
is bounded by the size of the bodies; a question is kept as a digest, since credentials and documents may travel in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from reconciler.ports.http.messages import Outgoing, Reply

KEPT_BYTES: Final = 16 * 1024 * 1024
"""Bodies kept in all; the oldest go first."""


@dataclass(slots=True)
class _Turn:
    """Those who ask the same thing, one after another."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    callers: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    reply: Reply
    until_s: float


class RepeatedAnswers:
    """The last answers of one system.

    Args:
        keep_s: how long after an answer the same question gets it again.
        monotonic_s: clock that never goes back.
    """

    def __init__(
        self, keep_s: float, *, kept_bytes: int = KEPT_BYTES, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep_s = keep_s
        self._kept_bytes = kept_bytes
        self._monotonic_s = monotonic_s
        self._kept: dict[bytes, _Kept] = {}
        self._size_bytes = 0
        self._turns: dict[bytes, _Turn] = {}
        self._forgotten = 0

    async def reply(self, outgoing: Outgoing, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a read, from memory or by asking. Of several who ask the same at once, one asks.

        Raises what `ask` raises; failures are not kept.
        """
        question = _digest(outgoing)
        turn = self._turns.setdefault(question, _Turn())
        turn.callers += 1
        try:
            async with turn.lock:
                known = self._known(question)
                return known if known is not None else await self._asked(question, ask)
        finally:
            turn.callers -= 1
            if not turn.callers:
                del self._turns[question]

    def forget(self) -> None:
        """Ask everything anew, and do not keep what is being answered now."""
        self._kept.clear()
        self._size_bytes = 0
        self._forgotten += 1

    def _known(self, question: bytes) -> Reply | None:
        kept = self._kept.get(question)
        return kept.reply if kept is not None and self._monotonic_s() < kept.until_s else None

    async def _asked(self, question: bytes, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        forgotten = self._forgotten
        reply = await ask()
        if forgotten == self._forgotten:
            self._keep(question, reply)
        return reply

    def _keep(self, question: bytes, reply: Reply) -> None:
        self._drop(question)
        self._kept[question] = _Kept(reply, self._monotonic_s() + self._keep_s)
        self._size_bytes += len(reply.body)
        while self._size_bytes > self._kept_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, question: bytes) -> None:
        dropped = self._kept.pop(question, None)
        if dropped is not None:
            self._size_bytes -= len(dropped.reply.body)


def _digest(outgoing: Outgoing) -> bytes:
    digest = hashlib.sha256()
    headers = sorted(outgoing.headers.items())
    for part in (outgoing.method, str(outgoing.url), *(f"{name}: {value}" for name, value in headers)):
        digest.update(part.encode())
        digest.update(b"\0")
    digest.update(outgoing.body or b"")
    return digest.digest()
