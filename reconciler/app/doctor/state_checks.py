"""What the state says about itself: runs, corrections nobody knows the outcome of, the trail, webhooks."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from reconciler.app.doctor.diagnosis import Check, Fact, Grade
from reconciler.model.correction_records import NO_DIGEST
from reconciler.model.corrections import AuditEntry, CorrectionState
from reconciler.store.state.audit_chain import digest_of
from reconciler.store.state.file_check import FileCheck
from reconciler.store.state.records import RunRecord, RunStatus
from reconciler.store.state.schema import REVISIONS
from reconciler.store.state.state import State

_LONG_RUN: Final = timedelta(hours=12)
_STALE: Final = timedelta(hours=36)
_OLD_HINT: Final = timedelta(hours=1)
_TRAIL_END_ENTRIES: Final = 1_000
_RESTORE: Final = "Stop everything, keep a copy of the file, and restore a backup (docs/runbook.md, “state”)."


def check_state_file(file: FileCheck) -> list[Check]:
    """Whether the file is whole, and of this version."""
    facts: dict[str, Fact] = {"size_bytes": file.size_bytes, "problems": len(file.problems)}
    if file.problems:
        found = Check("state", Grade.FAILURE, f"damaged: {file.problems[0]}", _RESTORE, facts)
    else:
        found = Check("state", Grade.OK, f"whole, {sum(file.rows.values())} rows", facts=facts)
    return [found, _check_revision(file)]


def _check_revision(file: FileCheck) -> Check:
    facts: dict[str, Fact] = {
        "revision": file.revision if file.revision in REVISIONS else "other",
        "newest": REVISIONS[-1],
    }
    if file.is_newer:
        words = "a newer version of the program wrote it"
        return Check("schema", Grade.FAILURE, words, "Install that version or a later one.", facts)
    if file.revision is None:
        return Check("schema", Grade.FAILURE, "it holds no tables of the program", _RESTORE, facts)
    if not file.is_current:
        hint = "Make a backup; the next command brings it up to date."
        return Check("schema", Grade.WARNING, f"{file.revision}, and {REVISIONS[-1]} is needed", hint, facts)
    return Check("schema", Grade.OK, file.revision, facts=facts)


async def check_lock(state: State, now: datetime) -> Check:
    """Who holds the lock of runs, and since when. The operating system gives it back when its holder dies."""
    newest = await state.runs.history(1)
    running = newest[0] if newest and newest[0].status is RunStatus.RUNNING else None
    if running is None:
        return Check("lock", Grade.OK, "no run is going on", facts={"held": False})
    age = now - running.started_at
    facts: dict[str, Fact] = {"held": True, "age_s": round(age.total_seconds())}
    words = f"run {running.id} goes on since {_span(age)} in process {running.pid} on {running.host}"
    if age > _LONG_RUN:
        gone = running.host == platform.node() and not _is_alive(running.pid)
        hint = (
            "Look at what it waits for (docs/runbook.md, “state”)."
            if not gone
            else "Its process is gone: see who holds the lock."
        )
        return Check("lock", Grade.WARNING, words, hint, facts)
    return Check("lock", Grade.OK, words, facts=facts)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def check_corrections(state: State, now: datetime) -> Check:
    """What was being written when a process ended, and outcomes nobody knows."""
    counts = await state.correction_lists.counts()
    unknown, applying = counts.get(CorrectionState.UNKNOWN, 0), counts.get(CorrectionState.APPLYING, 0)
    unfinished = await state.journal.unfinished()
    oldest = min((step.at for step in unfinished), default=None)
    facts: dict[str, Fact] = {"unknown": unknown, "applying": applying, "total": sum(counts.values())}
    if oldest is not None:
        facts["oldest_s"] = round((now - oldest).total_seconds())
    if unknown:
        words = f"{unknown} with an unknown outcome, {applying} being written"
        hint = "Look again with: reconciler corrections retry. Where that does not tell, look into the system."
        return Check("corrections", Grade.UNKNOWN, words, hint, facts)
    if applying and oldest is not None and now - oldest > _OLD_HINT:
        words = f"{applying} were being written {_span(now - oldest)} ago, and nobody said how it ended"
        hint = "The next `corrections apply` or `corrections retry` finds it out; nothing is sent twice."
        return Check("corrections", Grade.UNKNOWN, words, hint, facts)
    words = f"{sum(counts.values())}, none of them with an unknown outcome; {applying} being written"
    return Check("corrections", Grade.OK, words, facts=facts)


async def check_trail(state: State) -> Check:
    """Whether the end of the audit trail is the one that was written."""
    number, digest = await state.audit.head()
    entries = await state.audit.page(max(0, number - _TRAIL_END_ENTRIES), _TRAIL_END_ENTRIES + 1)
    facts: dict[str, Fact] = {"entries": number, "read": len(entries)}
    if not _is_whole(entries, number, digest):
        hint = "`reconciler audit verify` says what was changed. Tell whoever answers for the trail."
        return Check("audit", Grade.FAILURE, "the end of the trail is not what was written", hint, facts)
    words = f"{number} entries, head {digest[:12]}; the last {len(entries)} are whole"
    return Check("audit", Grade.OK, words, "", facts)


def _is_whole(entries: list[AuditEntry], number: int, digest: str) -> bool:
    if not entries:
        return number == 0 and digest == NO_DIGEST
    follows = all(after.previous == before.digest for before, after in pairwise(entries))
    numbered = [entry.number for entry in entries] == list(range(number - len(entries) + 1, number + 1))
    return (
        numbered
        and follows
        and entries[-1].digest == digest
        and all(digest_of(each) == each.digest for each in entries)
    )


async def check_webhooks(state: State, now: datetime) -> Check:
    """Records that wait to be read again because of webhooks, and those given up."""
    length = await state.webhooks.length()
    facts: dict[str, Fact] = {"pending": length.pending, "dead": length.dead}
    words = f"{length.pending} waiting, {length.dead} given up"
    if length.dead:
        return Check("webhooks", Grade.WARNING, words, "See why with: reconciler webhooks queue", facts)
    if length.oldest_at is not None and now - length.oldest_at > _OLD_HINT:
        facts["oldest_s"] = round((now - length.oldest_at).total_seconds())
        words = f"{words}, the oldest for {_span(now - length.oldest_at)}"
        return Check(
            "webhooks", Grade.WARNING, words, "They are worked off by `reconciler serve`: is it running?", facts
        )
    return Check("webhooks", Grade.OK, words, facts=facts)


async def check_schedule(state: State, now: datetime) -> Check:
    """Whether the nightly job runs, and how it ended last."""
    runs = await state.runs.history(20)
    ended = [run for run in runs if run.finished_at is not None]
    if not ended:
        return Check("schedule", Grade.OK, "no run has ended yet", "Have it run with: reconciler schedule systemd")
    last = ended[0]
    whole = next((run for run in ended if run.status is RunStatus.COMPLETE), None)
    facts = _schedule_facts(last, whole, now)
    words = f"the last run ended {_span(now - _ended_at(last))} ago: {last.status.value}"
    if now - _ended_at(last) > _STALE:
        return Check("schedule", Grade.WARNING, words, "Is the nightly job still scheduled? See docs/nightly.md", facts)
    if last.status is not RunStatus.COMPLETE:
        return Check("schedule", Grade.WARNING, words, f"See why with: reconciler runs show {last.id}", facts)
    return Check("schedule", Grade.OK, words, facts=facts)


def _schedule_facts(last: RunRecord, whole: RunRecord | None, now: datetime) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"status": last.status.value, "age_s": round((now - _ended_at(last)).total_seconds())}
    if whole is not None:
        facts["complete_age_s"] = round((now - _ended_at(whole)).total_seconds())
    return facts


async def latest_moment(state: State) -> datetime | None:
    """The latest moment at which something was noted, of runs and of acts."""
    moments = [moment for run in await state.runs.history(1) for moment in (run.started_at, run.finished_at) if moment]
    number, _ = await state.audit.head()
    moments += [entry.at for entry in await state.audit.page(max(0, number - 1), 1)]
    return max(moments, default=None)


def _ended_at(run: RunRecord) -> datetime:
    return run.started_at if run.finished_at is None else run.finished_at


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
