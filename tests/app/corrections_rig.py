"""Two stand-in systems in this process, a project that was reconciled once, and people at work on its corrections."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from reconciler.app.correct import (
    Acting,
    Applied,
    Choice,
    Planned,
    Proposed,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    person_of_user,
    plan_corrections,
    propose_corrections,
    read_plan_file,
)
from reconciler.app.wire import Workspace, open_workspace
from reconciler.logs import configure_logging
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.state.records import FindingFilter
from tests.app.running import run

OPTIONS = SandboxOptions(customers=40, seed=1)
ENTITIES = ("customers", "products", "orders")
"""Those that anything is written of."""
ALL = Choice(everything=True)
OPEN = FindingFilter(status=FindingStatus.OPEN)


_FOLDERS = ExitStack()
atexit.register(_FOLDERS.close)


@cache
def reconciled_once() -> Path:
    """A folder with the state and the snapshots of one run over these systems, made once for all tests of a session."""
    folder = Path(_FOLDERS.enter_context(TemporaryDirectory(prefix="reconciler-tests-"))) / "box"

    async def prepare() -> None:
        async with running_sandbox(OPTIONS) as sandbox:
            project, _ = sandbox.write_files(folder)
            await run(project, *ENTITIES)

    asyncio.run(prepare())
    return folder


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Rig:
    """The systems, and the open project."""

    project_file: Path
    workspace: Workspace
    clock: Clock
    _sandbox: RunningSandbox
    _session: aiohttp.ClientSession
    _token: str | None = None
    _plans: int = 0
    _first: Acting | None = None

    def acting(self, name: str = "ana") -> Acting:
        """A person at work, who says who they are."""
        person = person_of_user(self.workspace.project, "nobody", as_person=name)
        if self._first is None or self._first.workspace is not self.workspace:
            self._first = Acting.begin(self.workspace, person, self.clock)
        return replace(self._first, person=person)

    async def propose(self, chosen: FindingFilter = OPEN, name: str = "ana", **options: Any) -> Proposed:
        """Propose; everything open unless told otherwise."""
        return await propose_corrections(self.acting(name), chosen, ProposeOptions(**{"everything": True, **options}))

    async def planned(self, choice: Choice = ALL, name: str = "ana", *, check: bool = True) -> tuple[Planned, Path]:
        """Approve what is proposed, and plan it."""
        await approve_corrections(self.acting(name), choice)
        self._plans += 1
        out = self.project_file.parent / f"plan{self._plans}.json"
        return await plan_corrections(self.acting(name), choice, out=out, check=check), out

    async def apply(self, plan: Path, name: str = "ana", **options: Any) -> Applied:
        """Apply a plan from its file."""
        return await apply_plan(self.acting(name), read_plan_file(plan), **options)

    async def through(self, chosen: FindingFilter = OPEN, **options: Any) -> Applied:
        """Propose, approve, plan and apply."""
        proposed = await self.propose(chosen, **options)
        _, plan = await self.planned(Choice([each.id for each in proposed.corrections]))
        return await self.apply(plan)

    async def corrections(self, **chosen: Any) -> list[Correction]:
        """The corrections of a filter."""
        source = self.workspace.state.corrections.iterate(CorrectionFilter(**chosen))
        return [each async for each in source]

    async def state_of(self, correction_id: str) -> CorrectionState:
        """Where a correction is."""
        return (await self.workspace.state.corrections.get(correction_id)).state

    async def findings(self, **chosen: Any) -> dict[str, Finding]:
        """The findings of a filter, the open ones unless it says otherwise, by id."""
        wanted = FindingFilter(**{"status": FindingStatus.OPEN, **chosen})
        return {finding.id: finding async for finding in self.workspace.state.findings.iterate(wanted)}

    async def run_again(self, *entities: str) -> None:
        """Reconcile once more."""
        await run(self.project_file, *(entities or ENTITIES))

    async def records(self, side: Side) -> dict[str, list[dict[str, Any]]]:
        """All records of a system."""
        end = self._sandbox.crm if side is Side.CRM else self._sandbox.erp
        found: dict[str, list[dict[str, Any]]] = await self._call("POST", f"{end.base_url}/_sandbox/state", {}, {})
        return found

    async def contact(self, tax_id: str) -> dict[str, Any]:
        """The customer of the CRM with that document."""
        contacts = (await self.records(Side.CRM))["Contacts"]
        (found,) = [each for each in contacts if tax_id in (each["CNPJ"], each["CPF"])]
        return found

    @property
    def crm_key(self) -> str:
        """What lets into the CRM."""
        return self._sandbox.crm.credentials["user_key"]

    async def crm(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call to the CRM, as another user of it would make."""
        headers = {"User-Key": self.crm_key}
        return await self._call(method, self._sandbox.crm.base_url + path, body, headers)

    async def erp(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call to the ERP, as another user of it would make."""
        if self._token is None:
            login = self._sandbox.erp.credentials
            said = {"usuario": login["user"], "senha": login["password"]}
            self._token = (await self._call("POST", f"{self._sandbox.erp.base_url}/sessao", said, {}))["sessao"]
        return await self._call(method, self._sandbox.erp.base_url + path, body, {"X-Sessao": self._token or ""})

    async def _call(self, method: str, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json() if await answer.read() else None


@asynccontextmanager
async def rig(folder: Path, edit: Callable[[str], str] = lambda text: text) -> AsyncIterator[Rig]:
    """The systems as they were when they were reconciled once; `edit` changes the text of the project file."""
    configure_logging(debug=False)
    box = folder / "box"
    shutil.copytree(await asyncio.to_thread(reconciled_once), box)
    async with running_sandbox(OPTIONS) as sandbox, aiohttp.ClientSession() as session:
        project_file, _ = sandbox.write_files(box)
        project_file.write_text(edit(project_file.read_text()))
        async with open_workspace(load_project(project_file)) as workspace:
            yield Rig(project_file, workspace, Clock(), sandbox, session)


def changed(corrections: Sequence[Correction]) -> set[str]:
    """The findings that these corrections mend."""
    return {change.finding for each in corrections for change in each.changes if change.finding is not None}


async def one_finding(box: Rig, field: str) -> FindingFilter:
    """A filter for one finding of a customer's field that one correction can mend."""
    found = await box.findings(entity="customers", field=field, kind="differs")
    return FindingFilter(ids=[next(iter(found))], status=FindingStatus.OPEN)


async def proposal_for(box: Rig, field: str) -> Correction:
    """The proposal for one such finding."""
    (proposal,) = (await box.propose(await one_finding(box, field))).corrections
    return proposal


Enter = Callable[..., AbstractAsyncContextManager[Rig]]


def entering(folder: Path) -> Enter:
    """Makes contexts with a rig in a folder of its own; the project file may be edited."""

    def entered(edit: Callable[[str], str] = lambda text: text, name: str = "here") -> AbstractAsyncContextManager[Rig]:
        return rig(folder / name, edit)

    return entered
