"""A sentence that remembers what it was made of.

The program makes its sentences in English, where the trouble is found. Errors, journals and documents keep them as
text, as before; who shows them to a person can say them in that person's language with `languages.in_language`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self


class Phrase(str):
    """English text, with the template and the values it was made of.

    Attributes:
        template: with `{name}` for each value; it is the stable id of the sentence in the catalogues.
        values: a value that is a `Phrase` itself is said in the same language as the whole.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Self:
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.template, self.values)


class Phrases(Phrase):
    """Several phrases as one text.

    Attributes:
        separator: what stands between them.
        parts: phrases, and texts that are the same in every language.
    """

    __slots__ = ("parts", "separator")
    separator: str
    parts: tuple[str, ...]

    def __new__(cls, separator: str, parts: tuple[str, ...]) -> Self:
        made = str.__new__(cls, separator.join(parts))
        made.template, made.values = "", {}
        made.separator, made.parts = separator, parts
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.separator, self.parts)


def phrase(template: str, /, **values: object) -> Phrase:
    """A sentence, or a part of one. `template` must be written out here: the catalogues are checked against the source.

    Raises:
        KeyError: a value of the template is missing.
    """
    return Phrase(template, values)


def joined(separator: str, parts: list[str] | tuple[str, ...]) -> Phrases:
    """Phrases one after the other, each of which keeps what it was made of."""
    return Phrases(separator, tuple(parts))
