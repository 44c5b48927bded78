"""One process at a time: locks that the operating system or the server releases by itself when their holder dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import StateError
from reconciler.phrases.phrase import Phrase, phrase

_TRIES: Final = 10
_WAIT_S: Final = 0.02
_MOST_BYTES: Final = 4096
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


class Purpose(StrEnum):
    """What only one process does at a time."""

    RUN = "run"
    WEBHOOKS = "webhooks"
    APPLY = "apply"
    PILOT = "pilot"
    SCENARIOS = "scenarios"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Attributes:
        age_s: for how long.
    """

    pid: int
    host: str
    age_s: float

    @property
    def process(self) -> str:
        """Such as `process 4711 on crm1`."""
        return f"process {self.pid} on {self.host}"

    def words(self) -> Phrase:
        """Such as `process 4711 on crm1, begun 7 minutes ago`."""
        age = age_in_words(self.age_s)
        return phrase("process {pid} on {host}, begun {age} ago", pid=self.pid, host=self.host, age=age)

    def __str__(self) -> str:
        """What `words` gives."""
        return str(self.words())


class RunLock(Protocol):
    """Held by the process that runs a reconciliation or the pilot, works off webhooks, applies corrections, or plays.

    Attributes:
        taken: whether this object took it and did not give it back, whatever became of it since.
        lost: whether it is known to have been taken away since, by the end of a connection.
    """

    @property
    def taken(self) -> bool: ...

    @property
    def lost(self) -> bool: ...

    async def acquire(self) -> bool:
        """Take the lock; False when anybody holds it, this process included."""

    async def is_held(self) -> bool:
        """Whether anybody holds it, this process included."""

    async def holder(self) -> Holder | None:
        """Who holds it; None when nobody does, or where that cannot be told."""

    async def is_ours(self, connection: AsyncConnection) -> bool:
        """Whether it was taken here and is still held, as seen by the transaction of that connection."""

    async def release(self) -> None:
        """Give it back. Harmless when it is not held."""


class FileRunLock:
    """An exclusive `flock` on a file beside the state. It is never deleted: a lock on a deleted file stops nobody.

    What stands in the file says who holds it, and means nothing when nobody does.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    @property
    def taken(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor is not None

    @property
    def lost(self) -> bool:
        """Never: the operating system keeps it for as long as the file is open."""
        return False

    async def acquire(self) -> bool:
        """Take the lock; False when anybody holds it, this process included.

        Raises:
            StateError: the lock file cannot be written.
        """
        if self._descriptor is not None:
            return False
        descriptor = self._open(os.O_CREAT)
        try:
            for _ in range(_TRIES):
                if _lock(descriptor, fcntl.LOCK_EX):
                    _sign(descriptor)
                    self._descriptor, descriptor = descriptor, -1
                    return True
                # Somebody who only looks whether it is held takes it for a moment.
                await asyncio.sleep(_WAIT_S)
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return False

    async def is_held(self) -> bool:
        """Whether anybody holds it, this process included."""
        if self._descriptor is not None:
            return True
        if not self._file.exists():
            return False
        descriptor = self._open()
        try:
            return not _lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    async def holder(self) -> Holder | None:
        """Who holds it; None when nobody does, or who does could not write it down."""
        if not await self.is_held():
            return None
        descriptor = self._open()
        try:
            return _signed(os.pread(descriptor, _MOST_BYTES, 0))
        finally:
            os.close(descriptor)

    async def is_ours(self, connection: AsyncConnection) -> bool:
        """Whether this object holds it."""
        return self.taken

    async def release(self) -> None:
        """Give it back. Harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self, flags: int = 0) -> int:
        try:
            return os.open(self._file, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        except OSError as error:
            raise StateError(
                phrase("the lock file {file} cannot be opened: {reason}.", file=self._file, reason=error.strerror),
                hint=phrase("Give this user the right to write it and its folder."),
            ) from error


async def busy_with(lock: RunLock, what: Phrase) -> StateError:
    """The error of whoever could not take the lock, with who holds it.

    Args:
        what: goes on meanwhile; “the pilot is being run”.
    """
    holder, hint = await lock.holder(), phrase("Wait until that is through.")
    if holder is None:
        return StateError(phrase("{what}.", what=what), hint=hint)
    return StateError(phrase("{what} in {holder}.", what=what, holder=holder.words()), hint=hint)


def age_in_words(age_s: float) -> Phrase:
    """Such as `7 minutes`. An age below zero is that of somebody whose clock is ahead."""
    minutes = max(0, int(age_s // _MINUTE_S))
    if minutes >= 2 * _HOUR_S // _MINUTE_S:
        return phrase("{hours} hours", hours=minutes * _MINUTE_S // _HOUR_S)
    if minutes > 1:
        return phrase("{minutes} minutes", minutes=minutes)
    return phrase("1 minute") if minutes else phrase("less than a minute")


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    """Write down who holds it. A full disk keeps nobody from holding it."""
    signature = orjson.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()})
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, signature, 0)


def _signed(text: bytes) -> Holder | None:
    try:
        document = orjson.loads(text)
        return Holder(int(document["pid"]), str(document["host"]), max(0.0, time.time() - float(document["since"])))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
