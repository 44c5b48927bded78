"""Erasing a person's data from this machine (LGPD articles 16 and 18, VI)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.correct import Acting
from reconciler.app.privacy.export import counts_of
from reconciler.app.privacy.identifiers import Identifiers
from reconciler.app.privacy.searching import Traces, find_traces, sought_for
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError, StateError
from reconciler.ports.files.ledger import FileRecord
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.privacy import erasure_act
from reconciler.store.state.state import State


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure came to.

    Attributes:
        counts: what was found, by kind of place; all of it is gone but `audit`.
        kept_in_trail: entries of the trail about the person's records. They prove what was written to the systems, and
            stay (LGPD article 16, I); nothing is taken out of a chained trail.
        full_run_needed: snapshots were erased: the next run reads their entities whole.
    """

    counts: dict[str, int]
    kept_in_trail: int
    full_run_needed: bool


async def erase_person(
    acting: Acting, identifiers: Identifiers, *, request: str, reason: str, only_look: bool = False
) -> Erased:
    """Erase what is kept of a person, but for the trail. While a run goes on it is refused.

    Snapshots, reports, evidence and copies of received files that hold any of it are deleted whole. What the systems
    themselves still hold comes back with the next run: erase it there first.

    Args:
        request: the number of the person's request, for the trail.
        reason: why their data may be erased, for the trail.
        only_look: erase nothing; say what would be.

    Raises:
        RefusedError: whoever acts is no admin; no request or reason is given; a run goes on; a correction of theirs may
            still be written.
        StateError: the state cannot be written, or a file cannot be deleted.
    """
    acting.require(frozenset({"admin"}), "erase a person's data")
    if not request.strip() or not reason.strip():
        raise RefusedError("an erasure names the request it answers, and why it may be done.")
    workspace = acting.workspace
    async with _alone(workspace.state):
        traces = await find_traces(workspace, identifiers)
        if only_look:
            return Erased(counts_of(traces), len(traces.state.audit), full_run_needed=False)
        act = erasure_act(acting.person.name, request.strip(), reason.strip())
        sought = sought_for(identifiers, traces.records)
        gone = await workspace.state.privacy.erase(sought, traces.snapshots, act)
        await workspace.state.changes.tell(None)
        await _delete_files(workspace, traces)
    return Erased(counts_of(traces), len(gone.audit), bool(traces.snapshots))


@asynccontextmanager
async def _alone(state: State) -> AsyncIterator[None]:
    if not await state.run_lock.acquire():
        raise RefusedError("a run goes on; nothing is erased.", hint="Wait until it has ended: `reconciler runs`.")
    try:
        yield
    finally:
        await state.run_lock.release()


async def _delete_files(workspace: Workspace, traces: Traces) -> None:
    """After the state: a file that nothing names is deleted by the next run too, a name without its file is not."""
    kept: set[str] = set()
    for record in await workspace.state.snapshots.complete_ones():
        kept |= Snapshot.from_json(record.files).names
    received = {path.name: path for path in traces.received}
    for side in {each.side for each in traces.records}:
        ledger = workspace.state.file_ledger(side.value)
        copied = _numbers(await ledger.everywhere(), received)
        if copied:
            await ledger.drop_archives(copied)
    try:
        await asyncio.to_thread(workspace.folder.remove_except, kept)
        await asyncio.to_thread(_unlink, [*traces.reports, *traces.received, *traces.evidence])
    except OSError as error:
        raise StateError(
            f"the state forgot the person, and a file could not be deleted: {error.strerror}.",
            hint="Erase again when the data folder can be written.",
        ) from error


def _numbers(records: Iterable[FileRecord], received: dict[str, Path]) -> set[int]:
    return {each.number for each in records if each.archive in received}


def _unlink(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
