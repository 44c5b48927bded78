"""Taxes of one quote, as if its goods stayed in the state and as if they left: the ERP's answers are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.app.pilot.scenarios.scene import Scene
from reconciler.app.quote_reading import Quote, open_quote_reader
from reconciler.app.taxes import TaxDesk, open_taxes
from reconciler.errors import WrongQuoteError
from reconciler.model.entities import Side

_CALCULATED = "calculated"
_Taxes = frozenset[tuple[str, str]]
"""Kinds of taxes with the rates that the ERP states."""


async def taxes_by_state(scene: Scene) -> None:
    """The ERP answers for both, and not the same."""
    project = scene.workspace.project
    states = project.file.scenarios.states
    if states is None:
        raise scene.not_played("no_states")
    if (erp := scene.acting.descriptions[Side.ERP]).taxes is None:
        raise scene.not_played("no_tax_call", vendor=erp.vendor.name)
    async with open_taxes(scene.workspace) as desk:
        quote, inside = await _quote(scene, desk, states[0])
        scene.saw("quote_taken", number=quote.number, lines=len(quote.would_be["lines"]))
        first = _taxes(scene, states[0], inside)
        scene.saw("taxes_answered", state=states[0], taxes=_told(scene, first))
        second = _taxes(scene, states[1], await _asked(desk, quote, states[1]))
        scene.saw("taxes_answered", state=states[1], taxes=_told(scene, second))
    names = {"inside": states[0], "outside": states[1]}
    if first == second:
        raise scene.unexpected("same_taxes", **names, taxes=_told(scene, first))
    scene.saw("taxes_differ", **names, only_in=_told(scene, first - second), only_out=_told(scene, second - first))


async def _quote(scene: Scene, desk: TaxDesk, state: str) -> tuple[Quote, Mapping[str, Any]]:
    """The quote that the project names, or the first open one whose customer and products the ERP knows."""
    number = scene.workspace.project.file.scenarios.quote
    async with open_quote_reader(scene.workspace) as quotes:
        if number is not None:
            named = await quotes.quote(number)
            return named, await _asked(desk, named, state)
        for each in await quotes.all_open():
            if isinstance(each, Quote) and each.would_be["lines"]:
                try:
                    return each, await _asked(desk, each, state)
                except WrongQuoteError:
                    # What is planted or unfinished in the CRM says nothing about taxes.
                    continue
    raise scene.not_played("no_quote")


async def _asked(desk: TaxDesk, quote: Quote, state: str) -> Mapping[str, Any]:
    """As a final consumer would be told: there the law treats the two differently, whatever the product is."""
    customer = {**quote.would_be["customer"], "final_consumer": True}
    return (await desk.look_up({**quote.would_be, "customer": customer, "ship_to": {"state": state}})).document


def _taxes(scene: Scene, state: str, answer: Mapping[str, Any]) -> _Taxes:
    if answer["status"] != _CALCULATED:
        raise scene.unexpected("no_taxes", state=state, why=answer.get("message", answer["status"]))
    return frozenset((tax["kind"], tax["rate"] or "") for line in answer["lines"] for tax in line["taxes"])


def _told(scene: Scene, taxes: _Taxes) -> str:
    return ", ".join(f"{kind} {rate}".rstrip() for kind, rate in sorted(taxes)) or scene.words("no_kind")
