"""Asks an ERP for the taxes of a quote as its description says, and reads what it reports. It checks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.tax.answer import TaxAnswerReader
from reconciler.connectors.tax.call import CUSTOMER_ID, CUSTOMER_RECORD, PRODUCT_ID, PRODUCT_RECORD, TaxCall
from reconciler.connectors.tax.drafts import Answered, DraftJournal, Drafts, NoJournal
from reconciler.connectors.tax.hook import Hook, Talk
from reconciler.connectors.tax.identities import Identities
from reconciler.connectors.tax.kept_steps import KeptSteps
from reconciler.connectors.tax.request import QuoteComposer, RecordId, refers_to
from reconciler.connectors.tax.together import together
from reconciler.connectors.tax.turns import Turns
from reconciler.connectors.vendors import HOOKS
from reconciler.errors import ResponseNotUnderstoodError, VendorFaultError, WrongQuoteError
from reconciler.model.taxes import Echo, ReportedLine, ReportedNote, ReportedTaxes, ReportedTotals, TaxQuestion
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import label_of
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request

_NO_TOTALS: Final = ReportedTotals()
_LOOKED_UP_AT_ONCE: Final = 16
"""Ids asked for at once; what the system allows is the port's own affair."""


class TaxReader:
    """A tax call of one system.

    Args:
        connector: open, with a port of its own: its answers are forgotten before each question.
        identities: finds the ids that requests refer to.
        context: the project's ERP context.
        journal: of drafts, where the call saves them.
    """

    def __init__(
        self,
        system: str,
        call: TaxCall,
        connector: Connector,
        identities: Identities,
        context: Mapping[str, JsonValue],
        journal: DraftJournal | None = None,
    ) -> None:
        self._system = system
        self._call = call
        self._connector = connector
        self._identities = identities
        self._composer = QuoteComposer(call, context)
        self._answers = TaxAnswerReader(system, call)
        self._turns = Turns()
        drafts = call.draft
        self._drafts = None if drafts is None else Drafts(system, drafts, connector.port, journal or NoJournal())
        self._hook = None if call.conversation is None else HOOKS[call.conversation]
        self._kept_steps = None if self._hook is None else KeptSteps(self._hook, call.steps)
        templates = [call.request.model_dump(), call.line, *(step.model_dump() for step in call.steps.values())]
        bodies = [] if call.prospect is None else [call.prospect.body]
        self._needs_customer = any(refers_to(templates, name) for name in (CUSTOMER_ID, CUSTOMER_RECORD))
        self._sends_destination = self._hook is not None or refers_to(templates, "ship_to")
        self._needs_products = any(refers_to([*templates, *bodies], name) for name in (PRODUCT_ID, PRODUCT_RECORD))

    async def ask(self, question: TaxQuestion) -> ReportedTaxes:
        """What the ERP reports, unchecked.

        Raises:
            WrongQuoteError: the quote names a customer or product the ERP does not know, or lacks what it needs.
            TaxAnswerError: the answer is not what the description says.
            SystemReadError: the ERP did not answer.
            ConfigurationError: the description or the project lacks something.
        """
        self._composer.require(question)
        # An answer of a moment ago must not pass for one of now.
        self._connector.port.forget_answers()
        customer, products = await self._ids(question)
        if self._hook is None:
            return await self._called(question, customer, products)
        return await self._conversed(self._hook, question, customer, products)

    def remove_left_drafts(self) -> None:
        """Begin to remove the drafts that earlier processes left in the ERP."""
        if self._drafts is not None:
            self._drafts.remove_left()

    async def close(self) -> None:
        """Wait until the drafts that were saved are removed, or told."""
        if self._drafts is not None:
            await self._drafts.close()

    async def warm_up(self) -> None:
        """Make one cheap call, which connects and logs in. Raises SystemReadError."""
        await self._connector.probe()

    def forget(self, records: Collection[tuple[str, str]]) -> None:
        """Drop the ids of these records, each named by entity and id or key."""
        self._identities.forget(records)

    def forget_all(self) -> None:
        """Drop every id."""
        self._identities.forget_all()
        if self._kept_steps is not None:
            self._kept_steps.forget()

    async def _ids(self, question: TaxQuestion) -> tuple[RecordId | None, dict[str, RecordId]]:
        tax_id = question.customer.tax_id
        wanted = [("customers", tax_id)] if self._needs_customer and tax_id and not question.customer.prospect else []
        if self._needs_products:
            wanted += [("products", sku) for sku in dict.fromkeys(line.sku for line in question.lines)]
        if not wanted:
            return None, {}
        gate = asyncio.Semaphore(_LOOKED_UP_AT_ONCE)

        async def look_up(entity: str, key: str) -> RecordId:
            async with gate:
                return await self._identities.of(entity, key)

        found = await together([look_up(entity, key) for entity, key in wanted])
        by_name = dict(zip(wanted, found, strict=True))
        products = {key: identity for (entity, key), identity in by_name.items() if entity == "products"}
        return by_name.get(("customers", tax_id or "")), products

    async def _called(
        self, question: TaxQuestion, customer: RecordId | None, products: Mapping[str, RecordId]
    ) -> ReportedTaxes:
        answered, mark = self._answered(question), None if self._drafts is None else self._drafts.new_mark()
        asked = self._composer.requests(question, customer, products, mark=mark)
        sent = tuple(line for each in asked for line in each.sent)
        if self._drafts is not None and mark is not None:
            document, notes = await self._drafts.taxes(asked[0], mark, answered)
            return self._document(_Sent(question, customer, products, sent), document, notes)
        replies = await together([answered(each.request, each.values) for each in asked])
        await self._turns.mine()
        about = _Sent(question, customer, products, sent)
        if self._call.mode == "item":
            return self._items(about, replies)
        return self._document(about, replies[0].document)

    async def _conversed(
        self, hook: Hook, question: TaxQuestion, customer: RecordId | None, products: Mapping[str, RecordId]
    ) -> ReportedTaxes:
        quote, lines, sent = self._composer.values(question, customer, products)
        answered = self._answered(question)

        async def ask(step: str, values: Mapping[str, Value]) -> JsonValue:
            return (await answered(self._call.steps[step] if step else self._call.request, values)).document

        kept = ask if self._kept_steps is None else self._kept_steps.before(ask)
        result = await hook.converse(Talk(self._system, self._call, question, quote, lines, kept))
        return self._document(_Sent(question, customer, products, sent), result.document, result.notes)

    def _answered(self, question: TaxQuestion) -> Answered:
        """Sends requests about this question, and knows whom their refusals are about."""

        async def answered(request: Request, values: Mapping[str, Value], *, safe_to_repeat: bool = True) -> Reply:
            try:
                reply = await self._connector.port.call(request, values, safe_to_repeat=safe_to_repeat)
            except VendorFaultError as error:
                if error.vendor_code in self._call.unknown_customer:
                    raise WrongQuoteError(
                        phrase("the ERP knows no customer {tax_id}.", tax_id=question.customer.tax_id),
                        code="unknown_customer",
                        place="customer.tax_id",
                    ) from error
                if error.vendor_code in self._call.unknown_product:
                    raise WrongQuoteError(error.message, code="unknown_product", place="lines") from error
                raise
            if reply.empty:
                raise ResponseNotUnderstoodError(
                    self._system,
                    phrase(
                        "{request}: there is nothing in the answer, where the taxes should be.",
                        request=label_of(request),
                    ),
                )
            return reply

        return answered

    def _items(self, about: _Sent, replies: Sequence[Reply]) -> ReportedTaxes:
        items = zip(about.question.lines, replies, strict=True)
        lines = tuple(self._answers.item(reply.document, line.label) for line, reply in items)
        currencies = {self._answers.currency(reply.document) for reply in replies}
        # Items in several currencies are in none that could be meant.
        currency = currencies.pop() if len(currencies) == 1 else ", ".join(sorted(map(str, currencies)))
        return self._reported(about, lines, currency)

    def _document(self, about: _Sent, document: JsonValue, notes: tuple[ReportedNote, ...] = ()) -> ReportedTaxes:
        lines, totals = self._answers.lines(document), self._answers.totals(document)
        return self._reported(about, lines, self._answers.currency(document), totals, notes)

    def _reported(
        self,
        about: _Sent,
        lines: tuple[ReportedLine, ...],
        currency: str | None,
        totals: ReportedTotals = _NO_TOTALS,
        notes: tuple[ReportedNote, ...] = (),
    ) -> ReportedTaxes:
        state = about.question.ship_to.state
        if state is not None and not self._sends_destination:
            notes = (*notes, ReportedNote("destination_not_sent", {"state": state}))
        by_id = self._call.answer.id is not None and self._call.mode == "document"
        return ReportedTaxes(lines, about.lines, by_id, totals, currency, about.records, notes)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was asked, with the ERP's records that it was asked about.

    Attributes:
        lines: as in `ReportedTaxes.sent`.
    """

    question: TaxQuestion
    customer: RecordId | None
    products: Mapping[str, RecordId]
    lines: tuple[Mapping[str, Echo], ...]

    @property
    def records(self) -> frozenset[tuple[str, str]]:
        """What the answer depends on."""
        found = {("products", product.text) for product in self.products.values()}
        if self.customer is not None:
            found.add(("customers", self.customer.text))
        return frozenset(found)
