"""Saying a phrase in the language of a project."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from string import Formatter
from typing import Final

from reconciler.phrases.phrase import Phrase, Phrases

ROOMS: Final = (
    *("words", "values", "corrections", "writing", "systems", "http", "files", "state", "comparing", "taxes"),
    "projects",
    "pilot",
    "descriptions",
    "described_calls",
)
"""Modules of `phrases/portuguese/`."""

_WORDED: Final = frozenset(
    {
        "because", "change", "changed", "check", "closed", "cost", "detail", "done", "error",
        "failure", "first", "hint", "how", "limit", "message", "more", "problem", "problems",
        "reason", "reasons", "rule", "seen", "state", "suspicious", "text", "to", "to_do", "told",
        "what", "where", "why", "words", "wrong",
    }
)  # fmt: skip
"""Values of these names are parts of the sentence; every other is data and stays as it is."""
_ANY: Final = ".+?"
_NAME: Final = r"(?:(?!: ).)+?"
"""What is no part of the sentence has no colon that begins one."""
_LEAST_LETTERS: Final = 3
_SENTENCES: Final = re.compile(r"(?<=[.!?]) (?=[A-Z0-9“])")
_REMEMBERED: Final = 2_000


Drawn = Callable[[str], str]
_Parts = list[tuple[str, str | None]]
"""A template: words, and the name of the value after them."""


def in_language(text: str, locale: str, drawn: Drawn = str) -> str:
    """The text in the language of a locale, as far as it is known there.

    A `Phrase` is looked up by its template and filled with its values. Other text comes from the state, where only its
    English is kept: it is taken apart by the templates of the catalogue. What is in no catalogue stays as it is, since
    it is all that is known: the words of a system, a value, a name.

    Args:
        locale: `pt-BR`, or any other Portuguese, gives Portuguese; everything else the English itself.
        drawn: applied to the words of ours, and to no value.
    """
    return _portuguese(text, drawn) if locale.lower().startswith("pt") else str(text)


def _portuguese(text: str, drawn: Drawn) -> str:
    if isinstance(text, Phrases):
        return text.separator.join(_portuguese(part, drawn) for part in text.parts)
    if not isinstance(text, Phrase):
        return _kept(text, drawn)
    template = catalogue().get(text.template)
    return str(text) if template is None else _filled(template, text.values, drawn)


def _filled(template: str, values: Mapping[str, object], drawn: Drawn) -> str:
    return drawn(template).format(**{name: _value(name, value, drawn) for name, value in values.items()})


def _value(name: str, value: object, drawn: Drawn) -> object:
    if isinstance(value, Phrase):
        return _portuguese(value, drawn)
    return _kept(str(value), drawn) if name in _WORDED else value


@cache
def catalogue() -> Mapping[str, str]:
    """The Portuguese of every template.

    Raises:
        ValueError: two modules hold the same template.
    """
    found: dict[str, str] = {}
    for room in ROOMS:
        texts: Mapping[str, str] = import_module(f"reconciler.phrases.portuguese.{room}").TEXTS
        if twice := found.keys() & texts.keys():
            raise ValueError(f"{room} repeats {sorted(twice)}")
        found.update(texts)
    return found


@lru_cache(maxsize=_REMEMBERED)
def _kept(text: str, drawn: Drawn) -> str:
    """A text of the state: sentence by sentence, or as a whole where a sentence goes over a full stop."""
    sentences = _SENTENCES.split(text)
    if len(sentences) == 1:
        return _recognised(text, drawn) or text
    said = [_recognised(sentence, drawn) for sentence in sentences]
    if None in said and (whole := _recognised(text, drawn)) is not None:
        return whole
    return " ".join(each or sentence for each, sentence in zip(said, sentences, strict=True))


def _recognised(text: str, drawn: Drawn) -> str | None:
    exact = _without_marks().get(text)
    if exact is not None:
        return drawn(exact)
    for shape in _shapes():
        found = shape.match(text)
        if found is not None:
            return _filled(shape.said, found.groupdict(), drawn)
    return _after_its_place(text, drawn)


def _after_its_place(text: str, drawn: Drawn) -> str | None:
    """Of `email: the field is not mapped`, `erp: customers 4711: …`: what stands before a colon is a name."""
    place, colon, rest = text.partition(": ")
    said = _recognised(rest, drawn) if colon else None
    if said is None and rest.endswith("."):
        clause = _recognised(rest[:-1], drawn)
        said = None if clause is None else f"{clause}."
    return None if said is None else f"{place}: {said}"


@cache
def _without_marks() -> Mapping[str, str]:
    return {template.format(): said.format() for template, said in catalogue().items() if not marks_of(template)}


@cache
def _shapes() -> tuple[_Shape, ...]:
    """Every template with marks; those with the most words of their own first."""
    found = [_Shape(parts, said) for template, said in catalogue().items() if _has_marks(parts := _parts(template))]
    found.sort(key=lambda each: -each.letters)
    return tuple(each for each in found if each.letters >= _LEAST_LETTERS)


class _Shape:
    """What a text made of a template looks like.

    Most texts are of no shape, and a pattern takes long to make: it is made for texts that have all of the words.
    """

    __slots__ = ("_begins", "_ends", "_parts", "_pattern", "_words", "letters", "said")

    def __init__(self, parts: _Parts, said: str) -> None:
        words = [each for each, _ in parts]
        self._parts, self.said = parts, said
        self._begins, self._ends = words[0], "" if parts[-1][1] is not None else words[-1]
        self._words = sorted((each for each in words if each), key=len, reverse=True)
        self._pattern: re.Pattern[str] | None = None
        self.letters = sum(sum(map(str.isalpha, each)) for each in words)

    def match(self, text: str) -> re.Match[str] | None:
        """The values, by their names; None for a text that was not made of this template."""
        if not (text.startswith(self._begins) and text.endswith(self._ends)):
            return None
        for words in self._words:
            if words not in text:
                return None
        if self._pattern is None:
            self._pattern = _pattern(self._parts)
        return self._pattern.fullmatch(text)


def marks_of(template: str) -> set[str]:
    """The names of the values of a template."""
    return {name for _, name in _parts(template) if name is not None}


def _parts(template: str) -> _Parts:
    return [(words, name) for words, name, _, _ in Formatter().parse(template)]


def _has_marks(parts: _Parts) -> bool:
    return any(name is not None for _, name in parts)


def _pattern(parts: _Parts) -> re.Pattern[str]:
    made, seen = [], set[str]()
    for words, name in parts:
        made.append(re.escape(words))
        if name is not None:
            made.append(f"(?P={name})" if name in seen else f"(?P<{name}>{_ANY if name in _WORDED else _NAME})")
            seen.add(name)
    return re.compile("".join(made), re.DOTALL)
