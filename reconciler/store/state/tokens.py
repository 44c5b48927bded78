"""Tokens that rotate: the new one is on disk before the old one is forgotten, or the next login is impossible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from reconciler.store.state import schema
from reconciler.store.state.database import Database


class TokenStore:
    """The tokens of one system. They are kept as received in the state, which only its owner can read."""

    def __init__(self, database: Database, clock: Callable[[], datetime], system: str) -> None:
        self._database = database
        self._clock = clock
        self._system = system

    async def load(self, name: str) -> str | None:
        """The token last saved under that name, or None."""
        query = select(schema.tokens.c.token).where(schema.tokens.c.name == self._row(name))
        async with self._database.read() as connection:
            token: str | None = (await connection.execute(query)).scalar()
            return token

    async def save(self, name: str, token: str) -> None:
        """Keep a token instead of the one before. When this returns it survives a loss of power."""
        values = {"token": token, "saved_at": self._clock()}
        upsert = self._database.backend.insert(schema.tokens).values(name=self._row(name), **values)
        async with self._database.write() as connection:
            await connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=values))

    def _row(self, name: str) -> str:
        return f"{self._system}/{name}"
