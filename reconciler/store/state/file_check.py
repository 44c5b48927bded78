"""Looking at the file of a state without changing it: whether it is whole, which migration it is at, how big it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.store.state.faults import state_errors
from reconciler.store.state.schema import REVISIONS, metadata

_MOST_PROBLEMS: Final = 20
_BUSY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a look at the file showed.

    Attributes:
        problems: what is damaged, in the words of the database; they name tables and indexes and hold no values.
        revision: the migration the tables are at; None for an empty file, or one of another program.
        size_bytes: with what still waits in the write-ahead log.
        rows: of each table of ours that is there; empty where the file is damaged.
    """

    problems: tuple[str, ...]
    revision: str | None
    size_bytes: int
    rows: dict[str, int]

    @property
    def is_current(self) -> bool:
        """Whether no migration waits and none is unknown."""
        return self.revision == REVISIONS[-1]

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of the program wrote it."""
        return self.revision is not None and self.revision not in REVISIONS


def check_file(file: Path, *, whole: bool = False) -> FileCheck:
    """Look at it. Blocks: call it from a worker thread. Others may go on writing meanwhile.

    Args:
        whole: also compare every index with its table, which takes several times as long.

    Raises:
        StateError: it cannot be read at all, or is no database.
    """
    with read_only(file) as connection:
        check = "integrity_check" if whole else "quick_check"
        said = [str(words) for (words,) in connection.execute(f"PRAGMA {check}({_MOST_PROBLEMS})")]
        problems = tuple(words for words in said if words != "ok")
        if whole and not problems and connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            problems = ("rows refer to others that are not there",)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        revision = _revision(connection) if "alembic_version" in names else None
        rows = {} if problems else dict(_counted(connection, names))
    log = file.with_name(f"{file.name}-wal")
    size_bytes = sum(each.stat().st_size for each in (file, log) if each.exists())
    return FileCheck(problems, revision, size_bytes, rows)


@contextmanager
def read_only(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write.

    Raises:
        StateError: the file cannot be read; inside the block too.
    """
    with (
        state_errors(str(file), (sqlite3.Error,)),
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as connection,
    ):
        yield connection


def _revision(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _counted(connection: sqlite3.Connection, names: set[str]) -> Iterator[tuple[str, int]]:
    for name in sorted(names & metadata.tables.keys()):
        (count,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
        yield name, count
