"""What is around a project: the interpreter, its packages, rights of files, room on the disk, the clock."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from reconciler import __version__
from reconciler.app.doctor.diagnosis import Check, Fact, Grade
from reconciler.errors import ConfigurationError
from reconciler.model.entities import Side
from reconciler.project import Project
from reconciler.project_secrets import SecretSource

_OLDEST_PYTHON: Final = (3, 11)
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)")
_EXTRA: Final = re.compile(r"extra\s*==")
_MEBIBYTE: Final = 1 << 20
_LEAST_FREE_BYTES: Final = 100 * _MEBIBYTE
_LITTLE_FREE_BYTES: Final = 1024 * _MEBIBYTE
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_program() -> Check:
    """The interpreter, and whether every package the program needs is there."""
    found = package_versions()
    missing = sorted(name for name, installed in found.items() if installed is None)
    words = f"reconciler {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    facts: dict[str, Fact] = {
        "reconciler": __version__,
        "python": platform.python_version(),
        "missing_packages": len(missing),
    }
    if sys.version_info < _OLDEST_PYTHON:
        return Check("program", Grade.FAILURE, f"{words}; Python is too old", "Install Python 3.11 or newer.", facts)
    if missing:
        words = f"{words}; not installed: {', '.join(missing)}"
        return Check("program", Grade.FAILURE, words, "Install the program again into its own environment.", facts)
    return Check("program", Grade.OK, f"{words}; {len(found)} packages", facts=facts)


def package_versions() -> dict[str, str | None]:
    """The packages the program always needs, with the version that is installed; None for one that is not there."""
    found: dict[str, str | None] = {}
    try:
        wanted = requires("reconciler") or []
    except PackageNotFoundError:
        return {}
    for requirement in wanted:
        name = _REQUIREMENT.match(requirement)
        if name is None or _EXTRA.search(requirement):
            continue
        try:
            found[name[1]] = version(name[1])
        except PackageNotFoundError:
            found[name[1]] = None
    return found


def check_secrets(project: Project) -> Check:
    """Whether every secret that the project names is where it says, and no file with one can be read by others."""
    missing = [str(error) for error in _missing(project)]
    if missing:
        words = f"{len(missing)} missing: {missing[0]}"
        return Check("secrets", Grade.FAILURE, words, "", {"missing": len(missing)})
    open_files = [path for path in _secret_files(project) if _is_open_to_others(path)]
    facts = {"missing": 0, "readable_by_others": len(open_files)}
    if open_files:
        shown = ", ".join(map(str, open_files))
        return Check("secrets", Grade.WARNING, f"others can read: {shown}", f"Run: chmod 600 {shown}", facts)
    return Check("secrets", Grade.OK, "every secret is where the project file says", facts=facts)


def _missing(project: Project) -> Iterator[ConfigurationError]:
    for key, source in _sources(project):
        try:
            project.secret(key, source)
        except ConfigurationError as error:
            yield error


def _sources(project: Project) -> Iterator[tuple[tuple[str, ...], SecretSource]]:
    for side in Side:
        for name, source in project.system(side).credentials.items():
            if isinstance(source, SecretSource):
                yield (side.value, "credentials", name), source
    if project.file.service.tokens is not None:
        yield ("service", "tokens"), project.file.service.tokens
    notify = project.file.notify
    if notify.webhook is not None and isinstance(notify.webhook.secret, SecretSource):
        yield ("notify", "webhook", "secret"), notify.webhook.secret
    if notify.smtp is not None and isinstance(notify.smtp.password, SecretSource):
        yield ("notify", "smtp", "password"), notify.smtp.password


def _secret_files(project: Project) -> Iterator[Path]:
    for _, source in _sources(project):
        if source.file is not None:
            yield project.folder / source.file


def _is_open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def check_rights(project: Project, state_file: Path | None) -> Check:
    """Whether this user can write where the program writes, and nobody else can read what it keeps."""
    kept = [path for path in (state_file, project.data / "snapshots") if path is not None and path.exists()]
    closed = [path for path in [*kept, project.folder] if not os.access(path, os.R_OK | os.W_OK)]
    bare = [path for path in kept if _is_open_to_others(path)]
    facts = {"not_writable": len(closed), "readable_by_others": len(bare)}
    if closed:
        words = f"this user cannot write: {', '.join(map(str, closed))}"
        return Check("rights", Grade.FAILURE, words, "Run as the user that owns them, or give it the right.", facts)
    if bare:
        shown = " ".join(map(str, bare))
        words = f"others can get at: {shown}"
        return Check("rights", Grade.WARNING, words, f"Run: chmod go-rwx {shown}", facts)
    return Check("rights", Grade.OK, "what is kept is open to this user alone", facts=facts)


def check_room(project: Project, state_file: Path | None, state_bytes: int) -> Check:
    """Room on the disks of the state and of the data folder. A backup, and a migration, need the state once more."""
    folders = [project.data, *([] if state_file is None else [state_file.parent])]
    free_bytes = min(shutil.disk_usage(_existing(folder)).free for folder in folders)
    words = f"{free_bytes // _MEBIBYTE} MiB free; the state takes {state_bytes // _MEBIBYTE} MiB"
    facts = {"free_bytes": free_bytes, "state_bytes": state_bytes}
    if free_bytes < _LEAST_FREE_BYTES:
        return Check("disk", Grade.FAILURE, words, "Make room: a run would end with an error.", facts)
    if free_bytes < max(_LITTLE_FREE_BYTES, 2 * state_bytes):
        return Check(
            "disk", Grade.WARNING, words, "Make room, or keep less: [run] keep_runs, keep_reports_days.", facts
        )
    return Check("disk", Grade.OK, words, facts=facts)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def check_clock(now: datetime, latest: datetime | None) -> Check:
    """Whether something was noted in the future: the clock was wrong then, or is now.

    Args:
        latest: the latest moment that the state holds of runs and acts; None where it holds none.
    """
    if latest is None:
        return Check("clock", Grade.OK, f"{now:%Y-%m-%d %H:%M:%S %Z}; nothing to compare it with")
    ahead = latest - now
    facts = {"ahead_s": round(ahead.total_seconds())}
    if ahead > _CLOCK_TOLERANCE:
        words = f"it is {now:%Y-%m-%d %H:%M} and something was done at {latest:%Y-%m-%d %H:%M}"
        hint = "Set the clock by NTP. What was noted in the future stays; approvals and caches may end too late."
        return Check("clock", Grade.FAILURE, words, hint, facts)
    return Check("clock", Grade.OK, f"{now:%Y-%m-%d %H:%M:%S %Z}; nothing was done in the future", facts=facts)
