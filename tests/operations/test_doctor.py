"""`doctor` on an installation that is well, on broken ones, and what its support bundle gives away."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reconciler.app.doctor.diagnosis import Grade
from reconciler.app.doctor.examine import Examined, examine
from reconciler.cli.commands.doctor import register
from reconciler.cli.main import app
from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, FieldChange, StepKind
from reconciler.model.entities import Side
from reconciler.service.tokens import plain_tokens
from reconciler.store.state.records import RunStatus
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.store.correction_cases import correction, step
from tests.store.state_cases import row

S = CorrectionState
NOW = datetime.now(UTC)
SECRET, LITERAL, TOKEN = "hunter2-of-the-company", "literal-made-up-key", "plain-service-token-0001"
TAX_ID, PERSON, MAIL, WORDS = "11222333000181", "Fulana Beltrana", "fulana@example.com", "Padaria Bom Dia"
PLANTED = (SECRET, LITERAL, TOKEN, TAX_ID, PERSON, MAIL, WORDS, "Fulana", "fulana", "hooks.example.com", "Bom Dia")
_PROJECT = f"""
[project]
name = "{WORDS}"
[crm]
vendor = "ploomes"
base_url = "https://{TAX_ID}.example.com"
credentials = {{ user_key = "{LITERAL}" }}
context = {{ responsible = "{PERSON}", company = {TAX_ID} }}
[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:1"
credentials = {{ user = {{ env = "FULANA_USER" }}, password = {{ file = "fulana.secret" }} }}
[scope.customers]
[scope.customers.fields]
"Bom Dia" = {{ type = "text", crm = "OtherProperties[{WORDS}].StringValue", erp = "{PERSON}" }}
[people."{PERSON}"]
roles = ["reviewer"]
os_users = ["fulana"]
[notify]
webhook = {{ url = "https://hooks.example.com/{TAX_ID}", secret = {{ env = "HOOK_SECRET" }} }}
[service]
tokens = {{ file = "tokens" }}
"""


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose state, paths and settings are full of what must not leave the house."""
    folder = tmp_path_factory.mktemp("doctor") / WORDS
    folder.mkdir()
    (folder / "reconciler.toml").write_text(_PROJECT)
    (folder / "fulana.secret").write_text(SECRET)
    (folder / "tokens").write_text(f"crm:sales:{TOKEN}\nother:metrics:sha256${'ab' * 32}\n")
    for name in ("fulana.secret", "tokens"):
        (folder / name).chmod(0o600)
    asyncio.run(_live(folder))
    return folder


async def _live(folder: Path) -> None:
    async with State.open("sqlite:///state.db", folder, clock=lambda: NOW - timedelta(hours=1)) as state:
        run = await state.runs.start(["customers"], full=True)
        found = row(TAX_ID, field="Bom Dia", crm_value=PERSON, erp_value=MAIL, crm_id=SECRET)
        await state.findings.record(run, "customers", [[found]], close_missing=True)
        document = {"entities": {WORDS: {"findings": {"new": 3, "by_cause": {PERSON: 1}}}}, "warnings": [PERSON]}
        error = {"code": "unreachable", "message": f"{PERSON} {TAX_ID}"}
        await state.runs.finish(run, RunStatus.FAILED, {**document, "error": error})
        change = (FieldChange("email", MAIL, PERSON),)
        proposed = correction(1, key=TAX_ID, changes=change, proposed_by=PERSON)
        await state.corrections.add([proposed], person=PERSON)
        for before, after in ((S.PROPOSED, S.APPROVED), (S.APPROVED, S.PLANNED), (S.PLANNED, S.APPLYING)):
            assert await state.corrections.move([Move(proposed.id, before, after)], person=PERSON) == []
        await state.journal.note(step(proposed.id, StepKind.INTENT))
        assert await state.corrections.move([Move(proposed.id, S.APPLYING, S.UNKNOWN, MAIL)], person=PERSON) == []
        hints = (HintedRecord("customers", TAX_ID),)
        await state.webhooks.accept(Side.CRM, [IncomingNotice(MAIL, told=True, hints=hints)])
        (waiting,) = await state.webhooks.due(1)
        await state.webhooks.give_up(waiting, problem=f"{PERSON} {SECRET}")


def _examined(folder: Path, now: datetime = NOW) -> Examined:
    return asyncio.run(examine(folder / "reconciler.toml", plain_tokens, clock=lambda: now))


def _grades(examined: Examined) -> dict[str, Grade]:
    return {check.name: check.grade for check in examined.diagnosis.checks}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FULANA_USER", PERSON)
    monkeypatch.setenv("HOOK_SECRET", SECRET)


@pytest.mark.usefixtures("environment")
def test_the_bundle_gives_away_no_secret_no_document_no_name_and_no_mail(lived_in: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "support.zip"
    done = CliRunner().invoke(
        _app(), ["--project", str(lived_in / "reconciler.toml"), "doctor", "--bundle", str(bundle)]
    )
    assert done.exit_code == 4, done.output
    assert bundle.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(bundle) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, text in texts.items():
        assert [planted for planted in PLANTED if planted in text] == [], name
        assert [planted for planted in PLANTED if planted in name] == []
    told = {name: json.loads(text) for name, text in texts.items()}
    assert told["state.json"]["corrections"] == {"unknown": 1}
    assert told["state.json"]["rows"]["findings"] == 1
    assert told["project.json"]["erp"]["vendor"] == "sandbox_erp"
    assert told["project.json"]["crm"]["context"] == {"entries": 2}
    assert told["runs.json"][0]["error"] == "unreachable"
    assert told["runs.json"][0]["entities"] == {"own-2": {"findings": {"by_cause": {"own-1": 1}, "new": 3}}}
    again = CliRunner().invoke(
        _app(), ["--project", str(lived_in / "reconciler.toml"), "doctor", "--bundle", str(bundle)]
    )
    assert again.exception is not None
    assert "is there already" in str(again.exception)


def _app() -> typer.Typer:
    if not any(command.name == "doctor" for command in app.registered_commands):
        register(app)
    return app


@pytest.mark.usefixtures("environment")
def test_what_needs_somebody_is_told_with_what_to_do(lived_in: Path) -> None:
    examined = _examined(lived_in)
    grades = _grades(examined)
    assert grades["corrections"] is Grade.UNKNOWN
    assert {name for name, grade in grades.items() if grade is Grade.WARNING} == {
        *("service-tokens", "webhooks", "schedule"),
    }
    assert {name for name, grade in grades.items() if grade is Grade.FAILURE} == set()
    assert all(check.hint for check in examined.diagnosis.checks if check.grade is not Grade.OK)
    assert examined.diagnosis.exit_code == 4


def _no_secret(folder: Path) -> None:
    (folder / "fulana.secret").unlink()


def _wide(folder: Path) -> None:
    (folder / "state.db").chmod(0o644)


def _page_lost(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "state.db")) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'findings'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with (folder / "state.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def _no_database(folder: Path) -> None:
    (folder / "state.db").write_bytes(b"nothing of ours " * 1000)


def _sql(statement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "state.db")) as database, database:
            database.execute(statement)

    return change


def _no_project(folder: Path) -> None:
    (folder / "reconciler.toml").write_text("[project]\nnome = 1\n")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("breaking", "check", "grade"),
    [
        (_no_project, "project", Grade.FAILURE),
        (_no_secret, "secrets", Grade.FAILURE),
        (_wide, "rights", Grade.WARNING),
        (_page_lost, "state", Grade.FAILURE),
        (_no_database, "state", Grade.FAILURE),
        (_sql("UPDATE alembic_version SET version_num = 'v0001'"), "schema", Grade.WARNING),
        (_sql("UPDATE alembic_version SET version_num = 'v9999'"), "schema", Grade.FAILURE),
        (_sql("UPDATE audit_entries SET person = 'x' WHERE number = 2"), "audit", Grade.FAILURE),
        (
            _sql("DELETE FROM audit_entries WHERE number = (SELECT max(number) FROM audit_entries)"),
            "audit",
            Grade.FAILURE,
        ),
    ],
    ids=["project", "secret", "rights", "page", "no database", "older", "newer", "edited trail", "cut trail"],
)
def test_what_is_broken_is_found_and_nothing_is_changed(
    lived_in: Path, tmp_path: Path, breaking: Callable[[Path], None], check: str, grade: Grade
) -> None:
    for path in lived_in.iterdir():
        if path.is_file() and not path.name.endswith(("-wal", "-shm")):
            (tmp_path / path.name).write_bytes(path.read_bytes())
            (tmp_path / path.name).chmod(0o600)
    breaking(tmp_path)
    before = (tmp_path / "state.db").read_bytes(), (tmp_path / "state.db").stat().st_mode
    assert _grades(_examined(tmp_path))[check] is grade
    assert ((tmp_path / "state.db").read_bytes(), (tmp_path / "state.db").stat().st_mode) == before


@pytest.mark.usefixtures("environment")
def test_a_clock_that_went_back_and_a_job_that_stopped_are_told(lived_in: Path) -> None:
    assert _grades(_examined(lived_in, NOW - timedelta(days=2)))["clock"] is Grade.FAILURE
    examined = _examined(lived_in, NOW + timedelta(days=3))
    (schedule,) = [check for check in examined.diagnosis.checks if check.name == "schedule"]
    assert schedule.grade is Grade.WARNING
    assert "3 days" in schedule.words
