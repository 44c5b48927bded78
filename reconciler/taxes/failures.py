"""What it means that asking the ERP failed: whether it said nothing, and what people are told."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    ResponseNotUnderstoodError,
    SystemReadError,
    TaxAnswerError,
    VendorFaultError,
)
from reconciler.taxes.answer import Note

_WORDS_CHARACTERS: Final = 240


def says_nothing(error: SystemReadError) -> bool:
    """Whether the ERP failed. To refuse this quote, or to contradict itself about it, is to answer."""
    if isinstance(error, VendorFaultError):
        return error.vendor_code.startswith("5") and len(error.vendor_code) == 3
    return not isinstance(error, TaxAnswerError)


def reason_of(error: SystemReadError) -> Note:
    """Why there is no answer, as it is told."""
    match error:
        case TaxAnswerError():
            return Note(error.reason, error.details)
        case VendorFaultError():
            return Note("refused_by_erp", {"words": error.message[:_WORDS_CHARACTERS]})
        case CredentialsRefusedError():
            return Note("credentials_refused")
        case BlockedError():
            return Note("blocked", {"until": error.until.astimezone(UTC).isoformat(timespec="seconds")})
        case ResponseNotUnderstoodError():
            return Note("not_understood")
        case _:
            return Note("unreachable")
