"""The audit trail: reading it, proving it, taking it out."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from reconciler.app.wire import Workspace
from reconciler.errors import ConfigurationError
from reconciler.model.correction_records import TrailCheck
from reconciler.model.corrections import AuditEntry
from reconciler.phrases.phrase import phrase
from reconciler.reports.documents import instant
from reconciler.reports.trail_files import write_trail_csv, write_trail_jsonl


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries. Every part given must hold.

    Attributes:
        act: the whole of it, or its beginning up to a point, such as `correction`.
        subject: id of the correction, finding or plan, or its beginning.
    """

    person: str | None = None
    act: str | None = None
    subject: str | None = None

    @property
    def restricts_nothing(self) -> bool:
        """Whether every entry is chosen."""
        return self.person is None and self.act is None and self.subject is None

    def takes(self, entry: AuditEntry) -> bool:
        """Whether an entry is chosen."""
        return (
            self.person in (None, entry.person)
            and (self.act is None or f"{entry.act}.".startswith(f"{self.act}."))
            and (self.subject is None or entry.subject.startswith(self.subject))
        )


async def latest_entries(workspace: Workspace, chosen: TrailFilter, limit: int) -> list[AuditEntry]:
    """The last entries of the filter, oldest first.

    Raises:
        StateError: the trail cannot be read.
    """
    number, _ = await workspace.state.audit.head()
    after = max(0, number - limit) if chosen.restricts_nothing else 0
    latest: deque[AuditEntry] = deque(maxlen=limit)
    async with aclosing(workspace.state.audit.iterate(after)) as source:
        async for entry in source:
            if chosen.takes(entry):
                latest.append(entry)
    return list(latest)


async def entries_after(workspace: Workspace, after: int, limit: int) -> list[AuditEntry]:
    """At most `limit` entries with a number above `after`, in order.

    Raises:
        StateError: the trail cannot be read.
    """
    return await workspace.state.audit.page(after, limit)


async def verified_trail(workspace: Workspace, noted: str | None) -> TrailCheck:
    """Whether the trail is the one that was written.

    Args:
        noted: digest of an entry that was noted elsewhere when that entry was the last one.
    """
    return await workspace.state.audit.verify(noted)


async def export_trail(workspace: Workspace, chosen: TrailFilter, path: Path) -> None:
    """Write the entries of the filter to a `.jsonl` or `.csv` file.

    Raises:
        ConfigurationError: the name of the file says no known format.
        StateError: the trail cannot be read, or the file cannot be written.
    """
    match path.suffix.lower():
        case ".jsonl":
            await write_trail_jsonl(_chosen(workspace, chosen), path)
        case ".csv":
            await write_trail_csv(_chosen(workspace, chosen), path)
        case other:
            raise ConfigurationError(
                phrase("“{other}” is not a format of an export.", other=other),
                hint=phrase("Name a file that ends in .jsonl or .csv."),
            )


def entry_document(entry: AuditEntry) -> dict[str, Any]:
    """One entry, its details as an object."""
    return {
        "number": entry.number,
        "at": instant(entry.at),
        "person": entry.person,
        "act": entry.act,
        "subject": entry.subject,
        "details": orjson.loads(entry.details),
        "previous": entry.previous,
        "digest": entry.digest,
    }


async def _chosen(workspace: Workspace, chosen: TrailFilter) -> AsyncGenerator[AuditEntry, None]:
    async with aclosing(workspace.state.audit.iterate()) as source:
        async for entry in source:
            if chosen.takes(entry):
                yield entry
