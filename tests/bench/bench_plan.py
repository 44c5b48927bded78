"""How long it takes to propose, check the approvals of, seal and read back a plan of many corrections. In memory only.

Every correction changes two fields of a customer; a name, an e-mail or an amount, and each is looked at for problems.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import orjson

from reconciler.corrections.approval import ApprovalRule, ApprovalRules, missing_approvals
from reconciler.corrections.plan import read_sealed, seal, what_changed
from reconciler.corrections.plan_document import RestsOn
from reconciler.corrections.propose import propose
from reconciler.model.corrections import Approval, CorrectionState, Person
from reconciler.model.findings import Finding, SideValue
from tests.corrections.proposal_rig import NOW, basis, finding

_LIMIT_S = 5.0
_RESTS_ON = RestsOn(stage="pilot", project="p1", crm="d1", erp="d2")
_RULES = ApprovalRules(rules=(ApprovalRule("customers", "phone", 2),))
_PEOPLE = {name: Person(name, frozenset({"reviewer"})) for name in ("ana", "bruno", "carla")}
_Made = TypeVar("_Made")


def _findings(count: int) -> list[Finding]:
    """Two fields of each customer."""
    made = []
    for number in range(count):
        name, limit = f"Cliente {number}", f"{number}.{number % 100:02}"
        for field, crm, erp in (("legal_name", name, f"{name} Ltda"), ("credit_limit", "0", limit)):
            about = finding(field, key=f"{number:014}", id=f"{number:015x}{field[0]}")
            made.append(replace(about, crm=SideValue(f"4{number}", crm), erp=SideValue(f"C{number}", erp)))
    return made


def run(count: int) -> dict[str, object]:
    """Seconds of each part. `planned_and_sealed_s` is what `limit_s` is about: approvals checked and sealed."""
    seconds: dict[str, float] = {}

    def timed(name: str, act: Callable[[], _Made]) -> _Made:
        started = time.perf_counter()
        made = act()
        seconds[name] = round(time.perf_counter() - started, 3)
        return made

    chosen = _findings(count)
    proposals = timed("propose_s", lambda: propose(chosen, basis(), person="ana", now=NOW))
    approved = [replace(each, state=CorrectionState.APPROVED) for each in proposals.corrections]
    approvals = {
        each.id: [Approval(each.id, "bruno", NOW, each.digest, NOW + timedelta(hours=24))] for each in approved
    }
    missing = timed(
        "approvals_s",
        lambda: {each.id: missing_approvals(each, approvals[each.id], _RULES, _PEOPLE, NOW) for each in approved},
    )
    by = {identity: each.counted for identity, each in missing.items()}
    sealed = timed("seal_s", lambda: seal(approved, by, _RESTS_ON, made_by="carla", made_at=NOW))
    read = timed("read_s", lambda: read_sealed(sealed.document, now=NOW))
    kept = {each.id: replace(each, state=CorrectionState.PLANNED) for each in approved}
    objections = timed("what_changed_s", lambda: what_changed(read.plan, _RESTS_ON, kept, missing))
    if objections or len(read.plan.corrections) != count or proposals.left_out:
        raise RuntimeError("the plan is not what was to be planned")
    planned = seconds["approvals_s"] + seconds["seal_s"]
    return {
        "corrections": count,
        "document_mb": round(len(sealed.document) / 1e6, 1),
        **seconds,
        "planned_and_sealed_s": round(planned, 3),
        "limit_s": _LIMIT_S,
    }


if __name__ == "__main__":
    print(orjson.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), option=orjson.OPT_INDENT_2).decode())
