"""Which of the received files say what the records are now, and whether they can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.errors import ResponseNotUnderstoodError, SystemReadError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.archive import FileArchive
from reconciler.ports.files.intake import Trouble
from reconciler.ports.files.ledger import FileRecord
from reconciler.ports.files.lookout import Role
from reconciler.ports.files.names import joined
from reconciler.ports.files.settings import FileListing
from reconciler.ports.files.shaping import FilesInForce, ReceivedFile

RoleOf = Callable[[str], Role | None]


def split_by_age(records: Sequence[FileRecord], role_of: RoleOf) -> tuple[list[FileRecord], list[FileRecord]]:
    """Full files and files of changes, each the newest first. `records` are the archived ones, the newest first."""
    full = [record for record in records if role_of(record.name) is Role.FULL]
    changes = [record for record in records if role_of(record.name) is Role.CHANGES]
    return full, changes


def files_in_force(records: Sequence[FileRecord], role_of: RoleOf, archive: FileArchive) -> FilesInForce | None:
    """The newest full file and what changed since; None when no full file is there."""
    full, changes = split_by_age(records, role_of)
    if not full:
        return None
    later = [change for change in changes if change.delivered_at >= full[0].delivered_at]
    return FilesInForce(_received(full[0], archive), tuple(_received(change, archive) for change in later))


def dispensable(records: Sequence[FileRecord], role_of: RoleOf, keep: int) -> list[FileRecord]:
    """Archived files beyond the newest `keep` full ones, and changes from before these."""
    full, changes = split_by_age(records, role_of)
    if len(full) <= keep:
        return []
    oldest_kept = full[keep - 1].delivered_at
    return [*full[keep:], *(change for change in changes if change.delivered_at < oldest_kept)]


def refuse_troubles(system: str, troubles: Sequence[Trouble]) -> None:
    """Raises ResponseNotUnderstoodError when a file that matters could not be taken in: the newest words of a system
    must not be skipped in silence.
    """
    if troubles:
        first, others = troubles[0], len(troubles) - 1
        more = f" {others} more files have problems." if others else ""
        raise ResponseNotUnderstoodError(
            system,
            phrase("{file}: {problem}{more}", file=first.file, problem=first.problem, more=more),
            hint=phrase("Correct the description, or have the sender write the file again."),
        )


def nothing_arrived(system: str, listing: FileListing, left: Mapping[str, str]) -> SystemReadError:
    """The error of a listing without any full file."""
    pattern = joined(listing.folder, listing.pattern)
    if left:
        name, reason = next(iter(left.items()))
        return SystemReadError(
            system,
            phrase(
                "no complete file {pattern} has arrived: {name} was left alone, as {reason}.",
                pattern=pattern,
                name=name,
                reason=reason,
            ),
            hint=phrase("Try again later."),
        )
    return SystemReadError(
        system,
        phrase("no file {pattern} has ever arrived.", pattern=pattern),
        hint=phrase(
            "Check base_url, and the folder and pattern of the listing, against where the sender puts its files."
        ),
    )


def refuse_stale(system: str, listing: FileListing, newest: ReceivedFile, now: datetime) -> None:
    """Raises SystemReadError when the newest full file is older than the listing allows."""
    if listing.max_age_h is None:
        return
    age = now - newest.delivered_at
    if age > timedelta(hours=listing.max_age_h):
        raise SystemReadError(
            system,
            phrase(
                "the newest full file {newest} is {value} hours old, and {max_age_h} are allowed.",
                newest=newest.shown,
                value=f"{age / timedelta(hours=1):.0f}",
                max_age_h=f"{listing.max_age_h:g}",
            ),
            hint=phrase(
                "Look why the sender exports no more; comparing old data would show differences that are none."
            ),
        )


def _received(record: FileRecord, archive: FileArchive) -> ReceivedFile:
    if record.archive is None:
        raise ValueError("the copy of this file is not kept")
    return ReceivedFile(joined(record.folder, record.name), archive.path(record.archive), record.delivered_at)
