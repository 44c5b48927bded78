"""Tryton's taxes of a sale that is not saved: the calls its own client makes while a person types the sale.

The customer decides where the goods go; product and destination decide the taxes of a line; the document has the
totals. A place that is missing on the way is answered with the taxes of a sale inside the company's own state, without
a word: every place is looked at, and there are no taxes without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.tax.hook import Conversed, Hook, Talk
from reconciler.connectors.tax.together import together
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.numbers_plain import decimal_plain
from reconciler.model.taxes import CENT, QuoteLine, ReportedNote, in_cents, product
from reconciler.ports.http.references import Value

_COUNTRY: Final = "BR"
_WITHOUT_CUSTOMER: Final[Mapping[str, Value]] = {"customer.erp_id.number": None, "sale.invoice_party": None}

Members = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the ERP would have it.

    Attributes:
        values: by the names that requests use.
        taxes: ids.
    """

    asked: QuoteLine
    values: Mapping[str, Value]
    taxes: tuple[int, ...]


@dataclass(slots=True)
class _Amount:
    """One tax of one line. `amount` may be moved by the cents that the document is rounded by.

    Attributes:
        rate: share of one; None for a tax that is no percentage.
        kind: the code of the tax's group, or its name where it has none.
    """

    kind: str
    rate: Decimal | None
    base: Decimal
    amount: Decimal

    def distance(self, cent: Decimal) -> Decimal:
        """How far from base × rate the amount would be with a cent more or less."""
        exact = self.amount if self.rate is None else product(self.base, self.rate)
        return abs(self.amount + cent - exact)


async def _converse(talk: Talk) -> Conversed:
    sale = await _Sale(talk).values()
    pairs = list(zip(talk.question.lines, talk.lines, strict=True))
    lines = await together([_Product(talk, asked, {**sale, **values}).line() for asked, values in pairs])
    return await _Totals(talk, sale, lines).conversed()


@dataclass(frozen=True, slots=True)
class _Sale:
    """The head of the sale: company, currency, and from where to where the goods go."""

    talk: Talk

    async def values(self) -> dict[str, Value]:
        talk = self.talk
        defaults, places = await together([talk.ask(step, talk.quote) for step in ("defaults", "places")])
        given = _members(talk, defaults, "defaults")
        head: dict[str, Value] = {
            f"sale.{name}": _known(talk, given, name, "defaults") for name in ("company", "currency")
        }
        head["sale.warehouse"] = given.get("warehouse")
        if head["sale.warehouse"] is None:
            talk.refuse("warehouse_missing")
        day = talk.question.date
        asked = {**talk.quote, **head, "sale.year": day.year, "sale.month": day.month, "sale.day": day.day}
        chosen, warehouse = await together([talk.ask(step, asked) for step in ("customer", "warehouse")])
        if not any(_state(place.get("address.")) for place in _records(talk, warehouse, "warehouse")):
            talk.refuse("warehouse_missing")
        customer = _members(talk, chosen, "customer")
        return {
            **asked,
            "sale.currency": customer.get("currency") or head["sale.currency"],
            "sale.invoice_party": customer.get("invoice_party"),
            "sale.shipment_address": self._address(customer, _records(talk, places, "places")),
        }

    def _address(self, customer: Members, places: Sequence[Members]) -> JsonValue:
        """Where the goods go: the ERP's choice, or another address of the customer where the quote names its state."""
        wanted = self.talk.question.ship_to.state
        shipment = customer.get("shipment_address")
        chosen = [place for place in places if shipment is not None and place.get("id") == shipment]
        if wanted is None:
            possible = [place for place in chosen if _state(place)]
        else:
            others = sorted(places, key=lambda place: not place.get("delivery"))
            possible = [place for place in (*chosen, *others) if _state(place) == f"{_COUNTRY}-{wanted}"]
        if possible:
            return possible[0].get("id")
        missing = {} if wanted is None else {"state": wanted}
        return self.talk.refuse("delivery_address_missing" if wanted is None else "no_address_in_state", **missing)


@dataclass(frozen=True, slots=True)
class _Product:
    """One line: the taxes of its product, and its price less the discount."""

    talk: Talk
    asked: QuoteLine
    sale: Mapping[str, Value]

    async def line(self) -> _Line:
        rate = self.asked.discount.scaleb(-2)
        values: dict[str, Value] = {
            **self.sale,
            "line.quantity.number": float(self.asked.quantity),
            "line.discount_rate": f"{rate.normalize():f}",
        }
        steps = ("product", "discount") if rate else ("product",)
        chosen, *discounted = await together([self.talk.ask(step, values) for step in steps])
        product_values = _members(self.talk, chosen, "product")
        taxes = _tax_ids(product_values)
        if not taxes:
            await self._require_exemption(values)
        price, amount = self._price(discounted)
        complete: dict[str, Value] = {
            **values,
            "line.unit": product_values.get("unit"),
            "line.price": f"{price:f}",
            "line.amount": f"{amount:f}",
            "line.tax_ids": list(taxes),
            "line.taxes": [{"id": tax} for tax in taxes],
        }
        return _Line(self.asked, complete, taxes)

    async def _require_exemption(self, values: Mapping[str, Value]) -> None:
        """Return if the product has taxes, which the customer's rule took away. Otherwise somebody forgot them."""
        of_product = await self.talk.ask("product", {**values, **_WITHOUT_CUSTOMER})
        if not _tax_ids(_members(self.talk, of_product, "product")):
            self.talk.refuse("no_taxes", line=self.asked.label)

    def _price(self, discounted: Sequence[JsonValue]) -> tuple[Decimal, Decimal]:
        """Of one, and of the line: what the quote says, or the ERP after it took the discount off."""
        if not discounted:
            return self.asked.unit_price, in_cents(self.asked.goods, self.talk.call.rounding)
        changed = _members(self.talk, discounted[0], "discount")
        # A discount too small for the ERP's decimals leaves the price as it was sent, and it is not told.
        unchanged = "unit_price" not in changed
        price = self.asked.unit_price if unchanged else _number(self.talk, changed, "unit_price")
        return price, _number(self.talk, changed, "amount")


@dataclass(frozen=True, slots=True)
class _Totals:
    """The end of the conversation: amounts by line and tax, and totals of the document."""

    talk: Talk
    sale: Mapping[str, Value]
    lines: Sequence[_Line]

    async def conversed(self) -> Conversed:
        talk, taxed = self.talk, [line for line in self.lines if line.taxes]
        ids: list[JsonValue] = [*dict.fromkeys(tax for line in taxed for tax in line.taxes)]
        totals, currency, known, *amounts = await together(
            [
                talk.ask("", {**self.sale, "lines": [talk.element(line.values) for line in self.lines]}),
                talk.ask("currency", self.sale),
                talk.ask("taxes", {**self.sale, "sale.tax_ids": ids}),
                *(talk.ask("amounts", line.values) for line in taxed),
            ]
        )
        taxes = {record.get("id"): record for record in _records(talk, known, "taxes")}
        answers = iter(amounts)
        found = [self._amounts(next(answers), taxes, line) if line.taxes else [] for line in self.lines]
        total = _members(talk, totals, "totals")
        cents = _settle([each for line in found for each in line], _number(talk, total, "tax_amount"))
        document: dict[str, JsonValue] = {
            "lines": [self._shown(*pair) for pair in zip(self.lines, found, strict=True)],
            "totals": dict(total),
            "currency": [dict(record) for record in _records(talk, currency, "currency")],
        }
        return Conversed(document, (ReportedNote("rounded_by_document", {"cents": f"{cents:+f}"}),) if cents else ())

    def _amounts(self, answer: JsonValue, taxes: Mapping[JsonValue, Members], line: _Line) -> list[_Amount]:
        found = []
        for record in _added(_members(self.talk, answer, "amounts").get("result")):
            tax = taxes.get(record.get("tax"), {})
            group = tax.get("group.")
            kind = (group.get("code") if isinstance(group, dict) else None) or tax.get("name")
            if not isinstance(kind, str):
                self.talk.refuse("value_missing", member="group", line=line.asked.label)
            rate = None if tax.get("rate") is None else _number(self.talk, tax, "rate")
            base, amount = (_number(self.talk, record, name) for name in ("base", "amount"))
            found.append(_Amount(kind, rate, base, amount))
        if not found:
            self.talk.refuse("value_missing", member="amounts", line=line.asked.label)
        return found

    def _shown(self, line: _Line, amounts: Sequence[_Amount]) -> JsonValue:
        taxes: list[JsonValue] = [
            {
                "kind": each.kind,
                "rate": None if each.rate is None else f"{each.rate:f}",
                "base": f"{each.base:f}",
                "amount": f"{each.amount:f}",
            }
            for each in amounts
        ]
        product_id, amount = line.values.get("line.product_id"), line.values.get("line.amount")
        return {"product": str(product_id), "goods": str(amount), "taxes": taxes}


def _settle(amounts: Sequence[_Amount], total: Decimal) -> Decimal:
    """Move amounts by single cents until they are the total of an ERP that rounds the document and not its lines.

    Each tax of each line may be off by half a cent for that reason: what is more is left, and will be found. The cents
    go where base × rate asks for them most.

    Returns:
        the cents that were moved.
    """
    left = total - sum((each.amount for each in amounts), Decimal(0))
    paid = [each for each in amounts if each.amount]
    if not left or abs(left) > CENT * len(paid) / 2:
        return Decimal(0)
    cent = CENT.copy_sign(left)
    for _ in range(int(abs(left) / CENT)):
        moved = min(paid, key=lambda each: each.distance(cent))
        moved.amount += cent
    return left


def _tax_ids(chosen: Members) -> tuple[int, ...]:
    ids = [record.get("id") for record in _added(chosen.get("taxes"))]
    return tuple(identity for identity in ids if isinstance(identity, int))


def _added(changes: JsonValue) -> list[Members]:
    """The records that an answer adds to a list that was empty: pairs of position and values."""
    pairs = changes.get("add") if isinstance(changes, dict) else None
    if not isinstance(pairs, list):
        return []
    return [pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict)]


def _state(place: object) -> str | None:
    """The code of the state an address is in."""
    subdivision = place.get("subdivision.") if isinstance(place, Mapping) else None
    code = subdivision.get("code") if isinstance(subdivision, dict) else None
    return code if isinstance(code, str) and code else None


def _members(talk: Talk, document: JsonValue, step: str) -> Members:
    result = document.get("result") if isinstance(document, dict) else None
    if not isinstance(result, dict):
        talk.refuse("value_missing", member=step, line="–")
    return result


def _records(talk: Talk, document: JsonValue, step: str) -> list[Members]:
    result = document.get("result") if isinstance(document, dict) else None
    if not isinstance(result, list):
        talk.refuse("value_missing", member=step, line="–")
    return [record for record in result if isinstance(record, dict)]


def _known(talk: Talk, members: Members, name: str, step: str) -> JsonValue:
    value = members.get(name)
    if value is None:
        talk.refuse("value_missing", member=f"{step}.{name}", line="–")
    return value


def _number(talk: Talk, members: Members, name: str) -> Decimal:
    """A number, which Tryton writes as `{"__class__": "Decimal", "decimal": "9857.68"}`."""
    value = members.get(name)
    text = value.get("decimal") if isinstance(value, dict) else None
    try:
        return decimal_plain(text, "decimal").normalize()
    except UnreadableValueError:
        talk.refuse("value_missing", member=name, line="–")


TRYTON: Final = Hook(
    steps=(
        "defaults",
        "places",
        "customer",
        "warehouse",
        "product",
        "discount",
        "amounts",
        "taxes",
        "currency",
    ),
    kept_steps=("defaults", "warehouse", "currency"),
    quote_names=(
        "sale.company",
        "sale.currency",
        "sale.warehouse",
        "sale.shipment_address",
        "sale.invoice_party",
        "sale.tax_ids",
        "sale.year",
        "sale.month",
        "sale.day",
    ),
    line_names=(
        "line.quantity.number",
        "line.discount_rate",
        "line.unit",
        "line.price",
        "line.amount",
        "line.taxes",
        "line.tax_ids",
    ),
    converse=_converse,
)
