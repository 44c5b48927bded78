"""Reading from the stand-in CRM as from Ploomes: paging, filters, expansion, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from tests.sandbox.calling import Caller, crm_of


def contact(number: int, **members: Any) -> dict[str, Any]:
    """A contact; ids, names and stamps follow from the number."""
    return {
        "Id": number,
        "TypeId": 1 + number % 2,
        "Name": f"Nome {number}",
        "LegalName": None if number == 3 else f"Razão d'Água {number}",
        "CNPJ": f"{number:014d}",
        "CityId": number,
        "StateId": 26,
        "LastUpdateDate": f"2026-05-{number:02d}T10:00:00.{number}-03:00",
        "OtherProperties": [{"FieldKey": "contact_credit_limit", "DecimalValue": number * 10.5}],
        **members,
    }


PRODUCT = {"Id": 31, "Name": "Café", "Code": "P0001", "UnitPrice": 12.5, "Suspended": False, "OtherProperties": []}
QUOTE = {
    "Id": 77,
    "QuoteNumber": 1203,
    "ReviewNumber": 2,
    "LastReview": True,
    "ContactId": 1,
    "Amount": 25,
    "Products": [
        {
            "Id": 9,
            "QuoteId": 77,
            "ProductId": 31,
            "Quantity": 2,
            "UnitPrice": 12.5,
            "OtherProperties": [{"FieldKey": "quote_product_icms", "DecimalValue": 1.5}],
        }
    ],
    "OtherProperties": [],
}


@pytest.fixture
async def crm() -> AsyncIterator[Caller]:
    """Nine contacts, a product and a quote."""
    contacts = [contact(number) for number in range(1, 10)]
    async with crm_of({"Contacts": contacts, "Products": [PRODUCT], "Quotes": [QUOTE]}) as caller:
        yield caller


@pytest.fixture(scope="module")
def many() -> list[dict[str, Any]]:
    return [{"Id": number, "Name": str(number)} for number in range(1, 701)]


async def test_a_page_never_holds_more_than_three_hundred(many: list[dict[str, Any]]) -> None:
    """Whatever `$top` says, and without a word."""
    async with crm_of({"Contacts": many}) as crm:
        for options in ({"top": "1000"}, {"top": "301"}, {}):
            answer = await crm.get("/Contacts", **options)
            assert answer.status == 200
            assert len(answer.rows) == 300
            assert "@odata.count" not in answer.json


@pytest.mark.parametrize("way", ["skip", "keyset"])
async def test_pages_cover_everything_once(many: list[dict[str, Any]], way: str) -> None:
    async with crm_of({"Contacts": many[::-1]}) as crm:
        seen: list[int] = []
        while True:
            options = {"skip": str(len(seen))} if way == "skip" else {"filter": f"Id gt {seen[-1] if seen else 0}"}
            page = (await crm.get("/Contacts", top="300", orderby="Id", **options)).ids
            seen += page
            if len(page) < 300:
                break
        assert seen == list(range(1, 701))


async def test_the_count_is_of_all_matches(crm: Caller) -> None:
    answer = await crm.get("/Contacts", filter="Id gt 2", top="3", skip="1", count="true")
    assert answer.json["@odata.count"] == 7
    assert answer.ids == [4, 5, 6]
    assert answer.json["@odata.context"].endswith("/$metadata#Contacts")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Id eq 4", [4]),
        ("Id ne 4", [1, 2, 3, 5, 6, 7, 8, 9]),
        ("Id gt 7", [8, 9]),
        ("Id ge 7", [7, 8, 9]),
        ("Id lt 2.5", [1, 2]),
        ("Id le 2", [1, 2]),
        ("Id gt -1 and Id lt 3", [1, 2]),
        ("Name eq 'Nome 5'", [5]),
        ("Name eq 'nome 5'", []),
        ("LegalName eq 'Razão d''Água 2'", [2]),
        ("LegalName eq null", [3]),
        ("LegalName ne null and Id lt 5", [1, 2, 4]),
        ("LegalName gt 'Razão d''Água 7'", [8, 9]),
        ("TypeId eq 2 or Id eq 2", [1, 2, 3, 5, 7, 9]),
        ("TypeId eq 2 and Id eq 2 or Id eq 8", [8]),
        ("TypeId eq 2 and (Id eq 3 or Id eq 8)", [3]),
        ("((Id eq 1))", [1]),
        ("CNPJ eq '00000000000002' or CPF eq '00000000000002'", [2]),
        ("LastUpdateDate ge 2026-05-08T10:00:00.8-03:00", [8, 9]),
        ("LastUpdateDate gt 2026-05-08T13:00:00.8Z", [9]),
        ("LastUpdateDate gt 2026-05-08T10:00:00-03:00 and Id lt 9", [8]),
        ("City/Name eq 'Guarulhos'", [2]),
        ("State/Short eq 'SP' and Id lt 3", [1, 2]),
        ("City/State/Short eq 'SP' and Id gt 7", [8]),
        ("Id eq 4 and Name eq 'Nome 5'", []),
    ],
)
async def test_filters(crm: Caller, text: str, ids: list[int]) -> None:
    answer = await crm.get("/Contacts", filter=text)
    assert answer.status == 200, answer.body
    assert answer.ids == ids


async def test_booleans_are_filtered(crm: Caller) -> None:
    assert (await crm.get("/Quotes", filter="LastReview eq true")).ids == [77]
    assert (await crm.get("/Quotes", filter="LastReview eq false")).ids == []


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "Id eq"},
        {"filter": "Id = 4"},
        {"filter": "Id eq 4 and"},
        {"filter": "Id eq 4)"},
        {"filter": "(Id eq 4"},
        {"filter": "(" * 60 + "Id eq 4" + ")" * 60},
        {"filter": "Nome eq 'x'"},
        {"filter": "Id eq '4'"},
        {"filter": "Name eq 4"},
        {"filter": "Name eq Nome"},
        {"filter": "Name eq 'open"},
        {"filter": "LastUpdateDate ge '2026-05-08T10:00:00-03:00'"},
        {"filter": "LastUpdateDate ge 2026-05-08T10:00:00"},
        {"filter": "LastUpdateDate ge 2026-13-08T10:00:00-03:00"},
        {"filter": "not (Id eq 4)"},
        {"filter": "contains(Name,'x')"},
        {"filter": "OtherProperties/any(o: o/FieldKey eq 'x')"},
        {"filter": ""},
        {"orderby": "Nome"},
        {"orderby": "Id up"},
        {"orderby": "Id,,Name"},
        {"select": "Nome"},
        {"expand": "Cidade"},
        {"expand": "City("},
        {"expand": "City($top=1)"},
        {"expand": "City)"},
        {"top": "-1"},
        {"top": "many"},
        {"skip": "1.5"},
        {"count": "yes"},
        {"search": "x"},
    ],
    ids=str,
)
async def test_what_is_not_understood_is_refused(crm: Caller, options: dict[str, str]) -> None:
    answer = await crm.get("/Contacts", **options)
    assert answer.status == 400
    assert answer.json["error"]["message"]


async def test_a_plus_sign_that_was_not_encoded_is_refused(crm: Caller) -> None:
    """It arrives as a space: the offset is gone, and a guess would move the window."""
    answer = await crm.call("GET", "/Contacts?$filter=LastUpdateDate%20ge%202026-05-08T10:00:00+03:00")
    assert answer.status == 400


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("Id desc", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("TypeId,Id desc", [8, 6, 4, 2, 9, 7, 5, 3, 1]),
        ("TypeId desc,Id asc", [1, 3, 5, 7, 9, 2, 4, 6, 8]),
        ("LegalName", [3, 1, 2, 4, 5, 6, 7, 8, 9]),
        ("LastUpdateDate desc", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
async def test_order(crm: Caller, order: str, ids: list[int]) -> None:
    assert (await crm.get("/Contacts", orderby=order)).ids == ids


async def test_equal_order_values_are_ordered_by_id(crm: Caller) -> None:
    assert (await crm.get("/Contacts", orderby="StateId desc")).ids == list(range(1, 10))


async def test_a_lower_bound_on_the_ordered_property_cuts_at_the_right_place(crm: Caller) -> None:
    mark = "2026-05-06T10:00:00.6-03:00"
    over = await crm.get("/Contacts", filter=f"LastUpdateDate gt {mark} and Id ne 8", orderby="LastUpdateDate,Id")
    from_it = await crm.get("/Contacts", filter=f"LastUpdateDate ge {mark} and Id ne 8", orderby="LastUpdateDate,Id")
    assert (over.ids, from_it.ids) == ([7, 9], [6, 7, 9])


async def test_a_lower_bound_holds_in_falling_order_too(crm: Caller) -> None:
    assert (await crm.get("/Contacts", filter="Id gt 5", orderby="Id desc")).ids == [9, 8, 7, 6]


async def test_a_link_is_absent_unless_expanded(crm: Caller) -> None:
    plain = (await crm.get("/Contacts", filter="Id eq 2")).rows[0]
    assert not {"City", "State", "OtherProperties", "Phones"} & set(plain)
    expanded = (await crm.get("/Contacts", filter="Id eq 2", expand="City,State,OtherProperties,Phones")).rows[0]
    assert expanded["City"]["Name"] == "Guarulhos"
    assert expanded["State"]["Short"] == "SP"
    assert expanded["OtherProperties"] == [{"FieldKey": "contact_credit_limit", "DecimalValue": 21.0}]
    assert expanded["Phones"] == []


async def test_expansions_nest(crm: Caller) -> None:
    options = "Contact($select=CNPJ;$expand=City($select=Name)),Products($expand=Product($select=Code),OtherProperties)"
    quote = (await crm.get("/Quotes", expand=options)).rows[0]
    assert quote["Contact"] == {"CNPJ": "00000000000001", "City": {"Name": "São Paulo"}}
    assert quote["Products"][0]["Product"] == {"Code": "P0001"}
    assert quote["Products"][0]["OtherProperties"] == [{"FieldKey": "quote_product_icms", "DecimalValue": 1.5}]
    lines = (await crm.get("/Quotes", expand="Products")).rows[0]["Products"]
    assert "OtherProperties" not in lines[0]
    assert "Product" not in lines[0]


async def test_expansion_stops_at_three_levels(crm: Caller) -> None:
    deep = "Contact($expand=City($expand=State))"
    assert (await crm.get("/Quotes", expand=deep)).status == 200
    products = "Products($expand=Product($expand=OtherProperties($expand=City)))"
    assert (await crm.get("/Quotes", expand=products)).status == 400


async def test_select_keeps_only_what_is_named(crm: Caller) -> None:
    rows = (await crm.get("/Contacts", select="Id, Name", expand="City($select=Name)", top="1")).rows
    assert rows == [{"Id": 1, "Name": "Nome 1", "City": {"Name": "São Paulo"}}]


async def test_one_record_by_its_address(crm: Caller) -> None:
    assert (await crm.get("/Contacts(5)", select="Id")).rows == [{"Id": 5}]
    assert (await crm.get("/Contacts(55)")).status == 404


@pytest.mark.parametrize("key", [None, "", "another"], ids=["absent", "empty", "wrong"])
async def test_only_the_right_key_is_let_in(crm: Caller, key: str | None) -> None:
    crm.headers = {} if key is None else {"User-Key": key}
    answer = await crm.call("GET", "/Account", query={"$top": "1", "$select": "Id"})
    assert answer.status == 401
    assert answer.json["error"]["message"]


async def test_look_ups_have_an_at_sign_in_their_address(crm: Caller) -> None:
    """Sent as it is; encoded, it names nothing, as with the vendor."""
    states = await crm.get("/Cities@Countries@States", filter="Short eq 'SP'")
    assert states.rows == [{"Id": 26, "Short": "SP", "Name": "São Paulo"}]
    assert [row["Id"] for row in (await crm.get("/Orders@Stages")).rows] == [1, 2, 3]
    assert [row["Name"] for row in (await crm.get("/Webhooks@Actions")).rows] == ["Create", "Update", "Delete"]
    encoded = URL(f"{crm.base_url}/Orders%40Stages", encoded=True)
    async with crm.session.get(encoded, headers=crm.headers) as response:
        assert response.status == 404


async def test_custom_fields_can_be_discovered(crm: Caller) -> None:
    fields = (await crm.get("/Fields", filter="EntityId eq 1 and Dynamic eq true")).rows
    assert "contact_credit_limit" in {field["Key"] for field in fields}


@pytest.mark.parametrize("path", ["/", "/Nothing", "/Contacts/5", "/Contacts(x)", "/Contacts(5)/Win", "/_sandbox/x"])
async def test_unknown_addresses(crm: Caller, path: str) -> None:
    assert (await crm.get(path)).status in (404, 405)


async def test_loaded_records_are_served_whatever_they_are() -> None:
    """No id, no object, a wrong type, hostile text: all of it arrives, and paging by id still ends with it."""
    hostile = [
        {"Id": 1, "Name": "\x1b[2J<script>\x00", "LastUpdateDate": 5, "OtherProperties": "none"},
        {"Name": "nobody"},
        "a text",
        None,
        {"Id": "x", "Name": ["list"]},
        {"Id": 2, "Name": "z", "City": {"Name": "Aldeia"}},
    ]
    async with crm_of({"Contacts": hostile}) as crm:
        answer = await crm.get("/Contacts", expand="OtherProperties,City", filter="Id gt 0", orderby="Id", count="true")
        assert answer.status == 200
        assert answer.json["@odata.count"] == 6
        assert answer.rows[0]["Name"] == "\x1b[2J<script>\x00"
        assert answer.rows[0]["OtherProperties"] == "none"
        assert answer.rows[1]["City"] == {"Name": "Aldeia"}
        assert [row for row in answer.rows if not isinstance(row, dict)] == ["a text", None]
        assert (await crm.get("/Contacts", orderby="LastUpdateDate desc,Name")).status == 200
        assert (await crm.get("/Contacts", filter="Name eq 'z'")).ids == [2]
        state = await crm.call("POST", "/_sandbox/state")
        assert len(state.json["Contacts"]) == 6
