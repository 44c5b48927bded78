"""Tokens that somebody revoked, on this machine or another one: refused here a moment later, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from reconciler.errors import StateError
from reconciler.service.tokens import TokenTable
from reconciler.store.state.revoked_tokens import RevokedTokens

LOOKS_EVERY_S: Final = 1.0
"""How long a revoked token may still be accepted while the state answers."""

_log = structlog.get_logger("reconciler.service")


@asynccontextmanager
async def following_revocations(tokens: TokenTable | None, revoked: RevokedTokens) -> AsyncIterator[None]:
    """For the length of the block, refuse what is revoked; nothing to do where there are no tokens.

    Raises:
        StateError: the state cannot be read at the beginning. Later that is told, and tried again.
    """
    if tokens is None:
        yield
        return
    tokens.refuse(await revoked.marks())
    looking = asyncio.create_task(_look(tokens, revoked), name="revoked tokens")
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _look(tokens: TokenTable, revoked: RevokedTokens) -> None:
    told = False
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        try:
            tokens.refuse(await revoked.marks())
            told = False
        except StateError as error:
            if not told:
                _log.warning("revocations_not_read", code=error.code, problem=error.message)
            told = True
