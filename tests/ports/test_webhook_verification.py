"""Whether a delivery is genuine: known answers for every kind, and everything that must be refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from reconciler.ports.webhook.delivery import Delivery
from reconciler.ports.webhook.settings import Events, Verification
from reconciler.ports.webhook.standard_webhooks import is_usable_secret
from reconciler.ports.webhook.verification import Secrets, Verdict, split_secrets, verify

BODY = '{"id": 1, "nome": "Aço"}'.encode()
SECRET = "segredo-de-teste"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://hooks.example.com/v1/webhooks/crm?tag=a%3Ab%20c"
EVENTS = Events.model_validate(
    {"entity": ["e"], "id": ["id"], "entities": {"x": "customers"}, "delivery_id": [{"header": "X-Delivery"}]}
)

GENUINE, UNSIGNED, FORGED, UNTIMELY = Verdict.GENUINE, Verdict.UNSIGNED, Verdict.FORGED, Verdict.UNTIMELY


def plain_hmac(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """RFC 2104, written out."""
    key = hashlib.new(algorithm, key).digest() if len(key) > 64 else key
    inner = bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0"))
    outer = bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0"))
    return hashlib.new(algorithm, outer + hashlib.new(algorithm, inner + message).digest()).digest()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def secrets(*texts: str, registered: dict[str, str] | None = None) -> Secrets:
    return Secrets(named={"webhook": texts}, purpose=frozenset({"webhook"}), registered=registered or {})


def delivery(headers: dict[str, str] | None = None, **other: Any) -> Delivery:
    given = {"method": "POST", "url": URL, "query": {}, "body": BODY, **other}
    return Delivery(headers={name.lower(): value for name, value in (headers or {}).items()}, **given)


def verdict(kind: dict[str, Any], sent: Delivery, known: Secrets | None = None, now: datetime = NOW) -> Verdict:
    settings: Verification = TypeAdapter(Verification).validate_python(kind)
    return verify(settings, EVENTS, sent, known or secrets(SECRET), now)


STAMP_S = str(int(NOW.timestamp()))
STAMP_MS = f"{STAMP_S}250"
HUBSPOT_MESSAGE = b"POST" + b"https://hooks.example.com/v1/webhooks/crm?tag=a:b%20c" + BODY + STAMP_MS.encode()

KNOWN_ANSWERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "Bling: hexadecimal with a prefix": (
        {"kind": "hmac", "header": "X-Bling-Signature-256", "prefix": "sha256="},
        {"X-Bling-Signature-256": "sha256=" + plain_hmac(SECRET.encode(), BODY).hex()},
    ),
    "hexadecimal in upper case": (
        {"kind": "hmac", "header": "X-Sig"},
        {"X-Sig": plain_hmac(SECRET.encode(), BODY).hex().upper()},
    ),
    "Frappe: Base64": (
        {"kind": "hmac", "header": "X-Frappe-Webhook-Signature", "encoding": "base64"},
        {"X-Frappe-Webhook-Signature": base64_of(plain_hmac(SECRET.encode(), BODY))},
    ),
    "SHA-1": (
        {"kind": "hmac", "header": "X-Hub-Signature", "algorithm": "sha1", "prefix": "sha1="},
        {"X-Hub-Signature": "sha1=" + plain_hmac(SECRET.encode(), BODY, "sha1").hex()},
    ),
    "HubSpot v3": (
        {
            "kind": "hmac",
            "header": "X-HubSpot-Signature-v3",
            "encoding": "base64",
            "message": "{method}{plain_url}{body}{timestamp}",
            "timestamp": {"header": "X-HubSpot-Request-Timestamp", "unit": "ms"},
        },
        {
            "X-HubSpot-Signature-v3": base64_of(plain_hmac(SECRET.encode(), HUBSPOT_MESSAGE)),
            "X-HubSpot-Request-Timestamp": STAMP_MS,
        },
    ),
    "address, path and delivery id": (
        {"kind": "hmac", "header": "X-Sig", "message": "{url}|{path}|{delivery_id}|{body}"},
        {
            "X-Sig": plain_hmac(SECRET.encode(), f"{URL}|/v1/webhooks/crm?tag=a%3Ab%20c|d-7|".encode() + BODY).hex(),
            "X-Delivery": "d-7",
        },
    ),
    "ISO timestamp": (
        {
            "kind": "hmac",
            "header": "X-Sig",
            "message": "{timestamp}.{body}",
            "timestamp": {"header": "X-Time", "unit": "iso"},
        },
        {
            "X-Sig": plain_hmac(SECRET.encode(), b"2026-11-22T09:00:00-03:00." + BODY).hex(),
            "X-Time": "2026-11-22T09:00:00-03:00",
        },
    ),
    "EspoCRM": (
        {"kind": "hmac_with_id", "header": "Signature"},
        {"Signature": base64_of(b"hook7:" + plain_hmac(SECRET.encode(), BODY).hex().encode())},
    ),
    "EspoCRM, the older header": (
        {"kind": "hmac_with_id", "header": "X-Signature", "digest": "raw"},
        {"X-Signature": base64_of(b"hook7:" + plain_hmac(SECRET.encode(), BODY))},
    ),
    "key in a header": (
        {"kind": "key", "places": [{"header": "X-Ploomes-Validation-Key"}]},
        {"X-Ploomes-Validation-Key": SECRET},
    ),
    "nothing": ({"kind": "none"}, {}),
}


@pytest.mark.parametrize(("kind", "headers"), KNOWN_ANSWERS.values(), ids=KNOWN_ANSWERS)
def test_a_known_answer_is_genuine(kind: dict[str, Any], headers: dict[str, str]) -> None:
    assert verdict(kind, delivery(headers)) is GENUINE


SIGNED = {name: case for name, case in KNOWN_ANSWERS.items() if name != "nothing"}


@pytest.mark.parametrize(("kind", "headers"), SIGNED.values(), ids=SIGNED)
def test_another_secret_is_refused_and_so_is_none_at_all(kind: dict[str, Any], headers: dict[str, str]) -> None:
    assert verdict(kind, delivery(headers), secrets("another-secret")) is FORGED
    assert verdict(kind, delivery(headers), Secrets()) is FORGED
    assert verdict(kind, delivery()) is UNSIGNED


@pytest.mark.parametrize(("kind", "headers"), SIGNED.values(), ids=SIGNED)
def test_the_new_and_the_old_secret_hold_while_they_rotate(kind: dict[str, Any], headers: dict[str, str]) -> None:
    for pair in (f"new-one,{SECRET}", f" {SECRET}  new-one "):
        assert verdict(kind, delivery(headers), secrets(*split_secrets(pair))) is GENUINE


BODY_SIGNED = {name: case for name, case in SIGNED.items() if case[0]["kind"] != "key"}


@pytest.mark.parametrize(("kind", "headers"), BODY_SIGNED.values(), ids=BODY_SIGNED)
@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"1", b"2"), b""], ids=["longer", "other", "empty"])
def test_another_body_is_refused(kind: dict[str, Any], headers: dict[str, str], body: bytes) -> None:
    assert verdict(kind, delivery(headers, body=body)) is FORGED


def test_another_address_or_method_is_refused_where_it_is_signed() -> None:
    kind, headers = KNOWN_ANSWERS["HubSpot v3"]
    assert verdict(kind, delivery(headers, url=URL.replace("crm", "erp"))) is FORGED
    assert verdict(kind, delivery(headers, method="PUT")) is FORGED
    assert verdict(kind, delivery({**headers, "X-HubSpot-Request-Timestamp": f"{STAMP_S}251"})) is FORGED


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=zz", "sha256=" + "0" * 63, "sha1=" + "0" * 64, "0" * 64, "é" * 64, "sha256=" + "0" * 9000],
    ids=["empty", "prefix only", "no hex", "odd", "other prefix", "no prefix", "letters", "huge"],
)
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    kind, _ = KNOWN_ANSWERS["Bling: hexadecimal with a prefix"]
    assert verdict(kind, delivery({"X-Bling-Signature-256": signature})) in {FORGED, UNSIGNED}


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_no_byte_of_the_body_can_be_changed(position: int, change: int) -> None:
    kind, headers = KNOWN_ANSWERS["Frappe: Base64"]
    body = bytes(byte ^ change if at == position else byte for at, byte in enumerate(BODY))
    assert verdict(kind, delivery(headers, body=body)) is FORGED


MOMENTS = {
    "just inside, before": (-300, GENUINE),
    "just outside, before": (-301, UNTIMELY),
    "just inside, after": (300, GENUINE),
    "just outside, after": (301, UNTIMELY),
}


@pytest.mark.parametrize(("seconds", "expected"), MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("kind", ["HubSpot v3", "ISO timestamp"])
def test_the_tolerance_is_inclusive_on_both_sides(kind: str, seconds: int, expected: Verdict) -> None:
    settings, headers = KNOWN_ANSWERS[kind]
    now = NOW + timedelta(seconds=-seconds) + (timedelta(milliseconds=250) if kind == "HubSpot v3" else timedelta())
    assert verdict(settings, delivery(headers), now=now) is expected


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "9" * 40, "٣", "2026-11-22T12:00:00"])
def test_a_moment_that_is_none_is_never_timely(stamp: str) -> None:
    for unit in ("s", "ms", "iso"):
        kind = {
            "kind": "hmac",
            "header": "X-Sig",
            "message": "{timestamp}{body}",
            "timestamp": {"header": "X-Time", "unit": unit},
        }
        headers = {"X-Sig": plain_hmac(SECRET.encode(), stamp.encode() + BODY).hex(), "X-Time": stamp}
        assert verdict(kind, delivery(headers)) in {UNTIMELY, UNSIGNED}


def test_a_registration_is_verified_with_its_own_secret_and_no_other() -> None:
    kind, headers = KNOWN_ANSWERS["EspoCRM"]
    assert verdict(kind, delivery(headers), Secrets(registered={"hook7": SECRET, "hook8": "x"})) is GENUINE
    assert verdict(kind, delivery(headers), Secrets(registered={"hook7": "x", "hook8": SECRET})) is FORGED


STANDARD = {"kind": "standard"}
SHARED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID, SENT_AT, PAYLOAD = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
PUBLISHED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The vector that the reference libraries test with."""
SENT = datetime.fromtimestamp(int(SENT_AT), UTC)
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = "whpk_" + base64_of(bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
"""The key pair of the first test of RFC 8032."""


def standard(signature: str, **changed: str) -> Delivery:
    headers = {"webhook-id": MESSAGE_ID, "webhook-timestamp": SENT_AT, "webhook-signature": signature}
    return delivery({**headers, **changed}, body=PAYLOAD)


def asymmetric() -> str:
    signed = Ed25519PrivateKey.from_private_bytes(SEED).sign(f"{MESSAGE_ID}.{SENT_AT}.".encode() + PAYLOAD)
    return f"v1a,{base64_of(signed)}"


@pytest.mark.parametrize("secret", [SHARED, SHARED.removeprefix("whsec_")])
def test_standard_webhooks_give_the_published_answer(secret: str) -> None:
    assert verdict(STANDARD, standard(PUBLISHED), secrets(secret), SENT) is GENUINE


def test_standard_webhooks_take_any_of_several_signatures_and_secrets() -> None:
    several = f"v1,{base64_of(b'x' * 32)} v9,zzz v1a {PUBLISHED}"
    assert verdict(STANDARD, standard(several), secrets("whsec_AAAA", SHARED), SENT) is GENUINE


def test_an_asymmetric_signature_needs_only_the_public_key() -> None:
    assert verdict(STANDARD, standard(asymmetric()), secrets(PUBLIC), SENT) is GENUINE
    assert verdict(STANDARD, standard(f"{PUBLISHED} {asymmetric()}"), secrets(PUBLIC), SENT) is GENUINE
    altered = replace(standard(asymmetric()), body=PAYLOAD + b" ")
    assert verdict(STANDARD, altered, secrets(PUBLIC), SENT) is FORGED


def test_a_public_key_is_no_shared_secret() -> None:
    """Anybody knows it: a digest keyed with it proves nothing."""
    keyed = plain_hmac(base64.b64decode(PUBLIC[5:]), f"{MESSAGE_ID}.{SENT_AT}.".encode() + PAYLOAD)
    assert verdict(STANDARD, standard(f"v1,{base64_of(keyed)}"), secrets(PUBLIC), SENT) is FORGED
    assert verdict(STANDARD, standard(asymmetric().replace("v1a", "v1")), secrets(PUBLIC), SENT) is FORGED


STANDARD_REFUSED = {
    "another id": (standard(PUBLISHED, **{"webhook-id": "msg_2"}), FORGED),
    "another moment": (standard(PUBLISHED, **{"webhook-timestamp": "1614265331"}), FORGED),
    "no version": (standard(PUBLISHED.removeprefix("v1,")), FORGED),
    "no signature": (standard(""), UNSIGNED),
}


@pytest.mark.parametrize(("sent", "expected"), STANDARD_REFUSED.values(), ids=STANDARD_REFUSED)
def test_standard_webhooks_refuse(sent: Delivery, expected: Verdict) -> None:
    assert verdict(STANDARD, sent, secrets(SHARED), SENT) is expected


def test_an_id_cannot_move_the_border_between_the_signed_parts() -> None:
    """Of an old delivery, the moment becomes a part of the id, and the beginning of the body a fresh moment."""
    signed = plain_hmac(base64.b64decode(SHARED[6:]), f"m.100.{SENT_AT}.".encode() + PAYLOAD)
    headers = {"webhook-id": "m.100", "webhook-timestamp": SENT_AT, "webhook-signature": f"v1,{base64_of(signed)}"}
    assert verdict(STANDARD, delivery(headers, body=PAYLOAD), secrets(SHARED), SENT) is FORGED


def test_standard_webhooks_refuse_what_is_old_or_from_the_future() -> None:
    for seconds, expected in ((300, GENUINE), (301, UNTIMELY), (-301, UNTIMELY)):
        now = SENT + timedelta(seconds=seconds)
        assert verdict(STANDARD, standard(PUBLISHED), secrets(SHARED), now) is expected


def test_another_prefix_of_the_headers() -> None:
    headers = {"svix-id": MESSAGE_ID, "svix-timestamp": SENT_AT, "svix-signature": PUBLISHED}
    sent = delivery(headers, body=PAYLOAD)
    assert verdict({"kind": "standard", "header_prefix": "svix-"}, sent, secrets(SHARED), SENT) is GENUINE


@pytest.mark.parametrize(
    ("secret", "usable"),
    [(SHARED, True), (PUBLIC, True), ("whsec_", False), ("not base64!", False), ("whpk_AAAA", False)],
)
def test_a_secret_that_cannot_be_read_is_known(secret: str, usable: bool) -> None:
    assert is_usable_secret(secret) is usable


PLOOMES = {
    "kind": "key",
    "places": [{"header": "X-Ploomes-Validation-Key"}, {"body": "ValidationKey"}, {"query": "key"}],
}
IN_BODY = f'{{"ValidationKey": "{SECRET}"}}'.encode()
KEYS = {
    "header": (delivery({"x-ploomes-validation-key": SECRET}), GENUINE),
    "body": (delivery(body=IN_BODY), GENUINE),
    "query": (delivery(query={"key": SECRET}), GENUINE),
    "all three": (delivery({"X-Ploomes-Validation-Key": SECRET}, body=IN_BODY, query={"key": SECRET}), GENUINE),
    "one of two is wrong": (delivery({"X-Ploomes-Validation-Key": SECRET}, query={"key": "guess"}), FORGED),
    "beginning": (delivery(query={"key": SECRET[:-1]}), FORGED),
    "empty": (delivery(query={"key": ""}), UNSIGNED),
    "none": (delivery(), UNSIGNED),
    "body that is no JSON": (delivery(body=b"ValidationKey=x"), UNSIGNED),
    "number": (delivery(body=b'{"ValidationKey": 1}'), FORGED),
    "bytes that are no text": (delivery({"X-Ploomes-Validation-Key": "\udc80"}), FORGED),
}


@pytest.mark.parametrize(("sent", "expected"), KEYS.values(), ids=KEYS)
def test_a_key_in_any_of_its_places(sent: Delivery, expected: Verdict) -> None:
    assert verdict(PLOOMES, sent) is expected


def test_every_place_may_be_required_and_have_a_secret_of_its_own() -> None:
    """Omie signs nothing: its own key in the body, and a secret of ours in the address."""
    omie = {"kind": "key", "require": "all", "places": [{"body": "appKey", "secret": "app_key"}, {"query": "key"}]}
    known = Secrets(named={"app_key": ["4321"], "webhook": [SECRET]}, purpose=frozenset({"webhook"}))
    both = delivery(body=b'{"appKey": "4321"}', query={"key": SECRET})
    assert verdict(omie, both, known) is GENUINE
    assert verdict(omie, replace(both, query={}), known) is UNSIGNED
    assert verdict(omie, replace(both, query={"key": "4321"}), known) is FORGED
    assert verdict(omie, replace(both, body=b'{"appKey": "0"}'), known) is FORGED


def test_a_credential_of_calls_is_no_webhook_secret() -> None:
    known = Secrets(named={"password": ["hunter2!"], "webhook": [SECRET]}, purpose=frozenset({"webhook"}))
    assert verdict(PLOOMES, delivery(query={"key": "hunter2!"}), known) is FORGED


def test_secrets_and_bodies_do_not_show_in_representations() -> None:
    assert SECRET not in repr(secrets(SECRET, registered={"1": SECRET}))
    assert "Aço" not in repr(delivery())
