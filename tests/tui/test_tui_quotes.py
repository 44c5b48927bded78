"""Asking for taxes from the screen, against systems over real sockets; nothing is ever made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from textual.widgets import Input, TextArea

from reconciler.app.workspace import open_workspace
from reconciler.logs import configure_logging
from reconciler.model.corrections import CorrectionState
from reconciler.project import load_project
from reconciler.sandbox.start import Endpoint, RunningSandbox, SandboxOptions, running_sandbox
from tests.app.corrections_rig import Clock
from tests.tui.plan_rig import Planning, in_english, only, planning
from tests.tui.rig import go
from tests.tui.waiting import screen_text, shown, wait_for
from tui.quotes.asking import Answered, WrongLineError, would_be
from tui.quotes.drift_now import Drifted
from tui.review.asking import AskModal
from tui.screens.quotes import QuotesScreen
from tui.viewmodel import EmptyNone, Failed

_SIZE = (160, 48)
_LINES = 7


async def test_a_quote_is_asked_about_and_systems_that_are_away_give_no_amounts(tmp_path: Path) -> None:
    configure_logging(debug=False)
    async with running_sandbox(SandboxOptions(customers=12, seed=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path)
        project_file.write_text(only(in_english()(project_file.read_text()), "quotes"))
        async with (
            open_workspace(load_project(project_file)) as workspace,
            planning(workspace, Clock(), size=_SIZE) as at,
        ):
            screen = await go(at.app, at.pilot, "quotes")
            assert isinstance(screen, QuotesScreen)
            await shown(at.pilot, "No quote was asked about yet.")
            number, customer, sku = await _a_quote(sandbox)

            await _ask(at, screen, number)
            await wait_for(at.pilot, lambda: screen.answered, "the answer")
            assert isinstance(screen.answered, Answered)
            document = screen.answered.document
            assert document["status"] == "calculated"
            assert document["quote"]["number"] == number
            text = screen_text(at.pilot)
            amounts = [tax["amount"] for line in document["lines"] for tax in line["taxes"]]
            assert amounts
            assert [each for each in (*amounts, *document["totals"].values()) if each not in text] == []
            carried = [tax["amount"] for line in document["carried"]["lines"] for tax in line["taxes"] if tax["amount"]]
            assert [each for each in carried if each not in text] == []
            assert "just now" in text
            assert at.commands()[-1] == f"taxes quote -- {number}"

            await _ask(at, screen, "no such quote")
            await shown(at.pilot, "the CRM has no quote NO SUCH QUOTE.")
            assert isinstance(screen.answer_state, Failed)
            assert not any(each in screen_text(at.pilot) for each in amounts)

            await at.pilot.press("b")
            await wait_for(at.pilot, lambda: isinstance(at.app.screen, AskModal) and at.app.focused, "the form")
            await _fill(at, customer, "PR", f"{sku} two 10")
            await shown(at.pilot, "lines[0].quantity must be a decimal as text")
            await _fill(at, customer, "PR", "\n".join([f"{sku} 2 10,50 5"] * _LINES))
            await wait_for(at.pilot, lambda: screen.answered, "the answer to a would-be quote")
            await shown(at.pilot, "Would-be quote; nothing is saved")
            await shown(at.pilot, "goods 19.95")
            assert isinstance(screen.answered, Answered)
            assert len(screen.answered.document["lines"]) == _LINES
            assert at.app.activity
            assert [each.command for each in at.app.activity][-1].endswith("taxes lookup -")  # type: ignore[union-attr]  # noted

            await _everything_now_and_proposed(at, screen)
            await at.pilot.press("7")
            await shown(at.pilot, "breaker: ◆ closed (0 failures in a row)")
            await go(at.app, at.pilot, "quotes")

            await _misbehave(sandbox.erp)
            await _ask(at, screen, number)
            await wait_for(at.pilot, lambda: screen.answered, "an answer without amounts")
            await shown(at.pilot, "The taxes are unavailable.")
            await shown(at.pilot, "No amount is shown, not even zero: nobody knows them.")
            assert not any(each in screen_text(at.pilot) for each in amounts)

            await _misbehave(sandbox.crm)
            await _ask(at, screen, number)
            await wait_for(at.pilot, lambda: isinstance(screen.answer_state, Failed), "the error")
            await shown(at.pilot, "Code to quote: ")
            assert screen.answered is None

            await _ask(at, screen, number)
            await at.pilot.press("escape")
            await wait_for(at.pilot, lambda: isinstance(screen.answer_state, EmptyNone), "nobody waiting")
            assert not screen.is_asking


async def _everything_now_and_proposed(at: Planning, screen: QuotesScreen) -> None:
    """What drifted now; once a run has recorded it, corrections of it are proposed, which others approve."""
    await at.pilot.press("escape", "d")
    await wait_for(at.pilot, lambda: isinstance(screen.answered, Drifted), "every open quote, compared")
    assert isinstance(screen.answered, Drifted)
    document = screen.answered.document
    assert document["drift"]
    await shown(
        at.pilot, f"{document['quotes']} open: {document['calculated']} compared, {document['drifted']} drifted"
    )
    assert at.commands()[-1] == "taxes drift"
    await at.pilot.press("p")
    await at.told("No difference is under the cursor or marked.")

    await at.pilot.press("6", "s")
    await wait_for(at.pilot, lambda: at.app.running.document, "a run that records it")
    await go(at.app, at.pilot, "quotes")
    await wait_for(at.pilot, lambda: screen.table.row is not None and screen.meant(), "what drifted")
    meant = screen.meant()
    await at.pilot.press("p")
    await wait_for(at.pilot, lambda: "propose" in at.commands()[-1], "the proposals")
    assert at.commands()[-1] == f"corrections propose {' '.join(sorted(meant))} --as ana"
    proposed = await at.corrections()
    assert proposed
    assert {each.state for each in proposed} == {CorrectionState.PROPOSED}
    assert {change.finding for each in proposed for change in each.changes if change.finding} == set(meant)
    await at.pilot.press("escape")


async def _ask(at: Planning, screen: QuotesScreen, number: str) -> None:
    await at.pilot.press("slash")
    await wait_for(at.pilot, lambda: isinstance(screen.focused, Input), "the number")
    screen.query_one("#number", Input).value = number
    await at.pilot.press("enter")


async def _fill(at: Planning, *answers: str) -> None:
    *short, lines = answers
    for place, answer in enumerate(short):
        at.app.screen.query_one(f"#field-{place}", Input).value = answer
    at.app.screen.query_one(f"#field-{len(short)}", TextArea).text = lines
    await at.pilot.press("ctrl+s")


async def _a_quote(sandbox: RunningSandbox) -> tuple[str, str, str]:
    """An open quote of the CRM: its number, its customer's document, a product of it."""
    async with aiohttp.ClientSession() as session:
        state = await (await session.post(f"{sandbox.crm.base_url}/_sandbox/state", json={})).json()
    contacts = {each["Id"]: each["CNPJ"] for each in state["Contacts"] if _has_erp_code(each)}
    codes = {each["Id"]: each["Code"] for each in state["Products"]}
    numbers = [each["QuoteNumber"] for each in state["Quotes"]]
    quote = next(
        each
        for each in state["Quotes"]
        if numbers.count(each["QuoteNumber"]) == 1 and contacts.get(each["ContactId"]) and each["Products"]
    )
    return str(quote["QuoteNumber"]), contacts[quote["ContactId"]], codes[quote["Products"][0]["ProductId"]]


def _has_erp_code(contact: dict[str, Any]) -> bool:
    return any(each["FieldKey"] == "contact_erp_code" for each in contact["OtherProperties"])


async def _misbehave(end: Endpoint) -> None:
    wanted = {"kind": "drop", "every": 1}
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        await session.post(f"{end.base_url}/_sandbox/misbehave", json=wanted)


@pytest.mark.parametrize(
    ("typed", "document"),
    [
        (["", "", "P1 2 10"], {"customer": {"prospect": True}, "lines": [("P1", "2", "10", None)]}),
        (
            ["11222333000181", "pr", "P1 2 10,5 3", "", " P2  1 1 "],
            {
                "customer": {"tax_id": "11222333000181"},
                "ship_to": {"state": "PR"},
                "lines": [("P1", "2", "10.5", "3"), ("P2", "1", "1", None)],
            },
        ),
    ],
    ids=["prospect", "customer"],
)
def test_what_is_typed_becomes_a_would_be_quote(typed: list[str], document: dict[str, object]) -> None:
    made = would_be(typed)
    lines = [(each["sku"], each["quantity"], each["unit_price"], each.get("discount")) for each in made.pop("lines")]
    assert {**made, "lines": lines} == document


@pytest.mark.parametrize("line", ["P1", "P1 2", "P1 2 3 4 5"])
def test_a_line_with_other_parts_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(WrongLineError) as caught:
        would_be(["", "", "P1 2 10", line])
    assert caught.value.number == 2
