"""The list of what drifted, as the last run found it: quotes with the most at stake first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from reconciler.app.workspace import Workspace
from reconciler.model.findings import Finding, FindingKind, FindingStatus
from reconciler.store.state.records import FindingFilter
from reconciler.taxes.answer import money
from tui.session import Session
from tui.status import Tone
from tui.text import sign
from tui.widgets.table_rows import Cell, Column, TableRow

MOST_READ: Final = 5_000
_PARTS: Final = "|"
_HEADING: Final = "quote:"


@dataclass(frozen=True, slots=True)
class DriftedQuote:
    """The differences of one quote.

    Attributes:
        at_stake: the sum of what is at stake in each.
    """

    number: str
    differences: tuple[Finding, ...]
    at_stake: Decimal


async def drifted_quotes(workspace: Workspace) -> tuple[list[DriftedQuote], bool]:
    """Open quotes that drifted, the most at stake first, and whether there are more than were read.

    Raises:
        StateError: the state cannot be read.
    """
    by_quote: dict[str, list[Finding]] = {}
    chosen = FindingFilter(kind=FindingKind.TAX_DRIFT, status=FindingStatus.OPEN)
    read = 0
    async with aclosing(workspace.state.findings.iterate(chosen)) as findings:
        async for finding in findings:
            if read == MOST_READ:
                break
            read += 1
            by_quote.setdefault(number_of(finding), []).append(finding)
    total = await workspace.state.findings.count(chosen) if read == MOST_READ else read
    quotes = [DriftedQuote(number, tuple(found), _sum(found)) for number, found in by_quote.items()]
    return sorted(quotes, key=lambda each: (-each.at_stake, each.number)), total > read


def number_of(finding: Finding) -> str:
    """The number of the quote a difference is about."""
    return finding.key.partition(_PARTS)[0]


def at_stake(finding: Finding) -> Decimal:
    """What is at stake; nothing where the finding does not tell."""
    try:
        return Decimal(finding.detail.get("at_stake", "0"))
    except InvalidOperation:
        return Decimal(0)


def _sum(findings: Sequence[Finding]) -> Decimal:
    return sum((at_stake(each) for each in findings), Decimal(0))


class DriftLines:
    """Makes the lines of the list for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    def columns(self) -> tuple[Column, ...]:
        """The columns, those that are needed least last."""
        texts = self._texts
        return (
            Column(texts("quotes.column.sku"), 10, 1),
            Column(texts("quotes.column.kind"), 8),
            Column(texts("quotes.column.carried"), 14, 2, order=1),
            Column("ERP", 14, 2, order=1),
            Column(texts("quotes.column.cause"), 12, 1, order=2),
            Column(texts("quotes.column.stake"), 13),
        )

    def rows(self, quotes: Sequence[DriftedQuote]) -> list[TableRow]:
        """A heading for each quote, its differences beneath."""
        return [row for quote in quotes for row in (self._heading(quote), *map(self._row, quote.differences))]

    def _heading(self, quote: DriftedQuote) -> TableRow:
        count = self._texts.counted("quotes.differences", len(quote.differences))
        text = self._texts("quotes.heading", number=quote.number, differences=count, stake=money(quote.at_stake))
        return TableRow(_HEADING + quote.number, (), quote.number, heading=Cell(text, Tone.CAUTION))

    def _row(self, finding: Finding) -> TableRow:
        sku = finding.key.partition(_PARTS)[2]
        cause = self._session.words.causes[finding.cause]
        cells = (
            Cell(sku),
            Cell((finding.field or "").upper()),
            Cell(self._tax(finding.crm.value), Tone.MUTED),
            Cell(self._tax(finding.erp.value), Tone.MUTED),
            Cell(cause, Tone.MUTED),
            Cell(money(at_stake(finding)), right=True),
        )
        return TableRow(finding.id, cells, number_of(finding))

    def _tax(self, value: str | None) -> str:
        """Such as `110.00 (11 % × 1000.00)`."""
        return self._texts("quotes.none_carried") if not value else value.replace("×", sign("×", "x"))
