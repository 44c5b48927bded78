"""The main job on real input: a sandbox CRM with copies of what a real Tryton server holds, against that server.

Discrepancies are planted in the copies and, through the server's own API, in the ERP. A full run must find these and no
others; after more changes an incremental run must again; and a last full run, what only a full run can see.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from tests.app.running import Systems
from tests.processes import Sandbox
from tests.real.crm_copies import CONTACT_ID, EVERY_STATE, PRODUCT_ID, Held, read_server
from tests.real.crm_plants import plant_in_customers, plant_in_products
from tests.real.crm_sale_plants import plant_in_sales
from tests.real.erp_changes import CHANGED_LATER, PartyChanges, ProductChanges, Untouched, next_of
from tests.real.erp_sale_changes import SaleChanges
from tests.real.truth import Truth
from tests.real.tryton_project import TrytonProject
from tests.real.tryton_rpc import TrytonRpc
from tests.real.tryton_server import TrytonServer

_AGED_DAYS: Final = 3
_FIRST_FREE_REFERENCE: Final = 90_001


@dataclass(slots=True)
class _Plan:
    """What is needed to change the ERP and to know what must be found."""

    held: Held
    truth: Truth
    parties: PartyChanges
    products: ProductChanges
    sales: SaleChanges
    touched_parties: set[int]
    touched_products: set[int]
    untouched: Untouched


@dataclass(slots=True)
class _Result:
    """Grows while the job goes on."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def reconcile(server: TrytonServer, folder: Path) -> dict[str, Any]:
    """Plant, reconcile and compare, three times; `ok` says whether all was as planted."""
    server.age(_AGED_DAYS)
    started = time.monotonic()
    result = _Result()
    with TrytonRpc(server.url, *server.administrator) as administrator:
        held = read_server(administrator)
        plan = _plant_in_crm(administrator, held)
        load = folder / "load.json"
        load.write_bytes(orjson.dumps({"crm": held.crm_records(), "erp": {}}))
        held_records = {name: len(records) for name, records in held.crm_records().items()}
        with Sandbox(folder / "box", "--load", str(load)) as sandbox:
            project = _Runs(TrytonProject(folder, server, server.url, sandbox))
            renamed, cancelled = _change_the_erp(administrator, plan)
            result.seconds["plant"] = round(time.monotonic() - started, 1)
            result.runs.append(project.run("full", plan.truth, "--full"))
            forgotten = _change_both(administrator, plan, Systems(sandbox), renamed, cancelled)
            result.runs.append(project.run("incremental", plan.truth))
            plan.parties.note_forgotten_email(forgotten)
            result.runs.append(project.run("full again", plan.truth, "--full"))
        counts = _counts(administrator)
    pulled = {name: each["erp"]["pulled"] for name, each in result.runs[-1]["entities"].items() if name in counts}
    return {
        "ok": all(run["ok"] for run in result.runs) and pulled == counts,
        "crm_records": held_records,
        "erp_records": counts,
        "planted_by_cause": dict(Counter(each.cause for each in plan.truth.planted)),
        "seconds": result.seconds,
        "runs": result.runs,
    }


def _plant_in_crm(administrator: TrytonRpc, held: Held) -> _Plan:
    truth = Truth()
    parties, products = plant_in_customers(held, truth), plant_in_products(held, truth)
    sales = plant_in_sales(held, truth, set(held.parties) - parties - held.buyers(), set(held.products) - products)
    untouched = Untouched.among(held, parties, products)
    return _Plan(
        held,
        truth,
        PartyChanges(administrator, held, untouched.parties, truth, Random(1)),
        ProductChanges(administrator, held, untouched.products, truth),
        SaleChanges(administrator, held, sales, truth),
        parties,
        products,
        untouched,
    )


def _change_the_erp(administrator: TrytonRpc, plan: _Plan) -> tuple[int, int]:
    """Before the first run. Returns a party and a sale whose change is undone later."""
    parties, products, sales = plan.parties, plan.products, plan.sales
    for change in (parties.move, parties.write_to, parties.trust, parties.deactivate, parties.welcome):
        change()
    parties.register_anew()
    renamed = parties.rename()
    for change in (products.reprice, products.rename, products.discontinue):
        change()
    products.recode()
    products.reclassify(administrator.records("customs.tariff.code", ["code"]))
    for change in (sales.multiply_a_line, sales.add_a_line, sales.drop_a_line, sales.delete):
        change()
    sales.enter(_FIRST_FREE_REFERENCE)
    sales.renumber(_FIRST_FREE_REFERENCE + 1)
    return renamed, sales.cancel()


def _change_both(administrator: TrytonRpc, plan: _Plan, systems: Systems, renamed: int, cancelled: int) -> int:
    """Between the runs, in the ERP and in the CRM. Returns a party whose change leaves no trace."""
    parties, products, sales = plan.parties, plan.products, plan.sales
    for change in (parties.move, parties.write_to, parties.trust, parties.deactivate, parties.welcome):
        change()
    parties.rename_back(renamed)
    buyer = sales.buyer_of_untouched(plan.touched_parties)
    parties.register_anew(buyer)
    sales.note_new_tax_id(buyer)
    for change in (products.reprice, products.rename, products.discontinue):
        change()
    products.reclassify(administrator.records("customs.tariff.code", ["code"]))
    sold = sales.product_of_untouched(plan.touched_products)
    sales.note_new_code(sold, products.recode(sold))
    for change in (sales.multiply_a_line, sales.add_a_line, sales.confirm):
        change()
    sales.enter(_FIRST_FREE_REFERENCE + 2)
    sales.cancel()
    sales.reopen(cancelled)
    _change_the_crm(plan, systems)
    return parties.forget_email()


def _change_the_crm(plan: _Plan, systems: Systems) -> None:
    party, product = next_of(plan.untouched.parties), next_of(plan.untouched.products)
    systems.crm("PATCH", f"/Contacts({CONTACT_ID + party})", {"LegalName": f"Novo Nome {party:b}"})
    plan.truth.differs("customers", plan.held.tax_id(party), "legal_name", CHANGED_LATER)
    systems.crm("PATCH", f"/Products({PRODUCT_ID + product})", {"UnitPrice": 0.01})
    plan.truth.differs("products", plan.held.products[product]["code"], "price", CHANGED_LATER)


def _counts(administrator: TrytonRpc) -> dict[str, int]:
    """How many records the server itself says it holds, by the product's entity."""
    states = {"orders": ["confirmed", "processing", "done"], "quotes": ["draft", "quotation", "cancelled"]}
    return {
        "customers": administrator.call("model.party.party.search_count", [EVERY_STATE]),
        "products": administrator.call("model.product.product.search_count", [], active_test=False),
        **{
            entity: administrator.call("model.sale.sale.search_count", [["state", "in", those]])
            for entity, those in states.items()
        },
    }


class _Runs:
    """Runs of the project, each a command of its own."""

    def __init__(self, project: TrytonProject) -> None:
        self._project = project

    def run(self, name: str, truth: Truth, *options: str) -> dict[str, Any]:
        """Run, and compare the open findings with what is planted by now."""
        print(f"{name} run …", file=sys.stderr, flush=True)
        ran = self._project.document("run", *options)
        if ran is None:
            return {"name": name, "ok": False, "entities": {}}
        compared = truth.compared_with(self._project.document("findings", "list") or [])
        return {
            "name": name,
            "ok": compared["equal"] and ran["status"] == "complete" and all(map(_adds_up, ran["entities"].values())),
            **compared,
            **{member: ran[member] for member in ("status", "seconds", "entities")},
        }


def _adds_up(entity: dict[str, Any]) -> bool:
    """Every record that was read is accounted for, on both sides."""
    parts = ("matched", "only_here", "duplicate", "rejected")
    return all(entity[side]["pulled"] == sum(entity[side][part] for part in parts) for side in ("crm", "erp"))
