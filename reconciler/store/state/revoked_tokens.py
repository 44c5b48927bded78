"""Tokens of the service that were revoked: every process of every machine reads it, and refuses them from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select

from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.database import Database

_ROWS: Final = schema.revoked_tokens.c
_REVOKED: Final = "token.revoked"


class RevokedTokens:
    """The tokens that one state knows to be revoked, by their marks, which do not lead back to them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, names: Mapping[str, str], *, person: str) -> list[str]:
        """Revoke tokens, end the sessions that were opened with them, and note who did it in the trail: all or nothing.

        Args:
            names: of the tokens, by mark.

        Returns:
            The marks that were not revoked before.

        Raises:
            StateError: the state cannot be written.
        """
        now, sessions = self._clock(), schema.service_sessions.c
        async with self._database.write() as connection:
            known = set((await connection.execute(select(_ROWS.mark).where(_ROWS.mark.in_(names)))).scalars())
            new = [mark for mark in names if mark not in known]
            if not new:
                return []
            rows = [{"mark": mark, "name": names[mark], "revoked_at": now} for mark in new]
            await connection.execute(self._database.backend.insert(schema.revoked_tokens), rows)
            await connection.execute(delete(schema.service_sessions).where(sessions.token_mark.in_(new)))
            acts = [Act(person, _REVOKED, names[mark], details_text({"mark": mark})) for mark in new]
            await append_acts(connection, self._database.backend, now, acts)
        return new

    async def marks(self) -> frozenset[str]:
        """Those of every revoked token.

        Raises:
            StateError: the state cannot be read.
        """
        async with self._database.read() as connection:
            return frozenset((await connection.execute(select(_ROWS.mark))).scalars())
