"""What names a person: a CPF or CNPJ, an e-mail address, a telephone number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.errors import RefusedError

_FEWEST_CHARACTERS: Final = 8
_NOT_ALPHANUMERIC: Final = re.compile(r"[^0-9a-z]+")
_WORDS: Final = re.compile(r"[^\s,;:()<>\"'\[\]{}|]+")
_BRAZIL: Final = "55"
_NATIONAL_NUMBER_DIGITS: Final = (10, 11)
_MASKS: Final = {11: "{}{}{}.{}{}{}.{}{}{}-{}{}", 14: "{}{}.{}{}{}.{}{}{}/{}{}{}{}-{}{}"}


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a person is known by. A value is theirs when it is one of these, whatever marks are between its characters.

    Attributes:
        addresses: e-mail addresses, folded; every mark in them counts.
        codes: documents and telephone numbers, letters and digits only.
    """

    addresses: frozenset[str]
    codes: frozenset[str]

    @classmethod
    def of(cls, given: Sequence[str]) -> Identifiers:
        """Read what somebody typed.

        Raises:
            RefusedError: nothing is given, or something that would be found in the data of others too.
        """
        addresses: set[str] = set()
        codes: set[str] = set()
        for each in given:
            text = each.strip().casefold()
            if "@" in text.strip("@"):
                addresses.add(text)
            elif len(code := _NOT_ALPHANUMERIC.sub("", text)) >= _FEWEST_CHARACTERS:
                codes |= _with_and_without_country(code)
            else:
                raise RefusedError(
                    f"an identifier has at least {_FEWEST_CHARACTERS} letters and digits; a shorter one is part of"
                    " other people's data.",
                    hint="Give a CPF or CNPJ, an e-mail address, or a telephone number with its area code.",
                )
        if not addresses and not codes:
            raise RefusedError("nothing says whose data it is about.", hint="Name an identifier with --about.")
        return cls(frozenset(addresses), frozenset(codes))

    def are_in(self, value: object) -> bool:
        """Whether one of them stands anywhere in a decoded record: as a value, or as a word of a longer text."""
        return any(self._names(leaf) for leaf in _leaves(value))

    def forms(self) -> tuple[str, ...]:
        """The ways in which they are usually written, for looking through texts that are not decoded."""
        found = set(self.addresses)
        for code in self.codes:
            found |= {code, code.upper()}
            if (mask := _MASKS.get(len(code))) is not None:
                found.add(mask.format(*code.upper()))
        return tuple(sorted(found))

    def _names(self, leaf: str | int) -> bool:
        if isinstance(leaf, int):
            # A number lost the zeros at its beginning.
            return any(code.isdigit() and int(code) == leaf for code in self.codes)
        text = leaf.strip().casefold()
        if text in self.addresses or _NOT_ALPHANUMERIC.sub("", text) in self.codes:
            return True
        return any(
            word.strip(".") in self.addresses or _NOT_ALPHANUMERIC.sub("", word) in self.codes
            for word in _WORDS.findall(text)
        )


def _with_and_without_country(code: str) -> set[str]:
    """A telephone number is kept with the code of Brazil by one system and without it by the other."""
    if not code.isdigit():
        return {code}
    if len(code) in _NATIONAL_NUMBER_DIGITS:
        return {code, _BRAZIL + code}
    if code.startswith(_BRAZIL) and len(code) - len(_BRAZIL) in _NATIONAL_NUMBER_DIGITS:
        return {code, code.removeprefix(_BRAZIL)}
    return {code}


def _leaves(value: object) -> Iterator[str | int]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str) or (isinstance(each, int) and not isinstance(each, bool)):
            yield each
