"""Tax calls of shipped descriptions against a server that knows these exchanges only, with invented values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pydantic import JsonValue

from reconciler.connectors.description import Description
from reconciler.connectors.tax.identities import KnownIds
from reconciler.model.taxes import Buyer, Destination, QuoteLine, TaxQuestion
from reconciler.ports.http.client import TokenStore
from tests.connectors.strict_server import Exchange, strict_server
from tests.taxes.asking import DAY, Erp, asked, line

TAX_ID = "11222333000181"


class LastRead:
    """Ids that a run read: of one customer."""

    def __init__(self, customer: str) -> None:
        self._customer = customer

    async def ids(self, entity: str, key: str) -> list[str] | None:
        return [self._customer] if (entity, key) == ("customers", TAX_ID) else []


@asynccontextmanager
async def erp_of(
    vendor: str | Description,
    *exchanges: Exchange,
    credentials: Mapping[str, str],
    context: Mapping[str, JsonValue],
    known: KnownIds | None = None,
    tokens: TokenStore | None = None,
    below: str = "",
) -> AsyncIterator[Erp]:
    """The ERP behind a strict server. What was not asked for, or not as written, fails the test."""
    async with (
        strict_server(*exchanges) as server,
        asked(vendor, f"{server}{below}", credentials=credentials, context=context, known=known, tokens=tokens) as erp,
    ):
        yield erp


def sale(*lines: QuoteLine, **more: Any) -> TaxQuestion:
    """A quote to the one customer, of two different lines where none are given."""
    chosen = lines or (line("A-1", "10", "150.00", label="1"), line("B-2", "3", "33.33", "10", label="2"))
    buyer = more.get("buyer", Buyer(TAX_ID))
    return TaxQuestion(buyer, more.get("ship_to", Destination()), DAY, chosen)


def shown(answer: Mapping[str, Any]) -> list[list[tuple[str, str | None, str | None, str, str]]]:
    """Kind, rate, base, amount and effect on the price of every tax, by line."""
    return [
        [(tax["kind"], tax["rate"], tax["base"], tax["amount"], _effect(tax)) for tax in each["taxes"]]
        for each in answer["lines"]
    ]


def _effect(tax: Mapping[str, Any]) -> str:
    return "in price" if tax["in_price"] else "informative" if tax["informative"] else "added"


def refusal(answer: Mapping[str, Any]) -> str:
    """Why there are no amounts; that there are none is checked."""
    assert answer["status"] == "unavailable"
    assert not {"lines", "totals"} & answer.keys()
    reason: str = answer["reason"]
    return reason
