"""Making a backup while a run, the service or corrections go on: one file, whole or not there."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from reconciler import __version__
from reconciler.app.backup.manifest import MANIFEST, STATE, Manifest, Member, is_member
from reconciler.app.wire import EVIDENCE, RECEIVED_FILES, REPORTS, SNAPSHOTS
from reconciler.errors import RefusedError, StateError
from reconciler.project import Project
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.address import Address
from reconciler.store.state.file_check import check_file
from reconciler.store.state.file_copy import copy_file
from reconciler.store.state.state import State
from reconciler.whole_file import refuse_taken, whole_file, write_failures

_TRIES: Final = 3
_BESIDE: Final = (REPORTS, RECEIVED_FILES, EVIDENCE)
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Copied:
    """The copy of the state, where its files are held, and what it says: which it needs, which are gone, its trail."""

    file: Path
    held: Path
    needed: frozenset[str]
    missing: tuple[str, ...]
    revision: str
    trail: tuple[int, str]


async def make_backup(
    project: Project, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Backup:
    """Copy the state, the snapshots it needs, reports and received files into one file.

    The project file, descriptions and secrets are not in it. It holds customers' data and tokens of the systems.

    Args:
        path: takes the finished backup, readable by its owner alone.

    Raises:
        ConfigurationError: the `state` of the project is wrong.
        RefusedError: there is something at `path`, or the state is on a server, which has its own backups.
        StateError: the state cannot be read or is damaged, or the backup cannot be written.
    """
    source = state_file(project, "pg_dump --format=custom, and copy the data folder beside it")
    _refuse_what_is_there(source, path)
    with write_failures(path), TemporaryDirectory(prefix=".backup-", dir=path.parent) as scratch:
        copied = await _copied(project, source, Path(scratch), clock)
        manifest = await asyncio.to_thread(_write, project, copied, path, clock())
    return Backup(path, manifest)


def _refuse_what_is_there(source: Path, path: Path) -> None:
    refuse_taken(path)
    if not source.is_file():
        raise StateError(f"there is no state {source}.", hint="The first run makes it.")


def state_file(project: Project, instead: str) -> Path:
    """The file of the state.

    Args:
        instead: how it is done where the state is on a server.

    Raises:
        ConfigurationError: the `state` of the project is wrong.
        RefusedError: it is on a server.
    """
    file = Address.parse(project.file.project.state, project.folder).file
    if file is None:
        raise RefusedError("the state is on a PostgreSQL server, which has its own backups.", hint=f"Use {instead}.")
    return file


async def _copied(project: Project, source: Path, scratch: Path, clock: Callable[[], datetime]) -> _Copied:
    """A copy whose snapshot files are there. A run that ends meanwhile may delete some: then it is made anew."""
    held = scratch / "held"
    for attempt in range(1, _TRIES + 1):
        file = scratch / f"{attempt}.db"
        await asyncio.to_thread(copy_file, source, file)
        copied = await _read_copy(file, project, held, clock)
        if not copied.missing or attempt == _TRIES:
            break
        await asyncio.to_thread(file.unlink)
    await asyncio.to_thread(_hold, project.data, held, [*_below(project.data, *_BESIDE)])
    return copied


async def _read_copy(file: Path, project: Project, held: Path, clock: Callable[[], datetime]) -> _Copied:
    check = await asyncio.to_thread(check_file, file)
    if check.problems or check.revision is None:
        raise StateError(
            "the state is damaged; no backup was made.", hint="See what is damaged with: reconciler doctor."
        )
    read = file
    if not check.is_current:
        # What is backed up stays as it is: only another copy is brought up to date, to be read.
        read = file.with_suffix(".read")
        await asyncio.to_thread(copy_file, file, read)
    async with State.open(f"sqlite:///{read}", read.parent, clock=clock) as state:
        snapshots = await state.snapshots.complete_ones()
        trail = await state.audit.head()
    names = {f"{SNAPSHOTS}/{name}" for each in snapshots for name in Snapshot.from_json(each.files).names}
    missing = await asyncio.to_thread(_hold, project.data, held, sorted(names))
    return _Copied(file, held, frozenset(names), tuple(missing), check.revision, trail)


def _hold(data: Path, held: Path, names: Iterable[str]) -> list[str]:
    """Keep the files by a second name while the backup is written; returns those that are not there any more.

    A file is never changed once it has its name, so the second name is as good as a copy.
    """
    missing = []
    for name in names:
        second = held / name
        second.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with suppress(FileExistsError):
                second.hardlink_to(data / name)
        except FileNotFoundError:
            missing.append(name)
        except OSError:
            # Another disk: it is read from where it is.
            second.symlink_to((data / name).absolute())
    return missing


def _below(data: Path, *folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((data / folder).rglob("*")):
            name = path.relative_to(data).as_posix()
            if path.is_file() and is_member(name):
                yield name


def _write(project: Project, copied: _Copied, path: Path, made_at: datetime) -> Manifest:
    reports = _below(copied.held, *_BESIDE)
    names = [*sorted(copied.needed - set(copied.missing)), *reports]
    files = [(STATE, copied.file), *((name, copied.held / name) for name in names)]
    members = [Member(name=name, size_bytes=size, digest=digest) for name, size, digest in map(_measured, files)]
    manifest = Manifest(
        made_at=made_at,
        program=__version__,
        project=project.digest,
        revision=copied.revision,
        trail_entries=copied.trail[0],
        trail_head=copied.trail[1],
        missing=copied.missing,
        members=tuple(members),
    )
    with whole_file(path, replaces=False) as file:
        _pack(file, manifest, files)
    return manifest


def _measured(file: tuple[str, Path]) -> tuple[str, int, str]:
    name, path = file
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return name, size_bytes, digest.hexdigest()


def _pack(file: BinaryIO, manifest: Manifest, files: list[tuple[str, Path]]) -> None:
    """Not compressed: Parquet is already, and a backup is read from its beginning to its end."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        text = manifest.model_dump_json().encode()
        archive.addfile(_entry(MANIFEST, len(text), manifest.made_at), io.BytesIO(text))
        for member, (name, path) in zip(manifest.members, files, strict=True):
            with path.open("rb") as content:
                archive.addfile(_entry(name, member.size_bytes, manifest.made_at), content)


def _entry(name: str, size_bytes: int, at: datetime) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size_bytes, 0o600, int(at.timestamp())
    return entry
