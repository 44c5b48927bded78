"""A finished snapshot of one entity of one side: which files it is made of, and the raw records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import orjson

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.store.snapshots.content import ContentFolder

PAGE_NUMBER = "page"
PAGE_BODY = "body"


@dataclass(frozen=True, slots=True)
class RawFile:
    """Answers as received: pages `first` to `last`, both included, in one Parquet file (columns `page`, `body`)."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one complete snapshot.

    Attributes:
        records: staged tables (`reconciler.model.staging`), together one row per record.
        lines: staged tables of the lines, empty when the entity has none.
        raw: the answers the records came from.
        count: number of rows in `records`.
        unidentified: how many of them carry no id of their own; they cannot be told apart by a later partial pull.
    """

    records: tuple[str, ...]
    lines: tuple[str, ...]
    raw: tuple[RawFile, ...]
    count: int
    unidentified: int = 0

    def to_json(self) -> str:
        """The list of files, as kept in the state."""
        document = {
            "records": self.records,
            "lines": self.lines,
            "raw": [[file.name, file.first, file.last] for file in self.raw],
            "count": self.count,
            "unidentified": self.unidentified,
        }
        return orjson.dumps(document).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            StateError: it is damaged.
        """
        try:
            document = orjson.loads(text)
            return cls(
                records=tuple(document["records"]),
                lines=tuple(document["lines"]),
                raw=tuple(RawFile(name, first, last) for name, first, last in document["raw"]),
                count=document["count"],
                unidentified=document["unidentified"],
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise StateError(
                phrase("the list of files of a snapshot is damaged."),
                hint=phrase("Run with --full to take a new snapshot."),
            ) from error

    @property
    def names(self) -> set[str]:
        """Every file this snapshot needs."""
        return {*self.records, *self.lines, *(file.name for file in self.raw)}

    @property
    def next_page(self) -> int:
        """The first page number that no raw file of this snapshot uses."""
        return 1 + max((file.last for file in self.raw), default=-1)

    def record_paths(self, folder: ContentFolder) -> list[Path]:
        """The staged record tables."""
        return [folder.path(name) for name in self.records]

    def line_paths(self, folder: ContentFolder) -> list[Path]:
        """The staged line tables."""
        return [folder.path(name) for name in self.lines]

    def raw_pages(self, folder: ContentFolder, pages: Sequence[int]) -> dict[int, bytes]:
        """The answers of the given page numbers, as received; numbers that are not there are left out."""
        import polars as pl

        found: dict[int, bytes] = {}
        for file in self.raw:
            wanted = [page for page in pages if file.first <= page <= file.last]
            if not wanted:
                continue
            frame = pl.scan_parquet(folder.path(file.name)).filter(pl.col(PAGE_NUMBER).is_in(wanted)).collect()
            found.update(zip(frame[PAGE_NUMBER], frame[PAGE_BODY], strict=True))
        return found
