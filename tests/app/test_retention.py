"""What a run deletes, and what it never deletes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.app.retention import Removed, remove_old
from reconciler.app.wire import SPILL, Workspace
from reconciler.model.correction_records import Move
from reconciler.model.corrections import CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import FindingRow
from reconciler.model.pilot import ScenarioResult, Stage
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import RunStatus
from tests.app.nights import FIRST_NIGHT, Company
from tests.store.correction_cases import correction
from tests.store.state_cases import row

LONG_AGO_S = 1_000_000_000


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path, "[run]\nkeep_reports_days = 30\nkeep_runs = 1")
    made.reports.mkdir(parents=True)
    (made.folder / "data" / "snapshots").mkdir()
    return made


def later(days: float) -> timedelta:
    return timedelta(days=days)


async def ran(
    workspace: Workspace, *rows: FindingRow, status: RunStatus = RunStatus.COMPLETE, close_missing: bool = True
) -> str:
    """A run that pulled one file from each side, found these rows, and wrote its reports."""
    state = workspace.state
    run_id = await state.runs.start(["customers"], full=True)
    snapshots = {}
    for side in Side:
        name = f"{run_id}-{side.value}.parquet"
        (workspace.folder.root / name).write_text("the raw records")
        snapshots[side] = await state.snapshots.begin(run_id, side, "customers")
        await state.snapshots.complete(snapshots[side], files=Snapshot((name,), (), (), 1).to_json(), records=1)
    await state.findings.record(run_id, "customers", [list(rows)], close_missing=close_missing, snapshots=snapshots)
    for kind in ("html", "json", "xlsx"):
        (workspace.project.data / "reports" / f"{run_id}.{kind}").write_text("a report")
    await state.runs.finish(run_id, status, {})
    return run_id


def reported(company: Company) -> set[str]:
    """The runs whose reports are there, each whole."""
    names = {path.name for path in company.reports.iterdir() if path.name.startswith("2026")}
    runs = {name.partition(".")[0] for name in names}
    assert names == {f"{run}.{kind}" for run in runs for kind in ("html", "json", "xlsx")}
    return runs


def kept_snapshots(company: Company) -> set[str]:
    """The runs whose snapshot files are there."""
    return {
        path.name.removesuffix("-crm.parquet") for path in (company.folder / "data/snapshots").glob("*-crm.parquet")
    }


async def test_reports_go_by_age_but_not_those_of_the_newest_complete_run(company: Company) -> None:
    async with company.opened() as workspace:
        first = await ran(workspace)
        failed = await ran(workspace, status=RunStatus.PARTIAL)
        assert await remove_old(workspace, FIRST_NIGHT + later(29.9)) == Removed(snapshots=2)
        assert reported(company) == {first, failed}
        assert await remove_old(workspace, FIRST_NIGHT + later(30.1)) == Removed(reports=3)
        assert reported(company) == {first}
        last = await ran(workspace)
        await remove_old(workspace, FIRST_NIGHT + later(90))
    assert reported(company) == {last}


async def test_what_shows_a_finding_that_is_not_closed_stays_however_old(company: Company) -> None:
    async with company.opened() as workspace:
        seen = await ran(workspace, row("1"), row("2"))
        later_runs = [await ran(workspace, row("1"), close_missing=False) for _ in range(3)]
        await remove_old(workspace, FIRST_NIGHT + later(90))
        assert reported(company) == kept_snapshots(company) == {seen, later_runs[-1]}
        closing = await ran(workspace, row("1"))
        await remove_old(workspace, FIRST_NIGHT + later(90))
    assert reported(company) == kept_snapshots(company) == {closing}


async def test_a_snapshot_stays_while_a_correction_of_its_finding_is_not_over(company: Company) -> None:
    found = row("1")
    mending = correction(changes=(FieldChange("legal_name", "Acme", "ACME", finding=found.id),))
    async with company.opened() as workspace:
        first = await ran(workspace, found)
        await workspace.state.corrections.add([mending], person="ana")
        last = await ran(workspace)
        await remove_old(workspace, FIRST_NIGHT + later(1))
        assert kept_snapshots(company) == {first, last}
        reject = Move(mending.id, CorrectionState.PROPOSED, CorrectionState.REJECTED)
        assert await workspace.state.corrections.move([reject], person="ana") == []
        assert await remove_old(workspace, FIRST_NIGHT + later(1)) == Removed(snapshots=2)
    assert kept_snapshots(company) == {last}


async def test_what_no_run_wrote_stays(company: Company) -> None:
    mine = ["notes.html", "20200101T000000Z-ab12.html.bak", "20200101T000000Z.html", "20209901T000000Z-ab12.html"]
    for name in [*mine, "20200101T000000Z-ab12.html"]:
        (company.reports / name).write_text("of somebody")
    async with company.opened() as workspace:
        assert await remove_old(workspace, FIRST_NIGHT) == Removed(reports=1)
    assert {path.name for path in company.reports.iterdir()} == set(mine)


async def test_what_killed_runs_left_half_written_goes_and_what_is_being_written_stays(company: Company) -> None:
    spill = company.folder / "data" / "snapshots" / SPILL
    spill.mkdir()
    dead = [
        company.reports / f".{'0a' * 16}.unfinished",
        company.reports / ".x_1zq9.unfinished",
        spill / "duckdb_temp_1_0_storage_DEFAULT-0.tmp",
    ]
    living = [company.reports / f".{'0b' * 16}.unfinished", company.reports / ".hidden", spill / "duckdb_temp_2.tmp"]
    dead[1].mkdir()
    (dead[1] / "rows").write_text("a customer")
    for path in (dead[0], dead[2], *living):
        path.write_text("a customer")
    for path in (*dead, living[1]):
        os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    async with company.opened() as workspace:
        assert await remove_old(workspace, FIRST_NIGHT - later(365)) == Removed(leftovers=3)
    assert [path for path in dead if path.exists()] == []
    assert all(path.exists() for path in living)


async def test_evidence_goes_by_age_but_not_that_of_the_last_result_of_a_scenario(company: Company) -> None:
    folder = company.folder / "data" / "scenarios"
    folder.mkdir()
    old, last, unfinished = "20260101T030405000006", "20260102T030405000006", folder / f".{'0a' * 16}.unfinished"
    names = [f"changed-price-{at}.{kind}" for at in (old, last) for kind in ("json", "html")]
    mine = ["changed-price.json", f"changed-price-{old}.txt", f"changed-price-{old[:-1]}x.json"]
    for path in (*(folder / name for name in (*names, *mine)), unfinished):
        path.write_text("a customer")
    os.utime(unfinished, (LONG_AGO_S, LONG_AGO_S))
    async with company.opened() as workspace:
        for at in (old, last):
            played = ScenarioResult(
                "changed-price", FIRST_NIGHT, 1.0, "ana", Stage.SANDBOX, "passed", "x", "y", 0,
                str(folder / f"changed-price-{at}.json"), "ab" * 32,
            )  # fmt: skip
            await workspace.state.scenarios.keep(played)
        assert await remove_old(workspace, datetime(2026, 1, 31, tzinfo=UTC)) == Removed(leftovers=1)
        assert await remove_old(workspace, datetime(2026, 12, 1, tzinfo=UTC)) == Removed(evidence=2)
    assert {path.name for path in folder.iterdir()} == {*names[2:], *mine}


async def test_copies_of_received_files_go_with_their_folder_and_those_that_are_read_stay(company: Company) -> None:
    """A copy whose name the ledger never got, and the beginning of a file that is not awaited, go at once."""
    await company.night()
    received = company.folder / "data" / "files" / "crm"
    (copy,) = [path for path in received.iterdir() if path.is_file()]
    dead = [received / f"{'ab' * 16}.jsonl", received / "incoming" / f"99-{'cd' * 16}.jsonl"]
    living = [copy, received / "notes.txt", received / f"{'ef' * 16}.jsonl"]
    for path in (*dead, *living[1:]):
        path.write_text("a customer")
    for path in (*dead, copy, living[1]):
        os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    now = datetime.now(UTC) - later(1)
    async with company.opened() as workspace:
        assert await remove_old(workspace, now) == Removed(received=2)
        assert ([path.exists() for path in dead], [path.exists() for path in living]) == ([False] * 2, [True] * 3)
        await remove_old(workspace, now + later(400))
        assert copy.exists()
        description = company.folder / "lists.toml"
        description.write_text(description.read_text().replace("pattern =", 'folder = "elsewhere"\npattern ='))
        await remove_old(workspace, now + later(29))
        assert copy.exists()
        await remove_old(workspace, now + later(32))
        assert not copy.exists()
        assert await workspace.state.file_ledger("crm").everywhere() == []


async def test_a_folder_that_cannot_be_cleaned_costs_nothing_but_a_warning(company: Company) -> None:
    # A folder that is called like a report cannot be deleted like one.
    (company.reports / "20200101T000000Z-ab12.html").mkdir()
    warnings: list[str] = []
    finished = await company.night(warnings=warnings)
    assert (finished.exit_code, finished.document["status"]) == (0, "complete")
    assert [warning.partition(":")[0] for warning in warnings] == ["old snapshots and reports were not all deleted"]
