"""An export that is killed leaves nothing under the name it was to have."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import stat
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from reconciler.app.correct import Acting, person_of_user
from reconciler.app.privacy.export import export_person
from reconciler.app.privacy.identifiers import Identifiers
from reconciler.app.workspace import open_workspace
from reconciler.project import load_project
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.app.corrections_rig import reconciled_once
from tests.processes import FORKS

_HALF_BYTES = 256
_STATE = "sqlite:///state.db"


@pytest.mark.parametrize("moment", ["half of it is written", "all but its name"])
def test_a_killed_export_has_no_name_and_is_made_again(tmp_path: Path, moment: str) -> None:
    folder = shutil.copytree(reconciled_once(), tmp_path / "box")
    key = asyncio.run(_some_customer(folder))
    out = tmp_path / "out" / "person.json"
    out.parent.mkdir()
    process = FORKS.Process(target=_export_until, args=(folder, key, out, moment))
    process.start()
    process.join(60)
    assert process.exitcode == (-signal.SIGXFSZ if moment == "half of it is written" else -signal.SIGKILL)
    (left,) = out.parent.iterdir()
    assert left.name.endswith(".unfinished")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    assert asyncio.run(_exports_in_trail(folder)) == 0
    asyncio.run(_export(folder, key, out))
    assert orjson.loads(out.read_bytes())["findings"]
    assert asyncio.run(_exports_in_trail(folder)) == 1


async def _export(folder: Path, key: str, out: Path) -> None:
    async with open_workspace(load_project(folder / "reconciler.toml", {})) as workspace:
        person = person_of_user(workspace.project, "nobody", as_person="ana")
        acting = Acting.begin(workspace, replace(person, roles=frozenset({"admin"})))
        await export_person(acting, Identifiers.of([key]), out, "LGPD-7")


def _export_until(folder: Path, key: str, out: Path, moment: str) -> None:
    """What the process does: its own kernel ends it, at the moment that is asked for."""

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(str(out.parent)) and moment == "half of it is written":
            resource.setrlimit(resource.RLIMIT_FSIZE, (_HALF_BYTES, _HALF_BYTES))
        if event == "os.link" and moment == "all but its name":
            os.kill(os.getpid(), signal.SIGKILL)

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(watch)
    asyncio.run(_export(folder, key, out))


async def _some_customer(folder: Path) -> str:
    async with State.open(_STATE, folder) as state:
        return min([each.key async for each in state.findings.iterate(FindingFilter(entity="customers"))])


async def _exports_in_trail(folder: Path) -> int:
    async with State.open(_STATE, folder) as state:
        return len([each async for each in state.audit.iterate() if each.act == "privacy.exported"])
