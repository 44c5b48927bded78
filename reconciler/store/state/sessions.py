"""Sessions of the service: who is signed in, for every process that serves. What is kept does not let anybody in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select

from reconciler.store.state import schema
from reconciler.store.state.database import Database
from reconciler.store.state.steady_clock import never_back

_ROWS: Final = schema.service_sessions.c


class ServiceSessions:
    """The sessions of one state."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = never_back(clock)

    async def begin(self, digest: str, token_mark: str, *, lasts: timedelta, most: int) -> None:
        """Keep a session; those that have ended are dropped.

        Args:
            digest: of the session's secret id.
            token_mark: of the token it was opened with.
            most: sessions of one token; the oldest give way.

        Raises:
            StateError: the state cannot be written.
        """
        now = self._clock()
        newest = select(_ROWS.number).where(_ROWS.token_mark == token_mark).order_by(_ROWS.number.desc()).limit(most)
        surplus = delete(schema.service_sessions).where(_ROWS.token_mark == token_mark, _ROWS.number.not_in(newest))
        opened = insert(schema.service_sessions).values(
            digest=digest, token_mark=token_mark, begun_at=now, ends_at=now + lasts
        )
        async with self._database.write() as connection:
            await connection.execute(delete(schema.service_sessions).where(_ROWS.ends_at <= now))
            await connection.execute(opened)
            await connection.execute(surplus)

    async def token_mark(self, digest: str) -> str | None:
        """With which token the session was opened; None when it has ended or never was.

        Raises:
            StateError: the state cannot be read.
        """
        query = select(_ROWS.token_mark).where(_ROWS.digest == digest, _ROWS.ends_at > self._clock())
        async with self._database.read() as connection:
            mark: str | None = (await connection.execute(query)).scalar()
            return mark

    async def end(self, digest: str) -> None:
        """Forget the session.

        Raises:
            StateError: the state cannot be written.
        """
        async with self._database.write() as connection:
            await connection.execute(delete(schema.service_sessions).where(_ROWS.digest == digest))
