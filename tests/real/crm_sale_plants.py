"""Discrepancies planted in the orders and quotes that the CRM holds, and in their lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.real.crm_copies import CONTACT_ID, LINES_PER_SALE, PRODUCT_ID, Held
from tests.real.crm_plants import Change, Chosen, custom, doubled, extra, left_out, perturb, rounded
from tests.real.truth import Truth
from tests.real.tryton_rpc import Record

EVERY: Final = 4
"""One order or quote in this many is perturbed."""
_CANCELLED_STAGE: Final = 3


def plant_in_sales(held: Held, truth: Truth, untouched_parties: set[int], untouched_products: set[int]) -> set[int]:
    """Perturb orders and quotes; the sales whose copies were.

    Args:
        untouched_parties: whose contacts are as the ERP has them; an order may be given one of these as its customer.
        untouched_products: in the same way, for lines.
    """
    other_party = max(untouched_parties)
    unsold = max(untouched_products - held.sold())
    lines = _LineChanges(held, unsold)
    orders = [*_changes("orders", "OrderNumber", other_party), _stage, *lines.of("orders", "OrderNumber")]
    quotes = [*_changes("quotes", "QuoteNumber", other_party), _status, _no_taxes, *lines.of("quotes", "QuoteNumber")]
    touched = perturb(held.orders, orders, EVERY, set(), truth)
    return touched | perturb(held.quotes, quotes, EVERY, set(), truth)


def _changes(entity: str, key: str, other_party: int) -> list[Change]:
    return [
        _changed(entity, key, "date", "Date", "time_zone", _day_before),
        _changed(entity, key, "total", "Amount", "scale", lambda amount: float(Decimal(repr(amount)) * 100)),
        _changed(entity, key, "customer", "ContactId", "unexplained", lambda contact: CONTACT_ID + other_party),
        left_out(entity, key),
        doubled(entity, key),
        extra(entity, key, lambda identity: {key: identity}),
    ]


def _changed(entity: str, key: str, name: str, member: str, cause: str, change: Callable[[Any], object]) -> Change:
    def apply(chosen: Chosen) -> list[Record] | None:
        record = chosen.record
        changed = change(record[member])
        if not record[member] or changed == record[member]:
            return None
        chosen.truth.differs(entity, str(record[key]), name, cause)
        return [{**record, member: changed}]

    return apply


def _day_before(instant: str) -> str:
    return f"{date.fromisoformat(instant[:10]) - timedelta(days=1)}{instant[10:]}"


def _stage(chosen: Chosen) -> list[Record]:
    chosen.truth.differs("orders", str(chosen.record["OrderNumber"]), "status", "unexplained")
    return [{**chosen.record, "StageId": _CANCELLED_STAGE}]


def _status(chosen: Chosen) -> list[Record] | None:
    status = custom(chosen.record, "quote_status")
    if status["StringValue"] != "open":
        return None
    status["StringValue"] = "cancelled"
    chosen.truth.differs("quotes", str(chosen.record["QuoteNumber"]), "status", "unexplained")
    return [chosen.record]


def _no_taxes(chosen: Chosen) -> list[Record]:
    custom(chosen.record, "quote_taxes")["DecimalValue"] = None
    chosen.truth.differs("quotes", str(chosen.record["QuoteNumber"]), "taxes", "missing_value")
    return [chosen.record]


class _LineChanges:
    """Changes of one line of a document; the document's own amounts stay as they are."""

    def __init__(self, held: Held, unsold: int) -> None:
        self._skus = {PRODUCT_ID + each: str(product["code"]) for each, product in held.products.items()}
        self._unsold = unsold

    def of(self, entity: str, key: str) -> list[Change]:
        """Each of them, for one entity."""
        return [
            self._value(entity, key, "quantity", "Quantity", "scale", lambda number: number * 10),
            self._value(entity, key, "unit_price", "UnitPrice", "rounding", rounded),
            self._value(entity, key, "discount", "Discount", "missing_value", lambda number: None),
            self._dropped(entity, key),
            self._added(entity, key),
        ]

    def _value(
        self, entity: str, key: str, name: str, member: str, cause: str, change: Callable[[Decimal], Decimal | None]
    ) -> Change:
        def apply(chosen: Chosen) -> list[Record] | None:
            line = chosen.record["Products"][0]
            number = Decimal(repr(line[member]))
            changed = change(number)
            if not number or changed == number:
                return None
            line[member] = None if changed is None else float(changed)
            chosen.truth.differs(f"{entity}.lines", self._key(chosen.record, key, line), name, cause)
            return [chosen.record]

        return apply

    def _dropped(self, entity: str, key: str) -> Change:
        def apply(chosen: Chosen) -> list[Record] | None:
            if len(chosen.record["Products"]) < 2:
                return None
            dropped = chosen.record["Products"].pop()
            chosen.truth.record(f"{entity}.lines", self._key(chosen.record, key, dropped), "only_in_erp")
            return [chosen.record]

        return apply

    def _added(self, entity: str, key: str) -> Change:
        def apply(chosen: Chosen) -> list[Record]:
            first = chosen.record["Products"][0]
            added = {**first, "Id": first["Id"] + LINES_PER_SALE - 1, "ProductId": PRODUCT_ID + self._unsold}
            chosen.record["Products"].append(added)
            chosen.truth.record(f"{entity}.lines", self._key(chosen.record, key, added), "only_in_crm")
            return [chosen.record]

        return apply

    def _key(self, record: Record, key: str, line: Record) -> str:
        return f"{record[key]}|{self._skus[line['ProductId']]}"
