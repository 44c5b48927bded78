"""Records as the CRM keeps them. Some are written in another, equally right way: those must never become findings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.sandbox.amounts import json_number
from reconciler.sandbox.generator.customers import BRASILIA
from reconciler.sandbox.generator.records import CarriedTax, Customer, Document, Line, Product
from reconciler.sandbox.generator.words import places

Record = dict[str, Any]
"""A JSON object."""

_ORDER_STAGES = {"open": 1, "invoiced": 2, "cancelled": 3}
TAX_KINDS = {
    "ICMS": "icms",
    "ICMS-ST": "icms_st",
    "DIFAL": "difal",
    "IPI": "ipi",
    "PIS": "pis",
    "COFINS": "cofins",
}
"""Kinds of tax as the ERP's rule table writes them, and as custom fields and findings do."""
_FLAGGED_KIND = "IPI"
"""The kind of which the CRM keeps whether the price holds it; of the others that is known."""
_LINES_PER_DOCUMENT = 10
_OWNER_ID = 7


def crm_stamp(moment: datetime) -> str:
    """ISO 8601 with the offset of São Paulo; milliseconds without trailing zeros, and none when they are zero."""
    local = moment.astimezone(BRASILIA)
    fraction = f".{local.microsecond // 1000:03d}".rstrip("0").rstrip(".")
    return f"{local:%Y-%m-%dT%H:%M:%S}{fraction}-03:00"


def contact(record: Customer) -> Record:
    """A row of `/Contacts`."""
    return {
        "Id": record.crm_id,
        "TypeId": 1 if record.company else 2,
        "Name": record.trade_name,
        "LegalName": unicodedata.normalize("NFD", record.legal_name) if record.crm_id % 17 == 0 else record.legal_name,
        "CNPJ": record.tax_id if record.company else None,
        "CPF": None if record.company else record.tax_id,
        "Email": record.email.title() if record.email and record.crm_id % 11 == 0 else record.email,
        "Phones": [] if record.phone is None else [_phone(record.phone, record.crm_id)],
        "StreetAddress": record.street,
        "CityId": record.city.id,
        "StateId": places().state_ids[record.city.state],
        "ZipCode": record.zip if record.crm_id % 3 else f"{record.zip[:-3]}-{record.zip[-3:]}",
        "OwnerId": _OWNER_ID,
        "StatusId": 1,
        "CreateDate": crm_stamp(datetime(2025, 11, 3, 9, 0, record.crm_id % 60, tzinfo=BRASILIA)),
        "LastUpdateDate": crm_stamp(record.updated_at),
        "OtherProperties": _properties(
            contact_credit_limit=record.credit_limit,
            contact_special_discount=record.special_discount,
            contact_sales_volume=record.sales_volume,
            contact_state_registration=record.state_registration,
            contact_erp_code=record.link,
            contact_active=record.active,
        ),
    }


def _phone(number: str, crm_id: int) -> Record:
    written = f"({number[:2]}) {number[2:6]}-{number[6:]}" if crm_id % 4 else number
    return {"Id": 90_000 + crm_id, "PhoneNumber": written, "TypeId": 1}


def _properties(**values: Decimal | str | bool | None) -> list[Record]:
    """Custom fields; an empty one is not there at all."""
    return [_property(key, value) for key, value in values.items() if value is not None]


def _property(key: str, value: Decimal | str | bool) -> Record:
    match value:
        case bool():
            return {"FieldKey": key, "BoolValue": value}
        case Decimal():
            return {"FieldKey": key, "DecimalValue": json_number(value)}
        case _:
            return {"FieldKey": key, "StringValue": value}


def product(record: Product) -> Record:
    """A row of `/Products`."""
    return {
        "Id": record.crm_id,
        "Name": record.name,
        "Code": record.sku,
        "MeasurementUnit": record.unit,
        "UnitPrice": json_number(record.price),
        "CurrencyId": 1,
        "Suspended": not record.active,
        "CreateDate": crm_stamp(datetime(2025, 11, 3, 9, 0, tzinfo=BRASILIA)),
        "LastUpdateDate": crm_stamp(record.updated_at),
        "OtherProperties": _properties(product_ncm=record.ncm),
    }


def order(record: Document) -> Record:
    """A row of `/Orders`."""
    return {
        "Id": record.crm_id,
        "OrderNumber": record.number,
        "Date": _midnight(record.date),
        "ContactId": record.customer.crm_id,
        "OwnerId": _OWNER_ID,
        "StageId": _ORDER_STAGES[record.status or "open"],
        "Amount": json_number(record.total),
        "CreateDate": _midnight(record.date),
        "LastUpdateDate": crm_stamp(record.updated_at),
        "Products": [_line(line, "OrderId", record.crm_id, position) for position, line in enumerate(record.lines)],
        "OtherProperties": [],
    }


def quotes(record: Document) -> Iterable[Record]:
    """Rows of `/Quotes`: superseded reviews with smaller amounts, then the last one, whose id is the record's own."""
    last = _quote(record, record.crm_id, record.revision, last=True)
    for older in range(record.older_revisions):
        row_id = record.crm_id - record.older_revisions + older
        row = _quote(record, row_id, older + 1, last=False)
        yield {**row, "Amount": json_number((record.total / 2).quantize(Decimal("0.01")))}
    yield last


def _quote(record: Document, row_id: int, review: int, *, last: bool) -> Record:
    return {
        "Id": row_id,
        "QuoteNumber": record.number,
        "ReviewNumber": review,
        "LastReview": last,
        "ContactId": record.customer.crm_id,
        "OwnerId": _OWNER_ID,
        "ApprovalStatusId": 1,
        "Date": _midnight(record.date),
        "ExpirationDate": None if record.valid_until is None else _midnight(record.valid_until),
        "Amount": json_number(record.total),
        "CreateDate": _midnight(record.date),
        "LastUpdateDate": crm_stamp(record.updated_at),
        "Products": [_line(line, "QuoteId", row_id, position) for position, line in enumerate(record.lines)],
        "OtherProperties": _properties(quote_status=record.status, quote_taxes=record.taxes),
    }


def _line(line: Line, parent_name: str, parent_id: int, position: int) -> Record:
    return {
        "Id": parent_id * _LINES_PER_DOCUMENT + position,
        parent_name: parent_id,
        "ProductId": line.product.crm_id,
        "ProductName": line.product.name,
        "Quantity": json_number(line.quantity),
        "UnitPrice": json_number(line.unit_price),
        "Discount": json_number(line.discount),
        "Total": json_number(line.total),
        "OtherProperties": _properties(**_carried(line.taxes), quote_product_taxes=line.taxes_total),
    }


def _carried(taxes: Mapping[str, CarriedTax]) -> dict[str, Decimal | bool]:
    """The custom fields of a line that hold its taxes: amount, rate in percent, and base of each kind."""
    found: dict[str, Decimal | bool] = {}
    for kind, tax in taxes.items():
        name = f"quote_product_{TAX_KINDS[kind]}"
        found |= {name: tax.amount, f"{name}_rate": tax.rate, f"{name}_base": tax.base}
        if kind == _FLAGGED_KIND:
            found[f"{name}_in_price"] = tax.in_price
    return found


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00-03:00"
