"""What only a server can go through, and what SQLite is put to by its file: the same on PostgreSQL."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import URL, Connection

from reconciler.errors import StateError
from reconciler.store.state import upgrade
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.records import RunStatus
from reconciler.store.state.schema import REVISIONS
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.conftest import database_of
from tests.store.correction_cases import listed
from tests.store.directly import directly
from tests.store.state_cases import row, run_with
from tests.store.state_writer import write
from tests.store.test_audit_trail import ENTRIES, TAMPERINGS
from tests.store.test_state_machine import FindingLives

on_postgresql = pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
_KILLS = 2
_LONGEST_LIFE_S = 0.4


@pytest_asyncio.fixture
async def empty_database(postgresql_url: URL) -> Any:
    """The URL of a database in which there is nothing."""
    async with database_of(postgresql_url, "quite_empty") as url:
        yield url


async def _opened(url: str, folder: Path) -> None:
    async with State.open(url, folder):
        pass


def _migrate_to(connection: Connection, revision: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(upgrade.__file__).with_name("migrations")))
    command.upgrade(config, revision)


@pytest.mark.parametrize("before", [None, REVISIONS[0], REVISIONS[-2]], ids=["empty", "first", "last but one"])
async def test_machines_that_migrate_at_the_same_time_leave_one_good_state(
    before: str | None, empty_database: str, tmp_path: Path
) -> None:
    if before is not None:
        database = Database(backend_for(empty_database, tmp_path))
        async with database.write() as connection:
            await connection.run_sync(_migrate_to, before)
        await database.close()
    await asyncio.gather(*(_opened(empty_database, tmp_path) for _ in range(4)))
    assert await directly(empty_database, tmp_path, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]
    async with State.open(empty_database, tmp_path) as state:
        await run_with(state, [row()])
        assert await state.audit.head()


async def test_a_database_with_a_table_of_our_name_is_refused_and_left_alone(
    empty_database: str, tmp_path: Path
) -> None:
    await directly(empty_database, tmp_path, "CREATE TABLE findings (number integer)", "CREATE TABLE invoices (n int)")
    with pytest.raises(StateError, match="another program"):
        await _opened(empty_database, tmp_path)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    assert await directly(empty_database, tmp_path, tables) == [("findings",), ("invoices",)]
    await directly(empty_database, tmp_path, "DROP TABLE findings")
    await _opened(empty_database, tmp_path)
    assert ("invoices",) in await directly(empty_database, tmp_path, tables)


@on_postgresql
async def test_every_tampering_with_the_trail_is_found_where_it_was_done(
    state: State, state_url: str, tmp_path: Path
) -> None:
    for number in range(1, ENTRIES + 1):
        await state.audit.append("ana", "plan.exported", f"plan {number}", {"to": "Ação & Cia", "n": number})
    await directly(
        state_url,
        tmp_path,
        "CREATE TABLE whole_trail AS TABLE audit_entries",
        "CREATE TABLE whole_head AS TABLE audit_head",
    )
    portable = {name: told for name, told in TAMPERINGS.items() if "CAST(" not in "".join(told[0])}
    assert len(portable) >= len(TAMPERINGS) - 3
    for name, (statements, numbers) in portable.items():
        await directly(state_url, tmp_path, *statements)
        check = await state.audit.verify()
        assert [each.number for each in check.breaks] == numbers, name
        assert "Cia" not in str(check)
        await directly(state_url, tmp_path, *_WHOLE_AGAIN)
        assert (await state.audit.verify()).is_whole, name
    for statement, problem in (
        ("DELETE FROM audit_head", "is gone"),
        ("UPDATE audit_head SET number = 2", "not written"),
    ):
        await directly(state_url, tmp_path, statement)
        with pytest.raises(StateError, match=problem) as refused:
            await state.audit.append("ana", "plan.exported", "p", {})
        assert "verify" in refused.value.hint
        await directly(state_url, tmp_path, *_WHOLE_AGAIN)


_WHOLE_AGAIN = (
    "DELETE FROM audit_entries",
    "INSERT INTO audit_entries SELECT * FROM whole_trail",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head SELECT * FROM whole_head",
)


@on_postgresql
async def test_errors_of_the_server_do_not_carry_stored_values(state: State, state_url: str, tmp_path: Path) -> None:
    await directly(state_url, tmp_path, "ALTER TABLE tokens ADD CONSTRAINT wrong CHECK (false) NOT VALID")
    with pytest.raises(StateError) as failed:
        await state.tokens("crm").save("refresh", "t0ken-of-the-customer")
    assert "t0ken-of-the-customer" not in f"{failed.value} {failed.value.detail} {failed.value.__context__}"


_NO_ROOM = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100',"
    " MESSAGE = 'could not extend file \"base/5/1259\"', DETAIL = 'No space left on device'; END $$"
)


@on_postgresql
async def test_a_full_disk_of_the_server_is_told_as_one(state: State, state_url: str, tmp_path: Path) -> None:
    """The error is made by a trigger: the server's own disk cannot be filled here."""
    trigger = "CREATE TRIGGER full_disk BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION no_room()"
    await directly(state_url, tmp_path, _NO_ROOM, trigger)
    with pytest.raises(StateError, match="cannot grow: the disk of its server is full") as told:
        await state.tokens("crm").save("refresh", "new")
    assert told.value.hint.startswith("Make room on the machine of the database")
    await directly(state_url, tmp_path, "DROP TRIGGER full_disk ON tokens")
    await state.tokens("crm").save("refresh", "new")


@on_postgresql
async def test_connections_that_a_server_ended_are_told_once_and_opened_anew(
    state: State, state_url: str, tmp_path: Path
) -> None:
    """As after a restart of the server, in a service that stays up."""
    await run_with(state, [row()])
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reconciler'"
    assert await directly(state_url, tmp_path, ours)
    with pytest.raises(StateError, match="ended the connection") as told:
        await state.findings.page(limit=5)
    assert told.value.hint == "Try again when it has finished."
    assert [finding.id for finding in await state.findings.page(limit=5)] == [row().id]


@on_postgresql
async def test_a_writer_killed_at_any_moment_leaves_nothing_half_done(state_url: str, tmp_path: Path) -> None:
    chance = random.Random(20261122)
    finished: list[str] = []
    for seed in range(_KILLS):
        finished += await asyncio.to_thread(
            _killed_writer, tmp_path, state_url, seed, chance.uniform(0, _LONGEST_LIFE_S)
        )
        counted = "SELECT group_id, status, {} FROM {} GROUP BY group_id, status ORDER BY 1, 2"
        held = await directly(state_url, tmp_path, counted.format("count(*)", "findings"))
        kept = await directly(state_url, tmp_path, counted.format("sum(findings)", "finding_counts"))
        assert [tuple(each) for each in held] == [tuple(each) for each in kept if each[2]]
        indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'findings'"
        assert await directly(state_url, tmp_path, indexes) == [(4,)]
    async with State.open(state_url, tmp_path) as state:
        runs = {run.id: run for run in await state.runs.history(100_000)}
        assert (await state.audit.verify()).is_whole
        assert await listed(state.findings.iterate())
    assert len(finished) >= _KILLS
    complete = {run.id for run in runs.values() if run.status is RunStatus.COMPLETE}
    assert set(finished) <= complete
    assert {run.status for run in runs.values()} <= {RunStatus.COMPLETE, RunStatus.INTERRUPTED}


def _killed_writer(folder: Path, url: str, seed: int, life_s: float) -> list[str]:
    """Kill a writer so many seconds after its first run; gives the runs it said were finished."""
    hears, says = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=write, args=(folder, seed, says, url))
    process.start()
    says.close()
    with hears:
        finished = [hears.recv()]
        killer = threading.Timer(life_s, process.kill)
        killer.start()
        with suppress(EOFError, UnpicklingError):
            while True:
                finished.append(hears.recv())
    process.join()
    assert process.exitcode == -signal.SIGKILL
    killer.join()
    return finished


class LivesOnServer(FindingLives):
    """The same lives, in a database that is emptied before each."""

    server = ""

    def __init__(self) -> None:
        self.url = self.server
        with asyncio.Runner() as runner:
            runner.run(directly(self.url, Path("/nowhere"), _EMPTY))
        super().__init__()


_EMPTY = (
    "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'audit_head', 'record_change_head')); END $$"
)


@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
def test_random_lives_of_findings_are_those_of_the_model(state_url: str) -> None:
    lives = type("Lives", (LivesOnServer,), {"server": state_url})
    run_state_machine_as_test(lives, settings=settings(max_examples=3, stateful_step_count=8, deadline=None))
