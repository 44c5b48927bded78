"""Where two texts differ, character by character, in bounded time and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Final
from unicodedata import category, normalize

MAX_SHOWN_CHARACTERS: Final = 300
_LEAD_CHARACTERS: Final = 80
_CONFETTI_RATIO: Final = 0.5
"""Below this likeness equal characters are chance; marking around them would hide that the texts differ whole."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text, and whether the other text has something else there."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a text: its segments, and how many characters are left out before and after them."""

    segments: tuple[Segment, ...]
    before: int = 0
    after: int = 0


def excerpt(whole: str) -> Excerpt:
    """The beginning of a text that is compared with nothing."""
    shown = whole[:MAX_SHOWN_CHARACTERS]
    return Excerpt((Segment(shown, differs=False),) if shown else (), after=len(whole) - len(shown))


def difference(left: str, right: str) -> tuple[Excerpt, Excerpt]:
    """Both texts around their first difference, with what differs told apart.

    An accent is never told apart from its letter. Texts are laid side by side by their letters without case and
    accents, so that "São" against "SAO" marks two letters and not three. When they share too little, all between their
    common beginning and end differs.
    """
    start = max(0, _first_difference(left, right) - _LEAD_CHARACTERS)
    start = 0 if max(len(left), len(right)) <= MAX_SHOWN_CHARACTERS else start
    end = start + MAX_SHOWN_CHARACTERS
    ours, theirs = _marked(_letters(left[start:end]), _letters(right[start:end]))
    return (
        Excerpt(ours, min(start, len(left)), max(0, len(left) - end)),
        Excerpt(theirs, min(start, len(right)), max(0, len(right) - end)),
    )


def _first_difference(left: str, right: str) -> int:
    """Position of the first difference. Halving keeps it fast for texts of 65,536 characters."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _letters(whole: str) -> list[str]:
    """The text as letters with their accents."""
    letters: list[str] = []
    for character in whole:
        if letters and _is_mark(character):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _is_mark(character: str) -> bool:
    """Whether the character belongs to the one before it: a combining accent, a variation selector."""
    return category(character) in ("Mn", "Me")


def _marked(left: Sequence[str], right: Sequence[str]) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    shorter = min(len(left), len(right))
    head = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    ours = [False] * len(left)
    theirs = [False] * len(right)
    for our_span, their_span in _spans(left[head : len(left) - tail], right[head : len(right) - tail]):
        for at in our_span:
            ours[head + at] = True
        for at in their_span:
            theirs[head + at] = True
    return _segments(left, ours), _segments(right, theirs)


def _spans(left: Sequence[str], right: Sequence[str]) -> list[tuple[range, range]]:
    """Positions that differ in two texts that share neither beginning nor end."""
    matcher = SequenceMatcher(None, [*map(_folded, left)], [*map(_folded, right)], autojunk=False)
    if matcher.ratio() < _CONFETTI_RATIO:
        return [(range(len(left)), range(len(right)))]
    spans: list[tuple[range, range]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(range(a, b), range(c, d), strict=True)
            spans += [(range(i, i + 1), range(j, j + 1)) for i, j in pairs if left[i] != right[j]]
        else:
            spans.append((range(a, b), range(c, d)))
    return spans


def _folded(letter: str) -> str:
    """The letter without accents and case; the letter itself when nothing else is left of it."""
    bare = "".join(character for character in normalize("NFKD", letter) if not _is_mark(character))
    return bare.casefold() or letter


def _segments(letters: Sequence[str], differs: Sequence[bool]) -> tuple[Segment, ...]:
    pairs = zip(letters, differs, strict=True)
    return tuple(
        Segment("".join(letter for letter, _ in run), flag) for flag, run in groupby(pairs, key=lambda pair: pair[1])
    )
