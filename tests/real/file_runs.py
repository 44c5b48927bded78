"""A whole reconciliation whose ERP is a folder of CSV files behind vsftpd or OpenSSH."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.store.state.state import State
from tests.processes import Sandbox, run_command
from tests.real.debian_file_servers import FileServers
from tests.real.file_transfers import Door, doors
from tests.real.truth import Planted, Truth

_CUSTOMERS: Final = 300
_FOLDER: Final = "noturno"
_TIMEOUT_S: Final = 300.0
_KEY_FILE: Final = "client_key"


def reconcile_through_files(servers: FileServers, folder: Path) -> dict[str, Any]:
    """Through each door, twice: all that was planted must be found, and with no new file nothing must change."""
    results = {}
    with Sandbox(folder / "box", "--customers", str(_CUSTOMERS)) as sandbox:
        truth = Truth()
        truth.planted = [
            Planted(str(each["entity"]), str(each["key"]), each["field"], str(each["kind"]), str(each["cause"]))
            for each in sandbox.truth
            if each["kind"] != "tax_drift"
        ]
        exported = Path(sandbox.systems["erp_files"]["base_url"])
        for door in doors(servers):
            print(f"run through {door.name} …", file=sys.stderr, flush=True)
            project = _project(door, folder / f"run-{door.name}", sandbox.project.read_text())
            asyncio.run(_send(door, exported, project.parent))
            results[door.name] = _two_runs(project, truth)
    return results


def _project(door: Door, folder: Path, rest: str) -> Path:
    """The sandbox's own project file with another ERP, and that ERP's description beside it."""
    folder.mkdir()
    shipped = files("reconciler.connectors") / "vendors" / "sandbox_erp_files.toml"
    (folder / "erp.toml").write_text(_description(door, shipped.read_text(encoding="utf-8")))
    (folder / _KEY_FILE).write_text(door.credentials.get("private_key", ""))
    secret = f'{{ file = "{_KEY_FILE}" }}' if "private_key" in door.credentials else f'"{door.credentials["password"]}"'
    name = "private_key" if "private_key" in door.credentials else "password"
    erp = (
        f'[erp]\nvendor = "./erp.toml"\nbase_url = "{door.address}/{_FOLDER}"\n'
        f'credentials = {{ user = "{door.settings.auth.username}", {name} = {secret} }}\n'
    )
    before, _, after = rest.partition("[erp]\n")
    project = folder / "reconciler.toml"
    project.write_text(before + erp + after[after.index("\n[scope") :])
    return project


def _description(door: Door, shipped: str) -> str:
    """The shipped description, with what belongs to this server, as a person would write it in."""
    options = [f'done = "{door.settings.done}"']
    if door.settings.ca_file:
        options.append(f'ca_file = "{door.settings.ca_file}"')
    if door.settings.host_key:
        options.append(f'host_key = "{door.settings.host_key}"')
        shipped = _replaced(shipped, 'password = "password of that user"', 'private_key = "key of that user"')
        shipped = _replaced(shipped, 'password = "{credentials.password}"', 'private_key = "{credentials.private_key}"')
    return _replaced(shipped, "[files]\n", "[files]\n" + "".join(f"{option}\n" for option in options))


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise LookupError(f"the shipped description has not exactly one {old!r}")
    return text.replace(old, new)


async def _send(door: Door, exported: Path, folder: Path) -> None:
    """The ERP's export travels by the product's own sending."""
    async with door.session() as session:
        await session.make_folder(_FOLDER)
    async with State.open("sqlite:///sending.db", folder) as state, door.port(state, folder / "sent") as port:
        for path in sorted(exported.glob("*.csv")):
            await port.put(f"{_FOLDER}/{path.name}", path.read_bytes())
    shutil.rmtree(folder / "sent", ignore_errors=True)


def _two_runs(project: Path, truth: Truth) -> dict[str, Any]:
    first, second = (_command(project, "run", "--json") for _ in range(2))
    if first is None or second is None:
        return {"ok": False}
    compared = truth.compared_with(_command(project, "findings", "list", "--json") or [])
    quiet = all(entity["findings"]["new"] == 0 for entity in second["entities"].values())
    complete = first["status"] == second["status"] == "complete"
    return {
        "ok": compared["equal"] and complete and quiet,
        **compared,
        "pulled": {name: entity["erp"]["pulled"] for name, entity in first["entities"].items()},
        "seconds": [first["seconds"], second["seconds"]],
    }


def _command(project: Path, *arguments: str) -> Any:
    """Its JSON document, or None when it failed; what it says meanwhile is told on."""
    ended = run_command("--project", project, *arguments, environment=os.environ, timeout_s=_TIMEOUT_S)
    sys.stderr.write(ended.stderr)
    return orjson.loads(ended.stdout) if ended.returncode in (0, 1) else None
