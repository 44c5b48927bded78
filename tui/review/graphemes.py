"""Where two values differ, character by character as people see them; nothing stays unseen."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Indel
from textual.content import Content

from tui.text import ellipsis, plain, visible

LONGEST_SHOWN_CHARACTERS: Final = 1_200
"""Of one value; of a longer one the part around the first difference is shown."""
_LONGEST_COMPARED: Final = 2_000
_BEFORE_DIFFERENCE: Final = 40
_DIFFERS_STYLE: Final = "bold reverse"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value that is the same on both sides, or is not."""

    text: str
    differs: bool


def graphemes(text: str) -> list[str]:
    """The text in pieces that are seen as one: a letter with its accents, an emoji with its selectors."""
    found: list[str] = []
    for character in text:
        if found and (unicodedata.combining(character) or unicodedata.category(character) in ("Me", "Mn")):
            found[-1] += character
        else:
            found.append(character)
    return found


def differences(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both values in pieces; of very long ones only what is around the first difference."""
    start = first_difference(one, other)
    begin = max(0, start - _BEFORE_DIFFERENCE) if max(len(one), len(other)) > LONGEST_SHOWN_CHARACTERS else 0
    left, right = (_window(text, begin) for text in (one, other))
    ours, theirs = graphemes(left)[:_LONGEST_COMPARED], graphemes(right)[:_LONGEST_COMPARED]
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for block in Indel.opcodes(ours, theirs):
        differs = block.tag != "equal"
        for found, text, first, last in (
            (pieces[0], ours, block.src_start, block.src_end),
            (pieces[1], theirs, block.dest_start, block.dest_end),
        ):
            if first < last:
                found.append(Piece("".join(text[first:last]), differs))
    return (_framed(pieces[0], one, begin), _framed(pieces[1], other, begin))


def _window(text: str, begin: int) -> str:
    return text[begin : begin + LONGEST_SHOWN_CHARACTERS]


def _framed(pieces: list[Piece], text: str, begin: int) -> list[Piece]:
    before = [Piece(ellipsis(), differs=False)] if begin else []
    left = len(text) - begin - LONGEST_SHOWN_CHARACTERS
    after = [Piece(f"{ellipsis()} (+{left})", differs=False)] if left > 0 else []
    return [*before, *pieces, *after]


def first_difference(one: str, other: str) -> int:
    """The first place where the texts differ; found by halves, since texts may have millions of characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def content_of(pieces: list[Piece]) -> Content:
    """The pieces as content; what differs stands out without colour too."""
    return Content.assemble(*(plain(each.text, _DIFFERS_STYLE if each.differs else "") for each in pieces))


def shortened(value: str, characters: int = LONGEST_SHOWN_CHARACTERS) -> str:
    """The visible beginning of a value, and how much more there is."""
    left = len(value) - characters
    return visible(value) if left <= 0 else f"{visible(value[:characters])}{ellipsis()} (+{left})"
