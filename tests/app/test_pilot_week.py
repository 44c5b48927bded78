"""A week of a pilot under a clock of its own: what the scorecard says is what happened, counted apart from it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import aiohttp
import orjson
import pytest

from reconciler.app.correct import (
    Acting,
    Choice,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    person_of_user,
    plan_corrections,
    propose_corrections,
    read_plan_file,
    reject_corrections,
)
from reconciler.app.pilot.assessment import assess, sign_scorecard
from reconciler.app.pilot.feedback import add_feedback, close_feedback
from reconciler.app.pilot.promotion import lift_freeze, promote, prospect_of, start_pilot
from reconciler.app.pilot.report import write_pilot_report
from reconciler.app.pilot.run import PilotRun, PilotRunOptions, exit_code_of_run, run_pilot
from reconciler.app.reconcile import RunOptions
from reconciler.app.run import run_once
from reconciler.app.wire import SNAPSHOTS, Workspace
from reconciler.errors import RefusedError
from reconciler.logs import configure_logging
from reconciler.model.corrections import CorrectionState
from reconciler.model.findings import FindingStatus
from reconciler.model.pilot import DayValue, Stage
from reconciler.project import load_project
from reconciler.sandbox.start import CRM_USER_KEY, RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.app.corrections_rig import Clock
from tests.app.pilot_rig import ZONE, ipi_amounts, open_quotes, person, staged
from tests.app.running import QuietProgress
from tests.ports.notice_rig import SECRET, Receiver, receiving

MONDAY = date(2026, 11, 16)
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
blockers = 0
[[pilot.stop]]
measure = "conflicts"
above = 0
"""


@dataclass
class Ledger:
    """What happened, as whoever made it happen counts it.

    Attributes:
        open: customers whose name differs.
        mistyped_taxes: by how much amounts in open quotes are wrong that were right on Sunday.
    """

    records: int
    quotes: int
    mistyped_taxes: Decimal = Decimal(0)
    open: set[str] = field(default_factory=set)
    days: dict[str, dict[str, Decimal | None]] = field(default_factory=dict)
    drifted: dict[str, Decimal] = field(default_factory=dict)

    def close(self, day: date, **counted: float | None) -> None:
        """The day is over: `open` as it is now, and what else was counted."""
        share = round(Decimal(1000 * len(self.open)) / self.records, 2)
        numbers = {name: None if value is None else Decimal(str(value)) for name, value in counted.items()}
        self.days[day.isoformat()] = {"open_per_1000": share, "unknown_outcomes": Decimal(0), **numbers}
        self.drifted[day.isoformat()] = self.mistyped_taxes


@dataclass
class Week:
    """The company, its people, and the systems behind everybody's back."""

    workspace: Workspace
    clock: Clock
    sandbox: RunningSandbox
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

    async def rename(self, tax_id: str, name: str | None = None) -> None:
        """Somebody changes a name in the CRM by hand; the right one where none is given."""
        contact = self.contacts[tax_id]
        body = {"LegalName": contact["LegalName"] if name is None else name}
        address, headers = f"{self.sandbox.crm.base_url}/Contacts({contact['Id']})", {"User-Key": CRM_USER_KEY}
        async with self.session.patch(address, json=body, headers=headers) as answer:
            answer.raise_for_status()

    async def mistype_tax(self, by: str) -> None:
        """Eva adds something to the IPI of a line, in the first quote of her customers that is open and has one."""
        identity, lines, amount = next(ipi_amounts(self.quotes))
        amount["DecimalValue"] = float(Decimal(str(amount["DecimalValue"])) + Decimal(by))
        address, headers = f"{self.sandbox.crm.base_url}/Quotes({identity})", {"User-Key": CRM_USER_KEY}
        async with self.session.patch(address, json={"Products": lines}, headers=headers) as answer:
            answer.raise_for_status()
        self.ledger.mistyped_taxes += Decimal(by)

    async def erp_is(self, kind: str) -> None:
        address = f"{self.sandbox.erp.base_url}/_sandbox/misbehave"
        async with self.session.post(address, json={"kind": kind, "every": 1}) as answer:
            answer.raise_for_status()

    async def run(self, *noise: tuple[str, str | None]) -> PilotRun:
        """One run, writing what is approved; between its comparisons people rename customers."""
        waited: list[float] = []

        async def wait(seconds: float) -> None:
            waited.append(seconds)
            for each in noise:
                await self.rename(*each)

        options = PilotRunOptions(apply=True, wait=wait)
        done = await run_pilot(self.who("bia"), options, QuietProgress())
        assert waited == [300]
        return done

    async def propose(self, *tax_ids: str) -> list[str]:
        chosen = FindingFilter(key=list(tax_ids), status=FindingStatus.OPEN)
        proposed = await propose_corrections(self.who("ana"), chosen, ProposeOptions())
        return [each.id for each in proposed.corrections]

    async def approve(self, ids: list[str]) -> None:
        assert len((await approve_corrections(self.who("dora"), Choice(ids))).approved) == len(ids)


@asynccontextmanager
async def week(folder: Path) -> AsyncIterator[Week]:
    """Everything as it stands on the Sunday before."""
    configure_logging(debug=False)
    options = SandboxOptions(customers=20, seed=1)
    async with running_sandbox(options) as sandbox, aiohttp.ClientSession() as session, receiving() as receiver:
        project_file, _ = sandbox.write_files(folder)
        async with session.post(f"{sandbox.crm.base_url}/_sandbox/state", json={}) as answer:
            crm = await answer.json()
        planted = {each["key"] for each in sandbox.truth}
        clean = {key: each for each in crm["Contacts"] if (key := each["CNPJ"] or each["CPF"]) not in planted}
        description = files("reconciler.connectors").joinpath("vendors/sandbox_erp.toml").read_text()
        description = re.sub(r"(?s)\n\[entities\.quotes\].*?(?=\n\[taxes\])", "", description).replace(
            '"webhook", ', ""
        )
        (folder / "erp.toml").write_text(
            description.replace("[http.auth]\n", "[http.retry]\nattempts = 1\n\n[http.auth]\n", 1)
        )
        text = project_file.read_text().replace('"sandbox_erp"', '"./erp.toml"')
        text = text.replace("[crm]\n", "[crm]\ntest = true\n").replace("[erp]\n", "[erp]\ntest = true\n")
        (folder / "hook.secret").write_text(SECRET)
        hook = f'{{ url = "{receiver.url}", secret = {{ file = "{folder}/hook.secret" }} }}'
        more = f"{_PILOT.format(customers=sorted(clean))}\n[notify]\nwebhook = {hook}\n"
        project_file.write_text(staged(text, folder, "live", more))
        project, clock = load_project(project_file), Clock(datetime(2026, 11, 15, 12, tzinfo=UTC))
        state = State.open(project.file.project.state, folder, clock=clock, time_zone=project.time_zone)
        async with state as opened:
            workspace = Workspace(project, opened, ContentFolder(project.data / SNAPSHOTS))
            quotes = open_quotes(crm, clean)
            yield Week(workspace, clock, sandbox, session, clean, quotes, Ledger(len(clean), len(quotes)), receiver)


@pytest.mark.timeout(120)
async def test_the_scorecard_of_a_week_is_what_happened(tmp_path: Path) -> None:
    async with week(tmp_path) as running:
        ledger, (a, b, c, d) = running.ledger, running.contacts
        await _sunday(running, d)
        # Monday: a name is mistyped and approved to be mended. Another is mistyped before the run and taken back during
        # it, and a third one mistyped during it and taken back afterwards: neither is a mismatch.
        running.morning_of(MONDAY)
        await running.rename(a, "Nome Errado")
        await running.rename(d, "Digitado Errado")
        done = await running.run((d, None), (b, "Em Digitação"))
        await running.rename(b)
        assert (done.is_whole, done.rules) == (True, [])
        running.clock.forward(hours=6)
        await running.approve(await running.propose(a))
        ledger.open.add(a)
        ledger.close(MONDAY, new_mismatches=1, conflicts=0, blockers=0, taxes_in_time_percent=100)
        # Tuesday: it is mended, and a salesperson mistypes a tax.
        running.morning_of(MONDAY + timedelta(days=1))
        await running.mistype_tax("123.45")
        done = await running.run()
        assert done.applied is not None
        assert [each.state for each in done.applied.corrections] == [CorrectionState.VERIFIED]
        ledger.open.remove(a)
        ledger.close(
            MONDAY + timedelta(days=1),
            new_mismatches=0, verified_percent=100, conflicts=0, blockers=0, taxes_in_time_percent=100,
        )  # fmt: skip
        await _wednesday(running, b, c)
        await _thursday(running)
        await _friday(running, c)
        await _saturday(running, c)
        await _assessed(running)


async def _sunday(running: Week, tax_id: str) -> None:
    """Through homologation, where one correction is proved, into the pilot."""
    caio, bia = running.who("caio"), running.who("bia")
    await running.rename(tax_id, "Outra Razão")
    await run_once(running.workspace, RunOptions(), QuietProgress(), clock=running.clock)
    with pytest.raises(RefusedError, match="no pilot was started"):
        await running.run()
    await start_pilot(caio)
    await promote(caio, "both systems are test systems")
    with pytest.raises(RefusedError, match="no correction was written and proved"):
        await promote(caio, "too early")
    await running.approve(await running.propose(tax_id))
    plan = running.workspace.project.folder / "plan.json"
    await plan_corrections(bia, Choice(everything=True), out=plan)
    with pytest.raises(RefusedError, match="a stage begins with nothing allowed"):
        await promote(caio, "too early")
    await apply_plan(bia, read_plan_file(plan))
    await promote(caio, "what was written was proved")
    assert (await prospect_of(caio)).standing.stage is Stage.PILOT


async def _wednesday(running: Week, b: str, c: str) -> None:
    """Two names go wrong; people mend one as was proposed, and the other in another way. Eva cannot work."""
    running.morning_of(MONDAY + timedelta(days=2))
    await running.rename(b, "Errado Também")
    await running.rename(c, "E Este")
    await run_once(running.workspace, RunOptions(("customers",)), QuietProgress(), clock=running.clock)
    ids = await running.propose(b, c)
    await running.rename(b)
    await running.rename(c, "De Outro Jeito")
    await add_feedback(running.who("ana"), "não consigo <b>enviar</b>", severity="blocker", entity="quotes", key="1201")
    await running.run()
    kept = [await running.workspace.state.corrections.get(each) for each in ids]
    await reject_corrections(running.who("ana"), Choice([each.id for each in kept if each.key == c]), reason="not so")
    running.ledger.open.add(c)
    running.ledger.close(
        MONDAY + timedelta(days=2),
        new_mismatches=1, conflicts=0, blockers=1, taxes_in_time_percent=100, shadow_agreement_percent=50,
    )  # fmt: skip


async def _thursday(running: Week) -> None:
    """The ERP is away all day: nothing is compared, no tax is answered, and that is on the scorecard."""
    running.morning_of(MONDAY + timedelta(days=3))
    (said,) = await running.workspace.state.pilot.feedback()
    await close_feedback(running.who("bia"), said.id, "it was the browser")
    await running.erp_is("lost")
    done = await running.run()
    pilot = running.workspace.project.file.pilot
    assert pilot is not None
    assert (done.is_whole, exit_code_of_run(pilot, done)) == (False, 3)
    await running.erp_is("none")
    running.ledger.close(MONDAY + timedelta(days=3), conflicts=0, blockers=0, taxes_in_time_percent=0)
    del running.ledger.days[(MONDAY + timedelta(days=3)).isoformat()]["open_per_1000"]


async def _friday(running: Week, c: str) -> None:
    """Somebody changes a record behind our back: a stop rule fires, and nothing more is written."""
    running.morning_of(MONDAY + timedelta(days=4))
    bia, plan = running.who("bia"), running.workspace.project.folder / "friday.json"
    await running.approve(await running.propose(c))
    await plan_corrections(bia, Choice(everything=True), out=plan)
    await running.rename(c, "Mais Uma Vez")
    applied = await apply_plan(bia, read_plan_file(plan))
    assert [each.state for each in applied.corrections] == [CorrectionState.SUPERSEDED]
    done = await running.run()
    assert done.freeze is not None
    assert done.rules == ["Conflicts: 1, above 0"]
    sent = [orjson.loads(each.body) for each in running.told.received]
    (told,) = [each for each in sent if each["type"] == "reconciler.frozen"]
    assert told["data"]["rule"] == "Conflicts: 1, above 0"
    assert "estão congeladas" in told["data"]["subject"]
    await running.approve(await running.propose(c))
    later = await plan_corrections(bia, Choice(everything=True), out=None)
    assert [each.why.partition(" since")[0] for each in later.left_out] == ["writes are frozen"]
    running.ledger.close(
        MONDAY + timedelta(days=4),
        new_mismatches=0, verified_percent=0, conflicts=1, blockers=0, taxes_in_time_percent=100,
        shadow_agreement_percent=50,
    )  # fmt: skip


async def _saturday(running: Week, c: str) -> None:
    running.morning_of(MONDAY + timedelta(days=5))
    await running.mistype_tax("-123.45")
    await lift_freeze(running.who("caio"), "the import that did it was stopped")
    await running.rename(c)
    await running.run()
    running.ledger.open.remove(c)
    running.ledger.close(
        MONDAY + timedelta(days=5), new_mismatches=0, conflicts=0, blockers=0, taxes_in_time_percent=100
    )


async def _assessed(running: Week) -> None:
    """On the Monday after: no-go, for what happened; both sign it, and a change makes their names count no more."""
    running.morning_of(MONDAY + timedelta(days=7))
    document = await write_pilot_report(running.who("caio"))
    card = document["scorecard"]
    days = {each["day"]: each["measures"] for each in card["days"]}
    assert list(days) == [(MONDAY + timedelta(days=more)).isoformat() for more in range(7)]
    for day, expected in running.ledger.days.items():
        measured = {name: days[day][name]["value"] for name in expected if name in days[day]}
        assert {name: None if value is None else Decimal(value) for name, value in measured.items()} == expected, day
        assert days[day]["taxes_in_time_percent"]["sample"] == running.ledger.quotes
    assert "open_per_1000" not in days["2026-11-19"]
    before = Decimal(days["2026-11-16"]["tax_drift"]["value"])
    drift = {
        day: Decimal(value) - before
        for day in days
        if (value := days[day].get("tax_drift", {}).get("value")) is not None
    }
    assert drift == {day: more for day, more in running.ledger.drifted.items() if day in drift}
    assert sorted(drift.values())[-1] == Decimal("123.45")
    assert card["verdict"] == "no_go"
    assert card["reasons"] == [
        "2026-11-18: Open blockers 1, at most 0 was agreed.",
        "2026-11-19: New mismatches in the day was not measured.",
        "2026-11-19: Open mismatches per 1,000 records was not measured.",
        "2026-11-19: Tax answers in time 0.00, at least 95 was agreed.",
        "2026-11-20: Corrections proved 0.00, at least 90 was agreed.",
    ]
    _written(document)
    await _signed(running, document["content"])


def _written(document: dict[str, Any]) -> None:
    """The page speaks the language of the project, runs nothing, and what was said in it is text."""
    page = Path(document["reports"]["html"]).read_text()
    assert "✕ Não seguir" in page
    assert "não consigo &lt;b&gt;enviar&lt;/b&gt;" in page
    assert "Impedimentos abertos 1; o combinado era no máximo 0." in page
    assert ("<script" in page, document["content"] in page, page.count("<figure")) == (False, True, 9)
    with ZipFile(document["reports"]["xlsx"]) as workbook:
        texts = workbook.read("xl/sharedStrings.xml").decode()
    assert "Conflicts: 1, above 0" in texts
    assert document["content"] in texts


async def _signed(running: Week, content: str) -> None:
    for name in ("bia", "caio"):
        with pytest.raises(RefusedError):
            await sign_scorecard(running.who(name), content[:6] if name == "caio" else content)
    await sign_scorecard(running.who("caio"), content[:8])
    with pytest.raises(RefusedError, match="signed this already"):
        await sign_scorecard(running.who("caio"), content)
    await sign_scorecard(running.who("dora"), content)
    signed = await assess(running.who("caio"))
    assert (signed.missing_signatures, len(signed.signatures)) == ((), 2)
    declared = signed.declarations[-1].number
    later = [DayValue(MONDAY, "blockers", Decimal(1), 1)]
    await running.workspace.state.pilot.keep_day(declared, later, running.clock())
    assert (await assess(running.who("caio"))).missing_signatures == ("technical_lead", "scope_owner")
    with pytest.raises(RefusedError, match="the scorecard says “no_go”"):
        await promote(running.who("caio"), "let us go anyway")
    assert not (await running.workspace.state.audit.verify()).breaks
