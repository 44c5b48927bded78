"""The taxes of quotes, asked through the product, against sales of the same content that a real Tryton server saved."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from reconciler.app.taxes import TaxDesk, open_taxes
from reconciler.app.wire import open_workspace
from reconciler.project import load_project
from tests.real.environment import tryton_programs
from tests.real.tax_company import TaxCompany, set_up_taxes
from tests.real.tryton_rpc import Record, TrytonRpc
from tests.real.tryton_server import TrytonServer

QUOTES: Final = 200
_SEED: Final = 2026
_TIMEOUT_S: Final = 300.0
_AT_ONCE: Final = 4
_DISCOUNTS: Final = (None, None, None, "0.05", "0.0725", "0.1", "0.3333")
_QUANTITIES: Final = (1, 2, 3, 7, 12, 25, 144, 1000)
_LINES: Final = (1, 1, 1, 1, 1, 2, 2, 2, 3)
_ROUNDED: Final = "rounded_by_document"
_PROJECT: Final = """
[project]
name = "taxes"
stage = "sandbox"
locale = "en"

[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = {{ user_key = "nobody" }}

[erp]
vendor = "tryton"
base_url = "{url}"
credentials = {{ login = "{login}", password = "{password}" }}

[taxes]
deadline_s = 60.0
cache_ttl_s = 0
"""


def prove_taxes(server: TrytonServer, folder: Path) -> dict[str, Any]:
    """Set the company up, save the sales, ask for their taxes and compare; `ok` says whether all were equal."""
    seconds: dict[str, float] = {}
    print("taxes of quotes …", file=sys.stderr, flush=True)
    began = time.monotonic()
    with TrytonRpc(server.url, *server.administrator) as administrator:
        company = set_up_taxes(administrator)
        seconds["set_up"] = _since(began)
        began = time.monotonic()
        typed = _typed(company, Random(_SEED))
        saved = _saved(server, administrator, typed)
        seconds["save"] = _since(began)
        began = time.monotonic()
        held = _held(administrator, [each["sale"] for each in saved])
        buyers = ["id", "in", company.customers]
        parties = {
            each["id"]: each for each in administrator.records("party.party", ["identifiers.code_compact"], buyers)
        }
    questions = [_question(*pair, held) for pair in zip(typed, saved, strict=True)]
    for question, quote in zip(questions, typed, strict=True):
        question["customer"] = {"tax_id": parties[quote["party"]]["identifiers."][0]["code_compact"]}
    answers, refused = asyncio.run(_asked(server, folder, questions, company))
    seconds["ask"] = _since(began)
    problems = [
        problem
        for saved_sale, answer in zip(saved, answers, strict=True)
        for problem in _problems(held[saved_sale["sale"]], answer)
    ]
    told = Counter(note["code"] for answer in answers for note in answer["warnings"])
    milliseconds = sorted(answer["elapsed_ms"] for answer in answers)
    return {
        "ok": not problems and refused == {"placeless": "delivery_address_missing", "forgotten": "no_taxes"},
        "quotes": len(answers),
        "lines": sum(len(each["lines"]) for each in saved),
        "equal_to_the_cent": sum(not list(_problems(held[s["sale"]], a)) for s, a in zip(saved, answers, strict=True)),
        "states": len({each["state"] for each in held.values()}),
        "discounted_lines": sum(line["discount_rate"] is not None for quote in typed for line in quote["lines"]),
        "rounded_by_document": told[_ROUNDED],
        "untaxed": sum(Decimal(answer.get("totals", {}).get("taxes_added", "1")) == 0 for answer in answers),
        "refused_instead_of_in_state": refused,
        "problems": problems[:20],
        "milliseconds": {"median": milliseconds[len(milliseconds) // 2], "slowest": milliseconds[-1]},
        "seconds": seconds,
    }


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)


def _typed(company: TaxCompany, random: Random) -> list[Record]:
    """What a person types: customers, products, quantities, discounts."""
    return [
        {
            "party": random.choice(company.customers),
            "lines": [
                {
                    "product": product,
                    "quantity": str(random.choice(_QUANTITIES)),
                    "discount_rate": random.choice(_DISCOUNTS),
                }
                for product in random.sample(company.products, random.choice(_LINES))
            ],
        }
        for _ in range(QUOTES)
    ]


def _saved(server: TrytonServer, administrator: TrytonRpc, typed: Sequence[Record]) -> list[Record]:
    user = administrator.one("res.user", ["id", "company"], ["login", "=", server.administrator[0]])
    script = Path(__file__).with_name("save_sales.py")
    configuration, database = server.database.with_name("trytond.conf"), server.database.stem
    done = subprocess.run(
        [tryton_programs() / "python", script, configuration, database, str(user["id"]), str(user["company"])],
        input=orjson.dumps(list(typed)),
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        check=True,
        timeout=_TIMEOUT_S,
    )
    found: list[Record] = orjson.loads(done.stdout)
    return found


def _held(administrator: TrytonRpc, sales: Sequence[int]) -> dict[int, Record]:
    """The saved sales as the server reads them back."""
    fields = ["untaxed_amount", "tax_amount", "total_amount", "shipment_address.subdivision.code", "lines.taxes.rate"]
    fields += ["lines.taxes.group.code", "lines.amount"]
    records = administrator.records("sale.sale", fields, ["id", "in", list(sales)])
    return {
        each["id"]: {
            "totals": {name: Decimal(each[f"{name}_amount"]["decimal"]) for name in ("untaxed", "tax", "total")},
            "state": each["shipment_address."]["subdivision."]["code"].removeprefix("BR-"),
            "lines": [
                (
                    Decimal(line["amount"]["decimal"]),
                    sorted((tax["group."]["code"].lower(), Decimal(tax["rate"]["decimal"])) for tax in line["taxes."]),
                )
                for line in each["lines."]
            ],
        }
        for each in records
    }


def _question(typed: Record, saved: Record, held: Mapping[int, Record]) -> dict[str, Any]:
    """The same sale as a quote of a CRM: its prices are those that were agreed, less what was typed as a discount."""
    lines = []
    for line, wanted in zip(saved["lines"], typed["lines"], strict=True):
        rate = wanted["discount_rate"]
        price = line["unit_price"] if rate is None else line["base_price"]
        discount = "0" if rate is None else f"{(Decimal(rate) * 100).normalize():f}"
        lines.append({"sku": line["code"], "quantity": wanted["quantity"], "unit_price": price, "discount": discount})
    question: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "lines": lines}
    if saved["sale"] % 2:
        question["ship_to"] = {"state": held[saved["sale"]]["state"]}
    return question


async def _asked(
    server: TrytonServer, folder: Path, questions: Sequence[dict[str, Any]], company: TaxCompany
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    login, password = server.integration
    file = folder / "reconciler.toml"
    file.write_text(_PROJECT.format(url=server.url, login=login, password=password))
    async with (
        open_workspace(load_project(file)) as workspace,
        open_taxes(workspace) as desk,
    ):
        # More at once than may ask would be turned away.
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(question: dict[str, Any]) -> dict[str, Any]:
            async with gate:
                return (await desk.look_up(question)).document

        answers = await asyncio.gather(*(one(question) for question in questions))
        return answers, await _refused(desk, questions[0], company)


async def _refused(desk: TaxDesk, question: dict[str, Any], company: TaxCompany) -> dict[str, str]:
    """Why there are no taxes where the server itself would answer those of its own state, or none, without a word."""
    line = question["lines"][0]
    asked = {
        "placeless": {"customer": {"tax_id": company.placeless}, "lines": [line]},
        "forgotten": {"customer": question["customer"], "lines": [{**line, "sku": company.forgotten}]},
    }
    found = {name: (await desk.look_up(each)).document for name, each in asked.items()}
    return {name: str(each.get("reason")) for name, each in found.items()}


def _problems(sale: Record, answer: Mapping[str, Any]) -> list[str]:
    """Where an answer is not what the saved sale has: totals, taxes of each line with their rates, sums."""
    if answer["status"] != "calculated":
        return [f"{answer['reason']}: {answer['message']}"]
    totals = {name: Decimal(amount) for name, amount in answer["totals"].items()}
    found = {"untaxed": totals["goods"], "tax": totals["taxes_added"], "total": totals["total"]}
    problems = [f"{name}: {found[name]} and not {held}" for name, held in sale["totals"].items() if found[name] != held]
    for place, ((goods, taxes), line) in enumerate(zip(sale["lines"], answer["lines"], strict=True)):
        kinds = sorted((tax["kind"], Decimal(tax["rate"])) for tax in line["taxes"])
        if kinds != taxes or Decimal(line["goods"]) != goods:
            problems.append(f"line {place}: {line['goods']} {kinds} and not {goods} {taxes}")
    summed = sum((Decimal(tax["amount"]) for line in answer["lines"] for tax in line["taxes"]), Decimal(0))
    return problems if summed == found["tax"] else [*problems, f"the lines sum up to {summed}"]
