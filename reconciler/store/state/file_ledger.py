"""The ledger of the file port, kept in the state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, UnaryExpression, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.ports.files.ledger import FileRecord, FileState, Sighting
from reconciler.store.state import schema
from reconciler.store.state.database import Database

_ROWS: Final = schema.received_files.c
_COLUMNS: Final = (
    _ROWS.number,
    _ROWS.folder,
    _ROWS.name,
    _ROWS.size_bytes,
    _ROWS.stamp,
    _ROWS.delivered_at,
    _ROWS.claimed_as,
    _ROWS.state,
    _ROWS.digest,
    _ROWS.archive,
    _ROWS.problem,
)
_TO_FINISH: Final = (FileState.CLAIMED, FileState.TAKEN)
_IN_ARCHIVE: Final = (FileState.TAKEN, FileState.DONE)


class StoredFileLedger:
    """A `FileLedger`: one transaction for each thing noted."""

    def __init__(self, database: Database, clock: Callable[[], datetime], system: str) -> None:
        self._database = database
        self._clock = clock
        self._system = system

    async def unsettled(self, folder: str) -> list[FileRecord]:
        """Files that something is left to do for, oldest first."""
        to_try_again = (_ROWS.state == FileState.REFUSED.value) & _ROWS.archive.is_not(None)
        left_to_do = _ROWS.state.in_(_TO_FINISH) | to_try_again | _ROWS.claimed_as.is_not(None)
        return await self._read(folder, left_to_do, _ROWS.number.asc())

    async def of_names(self, folder: str, names: Collection[str]) -> list[FileRecord]:
        """Every record of files with these names, oldest first."""
        return await self._read(folder, self._database.backend.among(_ROWS.name, names), _ROWS.number.asc())

    async def archived(self, folder: str) -> list[FileRecord]:
        """Files that were taken and whose copy is still kept, the one delivered last first."""
        kept = _ROWS.state.in_(_IN_ARCHIVE) & _ROWS.archive.is_not(None)
        return await self._read(folder, kept, _ROWS.delivered_at.desc(), _ROWS.number.desc())

    async def everywhere(self) -> list[FileRecord]:
        """Files of any folder whose copy is kept or that are being taken in, oldest first."""
        kept = _ROWS.archive.is_not(None) | (_ROWS.state == FileState.CLAIMED.value)
        async with self._database.read() as connection:
            rows = await connection.execute(self._select(kept).order_by(_ROWS.number))
            return [_record(row) for row in rows]

    async def claim(self, folder: str, sighting: Sighting) -> FileRecord:
        """Note that a file is ours from now on."""
        values = {
            "system": self._system,
            "folder": folder,
            "name": sighting.name,
            **_as_seen(sighting),
            "state": FileState.CLAIMED.value,
            "noticed_at": self._clock(),
        }
        async with self._database.write() as connection:
            inserted = await connection.execute(insert(schema.received_files).values(values).returning(*_COLUMNS))
            return _record(inserted.one())

    async def noticed_again(self, number: int, sighting: Sighting) -> None:
        """Note that a claimed file is another one by now."""
        await self._note(number, **_as_seen(sighting))

    async def renamed(self, number: int, claimed_as: str | None) -> None:
        """Note the name that a claimed file is given on the server, before it is given; None once it is moved away."""
        await self._note(number, claimed_as=claimed_as)

    async def take(self, number: int, digest: str, archive: str, *, renew: bool) -> bool:
        """Note that the content is in the archive; False when the same name and content were taken before."""
        async with self._database.write() as connection:
            this = _record((await connection.execute(self._select(_ROWS.number == number))).one())
            same = (_ROWS.folder == this.folder) & (_ROWS.name == this.name) & (_ROWS.digest == digest)
            earlier = (await connection.execute(self._select(same & (_ROWS.number != number)))).one_or_none()
            if earlier is None:
                taken = {"digest": digest, "archive": archive, "problem": None}
                await self._set(connection, number, state=FileState.TAKEN.value, **taken)
                return True
            if renew and this.delivered_at > _record(earlier).delivered_at:
                await self._set(connection, earlier.number, delivered_at=this.delivered_at, archive=archive)
            await self._set(connection, number, state=FileState.REPEATED.value, archive=None, problem=None)
            return False

    async def refuse(self, number: int, archive: str | None, problem: str) -> None:
        """Note that the content is broken. `archive` is the copy to try again."""
        await self._note(number, state=FileState.REFUSED.value, archive=archive, problem=problem)

    async def settle(self, number: int, state: FileState) -> None:
        """Note the end. A file that has ended has no other name on the server any more."""
        lost = {"digest": None, "archive": None} if state is FileState.GONE else {}
        await self._note(number, state=state.value, claimed_as=None, **lost)

    async def drop_archives(self, numbers: Collection[int]) -> None:
        """Note that the copies of these files are not kept any more."""
        dropped = (
            update(schema.received_files)
            .where(self._database.backend.among(_ROWS.number, numbers))
            .values(archive=None)
        )
        async with self._database.write() as connection:
            await connection.execute(dropped)

    async def _read(
        self, folder: str, condition: ColumnElement[bool], *order: UnaryExpression[Any]
    ) -> list[FileRecord]:
        query = self._select((_ROWS.folder == folder) & condition).order_by(*order)
        async with self._database.read() as connection:
            return [_record(row) for row in await connection.execute(query)]

    def _select(self, condition: ColumnElement[bool]) -> Select[Any]:
        return select(*_COLUMNS).where(_ROWS.system == self._system, condition)

    async def _note(self, number: int, **values: object) -> None:
        async with self._database.write() as connection:
            await self._set(connection, number, **values)

    async def _set(self, connection: AsyncConnection, number: int, **values: object) -> None:
        await connection.execute(update(schema.received_files).where(_ROWS.number == number).values(values))


def _as_seen(sighting: Sighting) -> dict[str, object]:
    return {
        "size_bytes": sighting.size_bytes,
        "stamp": sighting.stamp,
        "delivered_at": sighting.delivered_at,
    }


def _record(row: Row[Any]) -> FileRecord:
    values = row._mapping
    return FileRecord(**{**values, "state": FileState(values["state"])})
