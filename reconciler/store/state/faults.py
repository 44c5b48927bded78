"""Database errors as `StateError`: what a user can do about each, and never a stored value in the text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reconciler.errors import StateError

_RESTORE = "Restore it from a backup, or move it away to start with an empty state."
_RIGHTS = "Give this user the right to write the file and its folder."
_LATER = "Try again when it has finished."
_SERVER = "Check the address, the user and the password under [project] state."
_DISK = "Check that it has room, and the disk itself; nothing that was finished is lost."
_KNOWN = (
    ("is locked", "is in use: another process is writing to it", _LATER),
    ("lock timeout", "is in use: another process is writing to it", _LATER),
    ("not a database", "is damaged or not a state of the reconciler", _RESTORE),
    ("malformed", "is damaged", _RESTORE),
    ("could not decode", "is damaged: it holds a text that is none", _RESTORE),
    ("readonly", "cannot be written", _RIGHTS),
    ("unable to open", "cannot be opened", _RIGHTS),
    ("disk is full", "cannot grow: the disk is full", "Make room; nothing that was finished is lost."),
    ("disk i/o error", "cannot be read or written: the disk reports an error", _DISK),
    ("password authentication failed", "refuses the user or the password", _SERVER),
    ("does not exist", "is not there", _SERVER),
)


@contextmanager
def state_errors(shown: str, driver_errors: tuple[type[BaseException], ...]) -> Iterator[None]:
    """Turn errors of the database into `StateError`.

    Args:
        shown: which state, for the message.
        driver_errors: what the driver raises when it is called directly.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translated(shown, error.orig or error) from None
    except PoolTimeoutError:
        raise StateError(f"the state {shown} is busy: no connection became free in time.", hint=_LATER) from None
    except driver_errors as error:
        raise _translated(shown, error) from None


def unreachable(shown: str, error: OSError) -> StateError:
    """The server of the state did not take a connection."""
    return StateError(f"the state {shown} cannot be reached.", hint=_SERVER, detail=f"{type(error).__name__}: {error}")


def _translated(shown: str, error: BaseException) -> StateError:
    """Only the beginning of the driver's words is kept: stored values come after it."""
    # PostgreSQL gives row contents in the lines that follow; SQLite quotes a text that is none.
    words = next(iter(str(error).splitlines()), "").partition(" with text ")[0]
    detail = f"{type(error).__name__}: {words}"
    for known, problem, hint in _KNOWN:
        if known in words.lower():
            return StateError(f"the state {shown} {problem}.", hint=hint, detail=detail)
    return StateError(f"the state {shown} cannot be used.", hint="Run with --debug to see why.", detail=detail)
