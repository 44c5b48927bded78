"""Fingerprints of findings as row numbers: 16 hexadecimal digits as a signed 64-bit integer, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DIGITS: Final = 16
HALF: Final = 1 << 63
_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_NO_FINGERPRINT: Final = "a fingerprint has 16 lower-case hexadecimal digits"


def number(fingerprint: str) -> int:
    """The row number of a whole fingerprint.

    Raises:
        ValueError: it is not 16 lower-case hexadecimal digits.
    """
    if len(fingerprint) != DIGITS or not is_prefix(fingerprint):
        raise ValueError(_NO_FINGERPRINT)
    return int(fingerprint, 16) - HALF


def numbers(fingerprints: Sequence[str]) -> list[int]:
    """The row numbers of whole fingerprints; of very many in half the time. Raises as `number`."""
    if not _HEXADECIMAL.issuperset("".join(fingerprints)) or any(len(each) != DIGITS for each in fingerprints):
        raise ValueError(_NO_FINGERPRINT)
    return [int(each, 16) - HALF for each in fingerprints]


def fingerprint(row_number: int) -> str:
    """The fingerprint of a row number."""
    return f"{row_number + HALF:016x}"


def is_prefix(text: str) -> bool:
    """Whether a fingerprint can begin so."""
    return 0 < len(text) <= DIGITS and _HEXADECIMAL.issuperset(text)


def range_of(prefix: str) -> tuple[int, int]:
    """The first and last row number whose fingerprint begins with `prefix`."""
    return number(prefix.ljust(DIGITS, "0")), number(prefix.ljust(DIGITS, "f"))
