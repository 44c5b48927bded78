"""What somebody types to narrow a filter: words to look for, and parts such as `cause:accents`. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Final

from reconciler.model.choice import Choice
from reconciler.model.findings import Cause, FindingKind
from reconciler.store.state.records import FindingFilter

_PARTS: Final = ("entity", "field", "kind", "cause", "key")
_KNOWN: Final = {"kind": frozenset(FindingKind), "cause": frozenset(Cause)}
LONGEST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class WrongWord(ValueError):
    """A part whose value is none that there is."""

    part: str
    word: str
    known: tuple[str, ...]


def narrowed(basis: FindingFilter, typed: str) -> FindingFilter:
    """A filter narrowed by what was typed. Several values of one part: any of them.

    Raises:
        WrongWord: a kind or cause that there is not.
    """
    parts: dict[str, list[str]] = {}
    words: list[str] = []
    for word in _split(typed[:LONGEST_CHARACTERS]):
        name, colon, value = word.partition(":")
        if colon and value and name.lower() in _PARTS:
            parts.setdefault(name.lower(), []).append(value)
        else:
            words.append(word)
    for name, known in _KNOWN.items():
        for value in parts.get(name, ()):
            if value not in known:
                raise WrongWord(name, value, tuple(sorted(known)))
    text = " ".join(words) or None
    choices: dict[str, Choice] = {name: tuple(values) for name, values in parts.items()}
    return replace(basis, text=text, **choices)


def _split(typed: str) -> list[str]:
    try:
        return shlex.split(typed, comments=False)
    except ValueError:
        # A quotation mark that is not closed is looked for as it stands.
        return typed.split()
