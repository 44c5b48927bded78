"""The smallest `.xls` workbooks: records ([MS-XLS]) inside a compound file ([MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_SECTOR = 512
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def record(kind: int, content: bytes = b"") -> bytes:
    """One record of a workbook."""
    return struct.pack("<HH", kind, len(content)) + content


def text_cell(row: int, column: int, text: str) -> bytes:
    """A text in its own cell (LABEL)."""
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def number_cell(row: int, column: int, number: float, style: int = 0) -> bytes:
    """A number (NUMBER)."""
    return record(0x0203, struct.pack("<HHHd", row, column, style, number))


def flag_cell(row: int, column: int, code: int, *, is_error: bool = False) -> bytes:
    """A truth value or an error (BOOLERR)."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, code, is_error))


def formula_cell(row: int, column: int, result: bytes) -> bytes:
    """A formula (FORMULA), `=1`, with its eight bytes of result."""
    expression = b"\x1e\x01\x00"
    return record(0x0006, struct.pack("<HHH8sHIH", row, column, 0, result, 0, 0, len(expression)) + expression)


def xls(sheets: Mapping[str, bytes], *, head: bytes = b"", stream: str = "Workbook", few: bool = False) -> bytes:
    """A workbook.

    Args:
        sheets: name to records of cells, in order.
        head: further records of the workbook.
        stream: name of the stream.
        few: keep the stream in the store for short streams, if it is short.
    """
    formats = b"".join(record(0x00E0, struct.pack("<HHHHHIIH", 0, code, 0, 0, 0, 0, 0, 0)) for code in (0, 14, 22, 20))
    beginning = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + head + formats
    length = len(beginning) + sum(4 + 8 + 2 * len(name) for name in sheets) + 4
    entries, bodies = b"", b""
    for name, cells in sheets.items():
        entries += record(
            0x0085, struct.pack("<IBBBB", length + len(bodies), 0, 0, len(name), 1) + name.encode("utf-16-le")
        )
        bodies += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + record(0x000A)
    content = beginning + entries + record(0x000A) + bodies
    return compound({stream: content}, few=few)


def compound(streams: Mapping[str, bytes], *, few: bool = False) -> bytes:
    """A compound file with one stream; without `few` it is filled up to the size at which it has its own sectors."""
    ((name, content),) = streams.items()
    if not few:
        content = content.ljust(4096, b"\0")
    if len(content) >= 4096:
        return _with_own_sectors(name, content)
    return _with_short_stream(name, content)


def _with_own_sectors(name: str, content: bytes) -> bytes:
    count = -(-len(content) // _SECTOR)
    tables = next(number for number in range(1, 109) if number * _SECTOR // 4 >= number + 1 + count)
    following = [_TABLE] * tables + [_END] + [tables + 2 + place for place in range(count - 1)] + [_END]
    directory = _entry("Root Entry", 5, _END, 0) + _entry(name, 2, tables + 1, len(content))
    return _file(following, tables, directory, content, first_mini=_END)


def _with_short_stream(name: str, content: bytes) -> bytes:
    """Table, directory, table of short sectors, and the store with their content."""
    short = -(-len(content) // 64)
    count = -(-short * 64 // _SECTOR)
    following = [_TABLE, _END, _END] + [4 + place for place in range(count - 1)] + [_END]
    directory = _entry("Root Entry", 5, 3, short * 64) + _entry(name, 2, 0, len(content))
    mini = struct.pack(f"<{short}I", *range(1, short), _END).ljust(_SECTOR, b"\xff")
    return _file(following, 1, directory, mini + content, first_mini=2)


def _file(following: list[int], tables: int, directory: bytes, content: bytes, *, first_mini: int) -> bytes:
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        bytes.fromhex("D0CF11E0A1B11AE1"),
        b"",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        b"",
        0,
        tables,
        tables,
        0,
        4096,
        first_mini,
        int(first_mini != _END),
        _END,
        0,
    )
    header += struct.pack("<109I", *range(tables), *[_FREE] * (109 - tables))
    table = b"".join(struct.pack("<I", number) for number in following).ljust(tables * _SECTOR, b"\xff")
    body = table + directory.ljust(_SECTOR, b"\0") + content
    return header + body.ljust(-(-len(body) // _SECTOR) * _SECTOR, b"\0")


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    child = 1 if kind == 5 else _FREE
    return struct.pack(
        "<64sHBBIII16sIQQIQ", encoded, len(encoded), kind, 1, _FREE, _FREE, child, b"", 0, 0, 0, first, size
    )
