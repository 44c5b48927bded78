"""Ways a text goes wrong between two systems, and the plain forms that tell them apart."""

from __future__ import annotations

import unicodedata

_REPAIRABLE = "ãçéó"
"""Letters whose UTF-8 bytes are all printable, and none of them space-like, in Windows-1252."""


def without_accents(text: str) -> str:
    """The text without its combining marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def ascii_letters(text: str) -> str:
    """Letters and digits only, lower case, without accents: part of an e-mail address."""
    return "".join(c for c in without_accents(text).lower() if c.isalnum())


def has_repairable_accent(text: str) -> bool:
    """Whether a mistaken decoding leaves the text printable and recognisable."""
    return any(c in _REPAIRABLE for c in text) and all(c.isascii() or c in _REPAIRABLE for c in text)


def utf8_as_cp1252(text: str) -> str:
    """UTF-8 bytes read as Windows-1252: São becomes SÃ£o."""
    return text.encode().decode("cp1252")


def lost_to_question_marks(text: str) -> str:
    """Every character that is not ASCII became a question mark."""
    return text.encode("ascii", "replace").decode()


def without_a_letter(text: str) -> str:
    """The text with a letter missing in the middle of its longest word, as a typist leaves one out."""
    longest = max(text.split(), key=len)
    middle = len(longest) // 2
    return text.replace(longest, longest[:middle] + longest[middle + 1 :], 1)
