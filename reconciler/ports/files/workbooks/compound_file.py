"""Streams of a compound file (OLE 2), the container of `.xls` and of workbooks with a password ([MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

SIGNATURE: Final = bytes.fromhex("D0CF11E0A1B11AE1")

_HEADER_BYTES: Final = 512
_IN_HEADER: Final = 109
_LARGEST_SECTOR: Final = 0xFFFFFFFA
_ENTRY_BYTES: Final = 128
_STREAM: Final = 2
_ROOT: Final = 5


class CompoundFileError(ValueError):
    """It is no compound file, or a damaged one."""


class CompoundFile:
    """A compound file that was read as a whole.

    Attributes:
        names: of its streams, with size and first sector.

    Raises (when made, and by `stream`):
        CompoundFileError: the file is damaged.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) < _HEADER_BYTES or not content.startswith(SIGNATURE):
            raise CompoundFileError
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise CompoundFileError
        self._content = content
        self._sector_bytes = 1 << shift
        self._cutoff = int(struct.unpack_from("<I", content, 56)[0])
        self._next = self._table()
        first_directory, first_mini = (int(struct.unpack_from("<I", content, place)[0]) for place in (48, 60))
        self.names: dict[str, tuple[int, int]] = {}
        self._mini_stream = b""
        self._read_directory(self._chain(first_directory))
        mini = self._chain(first_mini) if first_mini < _LARGEST_SECTOR else b""
        self._mini_next = _integers(mini)

    def stream(self, name: str) -> bytes:
        """The content of a stream. Raises KeyError when there is none of that name."""
        size, first = self.names[name]
        if size < self._cutoff:
            found = b"".join(
                self._mini_stream[sector * 64 : sector * 64 + 64] for sector in _followed(first, self._mini_next)
            )
        else:
            found = self._chain(first)
        if len(found) < size:
            raise CompoundFileError
        return found[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._sector_bytes
        found = self._content[start : start + self._sector_bytes]
        if not found:
            raise CompoundFileError
        return found

    def _chain(self, first: int) -> bytes:
        return b"".join(map(self._sector, _followed(first, self._next)))

    def _table(self) -> tuple[int, ...]:
        """For each sector the one that follows it."""
        count, next_list = (
            struct.unpack_from("<I", self._content, 44)[0],
            struct.unpack_from("<I", self._content, 68)[0],
        )
        sectors = list(struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76))
        for _ in range(len(self._content) // self._sector_bytes):
            if next_list >= _LARGEST_SECTOR:
                break
            *more, next_list = _integers(self._sector(next_list))
            sectors += more
        if count > len(sectors):
            raise CompoundFileError
        return _integers(b"".join(map(self._sector, sectors[:count])))

    def _read_directory(self, directory: bytes) -> None:
        for place in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            length, kind = struct.unpack_from("<HB", directory, place + 64)
            first, size = struct.unpack_from("<II", directory, place + 116)
            if kind == _ROOT and size:
                self._mini_stream = self._chain(first)
            elif kind == _STREAM:
                name = directory[place : place + min(max(length - 2, 0), 62)].decode("utf-16-le", errors="replace")
                self.names[name] = (size, first)


def _integers(content: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def _followed(first: int, following: tuple[int, ...]) -> Iterator[int]:
    """The sectors of a chain. Raises CompoundFileError when it leaves the table or goes in a circle."""
    sector = first
    for _ in range(len(following) + 1):
        if sector >= _LARGEST_SECTOR:
            return
        if sector >= len(following):
            break
        yield sector
        sector = following[sector]
    raise CompoundFileError
