"""Asking both systems about the taxes of one quote, and reading what a person typed as a would-be quote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.app.taxes import DeskStanding, TaxDesk
    from reconciler.app.workspace import Workspace

CRM_WITHIN_S: Final = 30.0
"""How long the CRM may take to give the quote; the ERP has the deadline of the project."""

_LINE_PARTS: Final = ("sku", "quantity", "unit_price", "discount")
_NEEDED_PARTS: Final = 3
_HEAVY: Final = ("reconciler.app.tax_drift", "reconciler.app.taxes")


@dataclass(frozen=True, slots=True)
class Answered:
    """What came.

    Attributes:
        document: the answer; of a quote of the CRM with `quote`, `carried` and `drift`.
        skus: of its lines, by label.
    """

    document: Mapping[str, Any]
    skus: Mapping[str, str]


Watch = Callable[["DeskStanding"], None]
"""Told how breaker and throttle of the tax desk stand when a question is over, however it ended."""


async def taxes_of_number(workspace: Workspace, number: str, watch: Watch) -> Answered:
    """The taxes of a quote of the CRM as it is now, and what it carries.

    Raises:
        TimeoutError: the CRM took longer than `CRM_WITHIN_S`.
        WrongQuoteError: there is no such quote, it lacks something, or names what nobody knows.
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for a quote by its number, or the ERP for taxes.
        ConfigurationError: the project file or a description is wrong.
    """
    await _loaded()
    from reconciler.app.quote_reading import open_quote_reader
    from reconciler.app.tax_drift import quote_taxes
    from reconciler.app.taxes import open_taxes

    async with (
        open_quote_reader(workspace) as quotes,
        open_taxes(workspace, for_one=True) as desk,
        _watched(desk, watch),
    ):
        found = await quote_taxes(desk, quotes, number, read_within_s=CRM_WITHIN_S)
    return Answered(found.document, {line.label: line.sku for line in found.answer.question.lines})


async def taxes_of_would_be(workspace: Workspace, document: Mapping[str, Any], watch: Watch) -> Answered:
    """The taxes of a would-be quote. Raises as `taxes_of_number`, but for what is about the CRM."""
    await _loaded()
    from reconciler.app.taxes import open_taxes

    async with open_taxes(workspace, for_one=True) as desk, _watched(desk, watch):
        found = await desk.look_up(dict(document))
    return Answered(found.document, {line.label: line.sku for line in found.question.lines})


@asynccontextmanager
async def _watched(desk: TaxDesk, watch: Watch) -> AsyncIterator[None]:
    try:
        yield
    finally:
        watch(desk.standing())


async def _loaded() -> None:
    """What reads systems takes a second to load the first time; keys are answered meanwhile."""
    for module in _HEAVY:
        await asyncio.to_thread(import_module, module)


class WrongLineError(ValueError):
    """A typed line is not `SKU quantity price [discount]`.

    Attributes:
        number: of the line, from 1.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number}")
        self.number = number


def would_be(answers: Sequence[str]) -> dict[str, Any]:
    """A would-be quote as JSON, from what was typed: the customer's document, the federal unit, and the lines.

    What the values mean is for the tax desk to check, which names every mistake.

    Raises:
        WrongLineError: a line has too few or too many parts.
    """
    tax_id, state, lines = answers[0].strip(), answers[1].strip(), "\n".join(answers[2:]).splitlines()
    document: dict[str, Any] = {"customer": {"tax_id": tax_id} if tax_id else {"prospect": True}, "lines": []}
    if state:
        document["ship_to"] = {"state": state.upper()}
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if not parts:
            continue
        if not _NEEDED_PARTS <= len(parts) <= len(_LINE_PARTS):
            raise WrongLineError(number)
        values = [parts[0], *(part.replace(",", ".") for part in parts[1:])]
        document["lines"].append(dict(zip(_LINE_PARTS, values, strict=False)))
    return document
