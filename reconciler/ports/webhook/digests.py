"""Digests as they are written in headers, and the one way in which secrets are compared."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from typing import Final

LONGEST_SIGNATURE_CHARACTERS: Final = 4096
"""A longer signature header is refused unread."""


def digest_of(written: str, prefix: str, encoding: str) -> bytes | None:
    """The digest in a header, after its prefix; None when it is not there. `encoding` is `hex` or `base64`."""
    if not written.startswith(prefix) or len(written) > LONGEST_SIGNATURE_CHARACTERS:
        return None
    bare = written.removeprefix(prefix).strip()
    return unhexed(bare) if encoding == "hex" else decoded(bare)


def unhexed(text: str) -> bytes | None:
    """The bytes of hexadecimal digits in either case; None when it is something else."""
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return None


def decoded(text: str) -> bytes | None:
    """The bytes of a Base64 text, strictly; None when it is something else."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def as_bytes(text: str) -> bytes:
    """A header or parameter as the bytes it was sent as."""
    return text.encode("utf-8", "surrogateescape")


def equals_any(given: bytes, wanted: Iterable[bytes]) -> bool:
    """Whether it is one of these. Every one is compared, in constant time: the time tells nothing of the secrets."""
    equal = False
    for candidate in wanted:
        equal |= hmac.compare_digest(given, candidate)
    return equal
