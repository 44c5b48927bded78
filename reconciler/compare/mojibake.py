"""Whether one text is a damaged copy of another: read with the wrong character set, or with characters lost.

The test goes forward, from the intact text to what each known mistake makes of it, in time linear in the texts:
undoing the damage is not always possible, because some bytes have no character and others do not survive later
cleaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from reconciler.model.entities import Side

_REPLACEMENT: Final = "\ufffd"
_LOST_MARKS: Final = f"?{_REPLACEMENT}"
_MAX_ROUNDS: Final = 2
"""A text that passes two broken systems is damaged twice."""
_BYTE_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_INVISIBLE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")

_CP1252_AS_SEEN: Final = "".join(
    bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xA0)
)
_CP1252_BY_LATIN_1: Final = dict(enumerate(_CP1252_AS_SEEN, start=0x80))
_CONTINUATION_CHARACTERS: Final = "".join(sorted({*_CP1252_AS_SEEN, *map(chr, range(0x80, 0xC0))}))

SUSPICIOUS_PATTERN: Final = f"[ÃÂâ?{_REPLACEMENT}]|[\u00c2-\u00f4][{_CONTINUATION_CHARACTERS}]"
"""Regular expression that a damaged text of Western European letters matches, and few others do: a cheap test before
the exact one. `Ã`, `Â` and `â` are suspicious alone: what followed may have been removed as a control character."""


def damaged_side(crm: str, erp: str) -> Side | None:
    """The side whose text is a damaged copy of the other's, or None. The texts differ."""
    if is_damaged_copy(crm, erp):
        return Side.CRM
    if is_damaged_copy(erp, crm):
        return Side.ERP
    return None


def is_damaged_copy(text: str, intact: str) -> bool:
    """Whether `text` is what a mistake of character sets makes of `intact`, spaces and control characters aside."""
    if intact.isascii() or text == intact:
        return False
    seen = _visible(text)
    return any(seen == _visible(damaged) for damaged in _damaged_forms(intact, text)) or (
        len(text) == len(intact) and _lost_single_characters(text, intact)
    )


def _damaged_forms(intact: str, text: str) -> Iterator[str]:
    """What mistakes make of the intact text, leaving out those whose traces are not in `text`."""
    if not text.isascii():
        for read_as in (_as_latin_1, _as_cp1252):
            damaged = intact
            for _ in range(_MAX_ROUNDS):
                damaged = read_as(damaged)
                yield damaged
    for mark in _LOST_MARKS:
        if mark in text:
            yield _BYTE_BEYOND_ASCII.sub(mark.encode(), _utf8(intact)).decode()
    # Without a mark this mistake is the repair of the opposite one, and would name the intact side.
    if _REPLACEMENT in text:
        yield intact.encode("cp1252", errors="replace").decode("utf-8", errors="replace")


def _as_latin_1(text: str) -> str:
    return _utf8(text).decode("latin-1")


def _as_cp1252(text: str) -> str:
    """As most programs do it: the five bytes without a character in Windows-1252 become control characters."""
    return _as_latin_1(text).translate(_CP1252_BY_LATIN_1)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def _lost_single_characters(text: str, intact: str) -> bool:
    """Whether the texts, equally long, agree but for characters beyond ASCII that became one mark each."""
    return all(
        seen == char or (seen in _LOST_MARKS and not char.isascii()) for seen, char in zip(text, intact, strict=True)
    )


def _visible(text: str) -> str:
    """What mapping and people keep of a text: composed, without spaces and control characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
