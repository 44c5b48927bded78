"""What a run and the process that reads a side for it say to each other: pickled objects, each behind its length.

Both ends are the same program of the same user, joined by pipes that nobody else opens: that is what pickle asks for.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.app.pulling.pulled import Base, Pulled, PullOptions
from reconciler.connectors.reach import HttpReach
from reconciler.mapping.plan import EntityMapping

_LENGTH: Final = struct.Struct("!I")
_MOST_BYTES: Final = 256 << 20
"""Far more than the names of all files of a snapshot of 10⁹ records. A length beyond was never written by us."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The first word of the run: what is read, and into which folder.

    Attributes:
        debug: whether the run writes log lines for debugging.
    """

    reach: HttpReach
    folder: Path
    debug: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One pull, as `pull_entity` is asked for it. The next one is asked when this one is answered."""

    mapping: EntityMapping
    base: Base | None
    options: PullOptions


@dataclass(frozen=True, slots=True)
class Sign:
    """The process is there: said once when it can be asked, and ever again so that silence means trouble."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a pull is. `total` is None while unknown."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Logged:
    """One event for the run's log."""

    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """What a pull raised, and where."""

    error: Exception
    trace: str


Told = Sign | Progressed | Logged | Failed | Pulled
"""What the process says; a pull ends with one of the last two."""


def packed(message: Opening | Question | Told) -> bytes:
    """The message as it goes through a pipe."""
    content = pickle.dumps(message)
    return _LENGTH.pack(len(content)) + content


async def unpacked(stream: asyncio.StreamReader) -> object:
    """The next message.

    Raises:
        EOFError: the other end is gone, maybe in the middle of a message.
    """
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    if length > _MOST_BYTES:
        raise EOFError(f"a message of {length} bytes is none of ours")
    return pickle.loads(await stream.readexactly(length))  # noqa: S301  # the other end is this program


def sendable(error: Exception) -> Exception:
    """The error, or where it does not survive the way one that tells of it."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # made in this line
    except Exception:  # noqa: BLE001  # of libraries: what their errors hold, and what fails with it, is not known
        return RuntimeError(f"{type(error).__name__} while a system was read")
    return error
