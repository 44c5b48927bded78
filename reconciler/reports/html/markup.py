"""Markup that is safe by type: a `str` is outside text and is escaped wherever it enters; only `Html` passes."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Final

SPACE_MARK: Final = "·"
NO_BREAK_SPACE_MARK: Final = "⍽"
_VOID_ELEMENTS: Final = frozenset({"meta", "input", "link"})
_SHORT_NAMES: Final = {"\t": "TAB", "\n": "LF", "\r": "CR", "\x1b": "ESC", "\x00": "NUL"}
_FORMATTER: Final = Formatter()


@dataclass(frozen=True, slots=True)
class Html:
    """Markup made by this package. Made from outside text only by `text`, `element` and `fill`."""

    markup: str


EMPTY: Final = Html("")
Part = Html | str
"""What an element may contain: ready markup, or text to be escaped."""


def join(parts: Iterable[Part], between: str = "") -> Html:
    """The parts one after the other, with this text between them."""
    return Html(html.escape(between).join(_markup(part) for part in parts))


def element(name: str, /, *parts: Part, **attributes: str | None) -> Html:
    """An element with its content. `class_` writes `class`, `data_label` writes `data-label`; None leaves one out."""
    written = "".join(
        f' {attribute.rstrip("_").replace("_", "-")}="{html.escape(visible(value))}"'
        for attribute, value in attributes.items()
        if value is not None
    )
    if name in _VOID_ELEMENTS:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(parts).markup}</{name}>")


def fill(template: str, **parts: Part) -> Html:
    """A sentence of ours with `{name}` replaced by the part of that name; texts are escaped."""
    filled: list[Part] = []
    for literal, name, _, _ in _FORMATTER.parse(template):
        filled.append(literal)
        if name is not None:
            filled.append(parts[name])
    return join(filled)


def text(outside: str, *, spaces: bool = False) -> Html:
    """Outside text, escaped, with what cannot be seen made visible; with `spaces`, plain spaces too."""
    if outside.isprintable() and not spaces:
        return Html(html.escape(outside))
    return Html("".join(_character(character, spaces) for character in outside))


def visible(outside: str) -> str:
    """Outside text as plain text, each character that cannot be seen or turns text around replaced by its code."""
    if outside.isprintable():
        return outside
    return "".join(map(visible_character, outside))


def visible_character(character: str) -> str:
    """The character itself, or what stands for it when it cannot be seen."""
    if character.isprintable():
        return character
    if character == "\xa0":
        return NO_BREAK_SPACE_MARK
    return f"⟨{_SHORT_NAMES.get(character) or f'U+{ord(character):04X}'}⟩"


def clipped(outside: str, characters: int) -> str:
    """At most so many characters, the last one an ellipsis when something was left out."""
    return outside if len(outside) <= characters else outside[: characters - 1] + "…"


def isolated(outside: Part) -> Html:
    """Text whose writing direction does not reach what is around it."""
    return element("bdi", outside)


def _character(character: str, spaces: bool) -> str:
    if character == " " and spaces:
        return f'<span class="unseen">{SPACE_MARK}</span>'
    if not character.isprintable():
        return f'<span class="unseen">{visible_character(character)}</span>'
    return html.escape(character)


def _markup(part: Part) -> str:
    return part.markup if isinstance(part, Html) else text(part).markup
