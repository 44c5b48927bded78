"""When a run has one side read by a process of its own, and that nothing else changes by it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from reconciler.app.pulling.apart import Apart, side_apart
from reconciler.app.pulling.bases import records_to_read
from reconciler.app.pulling.pulled import Base
from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.model.entities import Side
from reconciler.model.findings import Finding
from reconciler.sandbox.start import SandboxOptions, running_sandbox
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import RunStatus
from tests.app.running import open_findings, run
from tests.app.second_process import WAIT_S, TwoSystems, children_of, is_there, two_systems, written
from tests.processes import Command, run_command

_MANY: Final = 100
_ERP: Final = "sandbox_erp"
_CRM: Final = "espocrm"


def _description(name: str) -> Description:
    return load_description(name, Path())


@pytest.mark.parametrize(
    ("vendors", "counts", "processors", "expected"),
    [
        pytest.param((_CRM, _ERP), (100, 100), 2, Apart(Side.ERP, surely=True), id="both sides are large"),
        pytest.param((_CRM, _ERP), (100, 99), 2, None, id="the ERP has few records"),
        pytest.param((_CRM, _ERP), (99, 100), 2, None, id="the CRM has few records"),
        pytest.param((_CRM, _ERP), (None, 99), 2, None, id="one side has few, the other is not known"),
        pytest.param((_CRM, _ERP), (None, None), 2, Apart(Side.ERP, surely=False), id="nothing is known yet"),
        pytest.param((_CRM, _ERP), (100, None), 2, Apart(Side.ERP, surely=False), id="the ERP was never read"),
        pytest.param((_CRM, _ERP), (100, 100), 1, None, id="one processor"),
        pytest.param(("ploomes", _ERP), (100, 100), 2, None, id="the CRM limits its calls"),
        pytest.param((_CRM, "omie"), (100, 100), 2, None, id="the ERP limits its calls"),
        pytest.param((_CRM, "sankhya"), (100, 100), 2, Apart(Side.CRM, surely=True), id="the ERP has rotating tokens"),
        pytest.param(
            (_CRM, "sandbox_erp_files"), (100, 100), 2, Apart(Side.CRM, surely=True), id="the ERP gives files"
        ),
        pytest.param(("salesforce", "sankhya"), (100, 100), 2, None, id="both have rotating tokens"),
    ],
)
def test_which_side_is_read_apart(
    vendors: tuple[str, str], counts: tuple[int | None, int | None], processors: int, expected: Apart | None
) -> None:
    descriptions = dict(zip(Side, map(_description, vendors), strict=True))
    assert side_apart(descriptions, dict(zip(Side, counts, strict=True)), _MANY, processors) == expected


@pytest.mark.parametrize("own", [{"day_budget": 1000}, {"repeat_after_s": 60.0}], ids=["a day budget", "kept answers"])
def test_what_one_connection_must_know_alone_is_not_read_apart(own: Mapping[str, object]) -> None:
    erp, crm = _description(_ERP), _description(_CRM)
    assert erp.http is not None
    erp = erp.model_copy(update={"http": erp.http.model_copy(update=own)})
    counts = dict.fromkeys(Side, _MANY)
    assert side_apart({Side.CRM: crm, Side.ERP: erp}, counts, _MANY, 2) == Apart(Side.CRM, surely=True)


def test_only_what_is_read_in_full_counts(tmp_path: Path) -> None:
    opening, mapping, _content = written(tmp_path, "http://127.0.0.1:9")
    erp = opening.reach.description
    now = datetime(2026, 11, 22, tzinfo=UTC)
    resumed = Base(Snapshot((), (), (), _MANY), mapping.digest, now, now)
    unlike = Base(Snapshot((), (), (), _MANY), "another", now, now)
    counted = [
        records_to_read(erp, [mapping], {"customers": base}, full=full)
        for base, full in ((resumed, False), (resumed, True), (unlike, False), (None, False))
    ]
    assert counted == [0, _MANY, _MANY, None]


def _told(findings: list[Finding]) -> list[tuple[object, ...]]:
    return sorted(((each.key, each.field, each.kind, each.cause) for each in findings), key=repr)


async def test_a_run_reads_one_side_in_a_process_of_its_own_and_finds_the_same(tmp_path: Path) -> None:
    """The first run when a page says how much there is, the second one from its beginning; the third is killed."""
    systems = TwoSystems()
    systems.erp.records[3]["name"] = "Outro nome Ltda"
    seen: list[list[int]] = []
    systems.erp.hook = lambda _request, _system: seen.append(children_of(os.getpid()))
    (tmp_path / "alone").mkdir()
    async with two_systems(tmp_path / "alone", systems, second_process_from=1_000) as reading:
        await run(reading.project_file)
        assert not any(seen)
        alone = _told(await open_findings(reading.project_file))
    seen.clear()
    async with two_systems(tmp_path, systems) as reading:
        project = reading.project_file
        first = await run(project)
        assert first.outcome.status is RunStatus.COMPLETE
        assert len(alone) > 2
        assert _told(await open_findings(project)) == alone
        assert [len(children) for children in seen[:4]] == [0, 1, 1, 1]
        assert children_of(os.getpid()) == []

        seen.clear()
        second = await run(project, full=True)
        assert (second.outcome.status, second.outcome.new_findings) == (RunStatus.COMPLETE, 0)
        assert all(len(children) == 1 for children in seen[:3])

        found, systems.held_at = await open_findings(project), "2"
        running = asyncio.create_task(run(project, full=True))
        async with asyncio.timeout(WAIT_S):
            await systems.reached.wait()
        (pid,) = children_of(os.getpid())
        os.kill(pid, signal.SIGKILL)
        third = await running
        assert (third.exit_code, third.outcome.status) == (3, RunStatus.FAILED)
        assert "the process that read it was ended by signal 9" in third.document["warnings"][0]
        assert not is_there(pid)
        systems.go.set()
        assert await open_findings(project) == found
        assert (await run(project)).outcome.status is RunStatus.COMPLETE
        assert _told(await open_findings(project)) == alone


async def test_the_command_has_another_process_read_a_system_that_loses_its_sessions(tmp_path: Path) -> None:
    """A vendor that comes with the product, its own limits lifted; what was planted is found."""
    async with running_sandbox(SandboxOptions(customers=40, misbehave="expire")) as sandbox:
        project, _truth = sandbox.write_files(tmp_path / "box")
        environment = {**os.environ, "RECONCILER_RUN_SECOND_PROCESS_FROM": "1"}
        (tmp_path / "out").mkdir()
        command = Command("--project", project, "run", "--json", output=tmp_path / "out", environment=environment)
        seen: set[int] = set()
        async with asyncio.timeout(60):
            while command.process.exitcode is None:
                assert command.process.pid is not None
                seen.update(children_of(command.process.pid))
                await asyncio.sleep(0.01)
        narration = (tmp_path / "out" / "stderr").read_text()
        assert command.process.exitcode == 1, narration
        assert len(seen) == 1
        assert not any(map(is_there, seen))
        listed = await asyncio.to_thread(run_command, "--project", project, "findings", "list", "--json")
        parts = ("entity", "key", "field", "kind", "cause")
        found = sorted(repr([each[part] for part in parts]) for each in json.loads(listed.stdout))
        assert found == sorted(repr([each[part] for part in parts]) for each in sandbox.truth)
