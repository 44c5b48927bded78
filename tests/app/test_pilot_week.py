"""A week of a pilot under a clock of its own: what the scorecard says is what happened, counted apart from it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest

from reconciler.app.correct import (
    Choice,
    apply_plan,
    plan_corrections,
    read_plan_file,
    reject_corrections,
    retry_corrections,
)
from reconciler.app.pilot.assessment import assess, sign_scorecard
from reconciler.app.pilot.feedback import add_feedback, close_feedback
from reconciler.app.pilot.promotion import lift_freeze, promote, prospect_of, start_pilot
from reconciler.app.pilot.report import write_pilot_report
from reconciler.app.pilot.run import exit_code_of_run
from reconciler.app.run import run_once
from reconciler.app.run_options import RunOptions
from reconciler.errors import RefusedError
from reconciler.model.corrections import CorrectionState
from reconciler.model.pilot import DayValue, Stage
from tests.app.running import QuietProgress
from tests.app.week_rig import MONDAY, Week, week


@pytest.mark.timeout(120)
async def test_the_scorecard_of_a_week_is_what_happened(tmp_path: Path) -> None:
    async with week(tmp_path) as running:
        a, b, c, d = running.contacts
        await _sunday(running, d)
        await _monday(running, a, b, d)
        await _tuesday(running, a)
        await _wednesday(running, a, b, c)
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
    await running.look_up_names()
    assert running.wrong() == set()
    running.ledger.written(tax_id)
    running.ledger.ended.clear()
    await promote(caio, "what was written was proved")
    assert (await prospect_of(caio)).standing.stage is Stage.PILOT


async def _monday(running: Week, a: str, b: str, d: str) -> None:
    """A name is mistyped and approved to be mended. Another is mistyped before the run and taken back during it, and a
    third one mistyped during it and taken back afterwards: neither is a mismatch. One tax question takes very long,
    which is less than a twentieth of them."""
    running.begin_day(MONDAY, takes_ms=[40, 4_000, 90, 512, 61])
    await running.rename(a, "Nome Errado")
    await running.rename(d, "Digitado Errado")
    done = await running.run((d, None), (b, "Em Digitação"))
    running.close()
    await running.rename(b)
    assert (done.is_whole, done.rules) == (True, [])
    running.clock.forward(hours=6)
    await running.approve(await running.propose(a))


async def _tuesday(running: Week, a: str) -> None:
    """It is mended, and nobody knows: the answer is lost, and the CRM with it. A salesperson mistypes a tax."""
    running.begin_day(MONDAY + timedelta(days=1), takes_ms=[733, 12, 80])
    await running.mistype_tax("123.45")
    running.crm.loses_next_write = True
    running.ledger.lost(a)
    done = await running.run()
    pilot = running.workspace.project.file.pilot
    assert pilot is not None
    assert done.applied is not None
    assert [each.state for each in done.applied.corrections] == [CorrectionState.UNKNOWN]
    assert exit_code_of_run(pilot, done) == 4
    running.close()


async def _wednesday(running: Week, a: str, b: str, c: str) -> None:
    """The record is read again, and tells. Two names go wrong; people mend one as was proposed, and the other in
    another way. Eva cannot work, and the ERP is slow with more than a twentieth of the questions."""
    running.begin_day(MONDAY + timedelta(days=2), takes_ms=[30, 1_200, 45, 3_000, 20])
    running.crm.away = False
    (lost,) = [each.id for each in await running.corrections() if each.key == a]
    retried = await retry_corrections(running.who("bia"), Choice([lost]))
    assert [each.state for each in retried.corrections] == [CorrectionState.VERIFIED]
    running.ledger.found_written(a)
    await running.rename(b, "Errado Também")
    await running.rename(c, "E Este")
    await run_once(running.workspace, RunOptions(("customers",)), QuietProgress(), clock=running.clock)
    await running.propose(b, c)
    await running.rename(b)
    await running.rename(c, "De Outro Jeito")
    await add_feedback(running.who("ana"), "não consigo <b>enviar</b>", severity="blocker", entity="quotes", key="1201")
    running.ledger.feedback.append(True)
    await running.run()
    running.close()
    (about_c,) = [each.id for each in await running.corrections() if each.key == c]
    await reject_corrections(running.who("ana"), Choice([about_c]), reason="not so")
    del running.ledger.offers[c]


async def _thursday(running: Week) -> None:
    """The ERP is away all day: nothing is compared, no tax is answered, and that is on the scorecard."""
    running.begin_day(MONDAY + timedelta(days=3), takes_ms=[300])
    (said,) = await running.workspace.state.pilot.feedback()
    await close_feedback(running.who("bia"), said.id, "it was the browser")
    running.ledger.feedback[:] = [False]
    running.erp.away = True
    done = await running.run()
    pilot = running.workspace.project.file.pilot
    assert pilot is not None
    assert (done.is_whole, exit_code_of_run(pilot, done)) == (False, 3)
    running.erp.away = False
    running.close(compared=False)


async def _friday(running: Week, c: str) -> None:
    """Somebody changes a record behind our back: a stop rule fires at once, and nothing more is written. The ERP
    refuses one question, and lets another one wait for longer than anybody does."""
    running.begin_day(MONDAY + timedelta(days=4), takes_ms=[55, 66], refused={3}, never_answered={7})
    bia, plan = running.who("bia"), running.workspace.project.folder / "friday.json"
    await running.approve(await running.propose(c))
    await plan_corrections(bia, Choice(everything=True), out=plan)
    await running.rename(c, "Mais Uma Vez")
    applied = await apply_plan(bia, read_plan_file(plan))
    assert [each.state for each in applied.corrections] == [CorrectionState.SUPERSEDED]
    assert applied.freeze is not None
    running.ledger.ended.append("conflict")
    done = await running.run()
    assert (done.freeze, done.rules) == (None, ["Conflicts: 1, above 0"])
    sent = [orjson.loads(each.body) for each in running.told.received]
    (told,) = [each for each in sent if each["type"] == "reconciler.frozen"]
    assert told["data"]["rule"] == "Conflicts: 1, above 0"
    assert "estão congeladas" in told["data"]["subject"]
    running.close()
    running.clock.forward(hours=6)
    await running.approve(await running.propose(c))
    later = await plan_corrections(bia, Choice(everything=True), out=None)
    assert [each.why.partition(" since")[0] for each in later.left_out] == ["writes are frozen"]


async def _saturday(running: Week, c: str) -> None:
    """Nobody works, and what is counted holds nobody to anything. What was approved is written: that the record holds
    now what Friday's first proposal offered is nobody's handiwork."""
    running.begin_day(MONDAY + timedelta(days=5), takes_ms=[1_999])
    await running.mistype_tax("-123.45")
    await lift_freeze(running.who("caio"), "the import that did it was stopped")
    done = await running.run()
    assert done.applied is not None
    assert [(each.key, each.state) for each in done.applied.corrections] == [(c, CorrectionState.VERIFIED)]
    running.close()


async def _assessed(running: Week) -> None:
    """On the Monday after: no-go, for what happened; both sign it, and a change makes their names count no more."""
    running.morning_of(MONDAY + timedelta(days=7))
    document = await write_pilot_report(running.who("caio"))
    card = document["scorecard"]
    days = {each["day"]: each["measures"] for each in card["days"]}
    assert list(days) == [(MONDAY + timedelta(days=more)).isoformat() for more in range(7)]
    for day, counted in days.items():
        told = {name: (_number(each["value"]), each["sample"]) for name, each in counted.items()}
        assert told == running.ledger.days.get(day, {}), day
    assert card["verdict"] == "no_go"
    assert card["reasons"] == [
        "2026-11-17: Corrections proved 0.00, at least 90 was agreed.",
        "2026-11-17: Unknown outcomes 1, at most 0 was agreed.",
        "2026-11-18: Tax answers, 95th percentile 1200, at most 800 was agreed.",
        "2026-11-18: Open blockers 1, at most 0 was agreed.",
        "2026-11-19: New mismatches in the day was not measured.",
        "2026-11-19: Open mismatches per 1,000 records was not measured.",
        "2026-11-19: Tax answers in time 0.00, at least 95 was agreed.",
        "2026-11-20: Corrections proved 0.00, at least 90 was agreed.",
        "2026-11-20: Tax answers in time 91.67, at least 95 was agreed.",
    ]
    _written(document)
    await _signed(running, document["content"])


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _written(document: dict[str, Any]) -> None:
    """The page speaks the language of the project, runs nothing, and what was said in it is text."""
    page = Path(document["reports"]["html"]).read_text()
    assert ("Amostra: " in page, "Sample: " in page, "responsável técnico" in page) == (True, False, False)
    assert "✕ Não seguir" in page
    assert "não consigo &lt;b&gt;enviar&lt;/b&gt;" in page
    assert "Impedimentos abertos 1; o combinado era no máximo 0." in page
    assert ("<script" in page, document["content"] in page, page.count("<figure")) == (False, True, 10)
    with ZipFile(document["reports"]["xlsx"]) as workbook:
        texts = workbook.read("xl/sharedStrings.xml").decode()
    assert "Conflitos: 1, acima de 0" in texts
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
