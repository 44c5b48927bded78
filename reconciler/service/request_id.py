"""The id of the request in hand: what a caller, an answer and a log line have in common."""

from __future__ import annotations

import itertools
import re
import secrets
from contextvars import ContextVar
from typing import Final

from multidict import istr

HEADER: Final = istr("X-Request-Id")
_SANE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFIX: Final = secrets.token_hex(6)
_NUMBERS: Final = itertools.count(1)
"""Counted, because asking the system for randomness takes longer than all else here."""

current: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""Of the request whose task this is; "" outside one. Each request is answered in a context of its own."""


def begin(given: str | None) -> str:
    """Take the id a caller gives, when it is short and plain, or make one; it is `current` from here on."""
    request_id = given if given is not None and _SANE.fullmatch(given) else f"{_PREFIX}-{next(_NUMBERS):x}"
    current.set(request_id)
    return request_id
