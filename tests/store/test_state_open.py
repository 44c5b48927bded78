"""Opening a state: creating, migrating, and refusing what cannot be used."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from reconciler.errors import ConfigurationError, StateError
from reconciler.model.findings import Finding
from reconciler.store.state import upgrade
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.schema import REVISIONS, metadata
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.side_processes import open_once
from tests.store.state_cases import row, run_with

URL = "sqlite:///state.db"


async def test_a_relative_path_starts_at_the_project_folder_and_folders_are_made(tmp_path: Path) -> None:
    async with State.open("sqlite:///kept/here/state.db", tmp_path) as state:
        await run_with(state, [row()])
    assert (tmp_path / "kept/here/state.db").is_file()


async def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    async with State.open(f"sqlite:///{tmp_path}/elsewhere.db", Path("/nowhere")):
        assert (tmp_path / "elsewhere.db").is_file()


async def test_what_was_recorded_is_there_after_opening_again(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        await run_with(state, [row()])
    async with State.open(state_url, tmp_path) as state:
        assert [finding.id for finding in await state.findings.page(limit=5)] == [row().id]


async def test_the_migrated_tables_are_the_declared_ones(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path):
        pass

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    database = Database(backend_for(state_url, tmp_path))
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


def test_every_migration_script_is_listed_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).with_name("migrations")))
    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == REVISIONS


async def test_a_state_of_a_newer_version_is_refused_and_left_alone(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path):
        pass
    database = Database(backend_for(state_url, tmp_path))
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'v9999'"))
    with pytest.raises(StateError, match="newer version") as refused:
        async with State.open(state_url, tmp_path):
            pass
    assert refused.value.hint
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() == "v9999"
    await database.close()


async def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("CREATE TABLE invoices (number)")
    with pytest.raises(StateError, match="another program"):
        async with State.open(URL, tmp_path):
            pass
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["invoices"]


async def test_a_file_that_is_no_database_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"name;tax_id\n" * 1000)
    with pytest.raises(StateError, match="damaged") as refused:
        async with State.open(URL, tmp_path):
            pass
    assert "backup" in refused.value.hint


async def test_a_damaged_page_is_reported_when_it_is_read(tmp_path: Path) -> None:
    async with State.open(URL, tmp_path) as state:
        await run_with(state, [row(f"{number:014d}") for number in range(3_000)])
    file = tmp_path / "state.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:65_536] + b"\xa5" * (len(whole) - 65_536))
    with pytest.raises(StateError, match="damaged"):
        await _read_everything(tmp_path)


async def _read_everything(folder: Path) -> list[Finding]:
    async with State.open(URL, folder) as state:
        return [finding async for finding in state.findings.iterate()]


async def test_a_folder_that_cannot_be_made_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(StateError, match="cannot be written") as refused:
        async with State.open("sqlite:///kept/state.db", tmp_path):
            pass
    assert refused.value.hint


async def test_a_directory_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()
    with pytest.raises(StateError, match="cannot be written"):
        async with State.open(URL, tmp_path):
            pass


@pytest.mark.parametrize(
    "url",
    [
        "state.db",
        "",
        "mysql://db.example/state",
        "sqlite+pysqlite:///state.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://server/state.db",
        "sqlite:///state.db?mode=ro",
        "sqlite:///a\x00b",
        "postgresql://db.example",
    ],
)
async def test_an_address_that_cannot_be_used_is_a_configuration_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"project\.state"):
        async with State.open(url, tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


async def test_an_unreachable_server_is_a_state_error_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(StateError, match="cannot be reached") as refused:
        async with State.open("postgresql://ana:s3cr3t-w0rd@127.0.0.1:1/state", tmp_path):
            pass
    assert "s3cr3t-w0rd" not in f"{refused.value} {refused.value.detail}"


@pytest.mark.parametrize("before", [None, 0o644], ids=["new", "open-to-others"])
async def test_nobody_else_can_read_the_file(before: int | None, tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    if before is not None:
        file.touch(before)
    async with State.open(URL, tmp_path) as state:
        await state.tokens("crm").save("refresh", "made-up")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


async def test_commits_are_synchronous_and_readers_do_not_wait(tmp_path: Path) -> None:
    async with State.open(URL, tmp_path):
        pass
    database = Database(backend_for(URL, tmp_path))
    async with database.read() as connection:
        settings = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


async def test_a_reader_sees_the_state_before_a_transaction_that_has_not_ended(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        await run_with(state, [row()])
        database = Database(backend_for(state_url, tmp_path))
        async with database.write() as connection:
            await connection.execute(text("DELETE FROM findings"))
            assert len(await state.findings.page(limit=5)) == 1
        await database.close()
        assert await state.findings.page(limit=5) == []


_OPEN_AND_LIST_MODULES = """
import asyncio, sys
from pathlib import Path
from reconciler.store.state.state import State
async def main():
    async with State.open("sqlite:///state.db", Path(sys.argv[1])):
        pass
asyncio.run(main())
print("alembic" in sys.modules)
"""


def _python(code: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], check=True, capture_output=True, text=True, timeout=50
    )
    return done.stdout.strip()


def test_alembic_is_loaded_only_to_migrate(tmp_path: Path) -> None:
    assert _python(_OPEN_AND_LIST_MODULES, tmp_path) == "True"
    assert _python(_OPEN_AND_LIST_MODULES, tmp_path) == "False"


def test_plain_records_load_no_database_library() -> None:
    code = "import sys, reconciler.store.state.records; print('sqlalchemy' in sys.modules)"
    assert _python(code) == "False"


async def test_many_processes_can_open_a_new_state_at_once(tmp_path: Path) -> None:
    processes = [FORKS.Process(target=open_once, args=("sqlite:///state.db", tmp_path)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 50)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    engine = create_engine(f"sqlite:///{tmp_path}/state.db")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    engine.dispose()


def test_a_new_file_can_be_prepared_and_opened_by_many_at_the_same_instant(tmp_path: Path) -> None:
    together = Barrier(6)

    def prepare(file: Path) -> str:
        together.wait()
        backend_for(f"sqlite:///{file}", tmp_path).prepare()
        with closing(sqlite3.connect(file)) as connection:
            return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])

    with ThreadPoolExecutor(6) as threads:
        for number in range(25):
            assert set(threads.map(prepare, [tmp_path / f"{number}.db"] * 6)) == {"wal"}


async def test_errors_of_the_database_do_not_carry_stored_values(tmp_path: Path) -> None:
    async with State.open(URL, tmp_path) as state:
        tokens = state.tokens("crm")
        await tokens.save("refresh", "old")
        with closing(sqlite3.connect(tmp_path / "state.db")) as direct:
            direct.execute("DROP TABLE tokens")
        with pytest.raises(StateError) as failed:
            await tokens.save("refresh", "t0ken-of-the-customer")
    shown = f"{failed.value} {failed.value.detail} {failed.value.__context__}"
    assert "t0ken-of-the-customer" not in shown
    assert "no such table" in failed.value.detail
