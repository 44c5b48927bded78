"""The Tryton description, against exchanges as a running server answered them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from reconciler.connectors.connector import Connector
from reconciler.connectors.plan import entity_mapping
from reconciler.errors import CredentialsRefusedError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.mapping.page import map_pages
from reconciler.model.entities import ENTITIES
from tests.connectors.tryton_stand_in import (
    ACTIVE,
    LOGOUT,
    PARTY_FIELDS,
    PRODUCT,
    STAMP,
    Tryton,
    connected,
    login,
    lost,
    party,
    preferences,
    read,
    read_products,
)
from tests.connectors.unknown_system import Pages


def _staged(connector: Connector, entity: str, sink: Pages) -> dict[str, Any]:
    """The first record, mapped with every field the description has."""
    source = connector.description.entities[entity]
    mapping = entity_mapping(
        connector.description,
        entity,
        key=ENTITIES[entity].key,
        fields=source.fields,
        types={field.name: field.type for field in ENTITIES[entity].fields},
        time_zone="America/Sao_Paulo",
    )
    return map_pages(mapping, [(page.number, page.records) for page in sink.pages]).records.row(0, named=True)


async def test_customers_are_read_page_after_page_and_mapped() -> None:
    first = [party(identity) for identity in range(1, 501)]
    tryton = Tryton(
        login(),
        preferences(),
        read([["id", ">", 0], ACTIVE], 500, PARTY_FIELDS, first),
        read([["id", ">", 500], ACTIVE], 500, PARTY_FIELDS, [party(777)]),
        LOGOUT,
    )
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    assert len(sink.records) == 501
    row = _staged(connector, "customers", sink)
    assert row["_id"] == "1"
    assert row["_invalid"] is None
    assert row["form.tax_id"] == "11222333000181"
    assert row["value.legal_name"] == "Distribuidora 1 Ltda"
    assert row["form.email"] == "fiscal1@example.com"
    assert row["form.phone"] == "5511988887777"
    assert row["value.street"] == "Rua das Flores, 10"
    assert (row["value.city"], row["form.state"], row["form.zip"]) == ("São Paulo", "SP", "01310100")
    assert row["form.credit_limit"] == Decimal("185000.10")
    assert row["form.active"] is True
    assert row["form.updated_at"] == datetime(2026, 11, 22, 6, 3, 35, 577890, tzinfo=UTC)


async def test_a_person_has_a_cpf_and_a_party_without_company_values_has_none() -> None:
    bare = party(
        5,
        **{
            "identifiers.": [{"id": 1, "type": "br_cpf", "code_compact": "11144477735"}],
            "addresses.": [],
            "credit_limit_amount": None,
            "phone": "(41) 3333-2222",
        },
    )
    tryton = Tryton(login(), preferences(), read([["id", ">", 0], ACTIVE], 500, PARTY_FIELDS, [bare]), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    row = _staged(connector, "customers", sink)
    assert (row["form.tax_id"], row["form.phone"]) == ("11144477735", "4133332222")
    assert row["value.street"] is None
    assert row["form.credit_limit"] is None


async def test_products_are_read_and_mapped() -> None:
    tryton = Tryton(login(), preferences(), read_products([["id", ">", 0]], [PRODUCT]), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("products", None, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    row = _staged(connector, "products", sink)
    assert (row["form.sku"], row["value.name"], row["form.unit"]) == ("P0004", "Parafuso sextavado", "UN")
    assert (row["form.ncm"], row["form.price"], row["form.active"]) == ("73181500", Decimal("4928.84"), False)


_ACTIVITIES = {
    "both": (1, 1, True),
    "template off": (1, 0, False),
    "product off": (0, 1, False),
    "both, PostgreSQL": (True, True, True),
    "template off, PostgreSQL": (True, False, False),
}


@pytest.mark.parametrize(("own", "of_template", "active"), _ACTIVITIES.values(), ids=_ACTIVITIES)
async def test_a_product_is_active_when_its_template_is_too(own: Any, of_template: Any, active: bool) -> None:
    found = {**PRODUCT, "active": own, "template.": {"id": 4, "active": of_template, "tariff_codes.": []}}
    tryton = Tryton(login(), preferences(), read_products([["id", ">", 0]], [found]), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("products", None, sink)
    row = _staged(connector, "products", sink)
    assert (row["form.active"], row["form.ncm"]) == (active, None)


_MOMENT = {**STAMP, "day": 22, "hour": 3, "minute": 0, "second": 0, "microsecond": 250}
_SINCE = datetime(2026, 11, 22, 0, 0, 0, 250, tzinfo=ZoneInfo("America/Sao_Paulo"))


async def test_changed_customers_are_asked_for_over_the_children_and_the_deactivated_too_in_utc() -> None:
    """Tryton adds `active = true` to every list of a domain that does not mention it."""
    stamp = ["last_modified_at", ">=", _MOMENT]
    changes = [
        "OR",
        ["active", "not in", [True, False]],
        stamp,
        ["identifiers", "where", [ACTIVE, stamp]],
        ["addresses", "where", [ACTIVE, stamp]],
        ["contact_mechanisms", "where", [ACTIVE, stamp]],
        ["credit_limit_amounts", "where", [stamp]],
    ]
    expected = read([["id", ">", 0], ACTIVE, changes], 500, PARTY_FIELDS, [party(3, active=0)])
    tryton = Tryton(login(), preferences(), expected, LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("customers", _SINCE, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    assert _staged(connector, "customers", sink)["form.active"] is False


async def test_changed_products_are_asked_for_over_their_template_prices_and_tariff_codes() -> None:
    owners = ["", "template.", "template.list_prices.", "template.tariff_codes."]
    changes = ["OR", *([f"{owner}last_modified_at", ">=", _MOMENT] for owner in owners)]
    tryton = Tryton(login(), preferences(), read_products([["id", ">", 0], changes], [PRODUCT]), LOGOUT)
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("products", _SINCE, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    assert len(sink.records) == 1


async def test_ids_one_record_and_a_search_by_key() -> None:
    tryton = Tryton(
        login(),
        preferences(),
        read([["id", ">", 0], ACTIVE], 10_000, ["id"], [{"id": 2}, {"id": 7}]),
        read([["id", "=", "7"], ACTIVE], 1, PARTY_FIELDS, [party(7)]),
        read([["identifiers.code_compact", "=", "11222333000181"], ACTIVE], 10, PARTY_FIELDS, [party(7)]),
        LOGOUT,
    )
    async with connected(tryton) as connector:
        assert await connector.ids("customers") == {"2", "7"}
        assert await connector.one("customers", "7") == [party(7)]
        assert await connector.find("customers", "11222333000181") == [party(7)]
    assert (tryton.unexpected, tryton.left) == ([], [])


async def test_a_session_that_ends_in_the_middle_is_opened_once_more_and_the_page_asked_again() -> None:
    first = [party(identity) for identity in range(1, 501)]
    second = read([["id", ">", 500], ACTIVE], 500, PARTY_FIELDS, [party(501)])
    tryton = Tryton(
        login(),
        preferences(),
        read([["id", ">", 0], ACTIVE], 500, PARTY_FIELDS, first),
        (second[0], second[1], lost),
        login(),
        preferences(),
        second,
        LOGOUT,
    )
    async with connected(tryton) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert (tryton.unexpected, tryton.left) == ([], [])
    assert len(sink.records) == 501
    assert tryton.asked.count("common.db.login") == 2


ERRORS = {
    "of a person": (["UserError", ["The code on party must be unique.", "", None]], "UserError", "must be unique"),
    "fault": (["'nope'", ""], "'nope'", "'nope'"),
    "concurrency": (["ConcurrencyException", "Records were modified"], "ConcurrencyException", "ConcurrencyException"),
}


@pytest.mark.parametrize(("error", "code", "words"), ERRORS.values(), ids=ERRORS)
async def test_an_error_inside_200_ends_the_pull(error: list[Any], code: str, words: str) -> None:
    method, params, _ = read([["id", ">", 0], ACTIVE], 500, PARTY_FIELDS, [])
    tryton = Tryton(login(), preferences(), (method, params, {"id": 1, "error": error}), LOGOUT)
    async with connected(tryton) as connector:
        with pytest.raises(VendorFaultError, match=words) as caught:
            await connector.pull_stable("customers", None, Pages())
    assert caught.value.vendor_code == code
    assert tryton.asked.count("model.party.party.search_read") == 1


REFUSED_LOGINS: dict[str, Any] = {
    "wrong password": lambda: web.Response(status=401, text="<h1>Unauthorized</h1>"),
    "no password": {"id": 1, "error": ["LoginException", ["password", "Password for crm", "password"]]},
}


@pytest.mark.parametrize("answer", REFUSED_LOGINS.values(), ids=REFUSED_LOGINS)
async def test_a_refused_login_is_never_tried_again(answer: Any) -> None:
    """After five failed log-ins Tryton refuses the right password too."""
    tryton = Tryton(login(answer), login(answer))
    async with connected(tryton, some_stay=True) as connector:
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()
        with pytest.raises(CredentialsRefusedError):
            await connector.pull_stable("customers", None, Pages())
    assert tryton.asked == ["common.db.login"]


async def test_a_user_who_is_locked_out_is_not_knocked_for_again() -> None:
    def locked() -> web.Response:
        return web.Response(status=429, text="<h1>Too Many Requests</h1>")

    tryton = Tryton(login(locked), login(locked))
    async with connected(tryton, some_stay=True) as connector:
        with pytest.raises(VendorFaultError, match="429"):
            await connector.pull_stable("customers", None, Pages())
    assert tryton.asked == ["common.db.login"]


@pytest.mark.parametrize("missing", ["company", "companies"])
async def test_a_user_without_a_company_is_refused_instead_of_reading_nulls(missing: str) -> None:
    """Without the company in the context, credit limits and prices silently read null."""
    tryton = Tryton(login(), preferences(**{missing: None}), LOGOUT)
    async with connected(tryton, some_stay=True) as connector:
        with pytest.raises(ResponseNotUnderstoodError, match=missing):
            await connector.pull_stable("customers", None, Pages())


async def test_the_probe_needs_a_session() -> None:
    tryton = Tryton(login(), preferences(), preferences(), LOGOUT)
    async with connected(tryton) as connector:
        await connector.probe()
    assert (tryton.unexpected, tryton.left) == ([], [])
