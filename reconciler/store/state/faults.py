"""Database errors as `StateError`: what a user can do about each, and never a stored value in the text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase

_RESTORE = phrase("Restore it from a backup, or move it away to start with an empty state.")
_RIGHTS = phrase("Give this user the right to write the file and its folder.")
_LATER = phrase("Try again when it has finished.")
_SERVER = phrase("Check the address, the user and the password under [project] state.")
_DISK = phrase("Check that it has room, and the disk itself; nothing that was finished is lost.")
_SERVER_DISK = phrase("Make room on the machine of the database; nothing that was finished is lost.")
_KNOWN = (
    ("is locked", phrase("is in use: another process is writing to it"), _LATER),
    ("lock timeout", phrase("is in use: another process is writing to it"), _LATER),
    ("not a database", phrase("is damaged or not a state of the reconciler"), _RESTORE),
    ("malformed", phrase("is damaged"), _RESTORE),
    ("could not decode", phrase("is damaged: it holds a text that is none"), _RESTORE),
    ("readonly", phrase("cannot be written"), _RIGHTS),
    ("unable to open", phrase("cannot be opened"), _RIGHTS),
    ("disk is full", phrase("cannot grow: the disk is full"), phrase("Make room; nothing that was finished is lost.")),
    ("disk i/o error", phrase("cannot be read or written: the disk reports an error"), _DISK),
    ("no space left on device", phrase("cannot grow: the disk of its server is full"), _SERVER_DISK),
    ("could not extend file", phrase("cannot grow: the disk of its server is full"), _SERVER_DISK),
    ("terminating connection", phrase("ended the connection"), _LATER),
    ("connection is closed", phrase("ended the connection"), _LATER),
    ("connection was closed", phrase("ended the connection"), _LATER),
    ("cannot switch to state", phrase("ended the connection"), _LATER),
    ("connection does not exist", phrase("ended the connection"), _LATER),
    ("starting up", phrase("is not ready: its server is starting"), _LATER),
    ("shutting down", phrase("is not ready: its server is being stopped"), _LATER),
    ("too many clients", phrase("takes no more connections"), _LATER),
    ("remaining connection slots", phrase("takes no more connections"), _LATER),
    ("password authentication failed", phrase("refuses the user or the password"), _SERVER),
    ("does not exist", phrase("is not there"), _SERVER),
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
        raise StateError(
            phrase("the state {shown} is busy: no connection became free in time.", shown=shown), hint=_LATER
        ) from None
    except driver_errors as error:
        raise _translated(shown, error) from None


def unreachable(shown: str, error: OSError) -> StateError:
    """The server of the state did not take a connection."""
    return StateError(
        phrase("the state {shown} cannot be reached.", shown=shown),
        hint=_SERVER,
        detail=f"{type(error).__name__}: {error}",
    )


def _translated(shown: str, error: BaseException) -> StateError:
    """Only the beginning of the driver's words is kept: stored values come after it."""
    # PostgreSQL gives row contents in the lines that follow; SQLite quotes a text that is none.
    words = next(iter(str(error).splitlines()), "").partition(" with text ")[0]
    detail = f"{type(error).__name__}: {words}"
    for known, problem, hint in _KNOWN:
        if known in words.lower():
            return StateError(
                phrase("the state {shown} {problem}.", shown=shown, problem=problem), hint=hint, detail=detail
            )
    return StateError(
        phrase("the state {shown} cannot be used.", shown=shown),
        hint=phrase("Run with --debug to see why."),
        detail=detail,
    )
