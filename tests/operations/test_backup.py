"""Backups made while others write, and restorations that replace nothing and believe nothing."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine

from reconciler.app.backup.making import make_backup
from reconciler.app.backup.manifest import MANIFEST, STATE
from reconciler.app.backup.restoring import restore_backup
from reconciler.errors import ReconcilerError, RefusedError, StateError
from reconciler.model.entities import Side
from reconciler.project import Project, load_project
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state import upgrade
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.schema import REVISIONS
from reconciler.store.state.state import State
from tests.store.state_cases import many, run_with

_PROJECT = """
[project]
name = "acme"
state = "{state}"
[crm]
vendor = "ploomes"
[erp]
vendor = "sandbox_erp"
"""
_URL = "sqlite:///state.db"
Members = dict[str, bytes]


def _project(folder: Path, state: str = _URL) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "reconciler.toml").write_text(_PROJECT.format(state=state))
    return load_project(folder / "reconciler.toml", {})


async def _fill(project: Project) -> None:
    """Findings, one snapshot with its file, a report, a copy of a received file, and what no backup needs."""
    content = b"the staged records"
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.parquet"
    for path, text in {
        f"snapshots/{name}": content,
        "snapshots/nobody-needs-it.parquet": b"x",
        "snapshots/unfinished/half.parquet": b"x",
        "reports/20261122T101112Z-ab12.html": b"<html>",
        "files/erp/clientes 2026-11.csv": b"a;b",
        "scenarios/new-customer-20261122T101112000001.json": b"{}",
    }.items():
        (project.data / path).parent.mkdir(parents=True, exist_ok=True)
        (project.data / path).write_bytes(text)
    async with State.open(_URL, project.folder) as state:
        run = await state.runs.start(["customers"], full=True)
        snapshot = await state.snapshots.begin(run, Side.CRM, "customers")
        files = Snapshot((name,), (), (), 1).to_json()
        await state.snapshots.complete(snapshot, files=files, records=1, sweep_at=datetime.now(UTC))
        await state.findings.record(run, "customers", [many(20)], close_missing=True)
        await state.findings.accept(FindingFilter(entity="customers"), reason="known", person="ana")
        await state.audit.append("ana", "something.done", "x", {})


@dataclass(frozen=True)
class Made:
    """A filled project and its backup; tests read both."""

    project: Project
    path: Path


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("backup")
    project = _project(folder / "first")

    async def make() -> None:
        await _fill(project)
        await make_backup(project, folder / "night.backup")

    with ThreadPoolExecutor(1) as thread:  # the loop of a test may be running
        thread.submit(asyncio.run, make()).result()
    return Made(project, folder / "night.backup")


@pytest.fixture
def made(backed_up: Made) -> Path:
    return backed_up.path


async def test_everything_comes_back_and_nothing_else(backed_up: Made, tmp_path: Path) -> None:
    first, second, made = backed_up.project, _project(tmp_path / "second"), backed_up.path
    restored = await restore_backup(second, made, person="olga")
    kept = {str(path.relative_to(second.data)) for path in second.data.rglob("*") if path.is_file()}
    all_of_it = {str(path.relative_to(first.data)) for path in first.data.rglob("*") if path.is_file()}
    assert all_of_it - kept == {"snapshots/nobody-needs-it.parquet", "snapshots/unfinished/half.parquet"}
    assert kept <= all_of_it
    assert not restored.other_project
    assert (second.folder / "state.db").stat().st_mode & 0o077 == 0
    assert made.stat().st_mode & 0o077 == 0
    async with State.open(_URL, first.folder) as before, State.open(_URL, second.folder) as after:
        assert await after.findings.page(limit=50) == await before.findings.page(limit=50)
        assert (await after.audit.verify(restored.manifest.trail_head)).is_whole
        assert [entry.act for entry in await after.audit.page(restored.manifest.trail_entries, 9)] == ["state.restored"]
    folders = (made.parent, second.folder, second.data)
    assert [path.name for folder in folders for path in folder.iterdir() if path.name.startswith(".")] == []


async def test_a_backup_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    """A finding and its count are written together: no copy has one without the other."""
    project = _project(tmp_path / "first")
    await _fill(project)
    stop = asyncio.Event()

    async def write() -> int:
        written = 0
        async with State.open(_URL, project.folder) as state:
            while not stop.is_set():
                written += 1
                await run_with(state, many(20 + 4 * (written % 5), entity="orders"), entity="orders")
        return written

    writing = asyncio.create_task(write())
    for number in range(3):
        await make_backup(project, tmp_path / f"{number}.backup")
    stop.set()
    assert await writing > 1
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        await restore_backup(other := _project(tmp_path / str(number)), tmp_path / f"{number}.backup", person="olga")
        with closing(sqlite3.connect(other.folder / "state.db")) as database:
            counted = database.execute("SELECT sum(findings) FROM finding_counts").fetchone()
            assert counted == database.execute("SELECT count(*) FROM findings").fetchone()


@pytest.mark.parametrize("living", ["state.db", "state.db-wal", "data/snapshots/x.parquet", "data/reports/r.html"])
async def test_what_is_there_is_never_replaced(backed_up: Made, tmp_path: Path, living: str) -> None:
    project = _project(tmp_path / "second")
    (project.folder / living).parent.mkdir(parents=True, exist_ok=True)
    (project.folder / living).write_bytes(b"alive")
    with pytest.raises(RefusedError, match="replaces nothing"):
        await restore_backup(project, backed_up.path, person="olga")
    assert (project.folder / living).read_bytes() == b"alive"
    with pytest.raises(RefusedError, match="is there already"):
        await make_backup(backed_up.project, backed_up.path)


def _members(path: Path) -> Members:
    with tarfile.open(path) as archive:
        return {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}


def _pack(path: Path, members: Members) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def _sql(statement: str) -> Callable[[Members], None]:
    """The state is changed, and the manifest says so: only what is in it can tell."""

    def altered(members: Members) -> None:
        with TemporaryDirectory() as folder:
            file = Path(folder, "state.db")
            file.write_bytes(members[STATE])
            with closing(sqlite3.connect(file)) as database:
                database.execute(statement)
                database.commit()
            members[STATE] = file.read_bytes()
        _say(members, STATE, members[STATE])

    return altered


def _say(members: Members, name: str, content: bytes) -> None:
    manifest = json.loads(members[MANIFEST])
    for member in manifest["members"]:
        if member["name"] == name:
            member |= {"size_bytes": len(content), "digest": hashlib.sha256(content).hexdigest()}
    members[MANIFEST] = json.dumps(manifest).encode()


def _outside(members: Members) -> None:
    members["../evil"] = members.pop("reports/20261122T101112Z-ab12.html")
    members[MANIFEST] = members[MANIFEST].replace(b"reports/20261122T101112Z-ab12.html", b"../evil")


def _one_byte(members: Members) -> None:
    members["files/erp/clientes 2026-11.csv"] = b"a;c"


def _one_more(members: Members) -> None:
    members["reports/more.html"] = b""


def _one_less(members: Members) -> None:
    del members["reports/20261122T101112Z-ab12.html"]


@pytest.mark.parametrize(
    "damage",
    [
        _outside,
        _one_byte,
        _one_more,
        _one_less,
        _sql("UPDATE audit_entries SET person = 'eve' WHERE number = 1"),
        _sql("DELETE FROM runs"),
        _sql("UPDATE alembic_version SET version_num = 'v9999'"),
        lambda members: members.update({MANIFEST: b"{}"}),
    ],
    ids=["path", "byte", "more", "less", "trail", "references", "newer", "manifest"],
)
async def test_a_backup_that_is_not_what_was_made_is_refused_whole(
    made: Path, tmp_path: Path, damage: Callable[[Members], None]
) -> None:
    members = _members(made)
    damage(members)
    _pack(tmp_path / "altered.backup", members)
    await _is_refused(tmp_path / "altered.backup", tmp_path)


async def test_a_backup_that_was_cut_off_is_refused_whole(made: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.backup").write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    await _is_refused(tmp_path / "cut.backup", tmp_path)


async def _is_refused(path: Path, folder: Path) -> None:
    project = _project(folder / "second")
    with pytest.raises(StateError):
        await restore_backup(project, path, person="olga")
    assert [found.name for found in project.folder.rglob("*") if found.is_file()] == ["reconciler.toml"]
    assert not (folder / "evil").exists()


def _migrate_to(file: Path, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(upgrade.__file__).with_name("migrations")))
        command.upgrade(config, revision)
    engine.dispose()


def _one(file: Path, query: str) -> object:
    with closing(sqlite3.connect(file)) as database:
        (value,) = database.execute(query).fetchone()
    return value


async def test_a_backup_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    project, second = _project(tmp_path / "first"), _project(tmp_path / "second")
    old, new = project.folder / "state.db", second.folder / "state.db"
    _migrate_to(old, "v0006")
    with closing(sqlite3.connect(old)) as database, database:
        database.execute("INSERT INTO tokens VALUES ('erp', 't', 0)")
    made = await make_backup(project, tmp_path / "old.backup")
    assert made.manifest.revision == _one(old, "SELECT version_num FROM alembic_version") == "v0006"
    await restore_backup(second, tmp_path / "old.backup", person="olga")
    assert _one(new, "SELECT version_num FROM alembic_version") == REVISIONS[-1]
    assert _one(new, "SELECT name FROM tokens") == "erp"


async def test_snapshots_that_are_gone_are_told_and_do_not_stop_a_backup(tmp_path: Path) -> None:
    project = _project(tmp_path / "first")
    await _fill(project)
    (needed,) = [path for path in (project.data / "snapshots").glob("*.parquet") if len(path.stem) == 32]
    needed.unlink()
    made = await make_backup(project, tmp_path / "night.backup")
    assert made.manifest.missing == (f"snapshots/{needed.name}",)
    await restore_backup(_project(tmp_path / "second"), tmp_path / "night.backup", person="olga")


async def test_a_server_has_its_own_backups(tmp_path: Path) -> None:
    project = _project(tmp_path / "first", "postgresql://user@127.0.0.1:1/x")
    for work in (
        make_backup(project, tmp_path / "x"),
        restore_backup(project, tmp_path / "x", person="olga"),
    ):
        with pytest.raises(ReconcilerError, match="PostgreSQL") as refused:
            await work
        assert "pg_" in refused.value.hint
