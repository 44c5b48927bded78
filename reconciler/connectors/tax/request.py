"""Puts a quote into the request for its taxes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.record_id import id_values
from reconciler.connectors.tax.call import (
    CUSTOMER_ID,
    CUSTOMER_RECORD,
    DRAFT_MARK,
    MOST_ID_MEMBERS,
    PRODUCT_ID,
    PRODUCT_RECORD,
    Needed,
    NumberForm,
    TaxCall,
)
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Echo, QuoteLine, TaxQuestion, in_cents, product
from reconciler.ports.http.references import Value, resolve_table, whole_reference
from reconciler.ports.http.settings import Request

_BODY: Final = "body"
"""Name under which a finished body is handed to the port: what it holds is not read as a template again."""

_WHOLE: Final = 2**53


@dataclass(frozen=True, slots=True)
class RecordId:
    """Id of a record in the ERP.

    Attributes:
        described: how the description writes ids of its entity (`EntitySource.id`).
        values: of the record, by name (`TaxCall.customer_values`, `product_values`).
    """

    text: str
    described: str | Sequence[str]
    values: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, ready for the port.

    Attributes:
        sent: for each line it is about, what was sent of it, by the names that `TaxAnswer.echoes` uses, and its `id`.
    """

    request: Request
    values: Mapping[str, Value]
    sent: tuple[Mapping[str, Echo], ...]


class QuoteComposer:
    """Composes the requests of one description.

    Args:
        context: the project's ERP context.
    """

    def __init__(self, call: TaxCall, context: Mapping[str, JsonValue]) -> None:
        self._call = call
        self._context: dict[str, JsonValue] = {**dict.fromkeys(call.optional_context), **context}

    def require(self, question: TaxQuestion) -> None:
        """Return if the quote says all that this ERP needs. Nothing is asked of it otherwise.

        Raises:
            WrongQuoteError: it lacks something, which is named.
            ConfigurationError: the ERP context lacks what stands in for it.
        """
        prospect = self._call.prospect
        if question.customer.prospect and prospect is None:
            raise WrongQuoteError(
                "customer.prospect: this ERP calculates taxes for registered customers only.", place="customer.prospect"
            )
        required = prospect.requires if question.customer.prospect and prospect is not None else self._call.requires
        said = self._quote_values(question, None)
        for name in required:
            if said[name] is None:
                raise WrongQuoteError(f"{name} is missing, and this ERP calculates no taxes without it.", place=name)
        for line in question.lines:
            self._require_price(line)

    def _require_price(self, line: QuoteLine) -> None:
        decimals, exponent = self._call.price_decimals, line.unit_price.normalize().as_tuple().exponent
        if decimals is not None and isinstance(exponent, int) and -exponent > decimals:
            raise WrongQuoteError(
                f"line {line.label}: this ERP keeps {decimals} decimals of a price, and unit_price has more.",
                place=f"line {line.label}",
            )

    def values(
        self, question: TaxQuestion, customer: RecordId | None, products: Mapping[str, RecordId]
    ) -> tuple[dict[str, Value], list[dict[str, Value]], tuple[Mapping[str, Echo], ...]]:
        """Values by the names of references, of the quote and of each line, and what `Asked.sent` says of each line.

        Raises:
            WrongQuoteError: the quote holds a number the ERP cannot be sent.
            ConfigurationError: a reference has no value.
        """
        lines, sent = [], []
        for place, line in enumerate(question.lines):
            numbers = self._numbers(line)
            lines.append(self._line_values(line, place, products, numbers))
            sent.append(self._sent(line, place, products, numbers))
        return self._quote_values(question, customer), lines, tuple(sent)

    def requests(
        self,
        question: TaxQuestion,
        customer: RecordId | None,
        products: Mapping[str, RecordId],
        *,
        mark: str | None = None,
    ) -> list[Asked]:
        """The requests to make, in the order of the lines where there is one for each.

        Args:
            customer, products: where requests refer to their ids; products by SKU.
            mark: of the draft that the request saves.

        Raises:
            WrongQuoteError: the quote holds a number the ERP cannot be sent.
            ConfigurationError: a reference has no value.
        """
        quote, lines, sent = self.values(question, customer, products)
        quote |= {} if mark is None else {DRAFT_MARK: mark}
        if self._call.mode == "item":
            return [self._asked(question, {**quote, **line}, (echo,)) for line, echo in zip(lines, sent, strict=True)]
        filled = [self._filled(self._call.line, {**quote, **line}) for line in lines]
        return [self._asked(question, {**quote, "lines": list(filled)}, sent)]

    def _asked(self, question: TaxQuestion, values: Mapping[str, Value], sent: tuple[Mapping[str, Echo], ...]) -> Asked:
        request = self._call.request
        prospect = self._call.prospect if question.customer.prospect else None
        body = request.body if prospect is None else prospect.body
        if not isinstance(body, dict):
            raise TypeError("the body of a tax call is a table")
        filled = self._filled(body, values)
        return Asked(request.model_copy(update={"body": f"${_BODY}"}), {**values, _BODY: filled}, sent)

    def _filled(self, table: Mapping[str, JsonValue], values: Mapping[str, Value]) -> dict[str, JsonValue]:
        filled = resolve_table(table, self._call.request, {**values, "context": self._context})
        pruned = _without_empty(dict(table), filled)
        return pruned if isinstance(pruned, dict) else {}

    def _quote_values(self, question: TaxQuestion, customer: RecordId | None) -> dict[str, Value]:
        day, buyer, city = question.date, question.customer, question.ship_to.city_ibge
        values: dict[str, Value] = {
            "date": day.isoformat(),
            "date.year": f"{day.year:04d}",
            "date.month": f"{day.month:02d}",
            "date.day": f"{day.day:02d}",
            "customer.tax_id": buyer.tax_id,
            "customer.final_consumer": self._boolean(buyer.final_consumer),
            "customer.taxpayer": self._boolean(buyer.taxpayer),
            "ship_to.state": question.ship_to.state,
            "ship_to.city_ibge": city,
            "ship_to.city_ibge.number": None if city is None else int(city),
            **_id_values(CUSTOMER_ID, customer),
            **_record_values(CUSTOMER_RECORD, self._call.customer_values, customer),
        }
        for name, reference in self._call.otherwise.items():
            if values[name] is None:
                values[name] = self._from_context(name, reference)
        return values

    def _from_context(self, name: Needed, reference: str) -> JsonValue:
        template: dict[str, JsonValue] = {name: reference}
        return resolve_table(template, self._call.request, {"context": self._context}).get(name)

    def _boolean(self, flag: bool | None) -> Value:
        if flag is None or self._call.booleans is None:
            return flag
        return self._call.booleans[0 if flag else 1]

    def _line_values(
        self, line: QuoteLine, place: int, products: Mapping[str, RecordId], numbers: Mapping[str, Decimal]
    ) -> dict[str, Value]:
        form = self._call.numbers
        return {
            "line.id": self._line_id(place),
            "line.number": place + 1,
            "line.sku": line.sku,
            **_id_values(PRODUCT_ID, products.get(line.sku)),
            **_record_values(PRODUCT_RECORD, self._call.product_values, products.get(line.sku)),
            **{name: _written(number, form, line) for name, number in numbers.items()},
        }

    def _line_id(self, place: int) -> str:
        return str(place + 1).zfill(self._call.id_width)

    def _numbers(self, line: QuoteLine) -> dict[str, Decimal]:
        rounding = self._call.rounding
        total = in_cents(line.goods, rounding)
        return {
            "line.quantity": line.quantity,
            "line.unit_price": line.unit_price,
            "line.discount": line.discount,
            "line.net_unit_price": line.net_unit_price,
            "line.discount_amount": in_cents(product(line.quantity, line.unit_price), rounding) - total,
            "line.total": total,
        }

    def _sent(
        self, line: QuoteLine, place: int, products: Mapping[str, RecordId], numbers: Mapping[str, Decimal]
    ) -> dict[str, Echo]:
        """What an answer may be compared with: numbers exactly, everything else as text."""
        ids = {
            name: None if value is None else str(value)
            for name, value in _id_values(PRODUCT_ID, products.get(line.sku)).items()
        }
        named: dict[str, Echo] = {"line.sku": line.sku, "line.number": str(place + 1), **ids, **numbers}
        return {**named, "line.id": self._line_id(place), "id": self._line_id(place)}


def _id_values(name: str, record: RecordId | None) -> dict[str, Value]:
    """The id under each of the names it can be referred to; null where there is none."""
    values: dict[str, Value] = dict.fromkeys(
        (name, f"{name}.number", *(f"{name}.{member}" for member in range(MOST_ID_MEMBERS)))
    )
    if record is not None:
        for known, value in id_values(record.text, record.described).items():
            values[f"{name}{known.removeprefix('id')}"] = value
    return values


def _record_values(name: str, described: Mapping[str, str], record: RecordId | None) -> dict[str, Value]:
    """The described values of a record under the names they are referred to by; null where there are none."""
    values = {} if record is None else record.values
    return {f"{name}.{each}": values.get(each) for each in described}


def _written(number: Decimal, form: NumberForm, line: QuoteLine) -> Value:
    plain = f"{number.normalize():f}"
    if form == "decimal":
        return plain
    if form == "decimal_comma":
        return plain.replace(".", ",")
    if number == number.to_integral_value() and abs(number) < _WHOLE:
        return int(number)
    nearest = float(number)
    if Decimal(repr(nearest)) != number:
        raise WrongQuoteError(
            f"line {line.label}: {plain} has more digits than this ERP can be sent.", place=f"line {line.label}"
        )
    return nearest


def _without_empty(template: JsonValue, filled: JsonValue) -> JsonValue:
    """The filled template without tables that had something in them and have nothing now."""
    if isinstance(template, dict) and isinstance(filled, dict):
        kept = {name: _without_empty(template[name], value) for name, value in filled.items()}
        return {name: value for name, value in kept.items() if value != {} or template[name] == {}}
    if isinstance(template, list) and isinstance(filled, list):
        return [_without_empty(*pair) for pair in zip(template, filled, strict=True)]
    return filled


def refers_to(template: object, name: str) -> bool:
    """Whether a table, or part of one, holds a reference to `name` or a member of it, as a whole leaf or in text."""
    match template:
        case dict():
            return any(refers_to(entry, name) for entry in template.values())
        case list():
            return any(refers_to(entry, name) for entry in template)
        case str():
            found = whole_reference(template)
            if found is not None:
                return found == name or found.startswith(f"{name}.")
            return f"{{{name}}}" in template or f"{{{name}." in template
        case _:
            return False
