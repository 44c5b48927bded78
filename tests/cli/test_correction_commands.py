"""`corrections` and `audit` as commands: what they print, how they exit, and that nobody gets around the rules."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from reconciler.app.operating_system import operating_system_user
from reconciler.cli import commands
from reconciler.cli.main import settings
from reconciler.cli.output import width
from reconciler.cli.stopping import stop_on_signal
from reconciler.errors import ReconcilerError
from tests.app.corrections_rig import OPTIONS, reconciled_once
from tests.processes import Sandbox

_COLUMNS = 80


@dataclass
class Commands:
    """The commands of a project, in this process."""

    project: Path

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, what came on stdout, and on stderr (of an error, its message and hint)."""
        app = typer.Typer()
        app.callback()(settings)
        commands.register(app, str(arguments[0]))
        done = CliRunner().invoke(app, ["--project", str(self.project), *map(str, arguments)])
        if isinstance(done.exception, ReconcilerError):
            return done.exception.exit_code, done.stdout, f"{done.stderr}{done.exception}"
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    def json(self, *arguments: str | Path) -> Any:
        """The document of a command that ends well."""
        code, output, narration = self.run(*arguments, "--json")
        assert code == 0, narration
        return json.loads(output)


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a sandbox that was reconciled once."""
    folder = tmp_path_factory.mktemp("corrections") / "box"
    shutil.copytree(reconciled_once(), folder)
    with Sandbox(folder, "--customers", str(OPTIONS.customers), "--seed", str(OPTIONS.seed)) as sandbox:
        yield sandbox.project.parent


@pytest.fixture
def at_work(systems: Path, tmp_path: Path) -> Commands:
    """Commands on a state of their own. The systems are shared: what is written stays for the tests that follow."""
    folder = tmp_path / "box"
    shutil.copytree(systems, folder)
    return Commands(folder / "reconciler.toml")


def _fits(text: str) -> bool:
    return all(width(line) <= _COLUMNS for line in text.splitlines())


def test_what_is_left_out_is_told_with_its_reason(at_work: Commands) -> None:
    code, output, narration = at_work.run("corrections", "propose", "--all")
    assert code == 0
    assert _fits(output)
    assert re.search(r"^[0-9a-f]{8}  customers", output, re.MULTILINE)
    assert re.search(r"\d+ findings left out:", narration)
    assert "Vários registros têm a mesma chave" in narration
    assert re.search(r"^\d+ proposed, 0 as before\.$", narration, re.MULTILINE)


def test_the_table_and_the_json_of_corrections_agree(at_work: Commands) -> None:
    proposed = at_work.json("corrections", "propose", "--all")
    listed = at_work.json("corrections", "list")
    assert [each["id"] for each in listed] == proposed["added"]
    code, output, narration = at_work.run("corrections", "list")
    assert (code, _fits(output)) == (0, True)
    lines = output.splitlines()[2:]
    for line, document in zip(lines, listed, strict=True):
        cells = line.split()
        assert cells[:2] == [document["id"][:8], document["entity"]]
        assert cells[-1] == document["state"]
    assert f"{len(listed)} of {len(listed)} corrections" in narration


def test_corrections_are_chosen_by_id_and_by_filter(at_work: Commands) -> None:
    finding = at_work.json("findings", "list", "--kind", "differs", "--field", "legal_name")[0]
    proposed = at_work.json("corrections", "propose", finding["id"][:10])
    (correction,) = proposed["corrections"]
    (change,) = correction["changes"]
    assert change["finding"] == finding["id"]
    assert {change["old"], change["new"]} == {finding["crm"]["value"], finding["erp"]["value"]}
    at_work.json("corrections", "propose", "--entity", "products")
    sides = {each["side"] for each in at_work.json("corrections", "list", "--side", "crm")}
    assert sides == {"crm"}
    assert {each["entity"] for each in at_work.json("corrections", "list", "--entity", "products")} == {"products"}
    chosen = at_work.json("corrections", "list", "--cause", finding["cause"], "--field", change["field"])
    assert correction["id"] in [each["id"] for each in chosen]
    shown = at_work.json("corrections", "show", correction["id"][:6])
    assert shown["changes"] == correction["changes"]


def test_a_field_without_owner_is_corrected_where_a_person_chose(at_work: Commands) -> None:
    text = at_work.project.read_text()
    at_work.project.write_text(text.replace('legal_name = { owner = "erp" }', "legal_name = {}"))
    chosen = ("--field", "legal_name", "--kind", "differs")
    left = at_work.json("corrections", "propose", *chosen)
    assert left["added"] == []
    assert {each["reason"] for each in left["left_out"]} == {"no_owner"}
    proposed = at_work.json("corrections", "propose", *chosen, "--choose", "crm")
    assert proposed["added"]
    findings = {each["id"]: each for each in at_work.json("findings", "list", *chosen)}
    for correction in proposed["corrections"]:
        assert correction["side"] == "erp"
        for change in correction["changes"]:
            assert change["new"] == findings[change["finding"]]["crm"]["value"]


def test_the_plan_shows_every_change_whole_and_apply_writes_it(at_work: Commands, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    proposed = at_work.json("corrections", "propose", "--entity", "products")
    at_work.run("corrections", "approve", "--all")
    code, output, narration = at_work.run("corrections", "plan")
    assert code == 0
    assert "Nothing is planned yet" in narration
    code, output, narration = at_work.run("corrections", "plan", "--out", plan)
    assert code == 0, narration
    for correction in proposed["corrections"]:
        for change in correction["changes"]:
            assert change["new"] is None or change["new"] in output
    assert re.search(r"^CRM +\d+ +\d+ +\d+ +0 +\d+$", output, re.MULTILINE)
    assert (plan.stat().st_mode & 0o777) == 0o600
    code, output, _ = at_work.run("corrections", "apply", plan, "--dry-run")
    assert (code, "Nothing was written") == (0, "Nothing was written")
    code, output, narration = at_work.run("corrections", "apply", plan)
    assert code == 0, narration
    assert re.search(rf"^verified +{len(proposed['corrections'])}$", output, re.MULTILINE)
    again = at_work.json("corrections", "apply", plan)
    assert (again["written"], again["states"]) == (0, {"verified": len(proposed["corrections"])})
    undone = at_work.json("corrections", "undo", "--cause", "case", "--field", "name")
    assert {each["undoes"] for each in undone["proposed"]} <= set(proposed["added"])


def test_an_edit_is_shown_with_who_made_it(at_work: Commands) -> None:
    (correction, *_) = at_work.json("corrections", "propose", "--field", "credit_limit")["corrections"]
    edited = at_work.json("corrections", "edit", correction["id"], "--set", "credit_limit=1234.50", "--as", "bia")
    assert [(each["new"], each["edited_by"]) for each in edited["changes"]] == [("1234.5", "bia")]
    code, output, _ = at_work.run("corrections", "show", correction["id"])
    assert (code, "(edited by bia)" in output) == (0, True)
    code, _, message = at_work.run("corrections", "edit", correction["id"], "--set", "credit_limit=much")
    assert code == 2
    assert "credit_limit" in message


def test_a_rejected_proposal_is_not_approved_any_more(at_work: Commands) -> None:
    (correction, *_) = at_work.json("corrections", "propose", "--field", "credit_limit")["corrections"]
    at_work.json("corrections", "reject", correction["id"], "--reason", "agreed with finance")
    shown = at_work.json("corrections", "show", correction["id"])
    assert (shown["state"], shown["words"]) == ("rejected", "agreed with finance")
    code, _, message = at_work.run("corrections", "approve", correction["id"])
    assert code == 2
    assert "it is rejected" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ("propose",),
        ("approve",),
        ("reject",),
        ("undo",),
        ("retry",),
        ("approve", "--side", "both"),
        ("approve", "--cause", "accent"),
        ("list", "--state", "done"),
        ("propose", "--all", "--choose", "both"),
        ("edit", "ab", "--set", "email"),
        ("show", "ffffffffffffffff"),
        ("apply", "no-such-plan.json"),
        ("settle", "ab", "--reason", "seen"),
        ("settle", "ab", "--as-written"),
        ("settle", "ffffffffffffffff", "--as-written", "--reason", "seen"),
        ("desk", "--side", "both"),
        ("plan", "--out", "plan.json"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_with_2(at_work: Commands, arguments: tuple[str, ...]) -> None:
    code, output, _ = at_work.run("corrections", *arguments)
    assert (code, output) == (2, "")


def test_the_person_is_the_operating_system_s_whatever_the_environment_says(
    at_work: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    (correction, *_) = at_work.json("corrections", "propose", "--field", "credit_limit")["corrections"]
    assert correction["proposed_by"] == operating_system_user() != "somebody-else"


def test_no_command_lets_one_say_who_one_is_in_another_stage(at_work: Commands) -> None:
    text = at_work.project.read_text().replace('stage = "sandbox"', 'stage = "pilot"')
    at_work.project.write_text(text)
    for arguments in (
        ("corrections", "propose", "--all"),
        ("corrections", "approve", "--all"),
        ("corrections", "reject", "--all"),
        ("corrections", "edit", "ab", "--set", "email=x"),
        ("corrections", "plan"),
        ("corrections", "undo", "--all"),
        ("corrections", "retry", "--all"),
        ("corrections", "settle", "ab", "--as-written", "--reason", "seen"),
        ("corrections", "withdraw", "ab"),
        ("findings", "accept", "--cause", "case", "--reason", "x"),
    ):
        code, _, message = at_work.run(*arguments[:2], "--as", "ana", *arguments[2:])
        assert code == 2, arguments
        assert "--as is only for stage “sandbox”" in message, arguments


def test_the_trail_is_listed_verified_and_taken_out(at_work: Commands, tmp_path: Path) -> None:
    (correction, *_) = at_work.json("corrections", "propose", "--field", "credit_limit")["corrections"]
    at_work.json("corrections", "approve", correction["id"])
    entries = at_work.json("audit", "list", "--subject", correction["id"])
    assert [each["act"] for each in entries][:2] == ["correction.proposed", "correction.approval_given"]
    code, output, _ = at_work.run("audit", "list", "--limit", "2")
    assert (code, len(output.splitlines()), _fits(output)) == (0, 4, True)
    checked = at_work.json("audit", "verify")
    assert (checked["whole"], checked["head"]) == (True, at_work.json("audit", "list")[-1]["digest"])
    at_work.run("audit", "export", tmp_path / "trail.jsonl")
    previous = "0" * 64
    for line in (tmp_path / "trail.jsonl").read_text().splitlines():
        entry = json.loads(line)
        assert entry["previous"] == previous
        previous = entry["digest"]
    assert previous == checked["head"]
    at_work.run("audit", "export", tmp_path / "trail.csv", "--act", "correction")
    with (tmp_path / "trail.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["act"].startswith("correction.") for row in rows)


def test_a_touched_trail_ends_with_1_and_a_noted_head_shows_a_rewritten_one(at_work: Commands) -> None:
    at_work.json("corrections", "propose", "--field", "credit_limit")
    head = at_work.json("audit", "verify")["head"]
    database = at_work.project.parent / "state.db"
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    change = "UPDATE audit_entries SET details = '{}' WHERE number = 1"
    subprocess.run([sys.executable, "-c", script, str(database), change], check=True)
    code, output, _ = at_work.run("audit", "verify")
    assert code == 1
    assert "entry 1 was changed" in output
    assert at_work.run("audit", "verify", "--head", head)[0] == 1
    assert at_work.run("audit", "verify", "--head", "x" * 64)[0] == 2


async def test_the_first_signal_asks_to_finish_and_the_second_ends() -> None:
    begun, asked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        with stop_on_signal() as stop:
            begun.set()
            await stop.wait()
            asked.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await begun.wait()
    os.kill(os.getpid(), signal.SIGINT)
    await asked.wait()
    assert not working.done()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(typer.Exit) as ended:
        await working
    assert ended.value.exit_code == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_somebody_the_project_does_not_name_reads_and_decides_nothing(at_work: Commands) -> None:
    at_work.json("corrections", "propose", "--field", "credit_limit")
    at_work.project.write_text(at_work.project.read_text() + '\n[people]\nana = { roles = ["admin"] }\n')
    assert at_work.json("corrections", "list")
    code, _, message = at_work.run("corrections", "approve", "--all")
    assert code == 2
    assert "nobody in [people]" in message
    assert at_work.json("corrections", "approve", "--all", "--as", "ana")["approved"]
