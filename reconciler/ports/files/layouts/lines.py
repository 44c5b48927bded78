"""The lines of a text file: decoded strictly, numbered, and bounded in length."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from reconciler.ports.files.encoding import text_chunks
from reconciler.ports.files.formats import TextEncoding
from reconciler.ports.files.layout_error import FileLayoutError

END_OF_LINE: Final = "\r\n"
"""Characters that end a line: a line feed, a carriage return, or both. Nothing else does (U+0085, form feed …)."""

_DOS_END_OF_FILE: Final = "\x1a"


class Lines:
    """Iterates once over the lines of a file, each with its end.

    A DOS end-of-file mark (0x1A) alone at the end of the file is left out.

    Args:
        max_kib: most thousands (1024) of characters between two calls of `begin_record`.

    Attributes:
        number: of the line given last, from 1; 0 before the first.

    Raises (while iterating):
        FileLayoutError: with the row, as `text_chunks`, or what comes between two calls of `begin_record` is too long.
    """

    def __init__(self, stream: BinaryIO, encoding: TextEncoding, max_kib: int) -> None:
        self._chunks = text_chunks(stream, encoding)
        self._max_characters = max_kib * 1024
        self._characters = 0
        self.number = 0

    def begin_record(self) -> None:
        """What comes next counts anew for the bound."""
        self._characters = 0

    def __iter__(self) -> Iterator[str]:
        rest = ""
        while True:
            try:
                chunk = next(self._chunks, None)
            except FileLayoutError as error:
                raise FileLayoutError(error.problem, hint=error.hint, row=self.number + 1) from None
            if chunk is None:
                break
            lines = list(io.StringIO(rest + chunk, newline=""))
            # The last may go on in the next chunk, and so may the end of a line written as two characters.
            rest = "" if lines[-1].endswith("\n") else lines.pop()
            for line in lines:
                yield self._counted(line)
            self._check(len(rest))
        if rest.strip(_DOS_END_OF_FILE):
            yield self._counted(rest)

    def _counted(self, line: str) -> str:
        self._check(len(line))
        self.number += 1
        self._characters += len(line)
        return line

    def _check(self, more_characters: int) -> None:
        if self._characters + more_characters > self._max_characters:
            raise FileLayoutError(
                f"a record of more than {self._max_characters} characters",
                hint="Look for a quote that is never closed, or raise max_record_kib.",
                row=self.number + 1,
            )


def skip(lines: Iterator[str], count: int) -> int:
    """Pass over `count` lines.

    Returns:
        How many of them were not blank.

    Raises:
        FileLayoutError: the file has fewer.
    """
    written = 0
    for _ in range(count):
        line = next(lines, None)
        if line is None:
            raise FileLayoutError(f"the file ends before the {count} rows that are to be skipped")
        written += bool(line.strip())
    return written
