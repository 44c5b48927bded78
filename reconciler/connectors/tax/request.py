"""Puts a quote into the request for its taxes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.tax.call import DRAFT_MARK, Needed, TaxCall
from reconciler.connectors.tax.quote_values import AskedLine, QuoteValues, RecordId
from reconciler.errors import WrongQuoteError
from reconciler.model.taxes import Echo, QuoteLine, TaxQuestion
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.references import Filler, Value, compiled, whole_reference
from reconciler.ports.http.settings import Request

__all__ = ["Asked", "QuoteComposer", "RecordId", "refers_to"]

_BODY: Final = "body"
"""Name under which a finished body is handed to the port: what it holds is not read as a template again."""


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
        self._values = QuoteValues(call)
        self._request = call.request.model_copy(update={_BODY: f"${_BODY}"})
        self._line = self._filler(call.line)
        self._body = self._filler(call.request.body)
        self._prospect_body = None if call.prospect is None else self._filler(call.prospect.body)
        self._otherwise = {name: self._filler({name: reference}) for name, reference in call.otherwise.items()}

    def require(self, question: TaxQuestion) -> None:
        """Return if the quote says all that this ERP needs. Nothing is asked of it otherwise.

        Raises:
            WrongQuoteError: it lacks something, which is named.
            ConfigurationError: the ERP context lacks what stands in for it.
        """
        prospect = self._call.prospect
        if question.customer.prospect and prospect is None:
            raise WrongQuoteError(
                phrase("customer.prospect: this ERP calculates taxes for registered customers only."),
                place="customer.prospect",
            )
        required = prospect.requires if question.customer.prospect and prospect is not None else self._call.requires
        for name in required:
            if self._values.said(name, question) is None and self._from_context(name) is None:
                raise WrongQuoteError(
                    phrase("{name} is missing, and this ERP calculates no taxes without it.", name=name), place=name
                )
        if self._call.price_decimals is not None:
            for line in question.lines:
                _require_price(line, self._call.price_decimals)

    def values(
        self, question: TaxQuestion, customer: RecordId | None, products: Mapping[str, RecordId]
    ) -> tuple[dict[str, Value], list[dict[str, Value]], tuple[Mapping[str, Echo], ...]]:
        """Values by the names of references, of the quote and of each line, and what `Asked.sent` says of each line.

        Raises:
            WrongQuoteError: the quote holds a number the ERP cannot be sent.
            ConfigurationError: a reference has no value.
        """
        quote = self._values.of_quote(question, customer)
        for name in self._otherwise:
            if name in quote and quote[name] is None:
                quote[name] = self._from_context(name)
        lines, sent = [], []
        for place, line in enumerate(question.lines):
            asked = AskedLine(line, place, products.get(line.sku))
            lines.append(self._values.of_line(asked))
            sent.append(self._values.sent_of(asked))
        return quote, lines, tuple(sent)

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
        if mark is not None:
            quote[DRAFT_MARK] = mark
        if self._call.mode == "item":
            return [self._asked(question, {**quote, **line}, (echo,)) for line, echo in zip(lines, sent, strict=True)]
        known: dict[str, Value] = {**quote, "context": self._context}
        filled: list[JsonValue] = [self._line({**known, **line}) for line in lines]
        return [self._asked(question, {**quote, "lines": filled}, sent)]

    def _asked(self, question: TaxQuestion, values: dict[str, Value], sent: tuple[Mapping[str, Echo], ...]) -> Asked:
        fill = self._body if self._prospect_body is None or not question.customer.prospect else self._prospect_body
        return Asked(self._request, {**values, _BODY: fill({**values, "context": self._context})}, sent)

    def _filler(self, template: JsonValue) -> Filler:
        return compiled(template, self._call.request.quoting, without_empty=True)

    def _from_context(self, name: Needed) -> JsonValue:
        """What stands in for a part that the quote does not say."""
        fill = self._otherwise.get(name)
        found = None if fill is None else fill({"context": self._context})
        return found.get(name) if isinstance(found, dict) else None


def _require_price(line: QuoteLine, decimals: int) -> None:
    exponent = line.unit_price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise WrongQuoteError(
            phrase(
                "line {label}: this ERP keeps {decimals} decimals of a price, and unit_price has more.",
                label=line.label,
                decimals=decimals,
            ),
            place=f"line {line.label}",
        )


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
