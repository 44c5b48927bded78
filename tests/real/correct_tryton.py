"""Corrections against a real Tryton server, through the product's commands alone, looked at by a client of our own.

Between the commands and the server is a door at which somebody changes a record at the worst moment, or the process
that writes is killed.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.real.correction_case import CANCELLED, KILLED, KILLED_LATER, NEW_NAME, ORDER, QUOTE, Case, correction_case
from tests.real.crm_copies import amount
from tests.real.crm_new_sales import NewLine
from tests.real.tryton_records import press
from tests.real.tryton_rpc import Record, TrytonRpc
from tests.real.tryton_server import TrytonServer

_LIMIT_S: Final = 180.0
_POLL_S: Final = 2.0
_COMMAND_LIMIT_S: Final = 120.0
_GIVEN_BY_THE_ERP: Final = ("taxes", "valid_until")


def prove_corrections(server: TrytonServer, folder: Path) -> dict[str, Any]:
    """Correct, and tell of each step whether it came out as it must; `ok` when all of them did."""
    started = time.monotonic()
    with correction_case(server, folder) as case:
        killed = [
            _killed_at(case, KILLED, "model.sale.sale.create", "draft"),
            _killed_at(case, KILLED_LATER, "model.sale.sale.quote", "quotation"),
        ]
        _a_field_and_back(case)
        _somebody_was_faster(case)
        _a_customer_of_the_erp(case)
        _an_order_and_back(case)
        _a_quote_and_back(case)
        for number, each in zip((KILLED, KILLED_LATER), killed, strict=True):
            _taken_up_again(case, number, each)
        _not_undone_any_more(case, killed[0])
        verified = case.project.document("audit", "verify")
        case.proof.note("the audit chain is whole", verified, held=verified is not None)
    steps, seen = case.proof.steps, case.proof.seen
    told = {"seen": seen} if seen else {}
    return {"ok": all(steps.values()), "seconds": round(time.monotonic() - started, 1), "steps": steps, **told}


@dataclass(frozen=True)
class _Killed:
    """A create whose process was killed."""

    correction: Record
    plan: Path


def _killed_at(case: Case, number: int, call: str, state: str) -> _Killed | None:
    """The server has done what it was asked for, and the process that asked is killed before it hears so."""
    proposed = case.propose("--key", str(number))
    if len(proposed) != 1:
        case.proof.note(f"an order is proposed, to be killed at {call}", proposed, held=False)
        return None
    plan = case.planned(proposed, f"killed-{number}")
    with tempfile.TemporaryDirectory() as output:
        begun = case.project.started("corrections", "apply", plan, output=Path(output))

        # How a process ended can be read once: only this thread waits for it.
        ended = threading.Event()

        def kill() -> bool:
            begun.process.kill()
            ended.wait(_COMMAND_LIMIT_S)
            return False

        case.door.after[call] = kill
        begun.process.join(_COMMAND_LIMIT_S)
        ended.set()
        there = case.sales(number)
        held = begun.process.exitcode == -signal.SIGKILL and [each["state"] for each in there] == [state]
        case.proof.note(f"killed when {call} was done and unheard of", (begun.process.exitcode, there), held=held)
    return _Killed(proposed[0], plan)


def _taken_up_again(case: Case, number: int, killed: _Killed | None) -> None:
    """Waits until what was sent can no longer arrive, and finishes what is there."""
    if killed is None:
        return
    deadline = time.monotonic() + _LIMIT_S
    while (state := case.state_of(killed.correction)) != "verified" and time.monotonic() < deadline:
        if state == "planned":
            case.applied(killed.plan)
        else:
            case.project.ended("corrections", "retry", killed.correction["id"])
            time.sleep(_POLL_S)
    there = case.sales(number)
    held = state == "verified" and [each["state"] for each in there] == ["confirmed"]
    case.proof.note(f"after the kill order {number} is there once, and confirmed", (state, there), held=held)
    left = case.findings_of(str(number))
    case.proof.note(f"and nothing differs in {number}", left, held=not left and _as_agreed(case, there))


def _not_undone_any_more(case: Case, killed: _Killed | None) -> None:
    """The server begins to deliver."""
    if killed is None:
        return
    with TrytonRpc(case.erp.url, *case.erp.administrator) as at_once:
        press(at_once, "process", [each["id"] for each in case.sales(KILLED)])
    refused = case.project.ended("corrections", "undo", killed.correction["id"])
    told = f"{refused[1]}{refused[2]}"
    held = "processing" in told and case.state_of(killed.correction) == "verified"
    case.proof.note("what the server delivers is not undone, with the reason", refused, held=held)


def _a_field_and_back(case: Case) -> None:
    party = case.differences.corrected
    before, written = case.name_of(party), case.door.calls["model.party.party.write"]
    applied = case.through(case.propose("--key", case.held.tax_id(party)), "field")
    case.proof.note("a field is corrected and proved", applied, held=_states(applied) == ["verified"])
    case.proof.note("another client sees it", name := case.name_of(party), held=name == NEW_NAME != before)
    undone = case.undone(applied, "field-back")
    held = _states(undone) == ["verified"] and case.name_of(party) == before
    case.proof.note("a field is undone", undone, held=held)
    calls = case.door.calls["model.party.party.write"] - written
    case.proof.note("each of them was one write", calls, held=calls == 2)
    states = [case.state_of(each) for each in applied]
    case.proof.note("and the first is undone now", states, held=states == ["undone"])


def _somebody_was_faster(case: Case) -> None:
    differences, server = case.differences, case.server
    overtaken, raced = differences.overtaken, differences.raced
    plan = case.planned(case.propose("--key", case.held.tax_id(overtaken)), "overtaken")
    server.write("party.party", overtaken, name="Outro Nome Ltda")
    written = case.door.calls["model.party.party.write"]
    applied = case.applied(plan)
    held = _states(applied) == ["superseded"] and case.door.calls["model.party.party.write"] == written
    case.proof.note("a change after the approval is seen before the write", applied, held=held)
    plan = case.planned(case.propose("--key", case.held.tax_id(raced)), "raced")
    acts = case.door.before
    acts["model.party.party.write"] = lambda: server.write("party.party", raced, name="Mais Um Nome Ltda")
    applied = case.applied(plan)
    held = _states(applied) == ["superseded"] and "model.party.party.write" not in acts
    case.proof.note("the server refuses what was changed between reading and writing", applied, held=held)
    names = [case.name_of(each) for each in (overtaken, raced)]
    wanted = ["Outro Nome Ltda", "Mais Um Nome Ltda"]
    case.proof.note("nothing newer was overwritten", names, held=names == wanted)


def _a_customer_of_the_erp(case: Case) -> None:
    key = case.held.tax_id(case.differences.missing)
    applied = case.through(case.propose("--entity", "customers", "--key", key), "customer")
    contacts = [each for each in case.crm.state("crm")["Contacts"] if each["CNPJ"] == key]
    held = _states(applied) == ["verified"] and [each["side"] for each in applied] == ["crm"] and len(contacts) == 1
    case.proof.note("a customer of the ERP reaches the CRM", (applied, contacts), held=held)
    case.proof.note("and nothing differs in it", left := case.findings_of(key), held=not left)


def _an_order_and_back(case: Case) -> None:
    proposed = case.propose("--key", str(ORDER), "--key", str(CANCELLED))
    problems = {each["key"]: each["problems"] for each in proposed}
    held = bool(problems.get(str(CANCELLED))) and problems.get(str(ORDER)) == []
    case.proof.note("a cancelled order is not proposed without saying why it cannot be added", problems, held=held)
    plan = case.planned([each for each in proposed if each["key"] == str(ORDER)], "order")
    applied, there = case.applied(plan), case.sales(ORDER)
    held = _states(applied) == ["verified"] and [each["state"] for each in there] == ["confirmed"]
    case.proof.note("an order of the CRM reaches the ERP, confirmed", (applied, there), held=held)
    case.proof.note("with its lines, prices, discounts and taxes", there, held=_as_agreed(case, there))
    case.proof.note("and nothing differs in it or its lines", left := case.findings_of(str(ORDER)), held=not left)
    again, there = case.applied(plan), case.sales(ORDER)
    case.proof.note("applied again it is there once", (again, there), held=len(there) == 1)
    undone, there = case.undone(applied, "order-back"), case.sales(ORDER)
    held = _states(undone) == ["verified"] and [each["state"] for each in there] == ["cancelled"]
    case.proof.note("an order is undone: cancelled, and still there", (undone, there), held=held)


def _a_quote_and_back(case: Case) -> None:
    applied = case.through(case.propose("--key", str(QUOTE)), "quote")
    there = case.sales(QUOTE)
    held = _states(applied) == ["verified"] and [each["state"] for each in there] == ["draft"]
    case.proof.note("a quote of the CRM reaches the ERP as a draft", (applied, there), held=held)
    left = [each for each in case.findings_of(str(QUOTE)) if each["field"] not in _GIVEN_BY_THE_ERP]
    case.proof.note("with its lines, and nothing differs", left, held=not left and _as_agreed(case, there))
    undone, there = case.undone(applied, "quote-back"), case.sales(QUOTE)
    held = _states(undone) == ["verified"] and [each["state"] for each in there] == ["cancelled"]
    case.proof.note("a quote is undone: cancelled, and still there", (undone, there), held=held)


def _states(corrections: Sequence[Record]) -> list[str]:
    return [str(each["state"]) for each in corrections]


def _as_agreed(case: Case, there: Sequence[Record]) -> bool:
    """Whether the only sale is what was agreed: customer, place, lines in order, and a tax on every line."""
    if len(there) != 1:
        return False
    sale, lines = there[0], case.differences.lines
    head = sale["party"] == case.differences.buyer and sale["shipment_address"] is not None
    total = amount(sale["untaxed_amount"]) == sum(line.total for line in lines)
    taxed = (amount(sale["tax_amount"]) or Decimal(0)) > 0 and all(line["taxes"] for line in sale["lines."])
    return (
        head and total and taxed and [_agreed(line) for line in sale["lines."]] == [_expected(line) for line in lines]
    )


def _agreed(line: Record) -> tuple[Any, ...]:
    return line["product"], line["quantity"], *(amount(line[name]) for name in ("base_price", "unit_price", "amount"))


def _expected(line: NewLine) -> tuple[Any, ...]:
    return line.product, float(line.quantity), line.price, line.net_price, line.total
