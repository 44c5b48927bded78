"""How a quote is put into requests and an answer read, for an ERP that is nobody's, over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.errors import ConfigurationError, WrongQuoteError
from reconciler.model.taxes import Buyer, Destination, TaxQuestion
from tests.connectors.contracts.tax_contracts import TAX_ID, erp_of, refusal, sale
from tests.connectors.strict_server import Answer, Exchange
from tests.taxes.asking import DAY, Erp, line

HEAD = """\
[vendor]
name = "my_erp"
title = "My ERP"
roles = ["erp"]
[entities.customers]
verified = "documentation"
id = ["code", "unit"]
full = { request = { path = "/customers" }, records = "items", paging = { kind = "single" } }
fields = { tax_id = "document" }
[entities.customers.find]
request = { path = "/customers", query = { document = "$key" } }
records = "items"
paging = { kind = "single" }
[entities.products]
verified = "documentation"
id = "id"
full = { request = { path = "/products" }, records = "items", paging = { kind = "single" } }
find = { request = { path = "/products", query = { sku = "$key" } }, records = "items", paging = { kind = "single" } }
fields = { sku = "code" }
[http]
"""

DOCUMENT = """
[taxes]
verified = "documentation"
mode = "document"
saves = "nothing"
rounding = "half_up"
optional_context = { nature = "nature of operation", office = "office" }
customer_values = { profile = "fiscal.profile" }
product_values = { origin = "fiscal.origin" }
[taxes.request]
method = "POST"
path = "/taxes"
[taxes.request.body]
code = "$customer.erp_id.0"
unit = "$customer.erp_id.1"
profile = "$customer.record.profile"
day = "{date.day}/{date.month}/{date.year}"
to = { state = "$ship_to.state", city = { ibge = "$ship_to.city_ibge.number" } }
office = { id = "$context.office" }
nothing = {}
items = "$lines"
[taxes.line]
id = "$line.id"
product = "$line.product_id.number"
origin = "$line.product.origin"
note = "{context.nature}"
count = "$line.quantity"
price = "$line.unit_price"
less = { percent = "$line.discount", amount = "$line.discount_amount" }
[taxes.answer]
lines = "items"
id = "id"
echoes = { product = "line.product_id" }
goods = "total"
rates = "fraction"
columns = [{ kind = "icms", charge = "in_price", rate = "icms.rate", base = "icms.base", amount = "icms.amount" }]
"""

ITEM = """
[taxes]
verified = "documentation"
mode = "item"
saves = "nothing"
rounding = "half_up"
[taxes.request]
method = "POST"
path = "/taxes/{line.sku}"
body = { count = "$line.quantity", price = "$line.net_unit_price" }
[taxes.answer]
currency = { path = "currency" }
columns = [{ kind = "icms", charge = "in_price", amount = "icms" }]
"""

RATES = """
[taxes]
verified = "documentation"
mode = "item"
yields = "rates"
saves = "nothing"
rounding = "half_up"
[taxes.request]
method = "POST"
path = "/rates"
body = { sku = "$line.sku", count = "$line.quantity", price = "$line.net_unit_price" }
[taxes.answer]
columns = [{ kind = "icms", charge = "in_price", rate = "icms" }, { kind = "ipi", charge = "added", rate = "ipi" }]
"""


@lru_cache
def description(taxes: str) -> Description:
    with TemporaryDirectory() as folder:
        (Path(folder) / "erp.toml").write_text(HEAD + taxes)
        return load_description("./erp.toml", Path(folder))


def erp(taxes: str, *exchanges: Exchange, **context: JsonValue) -> AbstractAsyncContextManager[Erp]:
    return erp_of(description(taxes), *exchanges, credentials={}, context=context)


def found(path: str, query: Mapping[str, str], *records: JsonValue) -> Exchange:
    return Exchange("GET", path, Answer({"items": list(records)}), query=query)


CUSTOMER = found("/customers", {"document": TAX_ID}, {"code": "000001", "unit": "01", "document": "11.222.333/0001-81"})
PRODUCTS = (
    found("/products", {"sku": "A-1"}, {"id": 11, "code": "A-1", "fiscal": {"origin": 0}}, {"id": 12, "code": "A-10"}),
    found("/products", {"sku": "B-2"}, {"id": 22, "code": "b-2"}),
)


def body(**changes: JsonValue) -> dict[str, JsonValue]:
    lines: JsonValue = [
        {"id": "1", "product": 11, "origin": 0, "count": 10, "price": 150, "less": {"percent": 0, "amount": 0}},
        {"id": "2", "product": 22, "count": 3, "price": 33.33, "less": {"percent": 10, "amount": 10}},
    ]
    return {"code": "000001", "unit": "01", "day": "22/11/2026", "nothing": {}, "items": lines, **changes}


def answer() -> Any:
    def item(identity: str, product: str, base: float, amount: float) -> JsonValue:
        return {
            "id": identity,
            "product": product,
            "total": base,
            "icms": {"rate": 0.12, "base": base, "amount": amount},
        }

    return {"items": [item("1", "11", 1500.0, 180.0), item("2", "22", 89.99, 10.8)]}


async def test_what_has_no_value_is_left_out_and_so_is_a_table_with_nothing_left_in_it() -> None:
    """Values of the ERP's own records travel, and what the search gives beside the wanted product does not count."""
    async with erp(
        DOCUMENT, CUSTOMER, *PRODUCTS, Exchange("POST", "/taxes", Answer(answer()), body=body())
    ) as found_erp:
        told = await found_erp.taxes(sale())
    assert told["status"] == "calculated"


async def test_what_has_a_value_is_put_in_with_its_type() -> None:
    to: JsonValue = {"state": "PR", "city": {"ibge": 4106902}}
    items: Any = body()["items"]
    noted: JsonValue = [{**each, "note": "VENDA"} for each in items]
    question = Exchange("POST", "/taxes", Answer(answer()), body=body(to=to, office={"id": 7}, items=noted))
    async with erp(DOCUMENT, CUSTOMER, *PRODUCTS, question, nature="VENDA", office=7) as found_erp:
        told = await found_erp.taxes(sale(ship_to=Destination("PR", "4106902")))
    assert told["status"] == "calculated"


async def test_ids_are_looked_up_once_and_again_after_the_record_changed() -> None:
    asked = [Exchange("POST", "/taxes", Answer(answer()), body=body()) for _ in range(3)]
    async with erp(DOCUMENT, CUSTOMER, *PRODUCTS, CUSTOMER, *asked) as found_erp:
        for _ in range(2):
            await found_erp.reader.ask(sale())
        found_erp.lookup.forget([("customers", "000001|01")])
        await found_erp.reader.ask(sale())


async def test_two_customers_with_one_document_are_nobody_in_particular() -> None:
    double = found(
        "/customers",
        {"document": TAX_ID},
        {"code": "000001", "unit": "01", "document": TAX_ID},
        {"code": "000001", "unit": "02", "document": TAX_ID},
    )
    async with erp(DOCUMENT, double, *PRODUCTS) as found_erp:
        told = await found_erp.taxes(sale())
        assert told["message"] == "The ERP has 2 customers with this tax id."
    assert refusal(told) == "customer_ambiguous"


async def test_what_a_quote_says_is_a_value_and_never_read_as_a_template() -> None:
    for sku in ("{context.secret}", "$context.secret"):
        sent: JsonValue = {"sku": sku, "count": 1, "price": 100}
        question = Exchange("POST", "/rates", Answer({"icms": 12, "ipi": 0}), body=sent)
        async with erp(RATES, question, secret="s") as found_erp:
            assert refusal(await found_erp.taxes(sale(line(sku)))) == "rates_only"


async def test_a_product_code_never_leaves_its_place_in_the_path() -> None:
    async with erp(ITEM) as found_erp:
        for sku in ("../admin", "A?x=1", "A#x"):
            with pytest.raises(ConfigurationError, match=r"line\.sku"):
                await found_erp.taxes(sale(line(sku)))


async def test_a_number_the_erp_cannot_be_sent_exactly_is_refused_and_not_rounded() -> None:
    async with erp(ITEM) as found_erp:
        with pytest.raises(WrongQuoteError, match="line 1"):
            await found_erp.taxes(sale(line("A-1", "1", "123456789.123456", "0.0001")))


async def test_items_in_different_currencies_are_refused() -> None:
    exchanges = [
        Exchange("POST", "/taxes/A-1", Answer({"icms": 180.0, "currency": "BRL"}), body={"count": 10, "price": 150}),
        Exchange("POST", "/taxes/B-2", Answer({"icms": 10.8, "currency": "USD"}), body={"count": 3, "price": 29.997}),
    ]
    async with erp(ITEM, *exchanges) as found_erp:
        told = await found_erp.taxes(sale())
    assert refusal(told) == "currency"
    assert "BRL, USD" in told["message"]


async def test_one_item_that_fails_fails_the_quote() -> None:
    exchanges = [
        Exchange("POST", "/taxes/A-1", Answer({"icms": 180.0, "currency": "BRL"}), body={"count": 10, "price": 150}),
        Exchange("POST", "/taxes/B-2", Answer({"error": "x"}, status=422), body={"count": 3, "price": 29.997}),
    ]
    async with erp(ITEM, *exchanges) as found_erp:
        assert refusal(await found_erp.taxes(sale())) == "refused_by_erp"


async def test_rates_are_shown_and_no_amount_is_made_of_them() -> None:
    exchanges = [
        Exchange("POST", "/rates", Answer({"icms": 12, "ipi": 5}), body={"sku": "A-1", "count": 10, "price": 150}),
        Exchange(
            "POST", "/rates", Answer({"icms": "18.0", "ipi": 0}), body={"sku": "B-2", "count": 3, "price": 29.997}
        ),
    ]
    async with erp(RATES, *exchanges) as found_erp:
        told = await found_erp.taxes(sale())
    assert refusal(told) == "rates_only"
    assert told["rates"] == [
        {"line": "1", "rates": [{"kind": "icms", "rate": "0.12"}, {"kind": "ipi", "rate": "0.05"}]},
        {"line": "2", "rates": [{"kind": "icms", "rate": "0.18"}, {"kind": "ipi", "rate": "0"}]},
    ]


async def test_a_prospect_is_refused_where_only_registered_customers_are_calculated() -> None:
    async with erp(DOCUMENT) as found_erp:
        with pytest.raises(WrongQuoteError, match="registered customers only"):
            await found_erp.taxes(TaxQuestion(Buyer(None, prospect=True), Destination("PR"), DAY, (line("A-1"),)))
