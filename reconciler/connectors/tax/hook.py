"""What a hook is: a conversation about taxes that no table of a description can say. It composes and calculates nothing
that the ERP does not tell: its requests are those of the description, and its answer is read as any other."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import JsonValue

from reconciler.connectors.tax.call import TaxCall
from reconciler.errors import TaxAnswerError
from reconciler.model.taxes import ReportedNote, TaxQuestion
from reconciler.ports.http.references import Value, resolve_table

Ask = Callable[[str, Mapping[str, Value]], Coroutine[Any, Any, JsonValue]]
"""Sends the step of that name, or the request itself for "", with these values, and gives the answer's document."""


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation.

    Attributes:
        quote, lines: values by the names that references use, for the quote and for each of its lines.
    """

    system: str
    call: TaxCall
    question: TaxQuestion
    quote: Mapping[str, Value]
    lines: Sequence[Mapping[str, Value]]
    ask: Ask

    def element(self, values: Mapping[str, Value]) -> JsonValue:
        """The table `line` of the description with these values: one element of `"$lines"`."""
        return resolve_table(self.call.line, self.call.request, values)

    def refuse(self, reason: str, **details: str) -> NoReturn:
        """End the conversation: there are no taxes, for this reason of `taxes.sentences`. Raises TaxAnswerError."""
        raise TaxAnswerError(self.system, reason, **details)


@dataclass(frozen=True, slots=True)
class Conversed:
    """What came of it: a document to be read by `TaxCall.answer`, and what to tell with the taxes."""

    document: JsonValue
    notes: tuple[ReportedNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Hook:
    """A conversation of one vendor.

    Attributes:
        steps: names of the requests that the description must have.
        kept_steps: those about the company and no quote, whose answers are good for as long as ids are (`KEPT_S`).
        quote_names, line_names: what these may name beside what every tax call may.
        converse: raises TaxAnswerError and whatever its calls raise.
    """

    steps: tuple[str, ...]
    kept_steps: tuple[str, ...]
    quote_names: tuple[str, ...]
    line_names: tuple[str, ...]
    converse: Callable[[Talk], Coroutine[Any, Any, Conversed]]
