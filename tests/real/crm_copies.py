"""What a Tryton server holds, as the sandbox CRM would hold it: exact copies, in the CRM's own form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.real.tryton_rpc import Record, TrytonRpc

EVERY_STATE: Final = ["active", "in", [True, False]]
CONTACT_ID: Final = 10_000
PRODUCT_ID: Final = 20_000
ORDER_ID: Final = 30_000
QUOTE_ID: Final = 40_000
"""The CRM's id of a copy is the ERP's id and this."""
LINES_PER_SALE: Final = 100
_UNITS: Final = {"u": "UN"}
"""How Brazilian systems write the units that Tryton names by symbol."""
_QUOTES: Final = {"draft": "open", "quotation": "open", "cancelled": "cancelled"}
_ORDER_STAGES: Final = {"processing": 1, "done": 2}
_PARTY_FIELDS: Final = (
    "name",
    "active",
    "last_modified_at",
    "identifiers.type",
    "identifiers.code_compact",
    "addresses.street",
    "addresses.city",
    "addresses.postal_code",
    "addresses.subdivision.code",
    "credit_limit_amount",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
)
_PRODUCT_FIELDS: Final = (
    "code",
    "name",
    "active",
    "template",
    "list_price_used",
    "default_uom.symbol",
    "template.tariff_codes.tariff_code.code",
    "last_modified_at",
)
_SALE_FIELDS: Final = (
    "reference",
    "state",
    "party",
    "sale_date",
    "quotation_date",
    "quotation_expire",
    "untaxed_amount",
    "tax_amount",
    "lines.type",
    "lines.product",
    "lines.quantity",
    "lines.base_price",
    "lines.discount_rate",
    "lines.amount",
    "last_modified_at",
)


@dataclass(slots=True)
class Held:
    """Records of the server by id, as they were read, and their copies by the same id.

    A copy is a list: one record, or none where the CRM lacks it, or two where the CRM has it twice.
    """

    parties: dict[int, Record]
    products: dict[int, Record]
    sales: dict[int, Record]
    contacts: dict[int, list[Record]] = field(default_factory=dict)
    goods: dict[int, list[Record]] = field(default_factory=dict)
    orders: dict[int, list[Record]] = field(default_factory=dict)
    quotes: dict[int, list[Record]] = field(default_factory=dict)

    def crm_records(self) -> dict[str, list[Record]]:
        """The content of the CRM, by collection."""
        collections = {"Contacts": self.contacts, "Products": self.goods, "Orders": self.orders, "Quotes": self.quotes}
        return {name: [each for copy in copies.values() for each in copy] for name, copies in collections.items()}

    def buyers(self) -> set[int]:
        """Parties of sales."""
        return {sale["party"] for sale in self.sales.values()}

    def sold(self) -> set[int]:
        """Products of sales."""
        return {line["product"] for sale in self.sales.values() for line in lines_of(sale)}

    def tax_id(self, party: int) -> str:
        """The CNPJ of a party."""
        return tax_id_of(self.parties[party])


def read_server(server: TrytonRpc) -> Held:
    """Everything the server holds, copied."""
    held = Held(
        _by_id(server.records("party.party", _PARTY_FIELDS, EVERY_STATE)),
        _by_id(server.records("product.product", _PRODUCT_FIELDS, EVERY_STATE)),
        _by_id(server.records("sale.sale", _SALE_FIELDS)),
    )
    held.contacts = {each: [_contact(party)] for each, party in held.parties.items()}
    held.goods = {each: [_product(product)] for each, product in held.products.items()}
    for each, sale in held.sales.items():
        if sale["state"] in _QUOTES:
            held.quotes[each] = [_quote(sale)]
        else:
            held.orders[each] = [_order(sale)]
    return held


def tax_id_of(party: Record) -> str:
    """The CNPJ of a party as it was read."""
    return next(str(each["code_compact"]) for each in party["identifiers."] if each["type"] == "br_vat")


def lines_of(sale: Record) -> list[Record]:
    """The lines that sell something."""
    return [each for each in sale["lines."] if each["type"] == "line"]


def amount(number: Record | None) -> Decimal | None:
    """A number as Tryton writes it."""
    return None if number is None else Decimal(number["decimal"])


def _by_id(records: Iterable[Record]) -> dict[int, Record]:
    return {each["id"]: each for each in records}


def _contact(party: Record) -> Record:
    address: Record = next(iter(party["addresses."]), {})
    state = (address.get("subdivision.") or {}).get("code", "")
    emails = (way["value"] for way in party["contact_mechanisms."] if way["type"] == "email")
    return {
        "Id": CONTACT_ID + party["id"],
        "TypeId": 1,
        "Name": None,
        "LegalName": party["name"],
        "CNPJ": tax_id_of(party),
        "CPF": None,
        "Email": next(emails, None),
        "StreetAddress": address.get("street"),
        "ZipCode": (address.get("postal_code") or "").replace("-", ""),
        "LastUpdateDate": _stamp(party["last_modified_at"]),
        "OtherProperties": _properties(
            contact_city={"StringValue": address.get("city")},
            contact_state={"StringValue": state.removeprefix("BR-")},
            contact_credit_limit={"DecimalValue": _number(party["credit_limit_amount"])},
            contact_active={"BoolValue": bool(party["active"])},
        ),
    }


def _product(product: Record) -> Record:
    symbol = product["default_uom."]["symbol"]
    codes = [each["tariff_code."]["code"] for each in product["template."]["tariff_codes."]]
    return {
        "Id": PRODUCT_ID + product["id"],
        "Name": product["name"],
        "Code": product["code"],
        "MeasurementUnit": _UNITS.get(symbol, symbol),
        "UnitPrice": _number(product["list_price_used"]),
        "Suspended": not product["active"],
        "LastUpdateDate": _stamp(product["last_modified_at"]),
        "OtherProperties": _properties(product_ncm={"StringValue": codes[0] if codes else None}),
    }


def _order(sale: Record) -> Record:
    return {
        **_sale(sale, ORDER_ID + sale["id"], sale["sale_date"]),
        "OrderNumber": int(sale["reference"]),
        "StageId": _ORDER_STAGES[sale["state"]],
        "OtherProperties": [],
    }


def _quote(sale: Record) -> Record:
    return {
        **_sale(sale, QUOTE_ID + sale["id"], sale["quotation_date"]),
        "QuoteNumber": int(sale["reference"]),
        "ReviewNumber": 1,
        "LastReview": True,
        "ExpirationDate": _midnight(sale["quotation_expire"]),
        "OtherProperties": _properties(
            quote_status={"StringValue": _QUOTES[sale["state"]]},
            quote_taxes={"DecimalValue": _number(sale["tax_amount"])},
        ),
    }


def _sale(sale: Record, identity: int, written_on: Record) -> Record:
    return {
        "Id": identity,
        "ContactId": CONTACT_ID + sale["party"],
        "Date": _midnight(written_on),
        "Amount": _number(sale["untaxed_amount"]),
        "LastUpdateDate": _stamp(sale["last_modified_at"]),
        "Products": [
            _line(line, identity * LINES_PER_SALE + position) for position, line in enumerate(lines_of(sale), 1)
        ],
    }


def _line(line: Record, identity: int) -> Record:
    rate = amount(line["discount_rate"])
    return {
        "Id": identity,
        "ProductId": PRODUCT_ID + line["product"],
        "Quantity": line["quantity"],
        "UnitPrice": _number(line["base_price"]),
        "Discount": None if rate is None else float(rate * 100),
        "Total": _number(line["amount"]),
        "OtherProperties": [],
    }


def _properties(**values: Record) -> list[Record]:
    return [{"FieldKey": key, **value} for key, value in values.items()]


def _number(number: Record | None) -> float | None:
    exact = amount(number)
    return None if exact is None else float(exact)


def _stamp(parts: Record) -> str:
    """A Tryton datetime (UTC) as the CRM writes instants."""
    clock = f"{parts['hour']:02}:{parts['minute']:02}:{parts['second']:02}"
    return f"{parts['year']:04}-{parts['month']:02}-{parts['day']:02}T{clock}+00:00"


def _midnight(parts: Any) -> str | None:
    """A Tryton day as the CRM writes days."""
    return None if parts is None else f"{parts['year']:04}-{parts['month']:02}-{parts['day']:02}T00:00:00-03:00"
