"""One process at a time: locks that the operating system or the server releases by itself when their holder dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from reconciler.errors import StateError

_TRIES: Final = 10
_WAIT_S: Final = 0.02


class Purpose(StrEnum):
    """What only one process does at a time."""

    RUN = "run"
    WEBHOOKS = "webhooks"
    APPLY = "apply"


class RunLock(Protocol):
    """Held by the process that runs a reconciliation, works off webhooks, or applies corrections."""

    async def acquire(self) -> bool:
        """Take the lock; False when anybody holds it, this process included."""

    async def is_held(self) -> bool:
        """Whether anybody holds it, this process included."""

    async def release(self) -> None:
        """Give it back. Harmless when it is not held."""


class FileRunLock:
    """An exclusive `flock` on a file beside the state. It is never deleted: a lock on a deleted file stops nobody."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

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
                f"the lock file {self._file} cannot be opened: {error.strerror}.",
                hint="Give this user the right to write it and its folder.",
            ) from error


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
