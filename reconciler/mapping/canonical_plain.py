"""The canonical forms of text, one value at a time: the definition that the column kernels must equal.

A form is "" when nothing of the value counts; the caller stores that as null.

What each does to characters:

| characters | value of TEXT | form of TEXT | CODE, EMAIL | the others |
|---|---|---|---|---|
| tab, line breaks (`\\r\\n` is one), U+0085, U+2028, U+2029 | one space | a space | one space | dropped |
| other control characters (ESC, NUL, U+009B …) | dropped | dropped | dropped | dropped |
| bidirectional embeddings, overrides, isolates | dropped | dropped | dropped | dropped |
| other format characters (joiners, soft hyphen, BOM) | kept | dropped | kept | dropped |
| lone surrogates | U+FFFD | U+FFFD | U+FFFD | dropped |
| every Unicode space, NBSP included | kept | runs become one space, outer ones go | outer ones go | dropped |
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from stdnum.br import cnpj, cpf

from reconciler.model.findings import Cause

CNPJ_LENGTH: Final = 14
CPF_LENGTH: Final = 11

_LINE_BREAKS = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_IGNORED_IN_FORM = frozenset({"Mn", "Cf", "Cc"})


class UnreadableValueError(ValueError):
    """A value does not have the described form.

    Attributes:
        cause: `unreadable_value` or `invalid_document`.
        reason: what is wrong, one clause in English, without the value.
    """

    def __init__(self, reason: str, cause: Cause = Cause.UNREADABLE_VALUE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


def clean_plain(text: str) -> str:
    """The value as written: NFC, line breaks as spaces, without control and bidirectional override characters."""
    text = _LINE_BREAKS.sub(" ", text)
    text = _CONTROLS.sub("", text)
    text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    return unicodedata.normalize("NFC", text)


def fold_plain(text: str) -> str:
    """TEXT: without accents, in upper case, with single spaces.

    NFKD, without nonspacing marks (Mn) and format characters (Cf), case-folded and then upper case (`ß` and `ẞ` give
    `SS`, `ﬁ` gives `FI`, `º` gives `O`, full-width digits give digits), words joined with one space.
    """
    decomposed = unicodedata.normalize("NFKD", clean_plain(text))
    kept = "".join(char for char in decomposed if unicodedata.category(char) not in _IGNORED_IN_FORM)
    return " ".join(kept.casefold().upper().split())


def identifier_plain(text: str) -> str:
    """A system's own key of a record: the value as written without outer spaces."""
    return clean_plain(text).strip()


def code_plain(text: str) -> str:
    """CODE: outer spaces removed, upper case, NFC. Inner spaces, leading zeros and full-width characters stay."""
    return unicodedata.normalize("NFC", clean_plain(text).strip().upper())


def email_plain(text: str) -> str:
    """EMAIL: outer spaces removed, lower case, NFC."""
    return unicodedata.normalize("NFC", clean_plain(text).strip().lower())


def registration_plain(text: str) -> str:
    """REGISTRATION: the letters and digits of the folded text.

    Raises:
        UnreadableValueError: symbols other than punctuation and nothing else.
    """
    folded = fold_plain(text)
    kept = "".join(char for char in folded if char.isalnum())
    if not kept and not _only_punctuation(folded):
        raise UnreadableValueError("holds neither letters nor digits")
    return kept


def digits_plain(text: str) -> str:
    """DIGITS: decimal digits of any script, as ASCII digits; leading zeros stay.

    Raises:
        UnreadableValueError: letters or symbols, and no digit. Only punctuation (`( ) -`) counts as empty.
    """
    cleaned = clean_plain(text)
    kept = "".join(str(unicodedata.decimal(char)) for char in cleaned if unicodedata.decimal(char, None) is not None)
    if not kept and not _only_punctuation(cleaned):
        raise UnreadableValueError("holds no digit")
    return kept


def document_plain(text: str) -> str:
    """DOCUMENT: the letters and digits of a CNPJ (14, alphanumeric since July 2026) or CPF (11), upper case.

    Mask characters (`. - /` and spaces, with the Unicode look-alikes that python-stdnum knows) are removed wherever
    they stand; check digits are verified as python-stdnum does, so a CNPJ of zeros is invalid.

    Raises:
        UnreadableValueError: with cause `invalid_document`.
    """
    number: str = cnpj.compact(text)
    if not number:
        return ""
    if not number.isascii() or not number.isalnum():
        raise UnreadableValueError("holds characters that no CNPJ or CPF has", Cause.INVALID_DOCUMENT)
    if len(number) == CNPJ_LENGTH:
        if not cnpj.is_valid(number):
            raise UnreadableValueError("is not a CNPJ: check digits or shape", Cause.INVALID_DOCUMENT)
    elif len(number) == CPF_LENGTH:
        if not cpf.is_valid(number):
            raise UnreadableValueError("is not a CPF: check digits or shape", Cause.INVALID_DOCUMENT)
    else:
        raise UnreadableValueError("has neither 14 characters (CNPJ) nor 11 digits (CPF)", Cause.INVALID_DOCUMENT)
    return number


def document_of_integer(number: int) -> str:
    """DOCUMENT given as a number, which has lost its leading zeros.

    Up to 11 digits it is a CPF if it is a valid one, and otherwise a CNPJ with zeros at the left. About one in a
    hundred could be both; people are many and companies with three leading zeros few, so it is taken for a CPF.

    Raises:
        UnreadableValueError: with cause `invalid_document`.
    """
    digits = str(number)
    if number <= 0:
        raise UnreadableValueError("is not a positive number", Cause.INVALID_DOCUMENT)
    if len(digits) <= CPF_LENGTH and cpf.is_valid(digits.zfill(CPF_LENGTH)):
        return digits.zfill(CPF_LENGTH)
    return document_plain(digits.zfill(CNPJ_LENGTH))


def letters_and_digits(text: str) -> str:
    """What is shown as the key of a record whose document is invalid: its ASCII letters and digits, upper case."""
    return "".join(char for char in fold_plain(text) if char.isascii() and char.isalnum())


def _only_punctuation(text: str) -> bool:
    return all(char.isspace() or unicodedata.category(char).startswith("P") for char in text)
