"""The one door by which text becomes content of the screen.

Outside text is data. Textual reads markup in every `str` it is given (`[x]` disappears, `[/x]` ends the process), a
terminal obeys escapes, and a bidirectional control turns a line round. Nothing of that gets past `visible`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from textual.content import Content

_NO_BASE: Final = "◌"
_IN_ASCII: Final[ContextVar[bool]] = ContextVar("drawn in ASCII", default=False)
"""Of the application that is running; its tasks begin in the context that it was made in."""
_FOLDED: Final = {"…": "...", "→": "->", "×": "x", "·": "|", "“": '"', "”": '"', "–": "-"}
_VARIATION_SELECTORS: Final = frozenset(chr(code) for code in range(0xFE00, 0xFE10))
_MOST_MARKS: Final = 3
"""Combining marks on one character that are shown as such: more would climb into the rows above."""


def draw_in_ascii(wanted: bool) -> None:
    """Whether what we draw ourselves is ASCII from here on, in this context. Data stays as it is."""
    _IN_ASCII.set(wanted)


def sign(usual: str, in_ascii: str) -> str:
    """A sign of ours, or what stands for it where only ASCII is drawn."""
    return in_ascii if _IN_ASCII.get() else usual


def ellipsis() -> str:
    """One cell that says that there is more; in ASCII as pagers write it."""
    return sign("…", ">")


def ours(text: str) -> str:
    """A text of a catalogue as it is drawn."""
    return folded(text) if _IN_ASCII.get() else text


@lru_cache(maxsize=2_000)
def folded(text: str) -> str:
    """A text of ours in ASCII: letters without their accents."""
    if text.isascii():
        return text
    replaced = "".join(_FOLDED.get(character, character) for character in text)
    return unicodedata.normalize("NFKD", replaced).encode("ascii", "ignore").decode()


def visible(value: object) -> str:
    """The text with everything that cannot be seen, or would be obeyed, as an escape such as `\\x1b` or `\\u202e`.

    One line. A space is itself; every other space (no-break, thin, ideographic) is shown, since it makes values differ.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(text))


def _seen(text: str) -> Iterator[str]:
    marks = 0
    bare = True
    for character in text:
        if not character.isprintable() or character in _VARIATION_SELECTORS:
            yield character.encode("unicode_escape").decode("ascii")
            marks, bare = 0, True
        elif unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
            if marks > _MOST_MARKS:
                yield character.encode("unicode_escape").decode("ascii")
                continue
            yield _base() + character if bare else character
            bare = False
        else:
            yield character
            marks, bare = 0, False


def _base() -> str:
    return sign(_NO_BASE, "o")


def plain(value: object, style: str = "") -> Content:
    """Content that shows exactly this text; never markup, never an escape.

    Args:
        style: a Textual style such as `$error` or `bold`, written here and never from outside.
    """
    return Content.styled(visible(value), style) if style else Content(visible(value))


def lines(*parts: Content) -> Content:
    """Several lines."""
    return Content("\n").join(parts)


def width(text: str) -> int:
    """Cells that a text takes once it is visible."""
    return cell_len(text)


def truncated(value: object, cells: int) -> str:
    """The visible text in at most that many cells; what was cut ends in an ellipsis.

    Characters are never cut in two: combining marks stay with what they mark, and a wide character is whole or absent.
    """
    text = visible(value)
    if cell_len(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept, taken = "", 0
    for cluster in _clusters(text):
        taken += cell_len(cluster)
        if taken > cells - 1:
            break
        kept += cluster
    return kept + ellipsis()


def _clusters(text: str) -> Iterator[str]:
    cluster = ""
    for character in text:
        if cluster and not unicodedata.combining(character) and unicodedata.category(character) != "Me":
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def fitted(value: object, cells: int) -> str:
    """The visible text in exactly that many cells, from the left."""
    text = truncated(value, cells)
    return text + " " * (cells - cell_len(text))


def amount(value: object, cells: int) -> str:
    """An amount in exactly that many cells, to the right, as it is written.

    A part of an amount would be another amount: where it does not fit, every cell is `#`, as in a spreadsheet.
    """
    text = visible("" if value is None else value)
    if cell_len(text) > cells:
        return "#" * cells
    return " " * (cells - cell_len(text)) + text
