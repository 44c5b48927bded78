"""From payloads to hints: the shapes vendors send, thin ones and wrong ones. Values are never taken from a payload."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import JsonValue

from reconciler.ports.webhook.delivery import Delivery, NotJsonError
from reconciler.ports.webhook.hints import MAX_EVENTS, Hint, PayloadNotUnderstoodError, is_ping, notices_of, translated
from reconciler.ports.webhook.settings import WebhookSettings

PLOOMES = {
    "entity": ["Entity", "EntityId"],
    "id": ["New.Id", "Old.Id", "ResourceId"],
    "action": ["Action", "ActionId"],
    "entities": {"Contacts": "customers", "1": "customers", "Quotes": "quotes"},
    "actions": {"Update": "updated", "2": "updated", "Delete": "deleted"},
}
ESPO = {"items": "", "entity": [{"query": "entity"}], "id": ["id"], "entities": {"customers": "customers"}}
HUBSPOT = {
    "items": "",
    "entity": ["subscriptionType"],
    "id": ["objectId"],
    "delivery_id": ["eventId"],
    "entities": {"company.*": "customers", "company.merge*": "quotes"},
}
OMIE = {
    "entity": ["topic"],
    "id": ["event.codigo_cliente_omie", "event.ids"],
    "delivery_id": ["messageId"],
    "entities": {"ClienteFornecedor.*": "customers"},
}


def settings(events: dict[str, Any], **other: Any) -> WebhookSettings:
    return WebhookSettings.model_validate(
        {"verified": "sandbox", "verification": {"kind": "none"}, "events": events, **other}
    )


def delivery(payload: JsonValue, **other: Any) -> Delivery:
    parts: dict[str, Any] = {"method": "POST", "url": "", "headers": {}, "query": {}, **other}
    return Delivery(body=orjson.dumps(payload), **parts)


def hints(events: dict[str, Any], payload: JsonValue, **other: Any) -> list[Hint]:
    found = notices_of(settings(events), delivery(payload, **other), payload)
    return [hint for notice in found for hint in notice.hints]


ACME = Hint("customers", "401", "updated")
SHAPES: dict[str, tuple[dict[str, Any], Any, dict[str, Any], list[Hint]]] = {
    "Ploomes, whole records": (
        PLOOMES,
        {"Action": "Update", "Entity": "Contacts", "Old": {"Id": 401}, "New": {"Id": 401, "Name": "x"}},
        {},
        [ACME],
    ),
    "Ploomes, numbers": (PLOOMES, {"ActionId": 2, "EntityId": 1, "Old": {}, "New": {"Id": 401}}, {}, [ACME]),
    "Ploomes, thin": (PLOOMES, {"ResourceId": 401, "Entity": "Contacts", "Action": "Update"}, {}, [ACME]),
    "Ploomes, deleted": (
        PLOOMES,
        {"Action": "Delete", "Entity": "Contacts", "Old": {"Id": 401}, "New": None},
        {},
        [Hint("customers", "401", "deleted")],
    ),
    "unknown action": (PLOOMES, {"ResourceId": "401", "Entity": "Contacts"}, {}, [Hint("customers", "401")]),
    "entity nobody described": (PLOOMES, {"ResourceId": 1, "Entity": "Deals", "Action": "Update"}, {}, []),
    "EspoCRM, a list, the entity in our own address": (
        ESPO,
        [{"id": "a1", "name": "Acme"}, {"id": "a2"}],
        {"query": {"entity": "customers"}},
        [Hint("customers", "a1"), Hint("customers", "a2")],
    ),
    "an empty list": (ESPO, [], {"query": {"entity": "customers"}}, []),
    "HubSpot, topics": (
        HUBSPOT,
        [
            {"eventId": 7, "subscriptionType": "company.propertyChange", "objectId": 12},
            {"eventId": 8, "subscriptionType": "deal.creation", "objectId": 13},
            {"eventId": 9, "subscriptionType": "company.merge", "objectId": 14},
        ],
        {},
        [Hint("customers", "12"), Hint("quotes", "14")],
    ),
    "several ids in one event, one of them twice": (
        OMIE,
        {"messageId": "m1", "topic": "ClienteFornecedor.Alterado", "event": {"ids": [5, "6", 5]}},
        {},
        [Hint("customers", "5"), Hint("customers", "6")],
    ),
}


@pytest.mark.parametrize(("events", "payload", "other", "expected"), SHAPES.values(), ids=SHAPES)
def test_the_shapes_vendors_send(
    events: dict[str, Any], payload: JsonValue, other: dict[str, Any], expected: list[Hint]
) -> None:
    assert hints(events, payload, **other) == expected


@pytest.mark.parametrize(
    "record_id", [None, True, 1.5, "", "  ", {"a": 1}, "4\n01", "x" * 201, [], [None]], ids=lambda each: repr(each)[:12]
)
def test_what_cannot_be_an_id_is_no_hint(record_id: JsonValue) -> None:
    assert hints(PLOOMES, {"ResourceId": record_id, "Entity": "Contacts"}) == []


NOT_UNDERSTOOD: dict[str, tuple[dict[str, Any], Any]] = {
    "no list": (ESPO, {"id": "a1"}),
    "nothing says the entity": (PLOOMES, {"New": {"Id": 1}}),
    "a text": (PLOOMES, "hello"),
    "too many events": (HUBSPOT, [{"subscriptionType": "company.x", "objectId": 1}] * (MAX_EVENTS + 1)),
}


@pytest.mark.parametrize(("events", "payload"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_another_form_is_refused_without_showing_values(events: dict[str, Any], payload: JsonValue) -> None:
    with pytest.raises(PayloadNotUnderstoodError) as refused:
        hints(events, payload)
    assert "hello" not in str(refused.value)


def test_an_id_of_the_vendor_makes_the_identity() -> None:
    for record_id in (5, 6):
        body: JsonValue = {
            "messageId": "m1",
            "topic": "ClienteFornecedor.Alterado",
            "event": {"codigo_cliente_omie": record_id},
        }
        (notice,) = notices_of(settings(OMIE), delivery(body), body)
        assert (notice.identity, notice.told) == ("id:m1", True)


def test_every_event_of_a_list_has_an_identity_of_its_own() -> None:
    event: dict[str, JsonValue] = {"subscriptionType": "company.x", "objectId": 1}
    body: JsonValue = [{**event, "eventId": 7}, {**event, "eventId": 8}]
    assert [each.identity for each in notices_of(settings(HUBSPOT), delivery(body), body)] == ["id:7", "id:8"]
    in_header = {**ESPO, "delivery_id": [{"header": "X-Id"}]}
    sent = delivery([{"id": "a"}, {"id": "b"}], headers={"x-id": "d1"}, query={"entity": "customers"})
    found = notices_of(settings(in_header), sent, sent.document())
    assert [each.identity for each in found] == ["id:d1#0", "id:d1#1"]


def test_without_an_id_equal_bodies_are_equal_and_others_are_not() -> None:
    bodies: list[JsonValue] = [{"ResourceId": number, "Entity": "Contacts"} for number in (401, 401, 402)]
    one, again, two = (notices_of(settings(PLOOMES), delivery(body), body)[0] for body in bodies)
    assert one.identity == again.identity != two.identity
    assert not one.told


def test_a_standard_webhook_has_its_id_in_its_header() -> None:
    described = settings(PLOOMES, verification={"kind": "standard"})
    body: JsonValue = {"ResourceId": 401, "Entity": "Contacts"}
    (notice,) = notices_of(described, delivery(body, headers={"webhook-id": "msg_1"}), body)
    assert notice.identity == "id:msg_1"


def test_a_long_delivery_id_is_kept_short() -> None:
    body: JsonValue = {
        "messageId": "m" * 5000,
        "topic": "ClienteFornecedor.Alterado",
        "event": {"codigo_cliente_omie": 5},
    }
    (notice,) = notices_of(settings(OMIE), delivery(body), body)
    assert len(notice.identity) < 100


@pytest.mark.parametrize(
    ("ping", "payload", "expected"),
    [
        ({"at": "ping", "equals": ["omie"]}, {"ping": "omie"}, True),
        ({"at": "ping", "equals": ["omie"]}, {"ping": "other"}, False),
        ({"at": "ping"}, {"ping": 1}, True),
        ({"at": "ping"}, {"ping": None}, False),
        (None, {"ping": "omie"}, False),
    ],
)
def test_pings(ping: dict[str, Any] | None, payload: JsonValue, expected: bool) -> None:
    assert is_ping(settings(OMIE, ping=ping), delivery(payload), payload) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("a.b", "exact"), ("a.c", "short"), ("a.long.x", "long"), ("b", None), ("a", None)],
)
def test_codes_exact_first_then_the_longest_beginning(code: str, expected: str | None) -> None:
    assert translated({"a.*": "short", "a.long.*": "long", "a.b": "exact"}, code) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000], ids=["empty", "cut", "no text", "deep"])
def test_a_body_that_is_no_json_is_told_without_its_content(body: bytes) -> None:
    with pytest.raises(NotJsonError) as refused:
        Delivery("POST", "", {}, {}, body).document()
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
