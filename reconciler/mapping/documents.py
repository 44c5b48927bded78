"""Check digits of a whole column of CNPJ and CPF at once, equal to python-stdnum number by number.

The n-th characters of all numbers are one byte string. Each is translated to its weighted value modulo 11, and the
strings are added as big integers: no byte carries, because at most 13 values of at most 10 meet in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.mapping.canonical_plain import CNPJ_LENGTH, CPF_LENGTH

_CNPJ_WEIGHTS: Final = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_CPF_WEIGHTS: Final = (10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_ALPHANUMERIC: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMERIC: Final = b"0123456789"
_NOT_ALLOWED = 0xFF


def _weighted(weight: int) -> bytes:
    """Character to (value x weight) modulo 11, where the value of a character is its code less that of "0"."""
    return bytes((code - ord("0")) * weight % 11 if code in _ALPHANUMERIC else 0 for code in range(256))


_TIMES: Final = {weight: _weighted(weight) for weight in range(2, 12)}
_CHECK_DIGIT: Final = bytes(ord("0") + (11 - total) % 11 % 10 for total in range(256))
"""Sum of weighted values to the check digit: 11 less the remainder, and 0 for 10 and 11."""


def invalid_documents(forms: Sequence[str]) -> list[int]:
    """Positions of the texts that are neither a valid CNPJ nor a valid CPF; "" is not looked at.

    Args:
        forms: Latin-1 texts; separators are already removed and letters are upper case.
    """
    lengths = list(map(len, forms))
    if lengths.count(CNPJ_LENGTH) == len(forms):
        return _invalid(forms, _CNPJ_WEIGHTS, _ALPHANUMERIC, "000000000000")
    invalid = [place for place, length in enumerate(lengths) if length not in (0, CNPJ_LENGTH, CPF_LENGTH)]
    for wanted, weights, allowed, zeros in (
        (CNPJ_LENGTH, _CNPJ_WEIGHTS, _ALPHANUMERIC, "000000000000"),
        (CPF_LENGTH, _CPF_WEIGHTS, _NUMERIC, "00000000000"),
    ):
        places = [place for place, length in enumerate(lengths) if length == wanted]
        found = _invalid([forms[place] for place in places], weights, allowed, zeros)
        invalid += [places[index] for index in found]
    return invalid


def _invalid(numbers: Sequence[str], weights: tuple[tuple[int, ...], ...], allowed: bytes, zeros: str) -> list[int]:
    """Positions of the numbers, all of one length, that have a wrong check digit, character or only `zeros`."""
    data = "".join(numbers).encode("latin-1")
    columns = [data[place :: len(weights[1]) + 1] for place in range(len(weights[1]) + 1)]
    wrong: set[int] = set()
    for row in weights:
        wrong.update(_differing(columns[len(row)], _check_digits(columns, row)))
    if data.translate(None, allowed):
        wrong.update(place for place, number in enumerate(numbers) if number.encode("latin-1").translate(None, allowed))
    if zeros in "".join(numbers):
        wrong.update(place for place, number in enumerate(numbers) if number.startswith(zeros))
    return sorted(wrong)


def _check_digits(columns: Sequence[bytes], weights: Sequence[int]) -> bytes:
    total = sum(
        int.from_bytes(column.translate(_TIMES[weight]), "little")
        for column, weight in zip(columns, weights, strict=False)
    )
    return total.to_bytes(len(columns[0]), "little").translate(_CHECK_DIGIT)


def _differing(given: bytes, expected: bytes) -> list[int]:
    if given == expected:
        return []
    return [place for place, (one, other) in enumerate(zip(given, expected, strict=True)) if one != other]
