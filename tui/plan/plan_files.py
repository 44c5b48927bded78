"""Sealed plans as files, so that the command of everything that is done with a plan can be typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

from reconciler.corrections.plan import MAX_AGE
from reconciler.project import Project
from reconciler.reports.files import in_thread, write_content
from reconciler.whole_file import write_failures

FOLDER: Final = "plans"
_DIGITS: Final = 16
_OURS: Final = re.compile(r"plan-[0-9a-f]{16}\.json|sealing-[0-9a-f]{8}\.json", re.ASCII)


def plan_path(project: Project, digest: str) -> Path:
    """Where the file of a plan is."""
    return project.data / FOLDER / f"plan-{digest[:_DIGITS]}.json"


def shown_path(project: Project, digest: str) -> str:
    """The same as people read it: from the folder of the project, where it is in there."""
    path = plan_path(project, digest)
    return str(path.relative_to(project.folder) if path.is_relative_to(project.folder) else path)


def sealing_path(project: Project) -> Path:
    """Where a plan is sealed before its digest is known."""
    return project.data / FOLDER / f"sealing-{token_hex(4)}.json"


async def keep_as(sealing: Path, project: Project, digest: str) -> Path:
    """Give a file the name of its plan.

    Raises:
        StateError: it cannot be.
    """
    path = plan_path(project, digest)
    with write_failures(path):
        await in_thread(sealing.replace, path)
    return path


async def file_of(project: Project, digest: str, document: str) -> Path:
    """The file of a plan that is kept in the state; written where it is not there.

    Raises:
        StateError: it cannot be written.
    """
    path = plan_path(project, digest)
    if not await in_thread(path.is_file):
        await write_content(path, document.encode())
    return path


async def remove_expired(project: Project, now: datetime) -> None:
    """Delete files of plans that nobody applies any more because of their age: they hold values of records.

    Raises:
        StateError: one cannot be deleted.
    """
    folder = project.data / FOLDER
    with write_failures(folder):
        await in_thread(_remove_before, folder, now - MAX_AGE)


def _remove_before(folder: Path, moment: datetime) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if _OURS.fullmatch(path.name) and datetime.fromtimestamp(path.lstat().st_mtime, UTC) < moment:
            path.unlink(missing_ok=True)
