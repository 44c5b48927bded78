"""The taxes of the pilot's open quotes, asked as a salesperson would ask: within the deadline, nothing remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.app.carried_taxes import wants_taxes
from reconciler.app.correct import Acting, ScopeKeys, keys_in_scope
from reconciler.app.pilot.measuring import TaxesSeen
from reconciler.app.quote_reading import Quote, UnusableQuote, open_quote_reader
from reconciler.app.tax_drift import compare_quotes
from reconciler.app.tax_run import why_not_compared
from reconciler.app.taxes import open_taxes
from reconciler.errors import SystemReadError
from reconciler.model.entities import QUOTES, Side
from reconciler.phrases.phrase import phrase
from reconciler.pilot.guard import WrittenRecord, in_scope
from reconciler.project_pilot import PilotSection
from reconciler.taxes.answer import Delivery, money


@dataclass(slots=True)
class _Stopwatch:
    """Notes how long each question took."""

    elapsed_ms: list[int] = field(default_factory=list)

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        self.elapsed_ms.append(round(elapsed_s * 1000))

    def asked(self, outcome: str, elapsed_s: float) -> None:
        """Part of the protocol."""

    def warmed_up(self, failure: str | None) -> None:
        """Part of the protocol."""


async def quotes_of_participants(acting: Acting, pilot: PilotSection, keys: ScopeKeys) -> ScopeKeys:
    """The records of the pilot, of quotes only those of its participants.

    Where the project reads no field that says whose quote it is, every quote in the scope is one of theirs.

    Raises:
        StateError: a snapshot is damaged.
    """
    plan, scope = acting.plans.get(QUOTES.name), pilot.scope
    if plan is None or QUOTES.name not in keys:
        return keys
    if all(field.name != scope.salesperson_field for field in plan.mappings[Side.CRM].fields):
        return keys
    sellers = {each.crm_user for each in pilot.participants.values()}
    theirs = scope.model_copy(update={"entities": [QUOTES.name], "salespeople": sorted(sellers)})
    of_sellers = (await keys_in_scope(acting, theirs))[QUOTES.name]
    return {**keys, QUOTES.name: keys[QUOTES.name] & of_sellers}


async def taxes_of_quotes(
    acting: Acting, keys: ScopeKeys, warnings: list[str], monotonic_s: Callable[[], float]
) -> TaxesSeen | None:
    """Ask the ERP about every open quote of the pilot. None where there are none to ask about, with a warning where
    they could not be read.

    Args:
        keys: as `quotes_of_participants` gives them.
        monotonic_s: what the times of questions are measured with.

    Raises:
        ConfigurationError: the project file or a description is wrong.
        StateError: the state cannot be used.
    """
    workspace = acting.workspace
    if QUOTES.name not in keys or not wants_taxes(workspace.project):
        return None
    if (why := why_not_compared(workspace.project, acting.descriptions)) is not None:
        warnings.append(phrase("taxes of quotes were not asked for: {why}.", why=why))
        return None
    watch = _Stopwatch()
    try:
        async with (
            open_quote_reader(workspace) as quotes,
            open_taxes(workspace, observer=watch, monotonic_s=monotonic_s) as desk,
        ):
            chosen = [each for each in await quotes.all_open() if _is_ours(acting, keys, each)]
            at_once = workspace.project.file.taxes.drift_concurrency
            compared = await compare_quotes(desk, quotes, chosen, at_once=at_once)
    except SystemReadError as error:
        warnings.append(phrase("taxes of quotes were not asked for: {error}", error=error.message))
        return None
    return TaxesSeen(
        quotes=len(compared.quotes),
        in_time=compared.calculated,
        elapsed_ms=watch.elapsed_ms,
        compared=compared.calculated,
        at_stake=Decimal(money(compared.at_stake)),
    )


def _is_ours(acting: Acting, keys: ScopeKeys, quote: Quote | UnusableQuote) -> bool:
    """Of quotes that only the CRM has there are no snapshots: then the quote itself says whose it is."""
    if QUOTES.name in acting.plans:
        return quote.key in keys[QUOTES.name]
    pilot = acting.workspace.project.file.pilot
    if pilot is None or not isinstance(quote, Quote):
        return False
    customer = quote.would_be["customer"]["tax_id"]
    return in_scope(pilot.scope, WrittenRecord(QUOTES.name, quote.key, customers=frozenset({customer})))
