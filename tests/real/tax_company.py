"""What decides the taxes of a sale in Tryton, set up through its API: taxes by state, exempt customers, price lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from tests.real.tryton_company import STATES, Company
from tests.real.tryton_records import DIGITS, address, tax_id
from tests.real.tryton_rpc import Record, TrytonRpc, decimal

_SEED: Final = 5
_HOME: Final = "SP"
_SOUTH: Final = ("MG", "RJ", "PR", "SC", "RS")
"""Where goods from São Paulo pay 12 % of ICMS; it is 7 % elsewhere."""
_FREE_ZONE: Final = "AM"
_TAXES: Final = {
    "ICMS 18": ("ICMS", "0.18"),
    "ICMS 12": ("ICMS", "0.12"),
    "ICMS 7": ("ICMS", "0.07"),
    "IPI 5": ("IPI", "0.05"),
    "IPI 9.75": ("IPI", "0.0975"),
    "PIS 1.65": ("PIS", "0.0165"),
    "COFINS 7.6": ("COFINS", "0.076"),
}
"""Name to group and rate."""
_CATEGORIES: Final = {
    "Revenda": ("ICMS 18", "PIS 1.65", "COFINS 7.6"),
    "Industrializado": ("ICMS 18", "IPI 5", "PIS 1.65", "COFINS 7.6"),
    "Bebida": ("ICMS 18", "IPI 9.75", "PIS 1.65", "COFINS 7.6"),
    "Livro": ("PIS 1.65", "COFINS 7.6"),
    "Esquecido": (),
}
"""Products of the last one have no taxes because somebody forgot them."""
_FORGOTTEN: Final = "Esquecido"
_PRICE_LISTS: Final = ("unit_price * 0.9", "unit_price * 0.9337")
_CODE: Final = "TAX"
"""What the codes of products begin with, and of no others."""
_CUSTOMERS: Final = 81
_PRODUCTS: Final = 48


@dataclass(frozen=True, slots=True)
class TaxCompany:
    """What quotes are made of.

    Attributes:
        customers, products: ids.
        placeless: CNPJ of a customer whose delivery address has no state.
        forgotten: code of a product without taxes.
    """

    company: Company
    customers: list[int]
    products: list[int]
    placeless: str
    forgotten: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """Ids: of the rule of most customers, of one without ICMS, and of one without any tax."""

    interstate: int
    without_icms: int
    without_any: int


def set_up_taxes(administrator: TrytonRpc) -> TaxCompany:
    """What the company sells to whom, the same on every call. The company itself is there."""
    company = _company(administrator)
    taxes, groups = _taxes(administrator, company)
    rules = _rules(administrator, company, taxes, groups)
    _place_warehouse(administrator, company)
    random = Random(_SEED)
    products, forgotten = _products(administrator, company, taxes, random)
    lists = administrator.create("product.price_list", [_price_list(formula, company) for formula in _PRICE_LISTS])
    values = [_customer(number, company, rules, lists, random) for number in range(_CUSTOMERS)]
    lost = {**_customer(_CUSTOMERS, company, rules, lists, random)}
    lost["addresses"] = [["create", [{"street": "Rua Sem Estado", "country": company.country}]]]
    customers = administrator.create("party.party", [*values, lost])
    placeless: str = lost["identifiers"][0][1][0]["code"]
    return TaxCompany(company, customers[:-1], products, placeless, forgotten)


def _company(administrator: TrytonRpc) -> Company:
    subdivisions = administrator.records("country.subdivision", ["code"])
    company = administrator.one("company.company", ["currency"])
    return Company(
        company=company["id"],
        currency=company["currency"],
        country=administrator.one("country.country", ["id"])["id"],
        subdivisions={each["code"].removeprefix("BR-"): each["id"] for each in subdivisions},
        taxes=[each["id"] for each in administrator.records("account.tax", ["id"])],
        category=administrator.one("product.category", ["id"])["id"],
        tax_codes=[],
        unit=administrator.one("product.uom", ["id"], ["symbol", "=", "u"])["id"],
    )


def _price_list(formula: str, company: Company) -> Record:
    line = {"formula": formula}
    return {"name": formula, "price": "list_price", "company": company.company, "lines": [["create", [line]]]}


def _taxes(administrator: TrytonRpc, company: Company) -> tuple[dict[str, int], dict[str, int]]:
    """Ids of the taxes by name, and of their groups by code."""
    codes = list(dict.fromkeys(group for group, _ in _TAXES.values()))
    made = administrator.create("account.tax.group", [{"name": code, "code": code, "kind": "sale"} for code in codes])
    groups = dict(zip(codes, made, strict=True))
    account = administrator.one("account.tax", ["invoice_account"])["invoice_account"]
    values = [
        {
            "name": name,
            "description": name,
            "type": "percentage",
            "rate": decimal(rate),
            "group": groups[group],
            "company": company.company,
            "sequence": place,
            "invoice_account": account,
            "credit_note_account": account,
        }
        for place, (name, (group, rate)) in enumerate(_TAXES.items())
    ]
    return dict(zip(_TAXES, administrator.create("account.tax", values), strict=True)), groups


def _rules(administrator: TrytonRpc, company: Company, taxes: dict[str, int], groups: dict[str, int]) -> _Rules:
    home, states = company.subdivisions[_HOME], company.subdivisions
    of_home = {"from_country": company.country, "from_subdivision": home, "to_country": company.country}
    icms: Record = {"group": groups["ICMS"], "origin_tax": taxes["ICMS 18"], **of_home}
    inside: Record = {**icms, "to_subdivision": home, "tax": taxes["ICMS 18"]}
    south = [{**icms, "to_subdivision": states[state], "tax": taxes["ICMS 12"]} for state in _SOUTH]
    free: list[Record] = [{"group": groups["IPI"], **of_home, "to_subdivision": states[_FREE_ZONE], "tax": None}]
    lines = [inside, *south, {**icms, "tax": taxes["ICMS 7"]}, *free]
    contents: dict[str, list[Record]] = {
        "Interestadual": lines,
        "Sem ICMS": [{"group": groups["ICMS"], "tax": None}, *free],
        "Isento": [{"group": group, "tax": None} for group in groups.values()],
    }
    kind = {"kind": "sale", "company": company.company}
    numbered = {
        name: [{**line, "sequence": place} for place, line in enumerate(each)] for name, each in contents.items()
    }
    values = [{"name": name, "lines": [["create", each]], **kind} for name, each in numbered.items()]
    return _Rules(*administrator.create("account.tax.rule", values))


def _place_warehouse(administrator: TrytonRpc, company: Company) -> None:
    """Goods leave from the company's own address."""
    party = administrator.one("company.company", ["party"], ["id", "=", company.company])["party"]
    place = administrator.one("party.address", ["id"], ["party", "=", party])["id"]
    warehouse = administrator.one("stock.location", ["id"], ["type", "=", "warehouse"])["id"]
    administrator.write("stock.location", warehouse, address=place)


def _products(
    administrator: TrytonRpc, company: Company, taxes: dict[str, int], random: Random
) -> tuple[list[int], str]:
    """Ids of the products whose taxes are known, and the code of the one whose are not."""
    revenue = administrator.one(
        "product.category", ["account_revenue", "account_expense"], ["id", "=", company.category]
    )
    accounts = {"accounting": True, **{name: revenue[name] for name in ("account_revenue", "account_expense")}}
    categories = administrator.create(
        "product.category",
        [
            {"name": name, **accounts, "customer_taxes": [["add", [taxes[each] for each in used]]]}
            for name, used in _CATEGORIES.items()
        ],
    )
    by_name = dict(zip(_CATEGORIES, categories, strict=True))
    forgotten = by_name.pop(_FORGOTTEN)
    chosen = [*(list(by_name.values())[number % len(by_name)] for number in range(_PRODUCTS)), forgotten]
    administrator.create(
        "product.template",
        [
            {
                "name": f"Item {number}",
                "code": f"{_CODE}{number:04}",
                "type": "goods",
                "default_uom": company.unit,
                "sale_uom": company.unit,
                "salable": True,
                "list_price": decimal(Decimal(random.randint(50, 900_000)) / 100),
                "account_category": category,
                "products": [["create", [{}]]],
            }
            for number, category in enumerate(chosen)
        ],
    )
    made = administrator.records("product.product", ["code"], ["code", "like", f"{_CODE}%"])
    return [each["id"] for each in made[:-1]], made[-1]["code"]


def _customer(number: int, company: Company, rules: _Rules, lists: Sequence[int], random: Random) -> Record:
    """Every state in turn; a few without ICMS or any tax, without a rule, with a price list, delivered elsewhere."""
    states = list(STATES)
    rule = rules.interstate
    if number % 8 == 1:
        rule = rules.without_icms
    if number % 16 == 2:
        rule = rules.without_any
    places = [{**address(states[number % len(states)], company, random), "invoice": True, "delivery": True}]
    if number % 10 == 3:
        elsewhere = {**address(random.choice(states), company, random), "delivery": True}
        places = [{**places[0], "delivery": False}, elsewhere]
    return {
        "name": f"Cliente {number} Ltda",
        "addresses": [["create", places]],
        "identifiers": [["create", [{"type": "br_vat", "code": tax_id(DIGITS, random)}]]],
        "customer_tax_rule": None if number % 20 == 4 else rule,
        "sale_price_list": lists[number % 2] if number % 4 == 0 else None,
    }
