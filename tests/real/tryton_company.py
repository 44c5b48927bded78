"""A Brazilian company in an empty Tryton database, set up by its administrator through the server's API."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tests.real.tryton_rpc import Record, TrytonRpc, decimal

STATES: Final = {
    "AC": "Rio Branco",
    "AL": "Maceió",
    "AM": "Manaus",
    "AP": "Macapá",
    "BA": "Salvador",
    "CE": "Fortaleza",
    "DF": "Brasília",
    "ES": "Vitória",
    "GO": "Goiânia",
    "MA": "São Luís",
    "MG": "Belo Horizonte",
    "MS": "Campo Grande",
    "MT": "Cuiabá",
    "PA": "Belém",
    "PB": "João Pessoa",
    "PE": "Recife",
    "PI": "Teresina",
    "PR": "Curitiba",
    "RJ": "Rio de Janeiro",
    "RN": "Natal",
    "RO": "Porto Velho",
    "RR": "Boa Vista",
    "RS": "Porto Alegre",
    "SC": "Florianópolis",
    "SE": "Aracaju",
    "SP": "São Paulo",
    "TO": "Palmas",
}
"""Every state and its capital."""
TAX_CODES: Final = {"84818099": "Torneiras", "73181500": "Parafusos", "39172300": "Tubos", "85365090": "Interruptores"}
"""NCM codes and what they are."""
_TAXES: Final = {"ICMS 18%": "0.18", "IPI 5%": "0.05", "PIS 1,65%": "0.0165", "COFINS 7,6%": "0.076"}
_GROUPS: Final = ("Sales", "Product Administration", "Accounting", "Account Credit Limit")
_COMPANY_TAX_ID: Final = "11444777000161"


@dataclass(frozen=True, slots=True)
class Company:
    """Ids of what records of the company refer to.

    Attributes:
        subdivisions: of each state, by its two letters.
        taxes: of sold goods.
        category: an accounting category with these taxes.
        tax_codes: of each NCM code.
    """

    company: int
    currency: int
    country: int
    subdivisions: dict[str, int]
    taxes: list[int]
    category: int
    tax_codes: list[int]
    unit: int


def set_up_company(administrator: TrytonRpc, integration: tuple[str, str]) -> Company:
    """Country, currency, company, accounts, taxes, and the user of the integration (log-in and password)."""
    country, subdivisions = _country(administrator)
    currency, company = _company(administrator, country, subdivisions["SP"])
    _take_up_office(administrator, company)
    revenue, expense, due = _accounts(administrator, company)
    taxes = _taxes(administrator, company, due)
    category = {"name": "Mercadorias", "accounting": True, "account_revenue": revenue, "account_expense": expense}
    (category_id,) = administrator.create("product.category", [{**category, "customer_taxes": [["add", taxes]]}])
    codes = [{"code": code, "description": text} for code, text in TAX_CODES.items()]
    tax_codes = administrator.create("customs.tariff.code", codes)
    _user(administrator, company, integration)
    unit = administrator.one("product.uom", ["id"], ["symbol", "=", "u"])["id"]
    return Company(company, currency, country, subdivisions, taxes, category_id, tax_codes, unit)


def _country(administrator: TrytonRpc) -> tuple[int, dict[str, int]]:
    states = [{"name": capital, "code": f"BR-{state}", "type": "state"} for state, capital in STATES.items()]
    brazil = {"name": "Brasil", "code": "BR", "code3": "BRA", "code_numeric": "076"}
    (country,) = administrator.create("country.country", [{**brazil, "subdivisions": [["create", states]]}])
    found = administrator.records("country.subdivision", ["code"])
    return country, {each["code"].removeprefix("BR-"): each["id"] for each in found}


def _company(administrator: TrytonRpc, country: int, subdivision: int) -> tuple[int, int]:
    real = {"name": "Real", "symbol": "R$", "code": "BRL", "numeric_code": "986", "digits": 2}
    (currency,) = administrator.create("currency.currency", [{**real, "rounding": decimal("0.01")}])
    address = {"street": "Avenida Industrial, 1000", "city": "São Paulo", "postal_code": "01001-000"}
    place = {**address, "country": country, "subdivision": subdivision}
    identifier = {"type": "br_vat", "code": _COMPANY_TAX_ID}
    ours: Record = {"name": "Metalúrgica Exemplo Ltda", "addresses": [["create", [place]]]}
    (party,) = administrator.create("party.party", [{**ours, "identifiers": [["create", [identifier]]]}])
    zone = {"timezone": "America/Sao_Paulo"}
    (company,) = administrator.create("company.company", [{"party": party, "currency": currency, **zone}])
    return currency, company


def _take_up_office(administrator: TrytonRpc, company: int) -> None:
    """The administrator works for the company, with every right."""
    groups = [each["id"] for each in administrator.records("res.group", ["id"])]
    user = administrator.one("res.user", ["id"], ["login", "=", "admin"])["id"]
    administrator.write("res.user", user, companies=[["add", [company]]], company=company, groups=[["add", groups]])
    administrator.read_context()


def _accounts(administrator: TrytonRpc, company: int) -> tuple[int, int, int]:
    """The chart that comes with Tryton; the accounts of revenue, expense and taxes due."""
    root = administrator.one("account.account.template", ["id"], ["parent", "=", None])["id"]
    session, *_ = administrator.call("wizard.account.create_chart.create")
    chosen = {"account": {"company": company, "account_template": root}}
    administrator.call("wizard.account.create_chart.execute", session, chosen, "create_account")
    open_ones = [["closed", "!=", True], ["company", "=", company]]
    found = {
        kind: administrator.one("account.account", ["id"], [f"type.{kind}", "=", True], *open_ones)["id"]
        for kind in ("revenue", "expense")
    }
    parties = {
        f"account_{kind}": administrator.one(
            "account.account", ["id"], [f"type.{kind}", "=", True], ["party_required", "=", True], *open_ones
        )["id"]
        for kind in ("receivable", "payable")
    }
    categories = {f"category_account_{kind}": account for kind, account in found.items()}
    properties = {"properties": {"company": company, **parties, **categories}}
    administrator.call("wizard.account.create_chart.execute", session, properties, "create_properties")
    administrator.call("wizard.account.create_chart.delete", session)
    due = administrator.one("account.account", ["id"], ["type.statement", "=", "balance"], *open_ones)["id"]
    return found["revenue"], found["expense"], due


def _taxes(administrator: TrytonRpc, company: int, account: int) -> list[int]:
    accounts = {"invoice_account": account, "credit_note_account": account, "company": company}
    return administrator.create(
        "account.tax",
        [
            {"name": name, "description": name, "type": "percentage", "rate": decimal(Decimal(rate)), **accounts}
            for name, rate in _TAXES.items()
        ],
    )


def _user(administrator: TrytonRpc, company: int, user: tuple[str, str]) -> None:
    wanted = ["name", "in", list(_GROUPS)]
    groups = [each["id"] for each in administrator.records("res.group", ["id"], wanted)]
    if len(groups) != len(_GROUPS):
        raise LookupError(f"Tryton lacks one of the groups {', '.join(_GROUPS)}")
    login, password = user
    works_for = {"companies": [["add", [company]]], "company": company, "groups": [["add", groups]]}
    administrator.create("res.user", [{"login": login, "name": login, "password": password, **works_for}])
