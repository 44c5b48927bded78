"""A week under a clock of its own: a company, its people, fronts that see and twist every call, and what they count.

The front of the ERP is the only thing that takes time for a tax question, on a stopwatch that nothing else moves: how
long each took is known before the product measures it.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.resources import files
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from reconciler.app.correct import (
    Acting,
    Choice,
    ProposeOptions,
    approve_corrections,
    person_of_user,
    propose_corrections,
)
from reconciler.app.pilot.run import PilotRun, PilotRunOptions, run_pilot
from reconciler.app.wire import SNAPSHOTS, Workspace
from reconciler.logs import configure_logging
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction
from reconciler.model.findings import FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.generator.dataset import generate
from reconciler.sandbox.start import CRM_USER_KEY, SandboxOptions, running_sandbox, served
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.app.corrections_rig import Clock
from tests.app.pilot_rig import ZONE, ipi_amounts, open_quotes, person, staged
from tests.app.running import QuietProgress
from tests.app.week_ledger import Ledger
from tests.ports.notice_rig import SECRET, Receiver, receiving

MONDAY = date(2026, 11, 16)
_TAX_CALL = "/simulacao-impostos"
_NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding", "accept-encoding", "content-encoding"})
_PILOT = """
[pilot]
starts = "2026-11-16"
ends = "2026-11-22"
technical_lead = "caio"
scope_owner = "dora"
writes_per_day = 3
noise_minutes = 5
participants = {{ eva = {{ crm_user = "7" }} }}
[pilot.scope]
entities = ["customers", "quotes"]
fields = {{ customers = ["legal_name"] }}
customers = {customers}
[pilot.criteria]
open_per_1000 = 300
new_mismatches = 1
verified_percent = 90
unknown_outcomes = 0
taxes_in_time_percent = 95
taxes_p95_ms = 800
blockers = 0
[[pilot.stop]]
measure = "conflicts"
above = 0
"""


@dataclass
class Front:
    """Stands in front of one system.

    Attributes:
        away: no call is answered.
        loses_next_write: the next one is passed on, its answer is lost, and from then on the system is away.
        takes_ms: how long tax questions take, one after another.
        refused, never_answered: of today's tax questions, those that come at these places.
        asked_ms: how long today's took, by what was asked: a question that is asked again is the same one.
        amounts: what was answered today to each, by line and kind of tax.
    """

    behind: str
    away: bool = False
    loses_next_write: bool = False
    takes_ms: Iterator[int] = field(default_factory=lambda: repeat(0))
    refused: frozenset[int] = frozenset()
    never_answered: frozenset[int] = frozenset()
    nobody_waits_any_more: asyncio.Event = field(default_factory=asyncio.Event)
    stopwatch_ms: int = 0
    asked_ms: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(int))
    amounts: dict[bytes, dict[tuple[int, str], Decimal]] = field(default_factory=dict)

    def monotonic_s(self) -> float:
        return self.stopwatch_ms / 1000

    def forget_questions(self) -> None:
        self.asked_ms.clear()
        self.amounts.clear()

    def application(self, session: aiohttp.ClientSession) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            body = await request.read()
            asks = request.path.endswith(_TAX_CALL)
            if asks:
                took_ms = next(self.takes_ms)
                self.asked_ms[body] += took_ms
                self.stopwatch_ms += took_ms
            if self.away:
                return _lost(request)
            place = [*self.asked_ms].index(body) if asks else None
            if place in self.refused:
                return web.json_response({"erro": {"codigo": "SEM_REGRA", "mensagem": "sem regra"}}, status=422)
            if place in self.never_answered:
                await self.nobody_waits_any_more.wait()
                return _lost(request)
            headers = {name: each for name, each in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
            address = URL(self.behind + request.raw_path, encoded=True)
            async with session.request(request.method, address, data=body, headers=headers) as came:
                content = await came.read()
            if self.loses_next_write and request.method == "PATCH":
                self.away, self.loses_next_write = True, False
                return _lost(request)
            if asks and came.status == 200:
                self.amounts[body] = _amounts(orjson.loads(content))
            kept = {name: each for name, each in came.headers.items() if name.lower() not in _NOT_PASSED_ON}
            return web.Response(status=came.status, body=content, headers=kept)

        application = web.Application()
        application.router.add_route("*", "/{address:.*}", handle)
        return application


def _lost(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _amounts(answer: Mapping[str, Any]) -> dict[tuple[int, str], Decimal]:
    """Amounts by place of the line and kind, as the CRM's fields name kinds."""
    return {
        (place, tax["tributo"].lower().replace("-", "_")): Decimal(tax["valor"].replace(".", "").replace(",", "."))
        for place, item in enumerate(answer["itens"])
        for tax in item["impostos"]
    }


@dataclass
class Week:
    """The company, its people, and the systems behind everybody's back."""

    workspace: Workspace
    clock: Clock
    crm: Front
    erp: Front
    session: aiohttp.ClientSession
    contacts: dict[str, dict[str, Any]]
    quotes: list[dict[str, Any]]
    ledger: Ledger
    told: Receiver
    first: Acting | None = None

    def who(self, name: str) -> Acting:
        if self.first is None:
            self.first = person(self.workspace, "caio", self.clock)
        return replace(self.first, person=person_of_user(self.workspace.project, name))

    def morning_of(self, day: date) -> None:
        self.clock.now = datetime.combine(day, time(9), ZONE).astimezone(UTC)

    def begin_day(
        self, day: date, *, takes_ms: list[int], refused: Collection[int] = (), never_answered: Collection[int] = ()
    ) -> None:
        self.morning_of(day)
        self.erp.forget_questions()
        self.erp.nobody_waits_any_more.clear()
        self.erp.takes_ms = chain(takes_ms, repeat(takes_ms[-1]))
        self.erp.refused, self.erp.never_answered = frozenset(refused), frozenset(never_answered)

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(ZONE).date()

    def wrong(self) -> set[str]:
        return {each for each in self.ledger.names if not self.ledger.is_right(each)}

    async def rename(self, tax_id: str, name: str | None = None) -> None:
        """Somebody changes a name in the CRM by hand; the right one where none is given."""
        contact, ledger = self.contacts[tax_id], self.ledger
        chosen = contact["LegalName"] if name is None else name
        await self._as_user(f"Contacts({contact['Id']})", {"LegalName": chosen})
        ledger.names[tax_id] = chosen
        if tax_id not in self.wrong():
            ledger.since.pop(tax_id, None)
        else:
            ledger.since.setdefault(tax_id, self.today)

    async def mistype_tax(self, by: str) -> None:
        """Eva adds something to the IPI of a line, in the first quote of her customers that is open and has one."""
        identity, lines, amount = next(ipi_amounts(self.quotes))
        amount["DecimalValue"] = float(Decimal(str(amount["DecimalValue"])) + Decimal(by))
        await self._as_user(f"Quotes({identity})", {"Products": lines})

    async def _as_user(self, path: str, body: dict[str, Any]) -> None:
        address, headers = f"{self.crm.behind}/{path}", {"User-Key": CRM_USER_KEY}
        async with self.session.patch(address, json=body, headers=headers) as answer:
            answer.raise_for_status()

    async def look_up_names(self) -> None:
        """What the CRM holds now, whoever wrote it."""
        async with self.session.post(f"{self.crm.behind}/_sandbox/state", json={}) as answer:
            held = {each["Id"]: each["LegalName"] for each in (await answer.json())["Contacts"]}
        self.ledger.names = {each: held[contact["Id"]] for each, contact in self.contacts.items()}

    async def run(self, *noise: tuple[str, str | None]) -> PilotRun:
        """The day's run, writing what is approved; between its comparisons people rename customers."""
        ledger, waited = self.ledger, list[float]()
        seen: list[set[str]] = []

        async def wait(seconds: float) -> None:
            waited.append(seconds)
            seen.append(self.wrong())
            for each in noise:
                await self.rename(*each)
            seen.append(self.wrong())

        options = PilotRunOptions(apply=True, wait=wait, monotonic_s=self.erp.monotonic_s)
        done = await run_pilot(self.who("bia"), options, QuietProgress())
        assert waited == [300]
        self.erp.nobody_waits_any_more.set()
        await self.look_up_names()
        for mended in seen[1] - self.wrong() - ledger.unknown:
            ledger.written(mended)
        ledger.open = seen[0] & seen[1] & ({*self.wrong()} | ledger.unknown)
        return done

    def close(self, *, compared: bool = True) -> None:
        self.ledger.close(self.today, self.quotes, self.erp, compared=compared)

    async def corrections(self) -> list[Correction]:
        return await self.workspace.state.corrections.listed(CorrectionFilter())

    async def propose(self, *tax_ids: str) -> list[str]:
        chosen = FindingFilter(key=list(tax_ids), status=FindingStatus.OPEN)
        proposed = await propose_corrections(self.who("ana"), chosen, ProposeOptions())
        assert sorted(each.key for each in proposed.corrections) == sorted(tax_ids)
        self.ledger.proposed += len(tax_ids)
        for each in tax_ids:
            self.ledger.offers[each] = self.ledger.names[each]
        return [each.id for each in proposed.corrections]

    async def approve(self, ids: list[str]) -> None:
        assert len((await approve_corrections(self.who("dora"), Choice(ids))).approved) == len(ids)


@asynccontextmanager
async def week(folder: Path) -> AsyncIterator[Week]:
    """Everything as it stands on the Sunday before."""
    configure_logging(debug=False)
    async with AsyncExitStack() as stack:
        clean, quotes, right = await asyncio.to_thread(_company, folder / "company.json")
        sandbox = await stack.enter_async_context(running_sandbox(SandboxOptions(load=folder / "company.json")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        receiver = await stack.enter_async_context(receiving())
        project_file, _ = sandbox.write_files(folder)
        text = project_file.read_text()
        crm, erp = (Front(end.base_url.removesuffix("/api")) for end in (sandbox.crm, sandbox.erp))
        for front in (crm, erp):
            address = await stack.enter_async_context(served(front.application(session)))
            text = text.replace(front.behind, address)
        _write_description(folder / "erp.toml")
        project_file.write_text(_project(text, folder, receiver, sorted(clean)))
        project, clock = load_project(project_file), Clock(datetime(2026, 11, 15, 12, tzinfo=UTC))
        state = State.open(project.file.project.state, folder, clock=clock, time_zone=project.time_zone)
        workspace = Workspace(project, await stack.enter_async_context(state), ContentFolder(project.data / SNAPSHOTS))
        ledger = Ledger(len(clean), {each: contact["LegalName"] for each, contact in clean.items()}, right)
        yield Week(workspace, clock, crm, erp, session, clean, quotes, ledger, receiver)


def _company(file: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]], dict[str, frozenset[str]]]:
    """A small company with many open quotes of its clean customers; those customers by document, the quotes, and what
    is a right name of each customer."""
    data = generate(20, 1)
    planted = {each.as_json()["key"] for each in data.planted}
    clean = {key: each for each in data.crm["Contacts"] if (key := each["CNPJ"] or each["CPF"]) not in planted}
    quotes = [part for quote in open_quotes(data.crm, clean) for part in _parts(quote)]
    numbers = {each["QuoteNumber"] for each in quotes}
    others = [each for each in data.crm["Quotes"] if each["QuoteNumber"] not in numbers]
    file.write_bytes(orjson.dumps({"crm": {**data.crm, "Quotes": [*others, *quotes]}, "erp": data.erp}))
    erp_names = {re.sub(r"\W", "", each["cpf_cnpj"]): each["razao_social"] for each in data.erp["clientes"]}
    right = {key: frozenset({each["LegalName"], erp_names[key]}) for key, each in clean.items()}
    return clean, quotes, right


def _parts(quote: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The quote itself, and as quotes of their own some of its lines: no two ask the ERP the same."""
    places = range(len(quote["Products"]))
    for number, chosen in enumerate([[*places], *([each] for each in places), [*places][:-1]]):
        part = deepcopy({**quote, "Products": [quote["Products"][each] for each in chosen]})
        part["Id"], part["QuoteNumber"] = quote["Id"] + 100_000 * number, quote["QuoteNumber"] + 10_000 * number
        for line in part["Products"]:
            line["QuoteId"], line["Id"] = part["Id"], line["Id"] + 1_000_000 * number
        yield part


def _write_description(file: Path) -> None:
    """The ERP's, without quotes and without a second attempt at a call."""
    text = files("reconciler.connectors").joinpath("vendors/sandbox_erp.toml").read_text()
    text = re.sub(r"(?s)\n\[entities\.quotes\].*?(?=\n\[taxes\])", "", text).replace('"webhook", ', "")
    file.write_text(text.replace("[http.auth]\n", "[http.retry]\nattempts = 1\n\n[http.auth]\n", 1))


def _project(text: str, folder: Path, receiver: Receiver, customers: list[str]) -> str:
    """The project on its way to production; one tax question at a time, so that each has the stopwatch for itself."""
    text = text.replace('"sandbox_erp"', '"./erp.toml"')
    text = text.replace("[crm]\n", "[crm]\ntest = true\n").replace("[erp]\n", "[erp]\ntest = true\n")
    (folder / "hook.secret").write_text(SECRET)
    hook = f'{{ url = "{receiver.url}", secret = {{ file = "{folder}/hook.secret" }} }}'
    taxes = "[taxes]\ndrift_concurrency = 1\n"
    return staged(text, folder, "live", f"{_PILOT.format(customers=customers)}\n[notify]\nwebhook = {hook}\n{taxes}")
