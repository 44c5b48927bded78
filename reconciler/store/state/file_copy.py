"""A copy of the file of a state as it is at one moment, taken while others write to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from reconciler.store.state.faults import state_errors
from reconciler.store.state.file_check import read_only


def copy_file(source: Path, target: Path) -> None:
    """Copy everything that is committed; what is being written then is not in it. Blocks: use a worker thread.

    Nobody waits for it: in write-ahead mode a reader stops no writer.

    Args:
        target: must not be there; readable by its owner alone.

    Raises:
        StateError: the source cannot be read, or the disk of the target is full.
    """
    with state_errors(str(target), (OSError,)):
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with (
        read_only(source) as original,
        state_errors(str(target), (sqlite3.Error,)),
        closing(sqlite3.connect(target)) as copy,
    ):
        # In one step, so that the copy is of one moment: between steps a writer would make it begin anew.
        original.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")
