"""Cursors: where a list goes on. For callers they mean nothing, and one of another list is refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

import orjson

from reconciler.service.queries import WrongQueryError

_CHECK_BYTES: Final = 8


def cursor_after(identity: str, chosen: object) -> str:
    """A cursor that goes on after that member.

    Args:
        chosen: what the list was asked for, as JSON.
    """
    return base64.urlsafe_b64encode(orjson.dumps([identity, _check(chosen)])).decode().rstrip("=")


def member_of(cursor: str, chosen: object) -> str:
    """After which member the list goes on.

    Raises:
        WrongQueryError: it is no cursor, or one of another list.
    """
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except ValueError:
        decoded = None
    match decoded:
        case [str(identity), str(check)] if check == _check(chosen):
            return identity
    raise WrongQueryError("cursor", "is not one that this list gave", status=422)


def _check(chosen: object) -> str:
    return hashlib.sha256(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS)).hexdigest()[: 2 * _CHECK_BYTES]
