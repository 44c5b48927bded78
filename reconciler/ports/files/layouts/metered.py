"""A stream that may only give so much before something comes of it: the bound of streaming parsers."""

from __future__ import annotations

from typing import Protocol

from reconciler.ports.files.layout_error import FileLayoutError


class Readable(Protocol):
    """What parsers read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


class Metered:
    """A stream in which records follow one another closely.

    A parser keeps in memory what it has read of a record that is not complete; with this around its stream, no more
    than `max_bytes` and one read of the parser.

    Args:
        max_bytes: most bytes between two calls of `record_ended`.
    """

    def __init__(self, stream: Readable, max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        """As the stream's.

        Raises:
            FileLayoutError: too much was read without a record.
        """
        if self._bytes > self._max_bytes:
            raise FileLayoutError(f"{self._max_bytes} bytes without the end of a record")
        data = self._stream.read(size)
        self._bytes += len(data)
        return data

    def record_ended(self) -> None:
        """A record is complete: what comes next counts anew."""
        self._bytes = 0
