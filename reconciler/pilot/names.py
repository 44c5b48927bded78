"""Names of people and companies in a sentence that repeats a system's words: found, to be hidden. Pure.

A system may say “Maria da Silva is registered already”. What is known of names are values that passed by in records,
and how names are written: two words in a row with capitals are taken for one wherever they stand, since what is not
known to be harmless is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from pydantic import JsonValue

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
_JOINING: Final = frozenset({"da", "das", "de", "del", "di", "do", "dos", "du", "e", "van", "von", "y"})
_CODE: Final = re.compile(r"[A-Z]{1,3}")
"""CRM, ERP, SP: no name has a word like that to be told by."""
_NAMED: Final = re.compile(
    r"name|nome|raz[aã]o|fantasia|apelido|contat|contact|respons|s[oó]cio|titular|comprador|vendedor|owner|person|pessoa",
    re.IGNORECASE,
)
"""Members that hold names. Of theirs one word alone is a name too, however it is written."""
_FEWEST_LETTERS: Final = 3
_LONGEST_CHARACTERS: Final = 200
_DEEPEST: Final = 12
_MOST: Final = 200_000
_Word = re.Match[str]


class KnownNames:
    """What looked like a name in the records that passed by; beyond a bound nothing more is learned."""

    def __init__(self) -> None:
        self._pairs: set[str] = set()
        self._alone: set[str] = set()

    def learn(self, value: JsonValue, depth: int = 0, *, named: bool = False) -> None:
        """Learn from a body, as deep as anything of it is shown."""
        if depth > _DEEPEST or len(self._pairs) >= _MOST:
            return
        match value:
            case dict():
                for name, each in value.items():
                    self.learn(each, depth + 1, named=_NAMED.search(name) is not None)
            case list():
                for each in value:
                    self.learn(each, depth + 1, named=named)
            case str() if len(value) <= _LONGEST_CHARACTERS:
                self._learn_text(value, named=named)
            case _:
                return

    def _learn_text(self, text: str, *, named: bool) -> None:
        words = [each[0] for each in _words(text)]
        if named and len(words) == 1 and len(words[0]) >= _FEWEST_LETTERS:
            self._alone.add(words[0].casefold())
        self._pairs |= {_pair(one, two) for one, two in pairwise(words) if named or _is_proper(one, two)}

    def hidden(self, sentence: str, by: str, is_harmless: Callable[[str], bool], whole: Collection[str] = ()) -> str:
        """The sentence with names replaced.

        Args:
            by: stands in their place.
            is_harmless: asked of each, as it is written; what is stays.
            whole: texts that stay, and are no part of a name where they stand as they are.
        """
        shown, last = "", 0
        for begin, end in _merged([*self._found(sentence, _standing(sentence, whole))]):
            if not is_harmless(sentence[begin:end]):
                shown, last = shown + sentence[last:begin] + by, end
        return shown + sentence[last:]

    def _found(self, sentence: str, kept: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        words = [
            each for each in _words(sentence) if not any(low < each.end() and each.start() < high for low, high in kept)
        ]
        for one, two in pairwise(words):
            between = sentence[one.end() : two.start()].split(" ")
            beside = one.end() < two.start() and all(not each or each.casefold() in _JOINING for each in between)
            if beside and (_is_proper(one[0], two[0]) or _pair(one[0], two[0]) in self._pairs):
                yield one.start(), two.end()
        yield from (each.span() for each in words if each[0].casefold() in self._alone)


def _words(text: str) -> Iterator[_Word]:
    """The words that may be parts of a name; what only joins them is passed over."""
    return (each for each in _WORD.finditer(text) if each[0].casefold() not in _JOINING)


def _standing(sentence: str, texts: Collection[str]) -> list[tuple[int, int]]:
    """Where these texts stand as words of their own."""
    return [
        found.span()
        for each in texts
        if each in sentence
        for found in re.finditer(rf"(?<!\w){re.escape(each)}(?!\w)", sentence)
    ]


def _pair(one: str, two: str) -> str:
    return f"{one} {two}".casefold()


def _is_proper(one: str, two: str) -> bool:
    return all(each[0].isupper() and not _CODE.fullmatch(each) for each in (one, two))


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
