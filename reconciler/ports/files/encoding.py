"""Bytes to characters, strictly and in pieces; and the one place where an encoding is guessed, for `check`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reconciler.ports.files.formats import TextEncoding
from reconciler.ports.files.layout_error import FileLayoutError

_CHUNK_BYTES: Final = 64 * 1024
_SAMPLE_BYTES: Final = 256 * 1024
_SEARCHED_BYTES: Final = 16 * 1024 * 1024

_MARKS: Final[tuple[tuple[bytes, TextEncoding], ...]] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DETERMINED_BY_MARK: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_FITTING: Final[dict[TextEncoding, frozenset[bytes]]] = {
    "utf-8": frozenset({codecs.BOM_UTF8}),
    "utf-8-sig": frozenset({codecs.BOM_UTF8}),
    "utf-16": frozenset(_DETERMINED_BY_MARK),
    "utf-16-le": frozenset({codecs.BOM_UTF16_LE}),
    "utf-16-be": frozenset({codecs.BOM_UTF16_BE}),
}
_LETTERS: Final = frozenset("áàâãçéêíóôõúüñ")
_CAPITALS: Final = frozenset("ÁÀÂÃÇÉÊÍÓÔÕÚÜÑ")
_MARKS_OF_WRITING: Final = frozenset("ºª°–—“”‘’•…€§²³\xa0")
_BEYOND_ASCII: Final = re.compile(r"(.?)([^\x00-\x7f])(?=(.?))")
_KNOWN_TO_STATISTICS: Final[dict[str, TextEncoding]] = {"cp1252": "cp1252", "cp850": "cp850", "latin_1": "latin-1"}
_CHECK_HINT: Final = "`reconciler check` tells which encoding the file has."


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """What the encoding of a file seems to be.

    Attributes:
        encoding: to be written in the description, or None when the file does not look like text.
        certain: True where the bytes leave no doubt: a byte order mark, or UTF-8 with accented letters. False for
            single-byte encodings, and where no accented letter was seen (any encoding reads such a file alike).
        reason: why, one clause.
    """

    encoding: TextEncoding | None
    certain: bool
    reason: str


def text_chunks(stream: BinaryIO, encoding: TextEncoding) -> Iterator[str]:
    """The characters of a file in pieces, without the byte order mark.

    Everything before a place that cannot be decoded is given before the error, so that a reader knows how far it came.

    Raises:
        FileLayoutError: bytes that are not of this encoding, the mark of another one, or a NUL character; without row.
    """
    head = stream.read(4)
    mark = next((mark for mark, _ in _MARKS if head.startswith(mark)), b"")
    decoder = codecs.getincrementaldecoder(_codec(encoding, mark))()
    data = head[len(mark) :] + stream.read(_CHUNK_BYTES)
    while True:
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            yield from _without_nul(_decodable(error, encoding, mark))
            raise FileLayoutError(
                f"the byte 0x{error.object[error.start]:02X} cannot be read as {encoding}", hint=_CHECK_HINT
            ) from None
        yield from _without_nul(text)
        if not data:
            return
        data = stream.read(_CHUNK_BYTES)


def _codec(encoding: TextEncoding, mark: bytes) -> str:
    """Name of the codec for what follows the mark."""
    if mark and mark not in _FITTING.get(encoding, frozenset()):
        found = next(name for known, name in _MARKS if known == mark)
        raise FileLayoutError(f"the file begins with the byte order mark of {found}, and {encoding} is declared")
    if encoding == "utf-16":
        if not mark:
            raise FileLayoutError("the file has no byte order mark", hint='Declare "utf-16-le" or "utf-16-be".')
        return _DETERMINED_BY_MARK[mark]
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _decodable(error: UnicodeDecodeError, encoding: TextEncoding, mark: bytes) -> str:
    return error.object[: error.start].decode(_codec(encoding, mark))


def _without_nul(text: str) -> Iterator[str]:
    before, nul, _ = text.partition("\0")
    if before:
        yield before
    if nul:
        raise FileLayoutError("a NUL character, which no text file has", hint=_CHECK_HINT)


def detect_encoding(path: Path) -> EncodingGuess:
    """What the encoding of a text file seems to be, for `check` to propose. Nothing is read by a guess.

    A byte order mark decides; then strict UTF-8, then the NUL bytes of UTF-16, then how likely the letters are in the
    single-byte encodings that Brazilian systems write. Looks at most at the first 16 MiB, for accented letters.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        sample = _telling_sample(stream)
        is_end = not stream.read(1)
    mark = next((name for mark, name in _MARKS if sample.startswith(mark)), None)
    if mark is not None:
        return EncodingGuess(mark, certain=True, reason="it begins with a byte order mark")
    if b"\0" in sample:
        return _utf_16(sample)
    if sample.isascii():
        reason = "no accented letter was seen, so any encoding reads it alike"
        return EncodingGuess("utf-8", certain=False, reason=reason)
    if _is_utf_8(sample, is_end=is_end):
        return EncodingGuess("utf-8", certain=True, reason="its accented letters are UTF-8")
    return _single_byte(sample)


def _telling_sample(stream: BinaryIO) -> bytes:
    """The beginning of the file, or its first part with more than ASCII if the beginning is plain text."""
    first = part = stream.read(_SAMPLE_BYTES)
    searched = len(part)
    while part and part.isascii() and b"\0" not in part and searched < _SEARCHED_BYTES:
        part = stream.read(_SAMPLE_BYTES)
        searched += len(part)
    return first if part.isascii() or part is first else part + stream.read(_SAMPLE_BYTES)


def _is_utf_8(sample: bytes, *, is_end: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=is_end)
    except UnicodeDecodeError:
        return False
    return True


def _utf_16(sample: bytes) -> EncodingGuess:
    """By where the NUL halves of Latin letters, digits and delimiters are."""
    for encoding, nul_half in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if nul_half.count(0) > len(nul_half) * 0.6 and _decodes(sample[: len(sample) // 2 * 2], encoding):
            found: TextEncoding = "utf-16-le" if encoding == "utf-16-le" else "utf-16-be"
            return EncodingGuess(found, certain=False, reason="every other byte is NUL")
    return EncodingGuess(None, certain=False, reason="it holds NUL bytes, as no text file does")


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        # The sample may end inside a character.
        return error.end == len(sample)
    return "\0" not in text


def _single_byte(sample: bytes) -> EncodingGuess:
    windows, dos = _portuguese(sample, "cp1252"), _portuguese(sample, "cp850")
    if windows >= dos and windows > 0:
        return EncodingGuess("cp1252", certain=False, reason="its accented letters are as Windows programs write them")
    if dos > 0:
        return EncodingGuess("cp850", certain=False, reason="its accented letters are as DOS programs write them")
    return _by_statistics(sample)


def _portuguese(sample: bytes, encoding: str) -> float:
    """How well the characters beyond ASCII fit Portuguese when read in this encoding, from -1 to 1."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return -1.0
    found = [_fit(*place.groups()) for place in _BEYOND_ASCII.finditer(text)]
    return sum(found) / len(found)


def _fit(before: str, character: str, after: str) -> float:
    if character in _LETTERS:
        return -1.0 if after.isupper() else 1.0
    if character in _CAPITALS:
        return -1.0 if before.islower() else 1.0
    return 0.5 if character in _MARKS_OF_WRITING else -1.0


def _by_statistics(sample: bytes) -> EncodingGuess:
    """For texts in other languages."""
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=["cp1252", "cp850", "latin_1"]).best()
    found = _KNOWN_TO_STATISTICS.get(best.encoding) if best else None
    if found is None:
        return EncodingGuess(None, certain=False, reason="its characters are not those of an encoding known here")
    return EncodingGuess(found, certain=False, reason="its characters are frequent together in that encoding")
