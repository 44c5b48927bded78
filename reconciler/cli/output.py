"""Writing to the terminal: JSON documents and tables on stdout, narration on stderr. Outside text is always plain."""

from __future__ import annotations

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import typer

_LONGEST_CELL_CHARACTERS = 48
_NARROWEST_COLUMN = 6
_GAP = "  "


def print_json(document: Any) -> None:
    """One JSON document on stdout, UTF-8, indented."""
    import orjson

    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def say(sentence: str) -> None:
    """One line of narration on stderr."""
    typer.echo(plain(sentence), err=True)


def print_paragraph(text: str, indent: str = "") -> None:
    """A paragraph on stdout, in lines that fit the terminal; where there is none, in one line."""
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for line in textwrap.wrap(
        plain(text), room, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    ):
        typer.echo(line)


def plain(text: str) -> str:
    """The text with control, format and bidirectional characters as escapes: nothing outside steers the terminal."""
    return "".join(
        character if character.isprintable() or character == " " else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[int] = (),
    widest: int = _LONGEST_CELL_CHARACTERS,
) -> None:
    """A plain table on stdout, columns as wide as their content up to a limit; a cut cell ends in an ellipsis.

    A row may be shorter than the headings. In a terminal the widest columns give way until the table fits.

    Args:
        right: positions of the columns that are aligned to the right.
        widest: characters of the longest cell.
    """
    cells = [[_cell(value, widest) for value in (*row, *[""] * (len(headings) - len(row)))] for row in rows]
    widths = [max([width(heading), *(width(row[column]) for row in cells)]) for column, heading in enumerate(headings)]
    if sys.stdout.isatty():
        widths = fitted(widths, shutil.get_terminal_size().columns)
    for line in [list(headings), ["─" * columns for columns in widths], *cells]:
        padded = [_padded(text, widths[column], column in right) for column, text in enumerate(line)]
        typer.echo(_GAP.join(padded).rstrip())


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the widest made narrower, one after another, until all fit into `room` or none can give."""
    narrowed = list(widths)
    excess = sum(narrowed) + len(_GAP) * (len(narrowed) - 1) - room
    while excess > 0 and (widest := max(narrowed)) > _NARROWEST_COLUMN:
        narrowed[narrowed.index(widest)] -= 1
        excess -= 1
    return narrowed


def _cell(value: object, widest: int) -> str:
    text = "" if value is None else plain(str(value))
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _padded(text: str, columns: int, right: bool) -> str:
    if width(text) > columns:
        while width(text) > columns - 1:
            text = text[:-1]
        text += "…"
    room = " " * (columns - width(text))
    return room + text if right else text + room


def width(text: str) -> int:
    """Columns a text takes in a terminal: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
