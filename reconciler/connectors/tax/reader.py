"""Asks an ERP for the taxes of a quote as its description says, and reads what it reports. It checks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.tax.answer import TaxAnswerReader
from reconciler.connectors.tax.call import CUSTOMER_ID, CUSTOMER_RECORD, PRODUCT_ID, PRODUCT_RECORD, TaxCall
from reconciler.connectors.tax.identities import Identities
from reconciler.connectors.tax.request import Asked, QuoteComposer, RecordId, refers_to
from reconciler.errors import ResponseNotUnderstoodError, VendorFaultError, WrongQuoteError
from reconciler.model.taxes import ReportedTaxes, TaxQuestion
from reconciler.ports.http.composing import label_of
from reconciler.ports.http.messages import Reply

T = TypeVar("T")

_LOOKED_UP_AT_ONCE: Final = 16
"""Ids asked for at once; what the system allows is the port's own affair."""


class TaxReader:
    """A tax call of one system.

    Args:
        connector: open, with a port of its own: its answers are forgotten before each question.
        identities: finds the ids that requests refer to.
        context: the project's ERP context.
    """

    def __init__(
        self,
        system: str,
        call: TaxCall,
        connector: Connector,
        identities: Identities,
        context: Mapping[str, JsonValue],
    ) -> None:
        self._system = system
        self._call = call
        self._connector = connector
        self._identities = identities
        self._composer = QuoteComposer(call, context)
        self._answers = TaxAnswerReader(system, call)
        templates = [call.request.model_dump(), call.line]
        bodies = [] if call.prospect is None else [call.prospect.body]
        self._needs_customer = any(refers_to(templates, name) for name in (CUSTOMER_ID, CUSTOMER_RECORD))
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
        asked = self._composer.requests(question, customer, products)
        replies = await _together([self._sent(each, question) for each in asked])
        records = {("products", product.text) for product in products.values()}
        if customer is not None:
            records.add(("customers", customer.text))
        return self._reported(question, asked, replies, frozenset(records))

    async def warm_up(self) -> None:
        """Make one cheap call, which connects and logs in. Raises SystemReadError."""
        await self._connector.probe()

    def forget(self, records: Collection[tuple[str, str]]) -> None:
        """Drop the ids of these records, each named by entity and id or key."""
        self._identities.forget(records)

    async def _ids(self, question: TaxQuestion) -> tuple[RecordId | None, dict[str, RecordId]]:
        tax_id = question.customer.tax_id
        wanted = [("customers", tax_id)] if self._needs_customer and tax_id and not question.customer.prospect else []
        if self._needs_products:
            wanted += [("products", sku) for sku in dict.fromkeys(line.sku for line in question.lines)]
        gate = asyncio.Semaphore(_LOOKED_UP_AT_ONCE)

        async def look_up(entity: str, key: str) -> RecordId:
            async with gate:
                return await self._identities.of(entity, key)

        found = await _together([look_up(entity, key) for entity, key in wanted])
        by_name = dict(zip(wanted, found, strict=True))
        products = {key: identity for (entity, key), identity in by_name.items() if entity == "products"}
        return by_name.get(("customers", tax_id or "")), products

    async def _sent(self, asked: Asked, question: TaxQuestion) -> Reply:
        try:
            reply = await self._connector.port.call(asked.request, asked.values)
        except VendorFaultError as error:
            if error.vendor_code in self._call.unknown_customer:
                raise WrongQuoteError(
                    f"the ERP knows no customer {question.customer.tax_id}.",
                    code="unknown_customer",
                    place="customer.tax_id",
                ) from error
            if error.vendor_code in self._call.unknown_product:
                raise WrongQuoteError(error.message, code="unknown_product", place="lines") from error
            raise
        if reply.empty:
            raise ResponseNotUnderstoodError(
                self._system, f"{label_of(asked.request)}: there is nothing in the answer, where the taxes should be."
            )
        return reply

    def _reported(
        self,
        question: TaxQuestion,
        asked: Sequence[Asked],
        replies: Sequence[Reply],
        records: frozenset[tuple[str, str]],
    ) -> ReportedTaxes:
        sent = tuple(line for each in asked for line in each.sent)
        if self._call.mode == "item":
            items = zip(question.lines, replies, strict=True)
            lines = tuple(self._answers.item(reply.document, line.label) for line, reply in items)
            currencies = {self._answers.currency(reply.document) for reply in replies}
            # Items in several currencies are in none that could be meant.
            currency = currencies.pop() if len(currencies) == 1 else ", ".join(sorted(map(str, currencies)))
            return ReportedTaxes(lines, sent, by_id=False, currency=currency, records=records)
        document = replies[0].document
        return ReportedTaxes(
            lines=self._answers.lines(document),
            sent=sent,
            by_id=self._call.answer.id is not None,
            totals=self._answers.totals(document),
            currency=self._answers.currency(document),
            records=records,
        )


async def _together(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results, in the order given. When one fails the others are stopped."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
