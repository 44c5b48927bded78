"""The canonical forms of text for whole columns, equal to `canonical_plain` value by value.

A column is joined into one Latin-1 byte string and translated through a table of 256 entries, so that the interpreter
works once per column and not once per value. The tables are derived from the plain definitions. Whatever a table cannot
say (characters outside Latin-1, letters that become two, most controls) turns into a mark, and the values that hold it
are left undecided, for the plain definition: Portuguese text rarely needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from stdnum.br import cnpj

from reconciler.mapping import canonical_plain as plain
from reconciler.mapping.documents import invalid_documents
from reconciler.model.entities import FieldType
from reconciler.model.staging import MAX_TEXT_CHARACTERS

SEPARATOR: Final = "\x1f"
"""Between the texts of a joined column."""

MARK: Final = "\x00"
"""What a table says of a character it does not decide."""

_NEVER_DECIDED = frozenset({MARK, SEPARATOR, "\\", "\r"})
"""The mark and the separator have a meaning of their own; a backslash may stand for a character outside Latin-1;
`\\r\\n` is one line break, which no table of single characters can say."""

_SEPARATOR_AS_SPACE = bytes.maketrans(SEPARATOR.encode(), b" ")
_RUN_OF_SPACES = re.compile(b"  +")


class Forms(NamedTuple):
    """Forms of a column of texts, "" where empty, and the positions whose form the plain definition must give."""

    forms: list[str]
    undecided: Sequence[int]


class _Table(NamedTuple):
    """What becomes of each Latin-1 byte; `deleted` ones leave nothing."""

    entries: bytes
    deleted: bytes


class Pieces(NamedTuple):
    """A column of texts after a translation: one by one, and joined as Latin-1 bytes."""

    texts: list[str]
    data: bytes


def fold(texts: list[str]) -> Forms:
    """TEXT forms, as `fold_plain`. Of a decided text the value as written is the text itself."""
    return _forms(texts, pieces(texts, lambda data: _with_single_spaces(data.translate(*_FOLD))))


def identifier(texts: list[str]) -> Forms:
    """Keys of records, as `identifier_plain`."""
    return _forms(texts, _trimmed(pieces(texts, lambda data: data.translate(*_IDENTIFIER))))


def code(texts: list[str]) -> Forms:
    """CODE forms, as `code_plain`."""
    return _forms(texts, _trimmed(pieces(texts, lambda data: data.translate(*_CODE))))


def email(texts: list[str]) -> Forms:
    """EMAIL forms, as `email_plain`."""
    return _forms(texts, _trimmed(pieces(texts, lambda data: data.translate(*_EMAIL))))


def registration(texts: list[str]) -> Forms:
    """REGISTRATION forms, as `registration_plain`."""
    return _forms(texts, pieces(texts, lambda data: data.translate(*_REGISTRATION)))


def digits(texts: list[str]) -> Forms:
    """DIGITS forms, as `digits_plain`."""
    return _forms(texts, pieces(texts, lambda data: data.translate(*_DIGITS)))


def document(texts: list[str]) -> Forms:
    """DOCUMENT forms, as `document_plain`. Whatever is not a valid document is undecided."""
    forms, undecided = _forms(texts, pieces(texts, lambda data: data.translate(*_DOCUMENT)))
    return Forms(forms, [*undecided, *set(invalid_documents(forms)).difference(undecided)])


def pieces(texts: list[str], translate: Callable[[bytes], bytes]) -> Pieces:
    """The texts after a translation of all of them at once.

    Args:
        texts: characters outside Latin-1 reach the translation as backslash escapes; a text that is too long, or holds
            the separator, as `MARK`.
        translate: of Latin-1 bytes with `SEPARATOR` between the texts, which it must leave.
    """
    if not texts:
        return Pieces([], b"")
    joined = SEPARATOR.join(texts)
    if len(joined) > MAX_TEXT_CHARACTERS:
        joined = SEPARATOR.join([text if len(text) <= MAX_TEXT_CHARACTERS else MARK for text in texts])
    data = translate(joined.encode("latin-1", "backslashreplace"))
    found = data.decode("latin-1").split(SEPARATOR)
    if len(found) == len(texts):
        return Pieces(found, data)
    return pieces([MARK if SEPARATOR in text else text for text in texts], translate)


def _forms(texts: list[str], found: Pieces) -> Forms:
    """The forms, with those undecided that hold the mark, or are empty although the text is not."""
    forms, data = found
    undecided = [place for place, form in enumerate(forms) if MARK in form] if MARK.encode() in data else []
    if "" in forms:
        undecided += [place for place, form in enumerate(forms) if not form and texts[place]]
    return Forms(forms, undecided)


def _with_single_spaces(data: bytes) -> bytes:
    # Read with separators as spaces, any run, outer space or empty text is two spaces: one search finds them all.
    if b"  " not in data.translate(_SEPARATOR_AS_SPACE) and data.strip(b" ") == data:
        return data
    return _RUN_OF_SPACES.sub(b" ", data).replace(b" \x1f", b"\x1f").replace(b"\x1f ", b"\x1f").strip(b" ")


def _trimmed(found: Pieces) -> Pieces:
    forms, data = found
    return Pieces([form.strip() for form in forms], data) if b" " in data or b"\xa0" in data else found


def _fold_where_value_stays(text: str) -> str | None:
    return plain.fold_plain(text) if plain.clean_plain(text) == text else None


def _document_characters(text: str) -> str | None:
    number: str = cnpj.compact(text)
    return number if number.isascii() and number.isalnum() else None


def _table(define: Callable[[str], str | None], around: str) -> _Table:
    """Derive a table from a definition, by asking it about every character between two of `around`.

    A character stays undecided (entry 0, the mark) where the definition gives None or not a single Latin-1 character.
    """
    entries = bytearray(256)
    deleted = bytearray()
    for byte in range(256):
        char = chr(byte)
        text = None if char in _NEVER_DECIDED else define(f"{around}{char}{around}")
        if text is None:
            continue
        form = text[1:-1]
        if not form:
            deleted.append(byte)
        elif len(form) == 1 and ord(form) < 256:
            entries[byte] = ord(form)
    entries[ord(SEPARATOR)] = ord(SEPARATOR)
    return _Table(bytes(entries), bytes(deleted))


_FOLD = _table(_fold_where_value_stays, "A")
_IDENTIFIER = _table(plain.identifier_plain, "A")
_CODE = _table(plain.code_plain, "A")
_EMAIL = _table(plain.email_plain, "a")
_REGISTRATION = _table(plain.registration_plain, "A")
_DIGITS = _table(plain.digits_plain, "1")
_DOCUMENT = _table(_document_characters, "1")

TEXT_COLUMNS: Final = {
    FieldType.TEXT: fold,
    FieldType.CODE: code,
    FieldType.DOCUMENT: document,
    FieldType.REGISTRATION: registration,
    FieldType.EMAIL: email,
    FieldType.DIGITS: digits,
}
"""How each textual type is done for a column."""
