"""Signing what we send by the rules of Standard Webhooks: symmetric `v1` signatures."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import Final

from reconciler.ports.webhook.digests import decoded

_PREFIX: Final = "whsec_"
_SHORTEST_KEY_BYTES: Final = 24
_LONGEST_KEY_BYTES: Final = 64


class SigningSecretError(ValueError):
    """A text is not a symmetric secret of Standard Webhooks."""


def signing_key(secret: str) -> bytes:
    """The key in a secret: `whsec_` (which may be missing) and Base64.

    Raises:
        SigningSecretError: it is not Base64, or not of 24 to 64 bytes.
    """
    key = decoded(secret.removeprefix(_PREFIX)) or b""
    if not _SHORTEST_KEY_BYTES <= len(key) <= _LONGEST_KEY_BYTES:
        raise SigningSecretError(
            f"is not {_PREFIX} followed by Base64 of {_SHORTEST_KEY_BYTES} to {_LONGEST_KEY_BYTES} bytes"
        )
    return key


def signed_headers(key: bytes, identity: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that prove who sends a body, which, and when.

    Args:
        identity: the same for every try to deliver one message, so that a receiver can tell repetitions.
        sent_at: of this try, aware.

    Raises:
        ValueError: the identity holds a full stop, which would move text between the signed parts.
    """
    if "." in identity:
        raise ValueError("the identity of a message holds no full stop")
    timestamp = str(int(sent_at.timestamp()))
    digest = hmac.digest(key, f"{identity}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode('ascii')}",
    }
