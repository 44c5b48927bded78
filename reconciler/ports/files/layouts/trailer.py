"""Trailers: the last row of a text file, which says how much came before it."""

from __future__ import annotations

from typing import Literal

from reconciler.ports.files.layout_error import FileLayoutError


class Completeness:
    """Checks, while a file is read, that its trailer is there, is last, and counts right.

    Args:
        counts: what the trailer's count is of.

    Attributes:
        lines: lines that are not blank so far, trailer included; kept by the reader.
        records: records so far; kept by the reader.
    """

    def __init__(self, counts: Literal["records", "lines"]) -> None:
        self._counts = counts
        self._seen_at: int | None = None
        self.lines = 0
        self.records = 0

    def trailer(self, row: int, count: str | None) -> None:
        """The trailer was met; `count` is the text of its count, or None when it has none.

        Raises:
            FileLayoutError: the count is no number, or another one.
        """
        self._seen_at = row
        if count is None:
            return
        text = count.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise FileLayoutError("the count of the trailer is not a whole number", row=row)
        announced = int(text)
        found = self.records if self._counts == "records" else self.lines
        if found != announced:
            raise FileLayoutError(f"the trailer counts {announced} {self._counts}, the file has {found}", row=row)

    def check_before_row(self, row: int) -> None:
        """Something that is not blank follows. Raises FileLayoutError when the trailer was met before."""
        if self._seen_at is not None:
            raise FileLayoutError(f"something follows the trailer of row {self._seen_at}", row=row)

    def check_at_end(self) -> None:
        """The file ended. Raises FileLayoutError when no trailer was met."""
        if self._seen_at is None:
            raise FileLayoutError("the file has no trailer: it was cut off, or is of another layout")
