"""What corrections against a real Tryton server are tried on: systems, differences, and commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.sandbox.crm.schema import look_ups
from tests.app.running import Systems
from tests.processes import Sandbox
from tests.real.crm_copies import Held, read_server
from tests.real.crm_new_sales import NewLine, cancelled_order, new_order, new_quote, some_lines
from tests.real.erp_changes import Untouched, next_of
from tests.real.tryton_project import TrytonProject
from tests.real.tryton_rpc import Record, TrytonRpc
from tests.real.tryton_server import TrytonServer, leaving_work_to_others
from tests.real.watched_door import WatchedDoor

ORDER, CANCELLED, KILLED, KILLED_LATER, QUOTE = 95_001, 95_002, 95_003, 95_004, 95_101
"""Numbers of documents that only the CRM has."""
NEW_NAME: Final = "Nome Corrigido Ltda"
_OWN_FIELDS: Final = [
    {
        "Id": 6_000 + place,
        "EntityId": 1,
        "Key": key,
        "Name": key,
        "ValueName": "StringValue",
        "TypeId": 1,
        "Dynamic": True,
    }
    for place, key in enumerate(("contact_city", "contact_state"))
]
_SALE: Final = (
    *("state", "reference", "description", "party", "shipment_address", "untaxed_amount", "tax_amount"),
    *("lines.product", "lines.quantity", "lines.unit_price", "lines.base_price", "lines.amount", "lines.taxes"),
)


@dataclass
class Proof:
    """What each step came to, and what was seen where one did not hold."""

    steps: dict[str, bool] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def note(self, step: str, seen: Any, *, held: bool) -> None:
        self.steps[step] = held
        print(f"  {'held' if held else 'NOT HELD'}: {step}", file=sys.stderr, flush=True)
        if not held:
            self.seen[step] = seen


@dataclass(frozen=True)
class Differences:
    """What differs between the systems.

    Attributes:
        corrected, overtaken, raced: parties that have another name in the CRM.
        missing: a party that the CRM has not.
        buyer: whose documents the new ones are.
        lines: of every new document.
    """

    corrected: int
    overtaken: int
    raced: int
    missing: int
    buyer: int
    lines: Sequence[NewLine]


@dataclass
class Case:
    """The systems and the project.

    Attributes:
        server: a session of our own, not through the door.
        erp: the server that does at once what it is asked for.
        held: the server as it was at the beginning.
    """

    server: TrytonRpc
    erp: TrytonServer
    crm: Systems
    door: WatchedDoor
    project: TrytonProject
    folder: Path
    held: Held
    differences: Differences
    proof: Proof = field(default_factory=Proof)

    def propose(self, *chosen: str) -> list[Record]:
        """What is proposed for these findings. Where a field has no owner, the CRM's value counts."""
        document = self.project.document("corrections", "propose", *chosen, "--choose", "crm") or {}
        return list(document.get("corrections", []))

    def planned(self, corrections: Sequence[Record], name: str) -> Path:
        """The sealed plan with these, approved before."""
        ids = [each["id"] for each in corrections]
        self.project.document("corrections", "approve", *ids)
        out = self.folder / f"{name}.json"
        self.project.document("corrections", "plan", *ids, "--out", out)
        return out

    def applied(self, plan: Path) -> list[Record]:
        """The corrections of a plan after it was applied."""
        if not plan.exists():
            return []
        return list((self.project.ended("corrections", "apply", plan)[1] or {}).get("corrections", []))

    def through(self, corrections: Sequence[Record], name: str) -> list[Record]:
        """These approved, planned and applied, as they are then."""
        return self.applied(self.planned(corrections, name)) if corrections else []

    def undone(self, corrections: Sequence[Record], name: str) -> list[Record]:
        """What takes these back, approved, planned and applied."""
        document = self.project.document("corrections", "undo", *(each["id"] for each in corrections)) or {}
        return self.through(document.get("proposed", []), name)

    def state_of(self, correction: Record) -> str:
        """The state it is in now."""
        return str((self.project.document("corrections", "show", correction["id"]) or {}).get("state"))

    def name_of(self, party: int) -> str:
        """The party's name in the server."""
        return str(self.server.one("party.party", ["name"], ["id", "=", party])["name"])

    def sales(self, reference: int) -> list[Record]:
        """Every sale of the server with that reference."""
        return self.server.records("sale.sale", _SALE, ["reference", "=", str(reference)])

    def findings_of(self, *keys: str) -> list[Record]:
        """Open findings of these records and of their lines, after another run."""
        self.project.document("run", "--full")
        found = self.project.document("findings", "list") or []
        return [each for each in found if str(each["key"]).split("|")[0] in keys]


@contextmanager
def correction_case(server: TrytonServer, folder: Path) -> Iterator[Case]:
    """The CRM has copies of what the server holds, but for `Differences`; both were compared once."""
    with leaving_work_to_others(server) as url, TrytonRpc(url, *server.administrator) as administrator:
        held = read_server(administrator)
        differences = _differences(held)
        load = folder / "load.json"
        load.write_bytes(orjson.dumps({"crm": _crm_records(held, differences), "erp": {}}))
        with WatchedDoor(url).open() as door, Sandbox(folder / "box", "--load", str(load)) as sandbox:
            project = TrytonProject(folder, server, door.url, sandbox)
            case = Case(administrator, server, Systems(sandbox), door, project, folder, held, differences)
            ran = project.document("run", "--full") or {}
            case.proof.note("a run is complete", ran, held=ran.get("status") == "complete")
            yield case


def _differences(held: Held) -> Differences:
    whole = {each for each, party in held.parties.items() if _is_whole(party)}
    free = Untouched.among(held, set(held.parties) - whole, set()).parties
    buyer = min(held.buyers() & whole)
    return Differences(next_of(free), next_of(free), next_of(free), next_of(free), buyer, some_lines(held))


def _is_whole(party: Record) -> bool:
    """In use, with one address, one e-mail and one tax id: as in the CRM."""
    parts = ("addresses.", "contact_mechanisms.", "identifiers.")
    return bool(party["active"]) and all(len(party[part]) == 1 for part in parts)


def _crm_records(held: Held, differences: Differences) -> dict[str, list[Record]]:
    for party in (differences.corrected, differences.overtaken, differences.raced):
        held.contacts[party][0]["LegalName"] = NEW_NAME
    held.contacts[differences.missing] = []
    records = held.crm_records()
    buyer, lines = differences.buyer, differences.lines
    records["Orders"] += [new_order(number, buyer, lines) for number in (ORDER, KILLED, KILLED_LATER)]
    records["Orders"].append(cancelled_order(CANCELLED, buyer, lines))
    records["Quotes"].append(new_quote(QUOTE, buyer, lines))
    # The fields of one's own that the project reads, so that they can be written.
    records["Fields"] = [*look_ups()["Fields"], *_OWN_FIELDS]
    return records
