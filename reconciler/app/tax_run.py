"""The tax phase of a run, and `taxes drift`: every open quote against the ERP's answers, with the same engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.app.judge import EntityOutcome
from reconciler.app.quote_reading import Quote, QuoteReader, describes_quotes, keeps_taxes
from reconciler.app.tax_drift import ComparedQuote, ComparedQuotes, compare_quotes
from reconciler.app.tax_findings import ENTITY, rows_of, shown_key_of
from reconciler.app.taxes import TaxDesk, require_context, taxes_nobody_waits_for
from reconciler.app.wire import Workspace, load_descriptions, open_connectors
from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.errors import SystemReadError
from reconciler.model.entities import QUOTES, Side
from reconciler.model.findings import EntityCount, SideCount
from reconciler.phrases.phrase import phrase
from reconciler.project import Project
from reconciler.taxes.answer import money
from reconciler.taxes.drift_document import drift_document

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TaxOutcome:
    """What the tax phase of a run came to.

    Attributes:
        entity: its findings and accounting: of the CRM the open quotes, those that could not be compared as rejected;
            of the ERP the answers.
        compared: None where not even the quotes could be read.
    """

    entity: EntityOutcome
    compared: ComparedQuotes | None = None

    @property
    def whole(self) -> bool:
        """Whether both systems answered about every quote, whatever they said."""
        return self.compared is not None and not self.compared.systems_failed


def why_not_compared(project: Project, descriptions: Mapping[Side, Description]) -> str | None:
    """Why the taxes of open quotes cannot be compared in this project, as a clause; None when they can.

    Raises:
        ConfigurationError: the project file or a description is wrong, or the ERP context lacks something.
    """
    crm, erp = descriptions[Side.CRM], descriptions[Side.ERP]
    if erp.taxes is None:
        return f"“{erp.vendor.name}” describes no tax call"
    require_context(project, erp)
    if crm.http is None:
        return phrase("“{vendor}” exchanges files, in which no quote is read anew", vendor=crm.vendor.name)
    if not describes_quotes(crm):
        return phrase("“{vendor}” describes no quotes with lines", vendor=crm.vendor.name)
    if not keeps_taxes(project, crm):
        return phrase("nothing says where lines of quotes carry taxes in the CRM (scope.quotes.lines.taxes)")
    return None


async def taxes_of_run(
    workspace: Workspace, run_id: str, connectors: Mapping[Side, Connector], on_progress: OnProgress
) -> TaxOutcome:
    """Compare every open quote and record what drifted. Findings of quotes that were not compared stay as they are.

    Raises:
        ConfigurationError: the project file or a description is wrong.
        StateError: the state cannot be used.
    """
    project = workspace.project
    quotes = QuoteReader(project, connectors[Side.CRM])
    try:
        async with taxes_nobody_waits_for(workspace, connectors[Side.ERP]) as desk:
            compared = await _compare_all(project, desk, quotes, on_progress)
    except SystemReadError as error:
        return TaxOutcome(EntityOutcome(ENTITY, failure=str(error)))
    return TaxOutcome(await _recorded(workspace, run_id, compared), compared)


def not_begun(why: str) -> TaxOutcome:
    """The outcome where a system, or its quotes, could not be read before."""
    return TaxOutcome(EntityOutcome(ENTITY, failure=why))


async def _compare_all(project: Project, desk: TaxDesk, quotes: QuoteReader, on_progress: OnProgress) -> ComparedQuotes:
    at_once = project.file.taxes.drift_concurrency
    return await compare_quotes(desk, quotes, await quotes.all_open(), at_once=at_once, on_progress=on_progress)


async def _recorded(workspace: Workspace, run_id: str, compared: ComparedQuotes) -> EntityOutcome:
    not_compared = [shown_key_of(each.quote) for each in compared.quotes if each.drift is None]
    totals = await workspace.state.findings.record(
        run_id,
        ENTITY,
        [list(rows_of(compared.quotes))],
        spared=[key for key in not_compared if key is not None],
    )
    count = EntityCount(
        crm=SideCount(len(compared.quotes), compared.calculated, 0, 0, compared.unavailable),
        erp=SideCount(compared.calculated, compared.calculated, 0, 0, 0),
        compared_fields=_kinds(compared),
        new=totals.new,
        open=totals.open,
        closed=totals.closed,
        by_kind=totals.by_kind,
        by_cause=totals.by_cause,
    )
    return EntityOutcome(ENTITY, count)


def _kinds(compared: ComparedQuotes) -> int:
    """How many kinds of tax any of the quotes carries."""
    carried = (each.quote.carried for each in compared.quotes if isinstance(each.quote, Quote))
    return len({tax.kind for lines in carried if not isinstance(lines, str) for line in lines for tax in line.taxes})


def reasons_of(compared: ComparedQuotes) -> dict[str, int]:
    """How many quotes could not be compared, by reason; the most frequent first."""
    return dict(Counter(each.reason for each in compared.quotes if each.reason is not None).most_common())


def summary_document(compared: ComparedQuotes | None) -> dict[str, Any]:
    """The section `taxes` of a run. Its numbers are null where the quotes could not be read."""
    if compared is None:
        return dict.fromkeys(("quotes", "calculated", "unavailable", "drifted", "value_at_stake", "reasons"))
    return {
        "quotes": len(compared.quotes),
        "calculated": compared.calculated,
        "unavailable": compared.unavailable,
        "drifted": compared.drifted,
        "value_at_stake": money(compared.at_stake),
        "reasons": reasons_of(compared),
    }


@dataclass(frozen=True, slots=True)
class DriftNow:
    """What `taxes drift` tells.

    Attributes:
        document: what it prints as JSON: the section of a run, the currency, and each quote that drifted or could not
            be compared.
        exit_code: 3 when a system gave no answer about some quote, else 1 when some drifted, else 0.
    """

    compared: ComparedQuotes
    document: dict[str, Any]

    @property
    def exit_code(self) -> int:
        if self.compared.systems_failed:
            return 3
        return 1 if self.compared.drifted else 0


async def drift_now(workspace: Workspace, number: str | None, on_progress: OnProgress) -> DriftNow:
    """Compare every open quote, or the one with that number whatever its status. Nothing is recorded.

    Raises:
        WrongQuoteError: there is no such quote, or one of its values cannot be read.
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for a quote by its number.
        ConfigurationError: the project file or a description is wrong.
        StateError: the state cannot be used.
    """
    project = workspace.project
    async with _open_both(workspace) as (quotes, desk):
        if number is None:
            compared = await _compare_all(project, desk, quotes, on_progress)
        else:
            chosen = [await quotes.quote(number)]
            compared = await compare_quotes(desk, quotes, chosen, at_once=1, only_open=False, on_progress=on_progress)
    return DriftNow(
        compared,
        {
            **summary_document(compared),
            "currency": project.file.project.currency,
            "drift": [_quote_document(each) for each in compared.quotes if each.drifted],
            "not_compared": [_reason_document(each) for each in compared.quotes if each.drift is None],
        },
    )


@asynccontextmanager
async def _open_both(workspace: Workspace) -> AsyncIterator[tuple[QuoteReader, TaxDesk]]:
    project = workspace.project
    descriptions = load_descriptions(project)
    why = why_not_compared(project, descriptions)
    if why is not None:
        raise project.fault(("scope", QUOTES.name), phrase("taxes cannot be compared: {why}.", why=why))
    async with open_connectors(project, descriptions, workspace.state) as connectors:
        quotes = QuoteReader(project, connectors[Side.CRM])
        async with taxes_nobody_waits_for(workspace, connectors[Side.ERP]) as desk:
            yield quotes, desk


def _quote_document(each: ComparedQuote) -> dict[str, Any]:
    if each.drift is None or not isinstance(each.quote, Quote):
        raise TypeError("only a quote that was compared has drifted")
    return {
        "quote": {"number": each.quote.number, "revision": each.quote.revision, "id": each.quote.id},
        **drift_document(each.drift),
    }


def _reason_document(each: ComparedQuote) -> dict[str, Any]:
    return {
        "quote": {"number": each.quote.number, "id": each.quote.id},
        "reason": each.reason,
        "message": each.message,
    }
