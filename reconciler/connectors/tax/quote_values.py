"""What requests may say of a quote and of its lines, by the names of references. Pure.

Which names a description uses is worked out once: the others are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.record_id import id_values
from reconciler.connectors.tax.call import (
    CUSTOMER_ID,
    CUSTOMER_RECORD,
    LINE_NUMBERS,
    MOST_ID_MEMBERS,
    PRODUCT_ID,
    PRODUCT_RECORD,
    NumberForm,
    TaxCall,
)
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Echo, QuoteLine, Rounding, TaxQuestion, in_cents, plain_number, product
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_in, names_of
from reconciler.ports.http.references import Value

_LINE_ID: Final = "line.id"
_LINE_NUMBER: Final = "line.number"
_SKU: Final = "line.sku"
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


@dataclass(slots=True)
class AskedLine:
    """One line of a question, at its place from 0, and the ERP's record of its product where that is needed."""

    line: QuoteLine
    place: int
    product: RecordId | None


_OfQuote = Callable[[TaxQuestion], Value]
_OfLine = Callable[[AskedLine], Value]
_NumberOfLine = Callable[[QuoteLine], Decimal]


class QuoteValues:
    """The values that the requests of one description use, and those that its answers are compared with."""

    def __init__(self, call: TaxCall) -> None:
        self._said = _quote_makers(call)
        self._id_width = call.id_width
        used = _used_names(call)
        self._of_quote = [(name, make) for name, make in self._said.items() if used is None or name in used]
        self._customer = _Record.of(CUSTOMER_ID, CUSTOMER_RECORD, call.customer_values, used)
        self._product = _Record.of(PRODUCT_ID, PRODUCT_RECORD, call.product_values, used)
        makers = self._line_makers(call)
        self._of_line = [(name, make) for name, make in makers.items() if used is None or name in used]
        self._numbers = _number_makers(call.rounding)
        self._echoed = sorted(set(call.answer.echoes.values()))

    def said(self, name: str, question: TaxQuestion) -> Value:
        """What the quote says of itself under that name; null where it says nothing."""
        return self._said[name](question)

    def of_quote(self, question: TaxQuestion, customer: RecordId | None) -> dict[str, Value]:
        """Values of the quote as a whole."""
        values = {name: make(question) for name, make in self._of_quote}
        self._customer.add_to(values, customer)
        return values

    def of_line(self, asked: AskedLine) -> dict[str, Value]:
        """Values of one line. Raises WrongQuoteError where it holds a number that the ERP cannot be sent."""
        values = {name: make(asked) for name, make in self._of_line}
        self._product.add_to(values, asked.product)
        return values

    def sent_of(self, asked: AskedLine) -> dict[str, Echo]:
        """What an answer may be compared with: numbers exactly, everything else as text."""
        identity = self._id_of(asked)
        sent: dict[str, Echo] = {"id": identity}
        for name in self._echoed:
            sent[name] = self._echo(name, identity, asked)
        return sent

    def _echo(self, name: str, identity: str, asked: AskedLine) -> Echo:
        if name in LINE_NUMBERS:
            return self._numbers[name](asked.line)
        if name.startswith(PRODUCT_ID):
            found = _id_values(PRODUCT_ID, asked.product).get(name)
            return None if found is None else str(found)
        return {_LINE_ID: identity, _LINE_NUMBER: str(asked.place + 1), _SKU: asked.line.sku}[name]

    def _id_of(self, asked: AskedLine) -> str:
        return str(asked.place + 1).zfill(self._id_width)

    def _line_makers(self, call: TaxCall) -> dict[str, _OfLine]:
        numbers = _number_makers(call.rounding).items()
        return {
            _LINE_ID: self._id_of,
            _LINE_NUMBER: lambda asked: asked.place + 1,
            _SKU: lambda asked: asked.line.sku,
            **{name: partial(_number_of, make, call.numbers) for name, make in numbers},
        }


@dataclass(frozen=True, slots=True)
class _Record:
    """The names of a record's id, and of values of it.

    Attributes:
        used: whether the description uses any of them.
    """

    id_name: str
    values_name: str
    described: tuple[str, ...]
    used: bool

    @classmethod
    def of(cls, id_name: str, values_name: str, described: Iterable[str], used: frozenset[str] | None) -> _Record:
        """With the names that the description uses; None: nobody knows."""
        uses = used is None or any(name.startswith((id_name, values_name)) for name in used)
        return cls(id_name, values_name, tuple(described), uses)

    def add_to(self, values: dict[str, Value], record: RecordId | None) -> None:
        """Add them where they are used: null where there is no such record, or nothing in it."""
        if self.used:
            values.update(_id_values(self.id_name, record))
            found = {} if record is None else record.values
            values.update((f"{self.values_name}.{each}", found.get(each)) for each in self.described)


def _used_names(call: TaxCall) -> frozenset[str] | None:
    """Names in the templates; None where a hook puts the requests together, which may use any."""
    if call.conversation is not None:
        return None
    prospect = None if call.prospect is None else call.prospect.body
    return frozenset({*names_of(call.request), *names_in(call.line), *names_in(prospect)})


def _quote_makers(call: TaxCall) -> dict[str, _OfQuote]:
    boolean = partial(_boolean, call.booleans)
    return {
        "date": lambda question: question.date.isoformat(),
        "date.year": lambda question: f"{question.date.year:04d}",
        "date.month": lambda question: f"{question.date.month:02d}",
        "date.day": lambda question: f"{question.date.day:02d}",
        "customer.tax_id": lambda question: question.customer.tax_id,
        "customer.final_consumer": lambda question: boolean(question.customer.final_consumer),
        "customer.taxpayer": lambda question: boolean(question.customer.taxpayer),
        "ship_to.state": lambda question: question.ship_to.state,
        "ship_to.city_ibge": lambda question: question.ship_to.city_ibge,
        "ship_to.city_ibge.number": _city_number,
    }


def _boolean(texts: Sequence[str] | None, flag: bool | None) -> Value:
    return flag if flag is None or texts is None else texts[0 if flag else 1]


def _city_number(question: TaxQuestion) -> Value:
    city = question.ship_to.city_ibge
    return None if city is None else int(city)


def _number_makers(rounding: Rounding) -> dict[str, _NumberOfLine]:
    def total(line: QuoteLine) -> Decimal:
        return in_cents(line.goods, rounding)

    def discount_amount(line: QuoteLine) -> Decimal:
        return in_cents(product(line.quantity, line.unit_price), rounding) - total(line)

    return {
        "line.quantity": lambda line: line.quantity,
        "line.unit_price": lambda line: line.unit_price,
        "line.discount": lambda line: line.discount,
        "line.net_unit_price": lambda line: line.net_unit_price,
        "line.discount_amount": discount_amount,
        "line.total": total,
    }


def _id_values(name: str, record: RecordId | None) -> dict[str, Value]:
    """The id under each of the names it can be referred to; null where there is none."""
    values: dict[str, Value] = dict.fromkeys(
        (name, f"{name}.number", *(f"{name}.{member}" for member in range(MOST_ID_MEMBERS)))
    )
    if record is not None:
        for known, value in id_values(record.text, record.described).items():
            values[f"{name}{known.removeprefix('id')}"] = value
    return values


def _number_of(make: _NumberOfLine, form: NumberForm, asked: AskedLine) -> Value:
    number = make(asked.line)
    plain = plain_number(number)
    if form == "decimal":
        return plain
    if form == "decimal_comma":
        return plain.replace(".", ",")
    if "." not in plain and abs(number) < _WHOLE:
        return int(number)
    nearest = float(number)
    if Decimal(repr(nearest)) != number:
        label = asked.line.label
        raise WrongQuoteError(
            phrase("line {label}: {plain} has more digits than this ERP can be sent.", label=label, plain=plain),
            place=f"line {label}",
        )
    return nearest
