"""A tax look-up over real HTTP: the engine, the reader and the port as the product puts them together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.connectors.tax.drafts import DraftJournal
from reconciler.connectors.tax.identities import Identities, KnownIds
from reconciler.connectors.tax.reader import TaxReader
from reconciler.model.taxes import Buyer, Destination, QuoteLine, TaxQuestion
from reconciler.ports.http.client import HttpPort, TokenStore
from reconciler.ports.http.settings import Retry
from reconciler.taxes.answer import answer_document
from reconciler.taxes.checks import CheckPolicy
from reconciler.taxes.lookup import LookupSettings, TaxLookup

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2026, 11, 22)
SLOW_MACHINE = LookupSettings(deadline_s=20.0)
"""For tests that are not about time."""


@lru_cache
def description_of(vendor: str) -> Description:
    return load_description(vendor, Path())


@dataclass(frozen=True)
class Erp:
    """An ERP that is asked for taxes."""

    description: Description
    reader: TaxReader
    lookup: TaxLookup

    async def taxes(self, question: TaxQuestion, **options: Any) -> dict[str, Any]:
        """The answer as users get it."""
        delivery = await self.lookup.taxes_of(question, **options)
        name = self.description.vendor.name
        return answer_document(question, delivery, system=name, currency="BRL")


@asynccontextmanager
async def asked(
    vendor: str | Description,
    base_url: str,
    *,
    credentials: Mapping[str, str],
    context: Mapping[str, JsonValue] | None = None,
    known: KnownIds | None = None,
    tokens: TokenStore | None = None,
    settings: LookupSettings = SLOW_MACHINE,
    journal: DraftJournal | None = None,
) -> AsyncIterator[Erp]:
    """An engine for the tax call of a description, on a port of its own. Nothing waits between tries."""
    description = description_of(vendor) if isinstance(vendor, str) else vendor
    http, call = description.http, description.taxes
    assert http is not None
    assert call is not None
    quick = http.model_copy(update={"rates": [], "retry": Retry(attempts=2, first_s=0.001, longest_s=0.002)})
    async with HttpPort(
        "erp", quick, base_url=base_url, credentials=credentials, context=context or {}, tokens=tokens
    ) as port:
        connector = Connector("erp", description, port, ZONE)
        values = {"customers": call.customer_values, "products": call.product_values}
        identities = Identities("erp", connector, ZONE, values=values, known=known)
        reader = TaxReader("erp", call, connector, identities, context or {}, journal)
        policy = CheckPolicy(
            "erp", call.rounding, call.goods_tolerance, call.untaxed_lines, price_decimals=call.price_decimals
        )
        settings = replace(settings, yields_rates=call.yields == "rates")
        lookup = TaxLookup(reader, policy, settings, fingerprint=description.vendor.name)
        try:
            yield Erp(description, reader, lookup)
        finally:
            await lookup.close()
            await reader.close()


def line(sku: str, quantity: str = "1", unit_price: str = "100.00", discount: str = "0", label: str = "1") -> QuoteLine:
    return QuoteLine(label, sku, Decimal(quantity), Decimal(unit_price), Decimal(discount))


def quote(*lines: QuoteLine, tax_id: str | None = None, state: str | None = None, **buyer: bool | None) -> TaxQuestion:
    """A quote of these lines, labelled by their position."""
    labelled = tuple(replace(each, label=str(place)) for place, each in enumerate(lines, start=1))
    return TaxQuestion(
        Buyer(
            tax_id,
            prospect=bool(buyer.get("prospect")),
            final_consumer=buyer.get("final_consumer"),
            taxpayer=buyer.get("taxpayer"),
        ),
        Destination(state),
        DAY,
        labelled,
    )
