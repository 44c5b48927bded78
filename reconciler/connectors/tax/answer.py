"""Reads an answer about taxes as a description says it looks. Nothing is filled in: what lacks is an error. Pure.

What the description says is worked out once, into a reader for each part: a quote of some lines has some dozens of
taxes, and each of them five values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.tax.call import (
    LINE_NUMBERS,
    ChargeFlag,
    TaxCall,
    TaxColumns,
    TaxList,
    TaxPaths,
)
from reconciler.connectors.tax.members import Members, Numbers, is_there
from reconciler.mapping.json_values import is_empty, scalar_text, shown
from reconciler.model.taxes import Charge, Echo, ReportedLine, ReportedTax, ReportedTotals, TaxKind
from reconciler.ports.http.json_path import ABSENT, value_at

_SHOWN_CHARACTERS: Final = 40
_WHOLE_DOCUMENT: Final = "–"
"""In the place of a line, in messages about none in particular."""

_Taxes = Callable[[JsonValue, str], Iterator[ReportedTax]]
_Echoes = Callable[[JsonValue, str], Echo]
_Charges = Callable[[JsonValue, str], Charge]
"""Each takes a part of the answer and the label of its line."""


class TaxAnswerReader:
    """Reads the answers of one description.

    Args:
        system: `erp`, for messages.
    """

    def __init__(self, system: str, call: TaxCall) -> None:
        self._answer = answer = call.answer
        self._members = members = Members(system, comma=call.numbers == "decimal_comma")
        self._id = None if answer.id is None else members.text(answer.id)
        self._echoes = {name: _echo(members, path, name) for path, name in answer.echoes.items()}
        self._goods = _described(members, answer.goods)
        self._taxes_total = _described(members, answer.taxes_total)
        self._taxes = _Listed(members, call, answer.listed) if answer.listed is not None else _columns(members, call)
        totals = answer.totals
        self._totals = [_described(members, path) for path in (totals.goods, totals.added, totals.in_price)]
        self._totals += [_described(members, path) for path in (totals.taxes, totals.total)]
        self._kinds = {} if answer.listed is None else {name: each.kind for name, each in answer.listed.kinds.items()}
        self._by_kind = totals.by_kind
        if totals.by_kind is not None:
            self._kind_name, self._kind_amount = (
                members.text(totals.by_kind.kind),
                members.number(totals.by_kind.amount),
            )

    def lines(self, document: JsonValue) -> tuple[ReportedLine, ...]:
        """The lines of an answer about the whole document, in its order.

        Raises:
            TaxAnswerError: something that is described is not there, or is something else.
        """
        answer = self._answer
        found = value_at(document, answer.lines)
        if answer.one_as_object and isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            self._members.refuse("value_missing", answer.lines, _WHOLE_DOCUMENT)
        return tuple([self._line(line, str(place)) for place, line in enumerate(found, start=1)])

    def item(self, document: JsonValue, label: str) -> ReportedLine:
        """The line of an answer about one item. Raises as `lines`."""
        found = value_at(document, self._answer.lines)
        return self._line(None if found is ABSENT else found, label)

    def totals(self, document: JsonValue) -> ReportedTotals:
        """The totals of the document. Raises as `lines`."""
        goods, added, in_price, taxes, total = (
            None if read is None else read(document, _WHOLE_DOCUMENT) for read in self._totals
        )
        return ReportedTotals(goods, added, in_price, taxes, total, self._totals_by_kind(document))

    def currency(self, document: JsonValue) -> str | None:
        """The currency in ISO 4217; None where it is not described, and what is there where the code is unknown."""
        described = self._answer.currency
        if described is None:
            return None
        found = scalar_text(value_at(document, described.path))
        if found is None:
            self._members.refuse("value_missing", described.path, _WHOLE_DOCUMENT)
        return described.codes.get(found.strip(), shown(found.strip(), _SHOWN_CHARACTERS))

    def _totals_by_kind(self, document: JsonValue) -> dict[TaxKind, Decimal] | None:
        described = self._by_kind
        if described is None or self._answer.listed is None:
            return None
        totals: dict[TaxKind, Decimal] = {}
        elements = _elements(self._members, document, described.path, self._answer.one_as_object, _WHOLE_DOCUMENT)
        for element in elements:
            name = self._kind_name(element, _WHOLE_DOCUMENT)
            kind = self._kinds.get(name) or self._members.refuse_kind(name)
            amount = self._kind_amount(element, _WHOLE_DOCUMENT)
            totals[kind] = totals[kind] + amount if kind in totals else amount
        return totals

    def _line(self, line: JsonValue, label: str) -> ReportedLine:
        if not isinstance(line, dict):
            self._members.refuse("value_missing", self._answer.lines, label)
        return ReportedLine(
            None if self._id is None else self._id(line, label).strip(),
            {name: read(line, label) for name, read in self._echoes.items()},
            None if self._goods is None else self._goods(line, label),
            tuple(self._taxes(line, label)),
            None if self._taxes_total is None else self._taxes_total(line, label),
        )


def _described(members: Members, path: str | None, *, percent: bool = False) -> Numbers | None:
    return None if path is None else members.number(path, percent=percent)


def _echo(members: Members, path: str, name: str) -> _Echoes:
    """What came back of a value that was sent: a number of a number, else a text; None for nothing."""
    read = members.number(path) if name in LINE_NUMBERS else members.text(path)

    def echo(line: JsonValue, label: str) -> Echo:
        return read(line, label) if is_there(line, path) else None

    return echo


def _elements(members: Members, part: JsonValue, path: str, one_as_object: bool, label: str) -> Sequence[JsonValue]:
    """The list at a path. One that is not there is no empty list: a failure would look like no tax at all."""
    found = value_at(part, path)
    if one_as_object and isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        members.refuse("value_missing", path, label)
    return found


@dataclass(frozen=True, slots=True)
class _TaxReader:
    """Reads the values of one kind of tax."""

    members: Members
    kind: TaxKind
    deducts: tuple[TaxKind, ...]
    paths: TaxPaths
    rate: Numbers | None
    base: Numbers | None
    amount: Numbers | None
    deduction: Numbers | None

    @classmethod
    def of(
        cls, members: Members, call: TaxCall, paths: TaxPaths, kind: TaxKind, deducts: Sequence[TaxKind] = ()
    ) -> _TaxReader:
        return cls(
            members,
            kind,
            tuple(deducts),
            paths,
            _described(members, paths.rate, percent=call.answer.rates == "percent"),
            _described(members, paths.base),
            _described(members, paths.amount),
            _described(members, paths.deduction),
        )

    def tax(self, part: JsonValue, label: str, charge: Charge) -> ReportedTax:
        rate, base, amount, deduction = self.rate, self.base, self.amount, self.deduction
        return ReportedTax(
            self.kind,
            charge,
            None if rate is None else rate(part, label),
            None if base is None else base(part, label),
            None if amount is None else amount(part, label),
            None if deduction is None else deduction(part, label),
            self.deducts,
            None if self.paths.code is None else _code(part, self.paths.code),
        )

    def is_nothing(self, part: JsonValue, label: str) -> bool:
        """Whether rate and amount are both absent or zero."""
        for path, read in ((self.paths.rate, self.rate), (self.paths.amount, self.amount)):
            if path is not None and read is not None and is_there(part, path) and read(part, label):
                return False
        return True


class _Listed:
    """Reads the taxes that a line lists."""

    def __init__(self, members: Members, call: TaxCall, listed: TaxList) -> None:
        self._members = members
        self._listed = listed
        self._one_as_object = call.answer.one_as_object
        self._name = members.text(listed.kind)
        self._charge = _charge(members, listed.charge)
        baseless: TaxPaths = listed.model_copy(update={"base": None})
        self._kinds = {
            name: (
                _TaxReader.of(members, call, listed if known.trust_base else baseless, known.kind, known.deducts),
                known.charge,
                [
                    (_TaxReader.of(members, call, also, also.kind), also.charge)
                    for also in listed.also
                    if also.inside == name
                ],
            )
            for name, known in listed.kinds.items()
        }

    def __call__(self, line: JsonValue, label: str) -> Iterator[ReportedTax]:
        for element in _elements(self._members, line, self._listed.path, self._one_as_object, label):
            name = self._name(element, label)
            known = self._kinds.get(name)
            if known is None:
                self._members.refuse_kind(name)
            reader, charge, others = known
            yield reader.tax(element, label, charge or self._charge(element, label))
            for also, its_charge in others:
                if not also.is_nothing(element, label):
                    yield also.tax(element, label, its_charge)


def _columns(members: Members, call: TaxCall) -> _Taxes:
    """Reads the taxes that are members of the line itself."""
    columns: list[tuple[TaxColumns, _TaxReader]] = [
        (column, _TaxReader.of(members, call, column, column.kind, column.deducts))
        for column in call.answer.columns or ()
    ]

    def taxes(line: JsonValue, label: str) -> Iterator[ReportedTax]:
        for column, reader in columns:
            if not (column.optional and reader.is_nothing(line, label)):
                yield reader.tax(line, label, column.charge)

    return taxes


def _charge(members: Members, flag: ChargeFlag | None) -> _Charges:
    if flag is None:

        def untold(_part: JsonValue, label: str) -> Charge:
            members.refuse("value_missing", "charge", label)

        return untold
    read = members.text(flag.path)
    charges = {**dict.fromkeys(flag.added, Charge.ADDED), **dict.fromkeys(flag.in_price, Charge.IN_PRICE)}

    def charge(part: JsonValue, label: str) -> Charge:
        return charges.get(read(part, label)) or members.refuse("value_unreadable", flag.path, label)

    return charge


def _code(part: JsonValue, path: str) -> str | None:
    found = scalar_text(value_at(part, path))
    return None if found is None or is_empty(found) else _shown_code(found.strip())


@lru_cache(maxsize=1024)
def _shown_code(code: str) -> str:
    return shown(code, _SHOWN_CHARACTERS)
