"""Signatures of the Standard Webhooks specification: symmetric `v1` and ed25519 `v1a`, several of each at once."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reconciler.ports.webhook.digests import LONGEST_SIGNATURE_CHARACTERS, as_bytes, decoded, equals_any

_SYMMETRIC_PREFIX: Final = "whsec_"
_PUBLIC_PREFIX: Final = "whpk_"


def is_usable_secret(secret: str) -> bool:
    """Whether it is a `whpk_` public key, or a symmetric secret in Base64 with or without `whsec_`."""
    return _public_key(secret) is not None if secret.startswith(_PUBLIC_PREFIX) else bool(_symmetric_key(secret))


def is_signed(signatures: str, identity: str, sent_at: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the signatures was made with one of the secrets.

    Args:
        signatures: the header, such as `v1,K5oZ… v1a,hnO3…`; versions that are not known are passed over.
        identity, sent_at: the headers as sent. An id with a full stop could move text between the signed parts.
    """
    if "." in identity or len(signatures) > LONGEST_SIGNATURE_CHARACTERS:
        return False
    message = as_bytes(f"{identity}.{sent_at}.") + body
    symmetric = [key for secret in secrets if (key := _symmetric_key(secret))]
    digests = [hmac.digest(key, message, "sha256") for key in symmetric]
    public = [known for secret in secrets if (known := _public_key(secret)) is not None]
    signed = False
    for signature in signatures.split():
        version, _, encoded = signature.partition(",")
        given = decoded(encoded)
        if given is not None and version == "v1":
            signed |= equals_any(given, digests)
        elif given is not None and version == "v1a":
            signed |= any(_is_from(key, given, message) for key in public)
    return signed


def _symmetric_key(secret: str) -> bytes | None:
    return None if secret.startswith(_PUBLIC_PREFIX) else decoded(secret.removeprefix(_SYMMETRIC_PREFIX))


def _public_key(secret: str) -> Ed25519PublicKey | None:
    if not secret.startswith(_PUBLIC_PREFIX):
        return None
    try:
        return Ed25519PublicKey.from_public_bytes(decoded(secret.removeprefix(_PUBLIC_PREFIX)) or b"")
    except ValueError:
        return None


def _is_from(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
