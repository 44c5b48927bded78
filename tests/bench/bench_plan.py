"""How long `corrections plan --all --no-check --out F` takes as a process, over a state with many approved corrections.

Every correction changes two fields of a customer. The time is all of the command: its start, reading, approvals, the
sealed file, and the state and the trail of each correction. `--check` besides reads every record from the systems.
Prints one JSON document: `python -m tests.bench.bench_plan [CORRECTIONS]`.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler.corrections.content import content_digest
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Approval, Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.store.state.state import State

_LIMIT_S: Final = 5.0
_PROJECT: Final = """
[project]
name = "plan-bench"
stage = "sandbox"
state = "sqlite:///state.db"

[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"

[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:9"

[people]
ana = { roles = ["reviewer"] }
bruno = { roles = ["reviewer"] }
carla = { roles = ["operator"] }

[scope.customers.fields]
legal_name = { owner = "erp" }
credit_limit = { owner = "erp", crm = "OtherProperties[contact_credit_limit].DecimalValue" }

[[approvals.rules]]
entity = "customers"
field = "phone"
required = 2
"""


def run(count: int) -> dict[str, object]:
    """Seconds and memory of the command; `limit_s` is about `wall_s` on an idle machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reconciler.toml").write_text(_PROJECT, encoding="utf-8")
        asyncio.run(_approved(folder, count))
        wall_s, usage = _planned(folder)
        plan_bytes = (folder / "plan.json").stat().st_size
        planned = asyncio.run(_in_a_plan(folder))
    if planned != count:
        raise RuntimeError("the plan is not what was to be planned")
    return {
        "bench": "plan",
        "corrections": count,
        "plan_mib": plan_bytes >> 20,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": usage.ru_maxrss // 1024,
        "limit_s": _LIMIT_S,
    }


def _correction(number: int, now: datetime) -> Correction:
    """Ids are as random ones are: in another order than the corrections."""
    key, record_id = f"{number:014}", f"4{number}"
    changes = (
        FieldChange("legal_name", f"Cliente {number}", f"Cliente {number} Ltda"),
        FieldChange("credit_limit", "0", f"{number}.{number % 100:02}"),
    )
    digest = content_digest("customers", key, Side.CRM, CorrectionAction.UPDATE, record_id, changes)
    return Correction(
        id=f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}",
        entity="customers",
        key=key,
        side=Side.CRM,
        action=CorrectionAction.UPDATE,
        record_id=record_id,
        source_id=f"C{number}",
        changes=changes,
        digest=digest,
        state=CorrectionState.PROPOSED,
        proposed_by="ana",
        proposed_at=now,
    )


async def _approved(folder: Path, count: int) -> None:
    now = datetime.now(UTC)
    made = [_correction(number, now) for number in range(1, count + 1)]
    approvals = [Approval(each.id, "bruno", now, each.digest, now + timedelta(hours=24)) for each in made]
    moves = [Move(each.id, CorrectionState.PROPOSED, CorrectionState.APPROVED) for each in made]
    async with State.open("sqlite:///state.db", folder) as state:
        await state.corrections.add(made, person="ana")
        await state.corrections.approve(approvals)
        await state.corrections.move(moves, person="bruno")


async def _in_a_plan(folder: Path) -> int:
    async with State.open("sqlite:///state.db", folder) as state:
        return sum([each.state is CorrectionState.PLANNED async for each in state.corrections.iterate()])


def _planned(folder: Path) -> tuple[float, resource.struct_rusage]:
    """Seconds of the command, and what it used, once its modules are compiled, as those of an installed one are."""
    command = [sys.executable, "-m", "reconciler", "--project", str(folder / "reconciler.toml"), "corrections"]
    options = ["--all", "--no-check", "--as", "carla", "--out", str(folder / "plan.json")]
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment = {**os.environ, **compiled}
    first = [*command, "plan", "0000000000000000", "--as", "carla"]
    subprocess.run(first, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "plan", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command ended with {process.returncode}")
    return wall_s, usage


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), indent=2))
