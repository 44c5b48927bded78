"""All that is kept of a person, as one JSON file for them (LGPD article 18, II and V)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.app.correct import Acting
from reconciler.app.privacy.identifiers import Identifiers
from reconciler.app.privacy.searching import Traces, find_traces
from reconciler.reports.documents import instant
from reconciler.whole_file import refuse_taken, write_new_file


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: counts by kind of place."""

    counts: dict[str, int]


async def export_person(acting: Acting, identifiers: Identifiers, path: Path, request: str) -> Exported:
    """Write everything about a person into a new file that only its owner can read. The trail names the request.

    Records are told once each, from the newest snapshot that holds them.

    Args:
        request: the number of the person's request, for the trail.

    Raises:
        RefusedError: whoever acts is no admin, or there is something at `path`.
        StateError: the state or a snapshot cannot be read, or the file cannot be written.
    """
    acting.require(frozenset({"admin"}), "export a person's data")
    refuse_taken(path)
    traces = await find_traces(acting.workspace, identifiers)
    document = _document(traces, instant(acting.clock()), request)
    await asyncio.to_thread(write_new_file, path, orjson.dumps(document, option=orjson.OPT_INDENT_2))
    counts = counts_of(traces)
    await acting.workspace.state.audit.append(acting.person.name, "privacy.exported", request, {"counts": counts})
    return Exported(counts)


def counts_of(traces: Traces) -> dict[str, int]:
    """How much there is, by kind of place."""
    return {
        "records": len({(each.side, each.entity, each.id) for each in traces.records}),
        "snapshots": len(traces.snapshots),
        **traces.state.counts(),
        "reports": len(traces.reports),
        "received_files": len(traces.received),
        "evidence": len(traces.evidence),
    }


def _document(traces: Traces, made_at: str, request: str) -> dict[str, Any]:
    state = traces.state
    return {
        "made_at": made_at,
        "request": request,
        "records": _records(traces),
        "findings": state.findings,
        "corrections": state.corrections,
        "journal": state.journal,
        "feedback": state.feedback,
        "webhooks": state.webhooks,
        "changes": state.changes,
        "audit": state.audit,
        # What these files hold is told above; they hold other people's data too, so only their names are given.
        "also_in": {
            "plans": [each["digest"] for each in state.plans],
            "reports": [path.name for path in traces.reports],
            "evidence": [path.name for path in traces.evidence],
            "snapshots": list(traces.snapshots),
        },
    }


def _records(traces: Traces) -> list[dict[str, Any]]:
    """Snapshots come newest first: the first record of an id is the newest one."""
    told: dict[tuple[str, str, str | None, bytes], dict[str, Any]] = {}
    for each in traces.records:
        same = b"" if each.id is not None else orjson.dumps(each.record)
        told.setdefault(
            (each.side.value, each.entity, each.id, same),
            {"system": each.side.value, "entity": each.entity, "id": each.id, "record": each.record},
        )
    return list(told.values())
