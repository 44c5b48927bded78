"""Whether a text file is written in the encoding its description declares: what `check` tells before any run."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from reconciler.phrases.phrase import phrase
from reconciler.ports.files.encoding import detect_encoding
from reconciler.ports.files.formats import (
    DelimitedFormat,
    FileFormat,
    FixedWidthFormat,
    JsonFormat,
    JsonLinesFormat,
    TextEncoding,
)

_READ_ALIKE: Final[dict[TextEncoding, TextEncoding]] = {"utf-8-sig": "utf-8", "latin-1": "cp1252"}
"""Encodings that Portuguese text cannot tell apart."""


class EncodingProblem(NamedTuple):
    """What is wrong, and what to write instead."""

    problem: str
    hint: str


def encoding_problem(path: Path, file_format: FileFormat) -> EncodingProblem | None:
    """What tells against the declared encoding; None when nothing does, or the format has none of its own.

    Raises:
        OSError: the file cannot be read.
    """
    if not isinstance(file_format, DelimitedFormat | FixedWidthFormat | JsonFormat | JsonLinesFormat):
        return None
    guess = detect_encoding(path)
    if guess.encoding is None:
        return EncodingProblem(
            phrase("it does not look like a text file: {reason}", reason=guess.reason),
            phrase("Check the pattern and the kind."),
        )
    plain_ascii = guess.encoding == "utf-8" and not guess.certain
    if plain_ascii or _alike(guess.encoding) == _alike(file_format.encoding):
        return None
    return EncodingProblem(
        phrase(
            "it looks like {encoding} ({reason}), and {encoding_2} is declared",
            encoding=guess.encoding,
            reason=guess.reason,
            encoding_2=file_format.encoding,
        ),
        phrase('Write encoding = "{encoding}" in the format of the description.', encoding=guess.encoding),
    )


def _alike(encoding: TextEncoding) -> TextEncoding:
    return _READ_ALIKE.get(encoding, encoding)
