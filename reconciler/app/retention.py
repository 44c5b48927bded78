"""What a run deletes when it is over: snapshots, reports, evidence and copies of received files nobody needs, and what
killed runs left half written."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler.app.file_retention import remove_old_files
from reconciler.app.wire import EVIDENCE, REPORTS, SPILL, Workspace, load_descriptions
from reconciler.model.correction_records import LIVE_STATES, CorrectionFilter
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.records import SnapshotRecord

_REPORT: Final = re.compile(r"(?P<run>(?P<at>[0-9]{8}T[0-9]{6}Z)-[0-9a-f]{4})\.(?:html|json|xlsx)", re.ASCII)
_EVIDENCE: Final = re.compile(r"[a-z-]+-(?P<at>[0-9]{8}T[0-9]{12})\.(?:html|json)", re.ASCII)
_PLAYED: Final = "%Y%m%dT%H%M%S%f"
_STARTED: Final = "%Y%m%dT%H%M%SZ"
_UNFINISHED: Final = re.compile(r"\.[0-9a-z_]+\.unfinished", re.ASCII)
_FINDINGS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Removed:
    """What was deleted.

    Attributes:
        snapshots: forgotten ones, abandoned pulls included.
        reports: files.
        received: copies of received files.
        leftovers: files and folders that killed runs left behind.
        evidence: files of test scenarios.
    """

    snapshots: int = 0
    reports: int = 0
    received: int = 0
    leftovers: int = 0
    evidence: int = 0


async def remove_old(workspace: Workspace, began_at: datetime) -> Removed:
    """Delete what `[run] keep_runs` and `keep_reports_days` let go, and what killed runs left.

    Never deleted are snapshots and reports of the runs that saw a finding last which is not closed, snapshots behind a
    correction that is not over, the newest complete run's, the evidence of what came last of each scenario, and files
    whose names are not given by a run or a scenario.

    Call it only while this process holds the run lock: a run that begins meanwhile would lose files that it has written
    and not yet named.

    Args:
        began_at: when the run that calls began, aware. Leftovers that were touched since then belong to the living.

    Raises:
        ConfigurationError: a description is wrong.
        StateError: the state cannot be used.
        OSError: a file cannot be deleted.
    """
    snapshots = await _remove_snapshots(workspace)
    reports = await _remove_reports(workspace, began_at)
    leftovers = await asyncio.to_thread(_remove_leftovers, workspace, began_at)
    received = await remove_old_files(workspace, load_descriptions(workspace.project), began_at)
    return Removed(snapshots, reports, received, leftovers, await _remove_evidence(workspace, began_at))


async def _remove_snapshots(workspace: Workspace) -> int:
    """First from the state: a file that nobody names is found by the next run, a name without its file is not."""
    manifest = workspace.state.snapshots
    surplus = await manifest.to_remove(workspace.project.file.run.keep_runs)
    if any(record.complete for record in surplus):
        needed = await _behind_corrections(workspace)
        surplus = [record for record in surplus if record.id not in needed]
    await manifest.forget([record.id for record in surplus])
    kept = _names(await manifest.complete_ones())
    await asyncio.to_thread(workspace.folder.remove_except, kept)
    return len(surplus)


def _names(records: Iterable[SnapshotRecord]) -> set[str]:
    names: set[str] = set()
    for record in records:
        names |= Snapshot.from_json(record.files).names
    return names


async def _behind_corrections(workspace: Workspace) -> set[str]:
    """Snapshots with the raw records of findings that a correction mends which may still be written or proved."""
    needed: set[str] = set()
    findings: set[str] = set()
    live = CorrectionFilter(states=LIVE_STATES)
    async with aclosing(workspace.state.corrections.iterate(live)) as corrections:
        async for correction in corrections:
            findings.update(change.finding for change in correction.changes if change.finding is not None)
            if len(findings) >= _FINDINGS_AT_ONCE:
                needed |= await _snapshots_of(workspace, findings)
                findings.clear()
    return needed | await _snapshots_of(workspace, findings)


async def _snapshots_of(workspace: Workspace, findings: set[str]) -> set[str]:
    places = await workspace.state.findings.places(findings)
    return {place.snapshot for sides in places.values() for place in sides.values() if place.snapshot is not None}


async def _remove_reports(workspace: Workspace, now: datetime) -> int:
    days = workspace.project.file.run.keep_reports_days
    old = await asyncio.to_thread(_reports_before, workspace.project.data / REPORTS, now - timedelta(days=days))
    needed = await workspace.state.runs.needed(old.keys())
    files = [path for run_id, paths in old.items() if run_id not in needed for path in paths]
    await asyncio.to_thread(_unlink, files)
    return len(files)


def _reports_before(folder: Path, moment: datetime) -> dict[str, list[Path]]:
    """Reports of runs that began before, by run. Their age is in their name: a copied file has another time."""
    found: dict[str, list[Path]] = {}
    for path in _entries(folder):
        name = _REPORT.fullmatch(path.name)
        if name is not None and (at := _moment(name["at"], _STARTED)) is not None and at < moment:
            found.setdefault(name["run"], []).append(path)
    return found


async def _remove_evidence(workspace: Workspace, now: datetime) -> int:
    """Its digest is what a scorecard holds of a scenario: while it is the last one, whoever signs can look at it."""
    before = now - timedelta(days=workspace.project.file.run.keep_reports_days)
    old = await asyncio.to_thread(_evidence_before, workspace.project.data / EVIDENCE, before)
    if not old:
        return 0
    needed = {Path(each.evidence).stem for each in (await workspace.state.scenarios.latest()).values() if each.evidence}
    files = [path for path in old if path.stem not in needed]
    await asyncio.to_thread(_unlink, files)
    return len(files)


def _evidence_before(folder: Path, moment: datetime) -> list[Path]:
    named = [(path, _EVIDENCE.fullmatch(path.name)) for path in _entries(folder)]
    played = [(path, _moment(name["at"], _PLAYED)) for path, name in named if name is not None]
    return [path for path, at in played if at is not None and at < moment]


def _moment(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _remove_leftovers(workspace: Workspace, began_at: datetime) -> int:
    """Reports that were never finished, and what DuckDB spilled: a killed process cannot clean up after itself."""
    folders = [workspace.project.data / name for name in (REPORTS, EVIDENCE)]
    unfinished = [path for each in folders for path in _entries(each) if _UNFINISHED.fullmatch(path.name)]
    spilled = _entries(workspace.folder.root / SPILL)
    dead = [path for path in [*unfinished, *spilled] if datetime.fromtimestamp(path.lstat().st_mtime, UTC) < began_at]
    for path in dead:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return len(dead)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _unlink(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
