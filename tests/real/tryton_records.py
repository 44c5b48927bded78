"""Customers, products and sales of the company, made through the server's API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from stdnum.br import cnpj

from tests.real.tryton_company import STATES, Company
from tests.real.tryton_rpc import Record, TrytonRpc, day, decimal

_SEED: Final = 20261122
_KINDS: Final = (
    "Indústria",
    "Comércio",
    "Distribuidora",
    "Construções",
    "Irmãos",
    "Atacado",
    "Soluções",
    "Metalúrgica",
)
_SYLLABLES: Final = (
    "ba",
    "cá",
    "di",
    "fé",
    "gu",
    "já",
    "lo",
    "mé",
    "ni",
    "pó",
    "ré",
    "su",
    "tá",
    "vi",
    "xú",
    "ção",
    "bré",
    "tri",
)
_THINGS: Final = (
    "Torneira",
    "Registro",
    "Válvula",
    "Conexão",
    "Tubo",
    "Parafuso",
    "Bomba",
    "Sifão",
    "Luminária",
    "Disjuntor",
)
_FINISHES: Final = ("cromado", "latão", "aço", "galvanizado", "PVC", "econômico", "padrão", "elétrico")
DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHANUMERIC_EVERY: Final = 25
_COMMENT_EVERY: Final = 9
_NOTHING_SOLD_EVERY: Final = 40
"""A sale of quantity zero has nothing to ship nor to invoice, and is done as soon as it is confirmed."""
_DISCOUNTS: Final = ("0", "0", "0.025", "0.05", "0.0725", "0.1")
_FIRST_DAY: Final = date(2026, 1, 5)
_DAYS: Final = 280
_PRICE_STEP: Final = Decimal("0.0001")
_SALES_AT_ONCE: Final = 10
FIRST_NUMBER: Final = 70_001
"""The CRM's number of the first sale, which is its reference."""
ORDERS_SHARE: Final = 0.6
_QUOTATIONS_SHARE: Final = 0.25
_CANCELLED_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Size:
    """How many records of each kind. Sales: three in five are orders, the others quotes."""

    customers: int
    products: int
    sales: int


def fill(administrator: TrytonRpc, company: Company, size: Size) -> None:
    """The same records on every call."""
    random = Random(_SEED)
    administrator.create(
        "product.template", [_product(number, company, random) for number in range(1, size.products + 1)]
    )
    administrator.create("party.party", [_customer(number, company, random) for number in range(1, size.customers + 1)])
    _make_sales(administrator, company, size.sales, random)


def _product(number: int, company: Company, random: Random) -> Record:
    return {
        "name": f"{random.choice(_THINGS)} {random.choice(_FINISHES)} {_word(random)} {number}",
        "code": f"P{number:05}",
        "type": "goods",
        "default_uom": company.unit,
        "sale_uom": company.unit,
        "salable": True,
        "list_price": decimal(Decimal(random.randint(150, 90_000)) / 100),
        "account_category": company.category,
        "tariff_codes": [["create", [{"tariff_code": random.choice(company.tax_codes)}]]],
        "products": [["create", [{}]]],
    }


def _customer(number: int, company: Company, random: Random) -> Record:
    characters = DIGITS + _LETTERS if number % _ALPHANUMERIC_EVERY == 0 else DIGITS
    return {
        "name": f"{random.choice(_KINDS)} {_word(random)} {_word(random)} {number} Ltda",
        "addresses": [["create", [address(random.choice(list(STATES)), company, random)]]],
        "identifiers": [["create", [{"type": "br_vat", "code": tax_id(characters, random)}]]],
        "contact_mechanisms": [["create", [{"type": "email", "value": f"compras{number}@example.com"}]]],
        "credit_limit_amount": decimal(Decimal(random.randint(100, 900)) * 10_000),
    }


def address(state: str, company: Company, random: Random) -> Record:
    """A place in the capital of a state, for invoices and deliveries."""
    return {
        "street": f"Rua {_word(random)}, {random.randint(1, 4000)}",
        "city": STATES[state],
        "postal_code": f"{random.randint(1000, 99999):05}-{random.randint(0, 999):03}",
        "country": company.country,
        "subdivision": company.subdivisions[state],
    }


def _word(random: Random) -> str:
    """A made-up name, unlike most others and with an accent in it more often than not."""
    return "".join(random.choices(_SYLLABLES, k=3)).capitalize()


def tax_id(characters: str, random: Random) -> str:
    """A CNPJ of these characters."""
    root = "".join(random.choice(characters) for _ in range(8)) + "0001"
    return str(root + cnpj.calc_check_digits(root + "00"))


def _make_sales(administrator: TrytonRpc, company: Company, count: int, random: Random) -> None:
    parties = administrator.records("party.party", ["addresses"], ["credit_limit_amounts.credit_limit_amount", ">", 0])
    products = administrator.records("product.product", ["list_price_used"])
    warehouse = administrator.one("stock.location", ["id"], ["type", "=", "warehouse"])["id"]
    head = {"company": company.company, "currency": company.currency, "warehouse": warehouse}
    orders = round(count * ORDERS_SHARE)
    sales = []
    for position in range(count):
        written_on = "sale_date" if position < orders else "quotation_date"
        sale = {**head, "reference": str(FIRST_NUMBER + position), **_buyer(random.choice(parties))}
        sale[written_on] = day(_FIRST_DAY + timedelta(days=random.randrange(_DAYS)))
        sale["lines"] = [["create", _lines(position, products, company, random)]]
        sales.append(sale)
    ids = administrator.create("sale.sale", sales)
    quotations = orders + round(count * _QUOTATIONS_SHARE)
    cancelled = quotations + round(count * _CANCELLED_SHARE)
    press(administrator, "quote", ids[:quotations])
    press(administrator, "confirm", ids[:orders])
    press(administrator, "cancel", ids[quotations:cancelled])


def press(administrator: TrytonRpc, button: str, sales: Sequence[int]) -> None:
    """Press a button of sales, a few at a time: confirming makes invoices and shipments, and a request has a minute."""
    for start in range(0, len(sales), _SALES_AT_ONCE):
        administrator.call(f"model.sale.sale.{button}", list(sales[start : start + _SALES_AT_ONCE]))


def _buyer(party: Record) -> Record:
    place = party["addresses"][0]
    return {"party": party["id"], "invoice_address": place, "shipment_address": place}


def _lines(position: int, products: Sequence[Record], company: Company, random: Random) -> list[Record]:
    lines = [
        line(product["id"], Decimal(product["list_price_used"]["decimal"]), company, random)
        for product in random.sample(products, random.randint(1, 5))
    ]
    if position % _NOTHING_SOLD_EVERY == 0:
        lines = [{**each, "quantity": 0.0} for each in lines]
    if position % _COMMENT_EVERY == 0:
        lines.append({"type": "comment", "description": "Entregar pela manhã"})
    return lines


def line(product: int, price: Decimal, company: Company, random: Random) -> Record:
    """A line with all that `create` does not work out by itself: it would be saved without price and taxes."""
    discount = Decimal(random.choice(_DISCOUNTS))
    return {
        "type": "line",
        "product": product,
        "quantity": float(random.randint(1, 40)),
        "unit": company.unit,
        "base_price": decimal(price),
        "unit_price": decimal((price * (1 - discount)).quantize(_PRICE_STEP)),
        "taxes": [["add", company.taxes]],
    }
