"""Copies of what a Tryton server holds, as CRM records, with discrepancies planted in some of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stdnum.br import cnpj

Record = dict[str, Any]
_UNITS = {"u": "UN"}
"""How Brazilian systems write the units that Tryton names by symbol."""
EVERY = 15
"""One record in this many is perturbed."""


@dataclass(slots=True)
class Copies:
    """CRM records and what was planted: a list of `{entity, key, field, kind, cause}`."""

    contacts: list[Record] = field(default_factory=list)
    products: list[Record] = field(default_factory=list)
    truth: list[dict[str, str | None]] = field(default_factory=list)

    def plant(self, entity: str, key: str, name: str | None, kind: str, cause: str) -> None:
        """Note a planted discrepancy."""
        self.truth.append({"entity": entity, "key": key, "field": name, "kind": kind, "cause": cause})


def copies_of(parties: list[Record], products: list[Record]) -> Copies:
    """Perturbed copies of every party and product."""
    copies = Copies()
    _copy_all(parties, _contact, _CUSTOMER_CHANGES, copies.contacts, copies)
    _copy_all(products, _product, _PRODUCT_CHANGES, copies.products, copies)
    return copies


Change = Callable[[Record, Copies], list[Record] | None]
"""Perturbs a copy; returns what the CRM holds instead of it, or None when this record does not lend itself to it."""


def _copy_all(
    originals: list[Record],
    copy: Callable[[Record, int], Record],
    changes: list[Change],
    into: list[Record],
    copies: Copies,
) -> None:
    waiting = list(changes)
    for number, original in enumerate(originals, 1):
        record = copy(original, number)
        replaced: list[Record] | None = None
        if number % EVERY == 0:
            for change in waiting:
                replaced = change(record, copies)
                if replaced is not None:
                    waiting.remove(change)
                    waiting.append(change)
                    break
        into += [record] if replaced is None else replaced


def _contact(party: Record, number: int) -> Record:
    address: Record = next(iter(party["addresses."]), {})
    state = (address.get("subdivision.") or {}).get("code", "")
    limit = party["credit_limit_amount"]
    emails = [way["value"] for way in party["contact_mechanisms."] if way["type"] == "email"]
    properties = {
        "contact_city": {"StringValue": address.get("city")},
        "contact_state": {"StringValue": state.removeprefix("BR-")},
        "contact_credit_limit": {"DecimalValue": None if limit is None else float(limit["decimal"])},
        "contact_active": {"BoolValue": bool(party["active"])},
    }
    return {
        "Id": 1000 + number,
        "TypeId": 1,
        "Name": None,
        "LegalName": party["name"],
        "CNPJ": next(each["code_compact"] for each in party["identifiers."] if each["type"] == "br_vat"),
        "CPF": None,
        "Email": next(iter(emails), None),
        "StreetAddress": address.get("street"),
        "ZipCode": (address.get("postal_code") or "").replace("-", ""),
        "LastUpdateDate": _stamp(party["last_modified_at"]),
        "OtherProperties": [{"FieldKey": key, **value} for key, value in properties.items()],
    }


def _product(product: Record, number: int) -> Record:
    return {
        "Id": 5000 + number,
        "Name": product["name"],
        "Code": product["code"],
        "MeasurementUnit": _UNITS.get(product["default_uom."]["symbol"], product["default_uom."]["symbol"]),
        "UnitPrice": float(product["list_price_used"]["decimal"]),
        "Suspended": not product["active"],
        "LastUpdateDate": _stamp(product["last_modified_at"]),
        "OtherProperties": [],
    }


def _stamp(parts: Record) -> str:
    """A Tryton datetime (UTC) as Ploomes writes instants."""
    return (
        f"{parts['year']:04}-{parts['month']:02}-{parts['day']:02}T"
        f"{parts['hour']:02}:{parts['minute']:02}:{parts['second']:02}+00:00"
    )


def _text(member: str, cause: str, change: Callable[[str], str | None], entity: str, key: str, name: str) -> Change:
    def apply(record: Record, copies: Copies) -> list[Record] | None:
        changed = change(record[member])
        if changed is None or changed == record[member]:
            return None
        record[member] = changed
        copies.plant(entity, record[key], name, "differs", cause)
        return [record]

    return apply


def _without_accents(text: str) -> str | None:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return folded if folded != text else None


def _misread(text: str) -> str | None:
    try:
        misread = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return None
    return misread if misread != text and misread.isprintable() else None


def _cut(text: str) -> str | None:
    cut = text[:18]
    return cut if len(text) > 18 and cut == cut.rstrip() else None


def _property(record: Record, key: str) -> Record:
    found: Record = next(each for each in record["OtherProperties"] if each["FieldKey"] == key)
    return found


def _credit_limit(cause: str, change: Callable[[float], float | None]) -> Change:
    def apply(record: Record, copies: Copies) -> list[Record] | None:
        limit = _property(record, "contact_credit_limit")
        if limit["DecimalValue"] is None:
            return None
        limit["DecimalValue"] = change(limit["DecimalValue"])
        copies.plant("customers", record["CNPJ"], "credit_limit", "differs", cause)
        return [record]

    return apply


def _left_out(entity: str, key: str) -> Change:
    def apply(record: Record, copies: Copies) -> list[Record]:
        copies.plant(entity, record[key], None, "only_in_erp", "not_found")
        return []

    return apply


def _doubled(entity: str, key: str) -> Change:
    def apply(record: Record, copies: Copies) -> list[Record]:
        copies.plant(entity, record[key], None, "duplicate", "same_key")
        return [record, {**record, "Id": record["Id"] + 100_000}]

    return apply


def _extra_customer(record: Record, copies: Copies) -> list[Record]:
    root = f"{90_000_000 + record['Id']:08}0001"
    number = root + cnpj.calc_check_digits(root + "00")
    copies.plant("customers", number, None, "only_in_crm", "not_found")
    name = f"Quimera Xadrez {record['Id']:b}"
    return [record, {**record, "Id": record["Id"] + 200_000, "CNPJ": number, "LegalName": name}]


def _extra_product(record: Record, copies: Copies) -> list[Record]:
    sku = f"CRM-{record['Id']}"
    copies.plant("products", sku, None, "only_in_crm", "not_found")
    return [record, {**record, "Id": record["Id"] + 200_000, "Code": sku, "Name": f"Quimera xadrez {record['Id']:b}"}]


def _broken_document(record: Record, copies: Copies) -> list[Record]:
    """The contact is rejected, and so the party has no partner."""
    copies.plant("customers", record["CNPJ"], None, "only_in_erp", "not_found")
    record["CNPJ"] = record["CNPJ"][:-1] + str((int(record["CNPJ"][-1]) + 1) % 10)
    copies.plant("customers", record["CNPJ"], "tax_id", "invalid", "invalid_document")
    return [record]


def _rounded_price(record: Record, copies: Copies) -> list[Record] | None:
    price = Decimal(repr(record["UnitPrice"]))
    rounded = price.quantize(Decimal(1), ROUND_HALF_UP)
    if rounded == price:
        return None
    record["UnitPrice"] = float(rounded)
    copies.plant("products", record["Code"], "price", "differs", "rounding")
    return [record]


def _scaled_price(record: Record, copies: Copies) -> list[Record]:
    record["UnitPrice"] = float(Decimal(repr(record["UnitPrice"])) * 100)
    copies.plant("products", record["Code"], "price", "differs", "scale")
    return [record]


def _name_of_customer(cause: str, change: Callable[[str], str | None]) -> Change:
    return _text("LegalName", cause, change, "customers", "CNPJ", "legal_name")


_CUSTOMER_CHANGES: list[Change] = [
    _name_of_customer("accents", _without_accents),
    _name_of_customer("case", str.upper),
    _name_of_customer("spacing", lambda name: name.replace(" ", "  ", 1)),
    _name_of_customer("truncated", _cut),
    _name_of_customer("mojibake", _misread),
    _text("Email", "unexplained", lambda email: f"outro.{email}" if email else None, "customers", "CNPJ", "email"),
    _credit_limit("scale", lambda limit: limit * 10),
    _credit_limit("sign", lambda limit: -limit),
    _credit_limit("missing_value", lambda limit: None),
    _left_out("customers", "CNPJ"),
    _doubled("customers", "CNPJ"),
    _extra_customer,
    _broken_document,
]
_PRODUCT_CHANGES: list[Change] = [
    _text("Name", "accents", _without_accents, "products", "Code", "name"),
    _text("Name", "case", str.upper, "products", "Code", "name"),
    _rounded_price,
    _scaled_price,
    _left_out("products", "Code"),
    _doubled("products", "Code"),
    _extra_product,
]
