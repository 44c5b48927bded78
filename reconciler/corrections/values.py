"""Canonical values as the text that findings and corrections carry, and back. Exact in both directions.

`text_of(typed_value(kind, text)) == canonical_text(kind, text)`, and the text is the very one that the comparison
writes into findings (`compare.layout.value_as_text`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from reconciler.compare.layout import MAX_SHOWN_CHARACTERS
from reconciler.connectors.write.current_record import FieldValue, Unreadable
from reconciler.mapping.canonical_plain import UnreadableValueError, clean_plain
from reconciler.mapping.instants_plain import day_plain, instant_plain
from reconciler.mapping.numbers_plain import boolean_plain, decimal_plain
from reconciler.mapping.reading import TEXT_FORMS, Form
from reconciler.model.entities import FieldType
from reconciler.model.staging import MAX_TEXT_CHARACTERS

_WITH_OFFSET: Final = re.compile(r".*(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)\s*", re.DOTALL)
_ELLIPSIS: Final = "…"


class ValueTextError(ValueError):
    """A text is not a value of its field's type.

    Attributes:
        reason: what is wrong, one clause in English without the value, such as “is not a number written as 1234.56”.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def typed_value(kind: FieldType, text: str | None) -> Form | None:
    """The value that a text stands for; None for no text and for a text in which nothing counts.

    Args:
        text: as findings write it. What a person typed is read too, so far as it means one value only: a document with
            its mask, an e-mail in capitals, an instant with any offset. Amounts have a point and no thousands.

    Returns:
        Text as written (NFC) for TEXT, the canonical form for every other type. Instants are aware and in UTC.

    Raises:
        ValueTextError: the text is not of that type, or an instant has no offset.
    """
    if text is None or not text.strip():
        return None
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueTextError(f"is longer than {MAX_TEXT_CHARACTERS} characters")
    try:
        if kind in TEXT_FORMS:
            form = TEXT_FORMS[kind](text)
            return (clean_plain(text) if kind is FieldType.TEXT else form) if form else None
        return _READERS[kind](text)
    except UnreadableValueError as error:
        raise ValueTextError(error.reason) from None


def text_of(value: FieldValue) -> str | None:
    """The text of a value; of one that could not be read, what is there, made safe to show."""
    match value:
        case None | str():
            return value
        case Unreadable():
            return value.shown
        case bool():
            return "true" if value else "false"
        case Decimal():
            return _decimal_text(value)
        case datetime():
            return _instant_text(value)
        case date():
            return value.isoformat()


def canonical_text(kind: FieldType, text: str | None) -> str | None:
    """The one text for the value that a text stands for: what a person typed, as findings would write it.

    Raises:
        ValueTextError: as `typed_value`.
    """
    return text_of(typed_value(kind, text))


def was_cut(text: str | None) -> bool:
    """Whether a finding may show only the beginning of the value, which must never be written as if it were all."""
    return text is not None and len(text) >= MAX_SHOWN_CHARACTERS and text.endswith(_ELLIPSIS)


def _decimal_text(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError("an amount is a finite number")
    if not number:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _instant_text(moment: datetime) -> str:
    """In UTC with as many decimals of the second as are needed."""
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset is no moment")
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if moment.microsecond else text}Z"


def _instant(text: str) -> datetime:
    # Without an offset it would silently be taken for the time of some zone.
    if not _WITH_OFFSET.fullmatch(text):
        raise UnreadableValueError("is not a moment written as 2026-05-31T23:59:59-03:00")
    return instant_plain(text, "timestamp", None, "UTC")


_READERS: Final[dict[FieldType, Callable[[str], Form]]] = {
    FieldType.DECIMAL: decimal_plain,
    FieldType.BOOLEAN: lambda text: boolean_plain(text, "boolean_text"),
    FieldType.DATE: lambda text: day_plain(text, "date", None, "UTC"),
    FieldType.TIMESTAMP: _instant,
}
