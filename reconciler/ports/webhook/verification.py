"""Whether a delivery is genuine: pure, over the bytes as they came, and in constant time where a secret is compared."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from reconciler.ports.http.references import pieces_of
from reconciler.ports.webhook.delivery import Delivery, NotJsonError, first_text
from reconciler.ports.webhook.digests import as_bytes, digest_of, equals_any, unhexed
from reconciler.ports.webhook.settings import (
    Events,
    HmacVerification,
    HmacWithIdVerification,
    KeyPlace,
    KeyVerification,
    NoVerification,
    Source,
    StandardVerification,
    Timestamp,
    Verification,
)
from reconciler.ports.webhook.standard_webhooks import is_signed

_SEPARATOR: Final = re.compile(r"[\s,]+")
_DIGITS: Final = re.compile(r"\d{1,16}", re.ASCII)
_MILLISECONDS_PER_SECOND: Final = 1000
_PLAIN_IN_URL: Final = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class Verdict(StrEnum):
    """What verification says; all but GENUINE refuse the delivery. The values are part of the published contract."""

    GENUINE = "genuine"
    UNSIGNED = "signature_missing"
    FORGED = "signature_wrong"
    UNTIMELY = "timestamp_out_of_tolerance"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that are valid now.

    Attributes:
        named: by name of the credential; several while they rotate.
        registered: by id of a registration, as the vendor or we chose them when it was made.
        purpose: names of the credentials that are webhook secrets; others only count where a key place names them.
    """

    named: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    registered: Mapping[str, str] = field(default_factory=dict, repr=False)
    purpose: frozenset[str] = frozenset()

    def webhook_secrets(self) -> list[str]:
        """Every secret that is for webhooks."""
        own = [secret for name in sorted(self.purpose) for secret in self.named.get(name, ())]
        return [*own, *self.registered.values()]

    def of(self, credential: str | None) -> list[str]:
        """The secrets of one credential; every webhook secret for None."""
        return self.webhook_secrets() if credential is None else list(self.named.get(credential, ()))


def split_secrets(text: str) -> tuple[str, ...]:
    """The secrets in one credential, separated by spaces or commas."""
    return tuple(part for part in _SEPARATOR.split(text) if part)


def verify(verification: Verification, events: Events, delivery: Delivery, secrets: Secrets, now: datetime) -> Verdict:
    """Whether the delivery comes from who knows a secret, and is fresh where it says when it was sent.

    Args:
        events: where the delivery id is, for messages that hold it.
        now: aware.
    """
    match verification:
        case HmacVerification():
            return _verify_hmac(verification, events, delivery, secrets, now)
        case HmacWithIdVerification():
            return _verify_hmac_with_id(verification, delivery, secrets)
        case StandardVerification():
            return _verify_standard(verification, delivery, secrets, now)
        case KeyVerification():
            return _verify_key(verification, delivery, secrets)
        case NoVerification():
            return Verdict.GENUINE


def _verify_hmac(
    verification: HmacVerification, events: Events, delivery: Delivery, secrets: Secrets, now: datetime
) -> Verdict:
    timestamp = verification.timestamp
    written = delivery.headers.get(verification.header.lower())
    sent_at = None if timestamp is None else delivery.headers.get(timestamp.header.lower())
    if not written or (timestamp is not None and not sent_at):
        return Verdict.UNSIGNED
    given = digest_of(written, verification.prefix, verification.encoding)
    message = _message(verification.message, events, delivery, sent_at)
    if given is None or message is None:
        return Verdict.FORGED
    known = secrets.webhook_secrets()
    if not equals_any(given, [hmac.digest(secret.encode(), message, verification.algorithm) for secret in known]):
        return Verdict.FORGED
    return Verdict.GENUINE if timestamp is None or _is_timely(timestamp, sent_at or "", now) else Verdict.UNTIMELY


def _verify_hmac_with_id(verification: HmacWithIdVerification, delivery: Delivery, secrets: Secrets) -> Verdict:
    written = delivery.headers.get(verification.header.lower())
    if not written:
        return Verdict.UNSIGNED
    name, _, digest = (digest_of(written, "", "base64") or b"").partition(b":")
    if verification.digest == "hex":
        digest = unhexed(digest.decode("ascii", "replace")) or b""
    own = secrets.registered.get(name.decode("utf-8", "replace"))
    known = secrets.webhook_secrets() if own is None else [own]
    digests = [hmac.digest(secret.encode(), delivery.body, "sha256") for secret in known]
    return Verdict.GENUINE if equals_any(digest, digests) else Verdict.FORGED


def _verify_standard(
    verification: StandardVerification, delivery: Delivery, secrets: Secrets, now: datetime
) -> Verdict:
    prefix = verification.header_prefix.lower()
    identity, sent_at, signatures = (delivery.headers.get(prefix + name) for name in ("id", "timestamp", "signature"))
    if not identity or not sent_at or not signatures:
        return Verdict.UNSIGNED
    if not is_signed(signatures, identity, sent_at, delivery.body, secrets.webhook_secrets()):
        return Verdict.FORGED
    timestamp = Timestamp(header=f"{prefix}timestamp", tolerance_s=verification.tolerance_s)
    return Verdict.GENUINE if _is_timely(timestamp, sent_at, now) else Verdict.UNTIMELY


def _verify_key(verification: KeyVerification, delivery: Delivery, secrets: Secrets) -> Verdict:
    given = [(place, key) for place in verification.places if (key := _key_at(place, delivery)) is not None]
    if not given or (verification.require == "all" and len(given) < len(verification.places)):
        return Verdict.UNSIGNED
    right = [
        equals_any(as_bytes(key), [secret.encode() for secret in secrets.of(place.secret)]) for place, key in given
    ]
    return Verdict.GENUINE if all(right) else Verdict.FORGED


def _key_at(place: KeyPlace, delivery: Delivery) -> str | None:
    source = Source(header=place.header, body=place.body, query=place.query)
    try:
        return first_text([source], delivery, None if source.body is None else delivery.document())
    except NotJsonError:
        return None


def _message(template: str, events: Events, delivery: Delivery, sent_at: str | None) -> bytes | None:
    """What should have been signed; None when a part of it is missing. The body goes in as it came, byte for byte."""
    message = b""
    for piece in pieces_of(template):
        message += piece.literal.encode()
        if piece.name == "body":
            message += delivery.body
        elif piece.name is not None:
            text = _message_text(piece.name, events, delivery, sent_at)
            if text is None:
                return None
            message += as_bytes(text)
    return message


def _message_text(name: str, events: Events, delivery: Delivery, sent_at: str | None) -> str | None:
    match name:
        case "method":
            return delivery.method.upper()
        case "url":
            return delivery.url
        case "plain_url":
            return _PLAIN_IN_URL.sub(lambda found: chr(int(found[1], 16)), delivery.url)
        case "path":
            parts = urlsplit(delivery.url)
            return f"{parts.path}?{parts.query}" if parts.query else parts.path
        case "delivery_id":
            outside = [place for place in events.delivery_id if isinstance(place, Source) and place.body is None]
            return first_text(outside, delivery, None)
        case _:
            return sent_at


def _is_timely(timestamp: Timestamp, written: str, now: datetime) -> bool:
    moment = _moment(timestamp, written)
    return moment is not None and abs(now - moment) <= timedelta(seconds=timestamp.tolerance_s)


def _moment(timestamp: Timestamp, written: str) -> datetime | None:
    try:
        if timestamp.unit == "iso":
            moment = datetime.fromisoformat(written)
            return moment if moment.tzinfo is not None else None
        if not _DIGITS.fullmatch(written):
            return None
        number = int(written)
        return datetime.fromtimestamp(number / _MILLISECONDS_PER_SECOND if timestamp.unit == "ms" else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
