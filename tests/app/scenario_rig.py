"""Scenarios in this process: two stand-in systems behind proxies that can twist what goes through them."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from reconciler.app.correct import Acting, Hands, NoHands, person_of_user
from reconciler.app.pilot.scenarios.correcting import Eyes
from reconciler.app.pilot.scenarios.playing import PlayOptions, chosen_scenarios, play_scenarios
from reconciler.app.pilot.scenarios.quiet import Quiet
from reconciler.app.wire import Workspace, open_workspace
from reconciler.logs import configure_logging
from reconciler.model.findings import Finding, FindingStatus
from reconciler.model.pilot import ScenarioResult
from reconciler.project import load_project
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox, served
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State

OPTIONS = SandboxOptions(customers=3, seed=1)
_FOLDERS = ExitStack()
atexit.register(_FOLDERS.close)


@cache
def _empty_state() -> Path:
    """The file of an empty state, made once: migrating costs more than most plays."""
    folder = Path(_FOLDERS.enter_context(TemporaryDirectory(prefix="reconciler-tests-")))

    async def make() -> None:
        async with State.open("sqlite:///state.db", folder):
            pass

    asyncio.run(make())
    return folder / "state.db"


@dataclass
class Call:
    """One call on its way through a proxy. `answer` is None while it goes to the system."""

    method: str
    path: str
    sent: Any
    status: int = 0
    answer: Any = None


Twist = Callable[[Call], None]
"""Changes what is sent, or what is answered; a status that is set before it is sent keeps it from the system."""


@dataclass
class Proxy:
    """Stands in front of one system."""

    behind: str
    twist: Twist = lambda call: None
    secrets: set[str] = field(default_factory=set)

    def application(self, session: aiohttp.ClientSession) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            call = Call(request.method, request.path, json.loads(body) if body else None)
            self.twist(call)
            if call.status:
                return web.json_response(call.answer, status=call.status)
            sent = None if call.sent is None else json.dumps(call.sent).encode()
            kept = ("Content-Type", "User-Key", "X-Sessao", "If-Match")
            headers = {name: value for name, value in request.headers.items() if name in kept}
            self.secrets |= {headers[name] for name in ("User-Key", "X-Sessao") if name in headers}
            address = URL(self.behind + request.raw_path, encoded=True)
            async with session.request(request.method, address, data=sent, headers=headers) as came:
                content = await came.read()
                call.status, call.answer = came.status, json.loads(content) if content else None
                self.twist(call)
                tag = {"ETag": came.headers["ETag"]} if "ETag" in came.headers else {}
                if call.answer is None:
                    return web.Response(status=call.status)
                return web.json_response(call.answer, status=call.status, headers=tag)

        application = web.Application()
        application.router.add_route("*", "/{address:.*}", handle)
        return application


@dataclass
class Stage:
    """The systems, and the open project."""

    sandbox: RunningSandbox
    workspace: Workspace
    session: aiohttp.ClientSession
    crm: Proxy
    erp: Proxy
    out: Path

    def acting(self, name: str = "ana") -> Acting:
        """A person who says who they are."""
        return Acting.begin(self.workspace, person_of_user(self.workspace.project, "nobody", as_person=name))

    async def play(
        self,
        *ids: str,
        name: str = "ana",
        approvers: Sequence[str] = (),
        hands: Hands | None = None,
        patience_s: float = 0.0,
        wait: Callable[[float], Awaitable[None]] | None = None,
    ) -> list[ScenarioResult]:
        """Play these, or all of them."""
        people = [person_of_user(self.workspace.project, "nobody", as_person=each) for each in approvers]
        eyes = Eyes(people, patience_s) if wait is None else Eyes(people, patience_s, wait=wait)
        options = PlayOptions(self.out, NoHands() if hands is None else hands, eyes)
        return await play_scenarios(self.acting(name), chosen_scenarios(ids, everything=not ids), options, Quiet())

    async def open_findings(self, text: str) -> list[Finding]:
        """Open findings with that text somewhere."""
        chosen = FindingFilter(status=FindingStatus.OPEN, text=text)
        return [each async for each in self.workspace.state.findings.iterate(chosen)]

    async def records(self, side: str) -> dict[str, list[dict[str, Any]]]:
        """All records of a system."""
        address = self.sandbox.crm.base_url if side == "crm" else self.sandbox.erp.base_url
        async with self.session.post(f"{address}/_sandbox/state", json={}) as answer:
            found: dict[str, list[dict[str, Any]]] = await answer.json()
            return found

    async def as_user(self, method: str, path: str, body: dict[str, Any]) -> None:
        """What somebody does in the CRM."""
        headers = {"User-Key": self.sandbox.crm.credentials["user_key"]}
        address = self.sandbox.crm.base_url + path
        async with self.session.request(method, address, json=body, headers=headers) as answer:
            answer.raise_for_status()


@asynccontextmanager
async def stage(folder: Path, edit: Callable[[str], str] = lambda text: text) -> AsyncIterator[Stage]:
    """Fresh systems and an empty state; `edit` changes the text of the project file."""
    configure_logging(debug=False)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(OPTIONS))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        project_file, _ = sandbox.write_files(folder / "box")
        shutil.copy(await asyncio.to_thread(_empty_state), project_file.parent)
        text = project_file.read_text()
        proxies = {}
        for name, end in (("crm", sandbox.crm), ("erp", sandbox.erp)):
            root = end.base_url.removesuffix("/api")
            proxies[name] = Proxy(root)
            address = await stack.enter_async_context(served(proxies[name].application(session)))
            text = text.replace(root, address)
        # Second looks at everything that is planted would be most of the time.
        project_file.write_text(edit(f"{text}\n[run]\nrecheck = 0\n"))
        workspace = await stack.enter_async_context(open_workspace(load_project(project_file, {})))
        yield Stage(sandbox, workspace, session, proxies["crm"], proxies["erp"], folder / "evidence")
