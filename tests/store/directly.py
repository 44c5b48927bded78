"""The database of a state past the state: what somebody with a console of the database would do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from reconciler.store.state.address import Address


async def directly(state_url: str, folder: Path, *statements: str) -> Sequence[Sequence[Any]]:
    """Carry out statements, each for itself; gives the rows of the last one."""
    engine = create_async_engine(Address.parse(state_url, folder).url, isolation_level="AUTOCOMMIT")
    rows: Sequence[Sequence[Any]] = []
    async with engine.connect() as connection:
        for statement in statements:
            result = await connection.execute(text(statement))
            rows = result.all() if result.returns_rows else []
    await engine.dispose()
    return rows
