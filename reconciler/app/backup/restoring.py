"""Restoring a backup: everything is proved before anything is put in place, and nothing that lives is replaced."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from reconciler.app.backup.making import state_file
from reconciler.app.backup.manifest import (
    LONGEST_MANIFEST_BYTES,
    MANIFEST,
    STATE,
    Manifest,
    Member,
    not_ours,
    read_manifest,
)
from reconciler.app.wire import EVIDENCE, RECEIVED_FILES, REPORTS, SNAPSHOTS
from reconciler.errors import RefusedError, StateError
from reconciler.model.corrections import CorrectionState
from reconciler.project import Project
from reconciler.store.state.as_is import state_as_is
from reconciler.store.state.file_check import check_file
from reconciler.store.state.state import State

RESTORED: Final = "state.restored"
"""The act that a restoration adds to the audit trail."""

_CHUNK_BYTES: Final = 1 << 20
_FOLDERS: Final = (SNAPSHOTS, REPORTS, RECEIVED_FILES, EVIDENCE)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        other_project: the project file is not the one the backup was made with.
        corrections: how many are in which state; what is `applying` or `unknown` is to be looked at in the systems.
    """

    manifest: Manifest
    state: Path
    other_project: bool
    corrections: dict[CorrectionState, int]

    @property
    def undecided(self) -> int:
        """Corrections of which nobody knows whether they were written."""
        return sum(self.corrections.get(each, 0) for each in (CorrectionState.UNKNOWN, CorrectionState.APPLYING))


async def restore_backup(
    project: Project,
    path: Path,
    *,
    person: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Restored:
    """Put a backup where the project keeps its state and its data.

    Args:
        person: who does it, for the audit trail.

    Raises:
        ConfigurationError: the `state` of the project is wrong.
        RefusedError: there is a state or data already, or the state is on a server.
        StateError: the file is not a whole backup, what is in it is damaged, or it cannot be put in place.
    """
    target = state_file(project, "pg_restore, and copy the data folder back beside it")
    _refuse_the_living(project, target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        project.data.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".restore-", dir=project.data) as scratch:
            manifest = await asyncio.to_thread(_unpack, path, Path(scratch))
            await _prove(Path(scratch) / STATE, manifest, clock)
            await asyncio.to_thread(_put_in_place, Path(scratch), project, target)
    except OSError as error:
        raise StateError(
            f"the backup {path} cannot be restored: {error.strerror or type(error).__name__}.",
            hint="Check the file, the room on the disk and the rights on the folders. No state was put in place.",
        ) from error
    corrections = await _note(project, manifest, person, clock)
    return Restored(manifest, target, manifest.project != project.digest, corrections)


def _refuse_the_living(project: Project, target: Path) -> None:
    living = [target, target.with_name(f"{target.name}-wal")]
    for folder in _FOLDERS:
        living += [path for path in (project.data / folder).glob("*") if path.name not in ("unfinished", "spill")]
    found = next((path for path in living if path.exists()), None)
    if found is not None:
        raise RefusedError(
            f"{found} is there: a backup replaces nothing that may be in use.",
            hint="Stop everything that uses it, move the state and the data folder away, and restore again.",
        )


def _unpack(path: Path, scratch: Path) -> Manifest:
    """Every file of the backup into the folder, each as long and with the digest that the manifest says."""
    try:
        with tarfile.open(path, mode="r:") as archive:
            manifest = read_manifest(_manifest_text(archive))
            for member in manifest.members:
                _take_out(archive, member, scratch)
            if archive.next() is not None:
                raise not_ours("it holds more than its manifest names")
    except (tarfile.TarError, EOFError) as error:
        raise not_ours("it is cut off, or no archive") from error
    return manifest


def _manifest_text(archive: tarfile.TarFile) -> bytes:
    entry = archive.next()
    content = None if entry is None or entry.name != MANIFEST or not entry.isreg() else archive.extractfile(entry)
    if content is None or entry is None or entry.size > LONGEST_MANIFEST_BYTES:
        raise not_ours("it does not begin with a manifest")
    return content.read()


def _take_out(archive: tarfile.TarFile, member: Member, scratch: Path) -> None:
    entry = archive.next()
    content = None if entry is None or entry.name != member.name or not entry.isreg() else archive.extractfile(entry)
    if content is None:
        raise not_ours(f"{member.name} is missing")
    target = scratch / member.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        size_bytes, digest = _copy(content, file)
        os.fsync(file.fileno())
    if (size_bytes, digest) != (member.size_bytes, member.digest):
        raise not_ours(f"{member.name} is not what was backed up")


def _copy(content: IO[bytes], file: IO[bytes]) -> tuple[int, str]:
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := content.read(_CHUNK_BYTES):
        file.write(chunk)
        digest.update(chunk)
        size_bytes += len(chunk)
    return size_bytes, digest.hexdigest()


async def _prove(file: Path, manifest: Manifest, clock: Callable[[], datetime]) -> None:
    """The state is whole, of a version that this program knows, and its audit trail is the one that was written."""
    check = await asyncio.to_thread(check_file, file, whole=True)
    if check.problems or check.revision is None:
        raise not_ours("the state in it is damaged")
    if check.is_newer:
        raise StateError("a newer version of the reconciler made this backup.", hint="Install that version or later.")
    if check.revision != manifest.revision:
        raise not_ours("the state in it is of another version than its manifest says")
    # An earlier state is brought up to date in its scratch folder first: there nothing can be lost.
    async with State.open(f"sqlite:///{file}", file.parent, clock=clock) as state:
        trail = await state.audit.verify(manifest.trail_head)
        if not trail.is_whole or trail.entries != manifest.trail_entries:
            raise not_ours("its audit trail is not the one that was written")
    # What the look at it left in the write-ahead log belongs into the file before the file is moved.
    await asyncio.to_thread(_settle, file)


def _settle(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        beside = file.with_name(f"{file.name}{suffix}")
        if beside.exists() and beside.stat().st_size:
            raise StateError(f"{beside.name} is left beside the state.", hint="Nothing was changed. Try again.")
        beside.unlink(missing_ok=True)


def _put_in_place(scratch: Path, project: Project, target: Path) -> None:
    """The state comes last: a restoration that is killed leaves none, and so is begun again."""
    for folder in _FOLDERS:
        for path in sorted((scratch / folder).rglob("*")):
            if path.is_file():
                place = project.data / path.relative_to(scratch)
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.replace(place)
    beside = target.with_name(f".{target.name}.restoring")
    shutil.move(scratch / STATE, beside)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    # A link is not made over something that is there, as a rename would be.
    try:
        os.link(beside, target)
    finally:
        beside.unlink()


async def _note(
    project: Project, manifest: Manifest, person: str, clock: Callable[[], datetime]
) -> dict[CorrectionState, int]:
    details = {"made_at": manifest.made_at.isoformat(), "head": manifest.trail_head, "entries": manifest.trail_entries}
    async with state_as_is(project.file.project.state, project.folder, clock=clock) as state:
        await state.audit.append(person, RESTORED, "state", details)
        return await state.correction_lists.counts()
