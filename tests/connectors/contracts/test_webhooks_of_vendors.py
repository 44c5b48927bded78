"""Webhooks of vendors through the shipped descriptions: deliveries in their documented form, and registering."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import JsonValue
from yarl import URL

from reconciler.app.webhooks.registration import Registrar
from reconciler.app.webhooks.secrets import KeptRegistrations, valid_secrets
from reconciler.connectors.load import load_description
from reconciler.model.entities import Side
from reconciler.ports.webhook.delivery import Delivery
from reconciler.ports.webhook.hints import Hint, is_ping
from reconciler.ports.webhook.verification import Secrets, Verdict, verify
from reconciler.store.state.state import State
from tests.connectors.contract_reading import connected
from tests.connectors.contracts.webhook_deliveries import (
    BLING,
    CRM_URL,
    DELIVERIES,
    ESPOCRM,
    HOOK_ID,
    HUBSPOT,
    NOW,
    OMIE,
    SECRET,
    STAMP_MS,
    Vendor,
    bling,
    hubspot,
    omie,
    omie_order,
    settings_of,
)
from tests.connectors.strict_server import Answer, Exchange

FIRST = {vendor.name: (vendor, sent) for vendor, sent, _ in reversed(DELIVERIES.values())}
"""A delivery of each vendor."""

HMAC_SIGNED = {name: case for name, case in FIRST.items() if name != "omie"}


@pytest.mark.parametrize(("vendor", "sent", "hints"), DELIVERIES.values(), ids=DELIVERIES)
def test_a_delivery_is_believed_and_tells_what_to_read_again(vendor: Vendor, sent: Delivery, hints: list[Hint]) -> None:
    assert vendor.verdict(sent) is Verdict.GENUINE
    assert vendor.hints(sent) == hints


@pytest.mark.parametrize("vendor", FIRST)
def test_the_description_says_so_in_its_ports_and_how_far_it_was_tried(vendor: str) -> None:
    description = load_description(vendor, Path())
    assert description.vendor.ports == ["webhook", "rest"]
    assert description.webhooks is not None
    assert description.webhooks.verified in {"documentation", "third-party notes"}
    assert "not run" in description.webhooks.note


@pytest.mark.parametrize(("vendor", "sent"), HMAC_SIGNED.values(), ids=HMAC_SIGNED)
def test_a_forged_delivery_is_refused(vendor: Vendor, sent: Delivery) -> None:
    other = sent.body.replace(b'":', b'": ', 1)
    assert orjson.loads(other) == orjson.loads(sent.body)
    assert vendor.verdict(replace(sent, body=other)) is Verdict.FORGED
    assert vendor.verdict(replace(sent, headers={})) is Verdict.UNSIGNED


@pytest.mark.parametrize(("vendor", "sent"), HMAC_SIGNED.values(), ids=HMAC_SIGNED)
def test_a_delivery_signed_with_another_secret_is_refused(vendor: Vendor, sent: Delivery) -> None:
    payload: JsonValue = orjson.loads(sent.body)
    assert vendor.verdict(vendor.sends(payload, "somebody-elses-secret")) is Verdict.FORGED


OMIE_BODY = omie("VendaProduto.Alterada", omie_order("50"))
OMIE_REFUSED: dict[str, tuple[Delivery, Verdict]] = {
    "another key in the address": (OMIE.sends(OMIE_BODY, key="guess"), Verdict.FORGED),
    "the application's key in the address": (OMIE.sends(OMIE_BODY, key=OMIE.secrets["app_key"]), Verdict.FORGED),
    "our key as that of the application": (
        OMIE.sends(omie("VendaProduto.Alterada", omie_order("50"), appKey=SECRET)),
        Verdict.FORGED,
    ),
    "another application": (OMIE.sends(omie("VendaProduto.Alterada", omie_order("50"), appKey="999")), Verdict.FORGED),
    "no application": (OMIE.sends({"topic": "VendaProduto.Alterada", "event": omie_order("50")}), Verdict.UNSIGNED),
    "no key in the address": (replace(OMIE.sends(OMIE_BODY), query={}), Verdict.UNSIGNED),
}


@pytest.mark.parametrize(("sent", "expected"), OMIE_REFUSED.values(), ids=OMIE_REFUSED)
def test_omie_must_show_both_the_application_and_the_key_of_the_address(sent: Delivery, expected: Verdict) -> None:
    assert OMIE.verdict(sent) is expected


def test_the_ping_of_omie_is_answered_without_any_proof() -> None:
    ping = OMIE.settings.ping
    assert ping is not None
    assert not ping.signed
    payloads: list[tuple[JsonValue, bool]] = [({"ping": "omie"}, True), ({"ping": "other"}, False), (OMIE_BODY, False)]
    for payload, expected in payloads:
        sent = OMIE.sends(payload)
        assert is_ping(OMIE.settings, sent, sent.document()) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(300, Verdict.GENUINE), (301, Verdict.UNTIMELY)])
def test_a_delivery_of_hubspot_counts_for_five_minutes(seconds: int, expected: Verdict) -> None:
    _, sent = FIRST["hubspot"]
    assert HUBSPOT.verdict(sent, NOW + timedelta(seconds=seconds)) is expected
    assert HUBSPOT.verdict(sent, NOW - timedelta(seconds=seconds)) is expected


def test_an_old_delivery_of_hubspot_gets_no_younger_by_another_stamp_or_address() -> None:
    _, sent = FIRST["hubspot"]
    later = NOW + timedelta(hours=1)
    younger = {**sent.headers, "x-hubspot-request-timestamp": str(int(STAMP_MS) + 3_600_000)}
    assert HUBSPOT.verdict(replace(sent, headers=younger), later) is Verdict.FORGED
    assert HUBSPOT.verdict(replace(sent, url=CRM_URL + "?again=1")) is Verdict.FORGED
    assert HUBSPOT.verdict(replace(sent, method="PUT")) is Verdict.FORGED


REPEATED: dict[str, tuple[Vendor, JsonValue, JsonValue]] = {
    "omie": (OMIE, OMIE_BODY, omie("VendaProduto.Alterada", omie_order("50"), messageId="another")),
    "bling": (BLING, bling("order.updated", {"id": 1}), bling("order.updated", {"id": 1}, "another")),
}


@pytest.mark.parametrize(("vendor", "payload", "other"), REPEATED.values(), ids=REPEATED)
def test_a_repeated_delivery_is_known_by_its_id(vendor: Vendor, payload: JsonValue, other: JsonValue) -> None:
    """These sign no moment: what is sent once more, by whomever, must be told by its id."""
    (first,), (again,), (another,) = (vendor.notices(vendor.sends(each)) for each in (payload, payload, other))
    assert first.told
    assert again.identity == first.identity != another.identity


def test_two_changes_with_one_event_id_are_no_repetition_for_hubspot() -> None:
    """It does not promise that the id is unique; a change that is taken for a repetition would be lost."""
    first, second = (HUBSPOT.notices(HUBSPOT.sends([hubspot("company.creation", record)])) for record in (11, 12))
    assert first[0].identity != second[0].identity
    assert not first[0].told


def test_a_batch_of_espocrm_gives_each_record_a_notice_of_its_own() -> None:
    notices = ESPOCRM.notices(ESPOCRM.sends([{"id": "5f01"}, {"id": "5f02", "name": "Acme"}, {"id": "5f01"}]))
    assert [[hint.record_id for hint in notice.hints] for notice in notices] == [["5f01"], ["5f02"], ["5f01"]]
    assert len({notice.identity for notice in notices}) == 3


BASE = "/api/v1"
ADDRESS = URL(CRM_URL)
ACCOUNT_EVENTS = ("Account.create", "Account.update", "Account.delete")
IDENTITIES = dict(zip(ACCOUNT_EVENTS, ("6560000000000000b", HOOK_ID, "6560000000000000c"), strict=True))


def hook(event: str, *, active: bool = True, identity: str = "") -> dict[str, JsonValue]:
    made = identity or IDENTITIES[event]
    return {"id": made, "event": event, "url": f"{CRM_URL}?event={event}", "isActive": active, "userId": "1"}


def listed(*hooks: JsonValue) -> Exchange:
    query = {"offset": "0", "maxSize": "200", "orderBy": "createdAt", "order": "asc"}
    return Exchange("GET", f"{BASE}/Webhook", Answer({"total": len(hooks), "list": list(hooks)}), query=query)


def created(event: str, identity: str = "", secret: str = "") -> Exchange:
    answer = {**hook(event, identity=identity), "secretKey": secret or f"secret-of-{event}"}
    body: JsonValue = {"event": event, "url": f"{CRM_URL}?event={event}"}
    return Exchange(
        "POST", f"{BASE}/Webhook", Answer(answer, status=201), headers={"X-Api-Key": "made-up-key"}, body=body
    )


def removed(identity: str) -> Exchange:
    return Exchange("DELETE", f"{BASE}/Webhook/{identity}", Answer(True))


@asynccontextmanager
async def registrar(
    folder: Path, vendor: str, *exchanges: Exchange, **access: Any
) -> AsyncIterator[tuple[Registrar, KeptRegistrations]]:
    """Registers the customers of a vendor with a server that knows these exchanges only."""
    registration = settings_of(vendor).registration
    assert registration is not None
    events = [event for event in registration.events if event.entity == "customers"]
    async with (
        State.open("sqlite:///state.db", folder) as state,
        connected(vendor, *exchanges, system="crm", **access) as connector,
    ):
        kept = KeptRegistrations(state, Side.CRM)
        yield Registrar(Side.CRM, registration, events, connector.port, kept), kept


def espocrm(folder: Path, *exchanges: Exchange) -> Any:
    access = {"credentials": {"api_key": "made-up-key"}, "context": {"tax_id_field": "cCnpj"}, "below": BASE}
    return registrar(folder, "espocrm", *exchanges, **access)


async def test_espocrm_is_registered_once_and_its_deliveries_verified_with_the_secrets_it_chose(tmp_path: Path) -> None:
    hooks = [hook(event) for event in ACCOUNT_EVENTS]
    exchanges = [listed(), *map(created, ACCOUNT_EVENTS), listed(*hooks)]
    async with espocrm(tmp_path, *exchanges) as (registering, kept):
        for done in ("created", "kept"):
            outcomes = await registering.register(ADDRESS, None, renew=False)
            assert [outcome.done for outcome in outcomes] == [done] * 3
        known = await valid_secrets(Secrets(named={}, purpose=frozenset()), kept)
    assert known.registered == {IDENTITIES[event]: f"secret-of-{event}" for event in ACCOUNT_EVENTS}
    settings = ESPOCRM.settings
    payload: JsonValue = [{"id": "5f01"}, {"id": "5f02"}]
    for secret, expected in (("Account.update", Verdict.GENUINE), ("Account.create", Verdict.FORGED)):
        sent = ESPOCRM.sends(payload, f"secret-of-{secret}")
        assert verify(settings.verification, settings.events, sent, known, NOW) is expected


async def test_what_was_turned_off_in_espocrm_is_made_anew_and_all_of_ours_can_be_removed(tmp_path: Path) -> None:
    somebody: dict[str, JsonValue] = {"id": "z", "event": "Account.update", "url": "https://other.example.com/x"}
    working = [hook("Account.create"), hook("Account.delete")]
    exchanges = [
        listed(),
        *map(created, ACCOUNT_EVENTS),
        listed(*working, hook("Account.update", active=False), somebody),
        removed(HOOK_ID),
        created("Account.update", "6560000000000000d", "the-next-secret"),
        listed(*working, hook("Account.update", identity="6560000000000000d"), somebody),
        *map(removed, [IDENTITIES["Account.create"], IDENTITIES["Account.delete"], "6560000000000000d"]),
    ]
    async with espocrm(tmp_path, *exchanges) as (registering, kept):
        await registering.register(ADDRESS, None, renew=False)
        outcomes = await registering.register(ADDRESS, None, renew=False)
        assert {outcome.values["event"]: outcome.done for outcome in outcomes}["Account.update"] == "replaced"
        assert {each.id: each.secret for each in await kept.load()}["6560000000000000d"] == "the-next-secret"
        assert await registering.unregister(None) == 3
        assert await kept.load() == []


async def test_ploomes_is_registered_with_the_key_that_its_deliveries_must_show(tmp_path: Path) -> None:
    address = f"{CRM_URL}?key={SECRET}"

    def registered(action: int) -> Exchange:
        body: dict[str, JsonValue] = {"EntityId": 1, "ActionId": action, "CallbackUrl": address}
        body["ValidationKey"] = SECRET
        answer: JsonValue = {"value": [{"Id": 900 + action, **body, "Active": True}]}
        return Exchange("POST", "/Webhooks", Answer(answer), headers={"User-Key": "made-up-key"}, body=body)

    none = Exchange("GET", "/Webhooks", Answer({"value": []}), query={"$top": "100", "$skip": "0"})
    exchanges = [none, *map(registered, (1, 2, 3))]
    async with registrar(tmp_path, "ploomes", *exchanges, credentials={"user_key": "made-up-key"}) as (registering, _):
        outcomes = await registering.register(ADDRESS, SECRET, renew=False)
    assert [(outcome.id, outcome.done) for outcome in outcomes] == [(f"90{action}", "created") for action in (1, 2, 3)]
