"""Writing to the stand-in CRM: what sticks, what it replaces, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web

from reconciler.sandbox.crm import webhooks
from reconciler.sandbox.start import served
from tests.sandbox.calling import Caller, crm_of

LIMIT = {"FieldKey": "contact_credit_limit", "DecimalValue": 100.5}
CODE = {"FieldKey": "contact_erp_code", "StringValue": "000123"}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "Contacts": [
        {
            "Id": 401,
            "Name": "Aurora",
            "LastUpdateDate": "2026-05-02T10:11:12.3-03:00",
            "OtherProperties": [LIMIT, CODE],
        }
    ],
    "Products": [{"Id": 31, "Name": "Café", "Code": "P0001", "UnitPrice": 12.5}],
    "Quotes": [
        {
            "Id": 77,
            "QuoteNumber": 1203,
            "ReviewNumber": 1,
            "LastReview": True,
            "ContactId": 401,
            "LastUpdateDate": "2026-05-02T10:11:12-03:00",
            "Products": [{"Id": 9, "QuoteId": 77, "ProductId": 31, "Quantity": 2, "Total": 25, "OtherProperties": []}],
            "OtherProperties": [],
        }
    ],
}
WITH_FIELDS = {"$expand": "OtherProperties"}


@pytest.fixture
async def crm() -> AsyncIterator[Caller]:
    async with crm_of({name: [dict(row) for row in rows] for name, rows in RECORDS.items()}) as caller:
        yield caller


async def test_a_patch_changes_what_it_names_and_moves_the_stamp(crm: Caller) -> None:
    answer = await crm.call("PATCH", "/Contacts(401)", {"Email": "a@example.com"})
    assert answer.status == 200
    row = (await crm.get("/Contacts(401)")).rows[0]
    assert answer.rows == [row]
    assert (row["Email"], row["Name"]) == ("a@example.com", "Aurora")
    assert datetime.fromisoformat(row["LastUpdateDate"]) > datetime.fromisoformat("2026-05-02T10:11:12.3-03:00")


async def test_a_patch_replaces_all_custom_fields(crm: Caller) -> None:
    """The vendor's trap: a client that sends one field loses the others."""
    await crm.call("PATCH", "/Contacts(401)", {"OtherProperties": [{**LIMIT, "DecimalValue": 7}]})
    row = (await crm.get("/Contacts(401)", expand="OtherProperties")).rows[0]
    assert row["OtherProperties"] == [{"FieldKey": "contact_credit_limit", "DecimalValue": 7}]


@pytest.mark.parametrize("text", ["Name eq 'Aurora'", "Name ge 'Aurora'", "Name eq 'Aurora' or Id eq 5"])
async def test_what_was_read_before_a_change_is_not_read_after_it(crm: Caller, text: str) -> None:
    """Orders and indexes are kept between reads, and never longer than they are true."""
    assert (await crm.get("/Contacts", filter=text)).ids == [401]
    await crm.call("PATCH", "/Contacts(401)", {"Name": "ABC"})
    assert (await crm.get("/Contacts", filter=text)).ids == []


async def test_two_writes_never_share_a_stamp(crm: Caller) -> None:
    stamps = []
    for number in range(20):
        row = (await crm.call("PATCH", "/Contacts(401)", {"Email": f"{number}@example.com"})).rows[0]
        stamps.append(datetime.fromisoformat(row["LastUpdateDate"]))
    assert stamps == sorted(set(stamps))


async def test_a_stamp_is_never_before_one_that_is_known() -> None:
    """Data from the future must not hide later writes from a client that asks for changes since the last stamp."""
    future = "2199-01-01T00:00:00-03:00"
    async with crm_of({"Contacts": [{"Id": 1, "Name": "x", "LastUpdateDate": future}]}) as crm:
        await crm.call("POST", "/Contacts", {"Name": "y"})
        assert (await crm.get("/Contacts", filter=f"LastUpdateDate gt {future}")).ids == [2]


async def test_a_created_record_gets_the_next_id_and_is_found(crm: Caller) -> None:
    body = {"Name": "Nova", "CNPJ": "12345678000195", "CityId": 1, "OtherProperties": [CODE]}
    answer = await crm.call("POST", "/Contacts", body, query=WITH_FIELDS)
    assert answer.status == 201
    assert answer.rows[0]["Id"] == 402
    assert answer.rows[0]["OtherProperties"] == [CODE]
    assert (await crm.get("/Contacts", filter="CNPJ eq '12345678000195'")).ids == [402]


async def test_a_deleted_record_is_gone(crm: Caller) -> None:
    assert (await crm.call("DELETE", "/Contacts(401)")).status == 204
    assert (await crm.get("/Contacts")).rows == []
    assert (await crm.call("DELETE", "/Contacts(401)")).status == 404


@pytest.mark.parametrize("path", ["/Contacts(401)", "/Contacts"])
async def test_put_is_not_allowed(crm: Caller, path: str) -> None:
    answer = await crm.call("PUT", path, {"Name": "x"})
    assert answer.status == 405
    assert answer.json["error"]["message"]


async def test_look_ups_cannot_be_written(crm: Caller) -> None:
    assert (await crm.call("POST", "/Fields", {"Key": "x"})).status == 405
    assert (await crm.call("PATCH", "/Cities(1)", {"Name": "x"})).status == 405


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        ({}, "Name"),
        ({"Name": ""}, "Name"),
        ({"Name": 5}, "Name"),
        ({"Name": "x", "Nome": "y"}, "Nome"),
        ({"Name": "x", "Id": 5}, "Id"),
        ({"Name": "x", "LastUpdateDate": "2026-01-01T00:00:00-03:00"}, "LastUpdateDate"),
        ({"Name": "x", "TypeId": True}, "TypeId"),
        ({"Name": "x", "CityId": 99_999}, "CityId"),
        ({"Name": "x", "City": {"Name": "y"}}, "City"),
        ({"Name": "x", "OtherProperties": {}}, "OtherProperties"),
        ({"Name": "x", "OtherProperties": [5]}, "OtherProperties"),
        ({"Name": "x", "OtherProperties": [{"FieldKey": "nobody", "StringValue": "x"}]}, "nobody"),
        ({"Name": "x", "OtherProperties": [{"FieldKey": [], "StringValue": "x"}]}, "OtherProperties"),
        ({"Name": "x", "OtherProperties": [{"FieldKey": "product_ncm", "StringValue": "x"}]}, "product_ncm"),
        ({"Name": "x", "OtherProperties": [{"FieldKey": "contact_credit_limit", "StringValue": "1"}]}, "DecimalValue"),
        ({"Name": "x", "OtherProperties": [{"FieldKey": "contact_credit_limit", "DecimalValue": "1"}]}, "DecimalValue"),
    ],
    ids=str,
)
async def test_a_wrong_body_is_refused_by_name_and_changes_nothing(crm: Caller, body: Any, named: str) -> None:
    answer = await crm.call("POST", "/Contacts", body)
    assert answer.status == 400
    assert named in answer.json["error"]["message"]
    assert (await crm.get("/Contacts")).ids == [401]


async def test_a_quote_gets_a_number_line_ids_and_totals(crm: Caller) -> None:
    line = {"ProductId": 31, "Quantity": 3, "UnitPrice": 12.35, "Discount": 10}
    answer = await crm.call("POST", "/Quotes", {"ContactId": 401, "Products": [line]}, query={"$expand": "Products"})
    quote = answer.rows[0]
    assert (quote["QuoteNumber"], quote["ReviewNumber"], quote["LastReview"]) == (1204, 1, True)
    assert quote["Products"][0]["Total"] == 33.35
    assert quote["Products"][0]["QuoteId"] == quote["Id"] == 78
    assert (await crm.call("POST", "/Quotes", {"ContactId": 401, "QuoteNumber": 5})).status == 400
    assert (await crm.call("POST", "/Quotes", {"ContactId": 999})).status == 400


async def test_the_lines_of_a_quote_are_replaced_whole(crm: Caller) -> None:
    lines = (await crm.get("/Quotes(77)", expand="Products($expand=OtherProperties)")).rows[0]["Products"]
    lines[0]["OtherProperties"] = [{"FieldKey": "quote_product_ipi", "DecimalValue": 1.25}]
    await crm.call("PATCH", "/Quotes(77)", {"Products": lines})
    again = (await crm.get("/Quotes(77)", expand="Products($expand=OtherProperties)")).rows[0]["Products"]
    assert [line["OtherProperties"] for line in again] == [lines[0]["OtherProperties"]]
    await crm.call("PATCH", "/Quotes(77)", {"Products": []})
    assert (await crm.get("/Quotes(77)", expand="Products")).rows[0]["Products"] == []


async def test_a_review_makes_a_new_row_and_supersedes_the_old_one(crm: Caller) -> None:
    answer = await crm.call("POST", "/Quotes(77)/Review", query={"$expand": "Products"})
    new = answer.rows[0]
    assert (new["Id"], new["QuoteNumber"], new["ReviewNumber"], new["LastReview"]) == (78, 1203, 2, True)
    assert new["Products"][0]["QuoteId"] == 78
    assert (await crm.get("/Quotes", filter="QuoteNumber eq 1203 and LastReview eq true")).ids == [78]
    old = (await crm.get("/Quotes(77)")).rows[0]
    assert old["LastReview"] is False
    assert (await crm.call("POST", "/Quotes(77)/Review")).status == 400
    assert (await crm.call("POST", "/Quotes(99)/Review")).status == 404
    assert (await crm.call("POST", "/Contacts(401)/Review")).status == 404


class Receiver:
    """A call-back that keeps what it gets, and answers with `status`."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[dict[str, Any], str | None]] = asyncio.Queue()
        self.status = 200

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_post("/hook", self._take)
        async with served(application) as url:
            yield f"{url}/hook"

    async def _take(self, request: web.Request) -> web.Response:
        self.got.put_nowait((await request.json(), request.headers.get(webhooks.VALIDATION_HEADER)))
        return web.Response(status=self.status)

    async def next(self) -> tuple[dict[str, Any], str | None]:
        return await asyncio.wait_for(self.got.get(), 10)


async def test_a_change_is_delivered_to_who_asked_for_it(crm: Caller) -> None:
    receiver = Receiver()
    async with receiver.listening() as url:
        for action in (1, 2, 3):
            hook = {"EntityId": 1, "ActionId": action, "CallbackUrl": url, "ValidationKey": "secret"}
            assert (await crm.call("POST", "/Webhooks", hook)).status == 201
        await crm.call("PATCH", "/Contacts(401)", {"Name": "Poente"})
        payload, key = await receiver.next()
        assert key == "secret"
        assert (payload["Action"], payload["Entity"]) == ("Update", "Contacts")
        assert (payload["Old"]["Name"], payload["New"]["Name"]) == ("Aurora", "Poente")
        await crm.call("POST", "/Quotes(77)/Review")
        await crm.call("POST", "/Contacts", {"Name": "Nova"})
        await crm.call("DELETE", "/Contacts(401)")
        created, deleted = (await receiver.next())[0], (await receiver.next())[0]
        assert (created["Action"], created["Old"], created["New"]["Name"]) == ("Create", None, "Nova")
        assert (deleted["Action"], deleted["Old"]["Id"], deleted["New"]) == ("Delete", 401, None)


async def test_registrations_can_be_listed_changed_and_removed(crm: Caller) -> None:
    hook = {"EntityId": 1, "ActionId": 2, "CallbackUrl": "http://127.0.0.1:9/"}
    number = (await crm.call("POST", "/Webhooks", hook)).rows[0]["Id"]
    assert [row["Active"] for row in (await crm.get("/Webhooks")).rows] == [True]
    await crm.call("PATCH", f"/Webhooks({number})", {"Active": False})
    assert [row["Active"] for row in (await crm.get("/Webhooks")).rows] == [False]
    assert (await crm.call("DELETE", f"/Webhooks({number})")).status == 204
    assert (await crm.get("/Webhooks")).rows == []


@pytest.mark.parametrize(
    "members",
    [
        {"CallbackUrl": "https://hooks.example.com/x"},
        {"CallbackUrl": "http://10.0.0.1/x"},
        {"CallbackUrl": "http://169.254.169.254/latest"},
        {"CallbackUrl": "file:///etc/passwd"},
        {"CallbackUrl": "http://127.0.0.1:99999/"},
        {"CallbackUrl": "http://[::1"},
        {"CallbackUrl": "http://localhost.example.com/"},
        {"ValidationKey": "a\r\nX-Other: b"},
        {"ActionId": None},
    ],
    ids=str,
)
async def test_a_call_back_that_could_leave_this_machine_or_break_its_request_is_refused(
    crm: Caller, members: dict[str, Any]
) -> None:
    hook = {"EntityId": 1, "ActionId": 2, "CallbackUrl": "http://127.0.0.1:9/", **members}
    assert (await crm.call("POST", "/Webhooks", hook)).status == 400


async def test_a_call_back_that_keeps_failing_is_turned_off(crm: Caller) -> None:
    receiver = Receiver()
    receiver.status = 500
    async with receiver.listening() as url:
        await crm.call("POST", "/Webhooks", {"EntityId": 1, "ActionId": 2, "CallbackUrl": url})
        for number in range(webhooks.FAILURES_UNTIL_OFF):
            await crm.call("PATCH", "/Contacts(401)", {"Name": f"n{number}"})
        for _ in range(webhooks.FAILURES_UNTIL_OFF * 3):
            await receiver.next()
        async with asyncio.timeout(10):
            while (await crm.get("/Webhooks")).rows[0]["Active"]:
                pass


async def test_a_full_queue_loses_deliveries_and_never_a_write(crm: Caller) -> None:
    """The receiver does not answer: writes go on."""
    stuck = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await stuck.wait()
        return web.Response()

    application = web.Application()
    application.router.add_post("/hook", wait)
    async with served(application) as url:
        await crm.call("POST", "/Webhooks", {"EntityId": 1, "ActionId": 2, "CallbackUrl": f"{url}/hook"})
        for number in range(webhooks.QUEUE_SIZE + 5):
            answer = await crm.call("PATCH", "/Contacts(401)", {"Name": f"n{number}"})
            assert answer.status == 200
        stuck.set()
    assert (await crm.get("/Contacts(401)")).rows[0]["Name"] == f"n{webhooks.QUEUE_SIZE + 4}"
