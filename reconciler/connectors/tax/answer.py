"""Reads an answer about taxes as a description says it looks. Nothing is filled in: what lacks is an error. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.tax.call import (
    LINE_NUMBERS,
    AlsoInElement,
    ChargeFlag,
    ListedKind,
    TaxCall,
    TaxColumns,
    TaxList,
    TaxPaths,
    TaxTotals,
)
from reconciler.errors import TaxAnswerError
from reconciler.mapping.canonical_plain import UnreadableValueError
from reconciler.mapping.json_values import is_empty, scalar_text, shown
from reconciler.mapping.numbers_plain import decimal_plain
from reconciler.model.taxes import Charge, Echo, ReportedLine, ReportedTax, ReportedTotals, TaxKind
from reconciler.ports.http.json_path import ABSENT, value_at

_SHOWN_CHARACTERS: Final = 40
_WHOLE_DOCUMENT: Final = "–"
"""In the place of a line, in messages about none in particular."""


class TaxAnswerReader:
    """Reads the answers of one description.

    Args:
        system: `erp`, for messages.
    """

    def __init__(self, system: str, call: TaxCall) -> None:
        self._system = system
        self._call = call

    def lines(self, document: JsonValue) -> tuple[ReportedLine, ...]:
        """The lines of an answer about the whole document, in its order.

        Raises:
            TaxAnswerError: something that is described is not there, or is something else.
        """
        answer = self._call.answer
        found = value_at(document, answer.lines)
        if answer.one_as_object and isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            raise self._refusal("value_missing", answer.lines, _WHOLE_DOCUMENT)
        return tuple(self._line(line, str(place + 1)) for place, line in enumerate(found))

    def item(self, document: JsonValue, label: str) -> ReportedLine:
        """The line of an answer about one item. Raises as `lines`."""
        found = value_at(document, self._call.answer.lines)
        return self._line(None if found is ABSENT else found, label)

    def totals(self, document: JsonValue) -> ReportedTotals:
        """The totals of the document. Raises as `lines`."""
        paths: TaxTotals = self._call.answer.totals
        values = _Values(self._system, self._call, document, _WHOLE_DOCUMENT)
        return ReportedTotals(
            goods=values.number(paths.goods),
            added=values.number(paths.added),
            in_price=values.number(paths.in_price),
            taxes=values.number(paths.taxes),
            total=values.number(paths.total),
            by_kind=self._totals_by_kind(document, values),
        )

    def currency(self, document: JsonValue) -> str | None:
        """The currency in ISO 4217; None where it is not described, and what is there where the code is unknown."""
        described = self._call.answer.currency
        if described is None:
            return None
        found = scalar_text(value_at(document, described.path))
        if found is None:
            raise self._refusal("value_missing", described.path, _WHOLE_DOCUMENT)
        return described.codes.get(found.strip(), shown(found.strip(), _SHOWN_CHARACTERS))

    def _totals_by_kind(self, document: JsonValue, whole: _Values) -> dict[TaxKind, Decimal] | None:
        described, listed = self._call.answer.totals.by_kind, self._call.answer.listed
        if described is None or listed is None:
            return None
        totals: dict[TaxKind, Decimal] = {}
        for element in whole.elements(described.path):
            values = _Values(self._system, self._call, element, _WHOLE_DOCUMENT)
            kind = self._known_kind(listed, values.text(described.kind)).kind
            totals[kind] = totals.get(kind, Decimal(0)) + values.required(described.amount)
        return totals

    def _line(self, line: JsonValue, label: str) -> ReportedLine:
        answer = self._call.answer
        if not isinstance(line, dict):
            raise self._refusal("value_missing", answer.lines, label)
        values = _Values(self._system, self._call, line, label)
        return ReportedLine(
            id=None if answer.id is None else values.text(answer.id).strip(),
            echoes={name: values.echo(path, name) for path, name in answer.echoes.items()},
            goods=values.number(answer.goods),
            taxes=tuple(self._taxes(values)),
            taxes_total=values.number(answer.taxes_total),
        )

    def _taxes(self, line: _Values) -> Iterator[ReportedTax]:
        listed = self._call.answer.listed
        if listed is None:
            for column in self._call.answer.columns or ():
                if not (column.optional and line.is_nothing(column)):
                    yield line.tax(column, column.kind, column.charge, column.deducts)
            return
        for element in line.elements(listed.path):
            values = _Values(self._system, self._call, element, line.label)
            yield from self._listed(listed, values)

    def _listed(self, listed: TaxList, element: _Values) -> Iterator[ReportedTax]:
        name = element.text(listed.kind)
        known = self._known_kind(listed, name)
        charge = known.charge or element.charge(listed.charge)
        paths: TaxPaths = listed if known.trust_base else listed.model_copy(update={"base": None})
        yield element.tax(paths, known.kind, charge, known.deducts)
        for also in listed.also:
            if also.inside == name and not element.is_nothing(also):
                yield element.tax(also, also.kind, also.charge)

    def _known_kind(self, listed: TaxList, name: str) -> ListedKind:
        known = listed.kinds.get(name)
        if known is None:
            raise TaxAnswerError(self._system, "kind_unknown", kind=shown(name, _SHOWN_CHARACTERS))
        return known

    def _refusal(self, reason: str, member: str, label: str) -> TaxAnswerError:
        return TaxAnswerError(self._system, reason, member=member or "lines", line=label)


@lru_cache(maxsize=4096)
def _of_text(text: str, codec: str) -> Decimal:
    """Rates, zeros, and the base of a line, which are the same for several taxes. Raises UnreadableValueError."""
    return decimal_plain(text, codec)


@dataclass(frozen=True, slots=True)
class _Values:
    """Values of one part of an answer, by path. `label` names the line it belongs to."""

    system: str
    call: TaxCall
    part: JsonValue
    label: str

    def number(self, path: str | None) -> Decimal | None:
        """The number at a path; None only where no path is described."""
        return None if path is None else self.required(path)

    def required(self, path: str) -> Decimal:
        found = value_at(self.part, path)
        if found is ABSENT or is_empty(found):
            raise self._refusal("value_missing", path)
        try:
            codec = "decimal_comma" if self.call.numbers == "decimal_comma" else "decimal"
            return _of_text(found, codec) if isinstance(found, str) else decimal_plain(found, codec)
        except UnreadableValueError:
            raise self._refusal("value_unreadable", path) from None

    def text(self, path: str) -> str:
        found = scalar_text(value_at(self.part, path))
        if found is None or is_empty(found):
            raise self._refusal("value_missing", path)
        return found

    def echo(self, path: str, name: str) -> Echo:
        """What came back of a value that was sent: a number of a number, else a text; None for nothing."""
        found = value_at(self.part, path)
        if found is ABSENT or is_empty(found):
            return None
        return self.required(path) if name in LINE_NUMBERS else self.text(path)

    def elements(self, path: str) -> Sequence[JsonValue]:
        """The list at a path. One that is not there is no empty list: a failure would look like no tax at all."""
        found = value_at(self.part, path)
        if self.call.answer.one_as_object and isinstance(found, dict):
            return [found]
        if not isinstance(found, list):
            raise self._refusal("value_missing", path)
        return found

    def charge(self, flag: ChargeFlag | None) -> Charge:
        if flag is None:
            raise self._refusal("value_missing", "charge")
        value = self.text(flag.path)
        if value in flag.in_price:
            return Charge.IN_PRICE
        if value in flag.added:
            return Charge.ADDED
        raise self._refusal("value_unreadable", flag.path)

    def tax(self, paths: TaxPaths, kind: TaxKind, charge: Charge, deducts: Sequence[TaxKind] = ()) -> ReportedTax:
        rate = self.number(paths.rate)
        return ReportedTax(
            kind=kind,
            charge=charge,
            rate=rate.scaleb(-2) if rate is not None and self.call.answer.rates == "percent" else rate,
            base=self.number(paths.base),
            amount=self.number(paths.amount),
            deduction=self.number(paths.deduction),
            deducts=tuple(deducts),
            code=self._code(paths.code),
        )

    def is_nothing(self, paths: TaxColumns | AlsoInElement) -> bool:
        """Whether rate and amount are both absent or zero."""
        for path in (paths.rate, paths.amount):
            if path is None:
                continue
            found = value_at(self.part, path)
            if found is not ABSENT and not is_empty(found) and self.required(path):
                return False
        return True

    def _code(self, path: str | None) -> str | None:
        found = None if path is None else scalar_text(value_at(self.part, path))
        return None if found is None or is_empty(found) else shown(found.strip(), _SHOWN_CHARACTERS)

    def _refusal(self, reason: str, member: str) -> TaxAnswerError:
        return TaxAnswerError(self.system, reason, member=member, line=self.label)
