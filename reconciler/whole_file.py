"""A file that has its name only when it is whole, and that its owner alone can read.

What is written waits beside it, under a hidden name that ends in `.unfinished`. A process that is killed leaves that
one behind, and under the name itself what was there before.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

from reconciler.errors import RefusedError, StateError
from reconciler.phrases.phrase import phrase

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says when a disk takes no more."""

_NO_SECOND_NAME: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NOT_FOR_FOLDERS: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


class WholeFile:
    """A file on its way to its name. Whoever begins one calls `discard` at the end, in any case.

    Attributes:
        file: takes the content.
    """

    def __init__(self, path: Path, *, replaces: bool) -> None:
        """Begin a file that is to be called `path`.

        Args:
            replaces: takes the place of what is there; otherwise nothing may be there, now or in the end.

        Raises:
            RefusedError: something is there.
            StateError: the file cannot be written.
        """
        self._path, self._replaces = path, replaces
        self._unfinished = path.with_name(f".{token_hex(16)}.unfinished")
        if not replaces:
            refuse_taken(path)
        with write_failures(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self.file: BinaryIO = os.fdopen(os.open(self._unfinished, flags, 0o600), "wb")

    def finish(self) -> None:
        """Give it its name. When this returns, it survives a loss of power. Blocks until the disk has it.

        Raises:
            RefusedError: something has come to be there meanwhile; it stays.
            StateError: the file cannot be written.
        """
        with write_failures(self._path):
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            if self._replaces:
                self._unfinished.replace(self._path)
            else:
                self._take_free_name()
            _sync_folder(self._path.parent)

    def discard(self) -> None:
        """Remove what is unfinished. A finished file stays.

        Raises:
            StateError: it cannot be removed.
        """
        # On a full disk closing fails again; the content is thrown away and the first error is the one to tell.
        with suppress(OSError):
            self.file.close()
        with write_failures(self._path):
            self._unfinished.unlink(missing_ok=True)

    def _take_free_name(self) -> None:
        """A link, unlike a rename, is never made over what is there."""
        try:
            os.link(self._unfinished, self._path)
        except FileExistsError:
            raise _taken(self._path) from None
        except OSError as error:
            if error.errno not in _NO_SECOND_NAME:
                raise
            # A memory stick or a network folder may know no links: the rename is as careful as it can be there.
            refuse_taken(self._path)
            self._unfinished.replace(self._path)


@contextmanager
def whole_file(path: Path, *, replaces: bool) -> Iterator[BinaryIO]:
    """A file that is called `path` when the block ends well; otherwise all is as it was. Blocks: use a worker thread.

    What goes wrong within the block is told with `write_failures`, where it is about this file.

    Raises:
        RefusedError: something is there, and is not to be replaced.
        StateError: the file cannot be written.
    """
    made = WholeFile(path, replaces=replaces)
    try:
        yield made.file
        made.finish()
    finally:
        made.discard()


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that is not there yet. Blocks: use a worker thread.

    Raises:
        RefusedError: something is there.
        StateError: the file cannot be written.
    """
    with whole_file(path, replaces=False) as file, write_failures(path):
        file.write(content)


def refuse_taken(path: Path) -> None:
    """Refuse a name at which there is something, so that no work is done in vain.

    Raises:
        RefusedError: there is.
    """
    if os.path.lexists(path):
        raise _taken(path)


@contextmanager
def write_failures(path: Path) -> Iterator[None]:
    """Turns what the operating system says while `path` is being written into a `StateError` about it."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StateError(
                phrase("{path} cannot be written: the disk is full, or a quota is used up.", path=path),
                hint=phrase("Make room and try again; what was there is as it was."),
            ) from error
        raise StateError(
            phrase("{path} cannot be written: {reason}.", path=path, reason=error.strerror or type(error).__name__),
            hint=phrase("Check the folder and its rights, or name a file elsewhere."),
        ) from error


def _taken(path: Path) -> RefusedError:
    return RefusedError(
        phrase("{path} is there already.", path=path), hint=phrase("Name another file: nothing is replaced.")
    )


def _sync_folder(folder: Path) -> None:
    """A name is lost with the power as long as only its folder in memory has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network folders keep names in their own way, and have nothing to do here.
        if error.errno not in _NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(descriptor)
