"""Which data folder belongs to the state: the files that its rows name are in that one and in no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select

from reconciler.store.state import schema
from reconciler.store.state.database import Database

_ONLY: Final = 1


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder that was noted.

    Attributes:
        mark: what stands in it.
        host: of the machine that noted it.
    """

    mark: str
    host: str
    noted_at: datetime


class DataFolders:
    """The data folder of one state."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def noted(self) -> DataFolder | None:
        """The folder that belongs to the state; None where none was noted yet.

        Raises:
            StateError: the state cannot be read.
        """
        async with self._database.read() as connection:
            row = (await connection.execute(select(schema.data_folder))).first()
        return None if row is None else DataFolder(row.mark, row.host, row.noted_at)

    async def note(self, mark: str, host: str, *, anew: bool) -> DataFolder:
        """Note a folder; of machines that do so at the same time the first one counts.

        Args:
            anew: in the place of the one that was noted.

        Returns:
            What is noted now.

        Raises:
            StateError: the state cannot be written.
        """
        now = self._clock()
        added = self._database.backend.insert(schema.data_folder).values(
            number=_ONLY, mark=mark, host=host, noted_at=now
        )
        async with self._database.write() as connection:
            if anew:
                await connection.execute(delete(schema.data_folder))
            await connection.execute(added.on_conflict_do_nothing())
            row = (await connection.execute(select(schema.data_folder))).one()
        return DataFolder(row.mark, row.host, row.noted_at)
