"""Copies of received files that nobody needs any more. Of folders that are read the file port keeps few itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler.app.wire import RECEIVED_FILES, Workspace
from reconciler.connectors.description import Description
from reconciler.model.entities import Side
from reconciler.ports.files.ledger import FileRecord, FileState
from reconciler.ports.files.settings import FileListing

_COPY: Final = re.compile(r"[0-9a-f]{32}(?:\.[0-9a-z]+)?", re.ASCII)
_PART: Final = re.compile(r"(?P<number>[0-9]+)-[0-9a-f]{32}(?:\.[0-9a-z]+)?", re.ASCII)
_INCOMING: Final = "incoming"


async def remove_old_files(workspace: Workspace, descriptions: Mapping[Side, Description], began_at: datetime) -> int:
    """Delete copies that came before `[run] keep_reports_days` from folders that no description reads any more, copies
    that the ledger does not name, and the beginnings of files that are not waited for; gives how many.

    Args:
        began_at: when the run that calls began, aware. What was touched since then belongs to the living.

    Raises:
        StateError: the state cannot be used.
        OSError: a copy cannot be deleted.
    """
    removed = 0
    for side in Side:
        root = workspace.project.data / RECEIVED_FILES / side.value
        if not root.is_dir():
            continue
        ledger = workspace.state.file_ledger(side.value)
        records = await ledger.everywhere()
        before = began_at - timedelta(days=workspace.project.file.run.keep_reports_days)
        old = _of_no_use(records, _folders_read(descriptions[side]), before)
        # First from the ledger: a copy that nobody names is found by the next run, a name without its copy is not.
        if old:
            await ledger.drop_archives(old)
        kept = [record for record in records if record.number not in old]
        removed += await asyncio.to_thread(_unlink_unnamed, root, kept, began_at)
    return removed


def _folders_read(description: Description) -> set[str]:
    listings = [entity.full for entity in description.entities.values()]
    return {each.folder for each in listings if isinstance(each, FileListing)}


def _of_no_use(records: Collection[FileRecord], read: Collection[str], before: datetime) -> set[int]:
    return {each.number for each in records if each.folder not in read and each.delivered_at < before}


def _unlink_unnamed(root: Path, records: Collection[FileRecord], began_at: datetime) -> int:
    copies = {each.archive for each in records}
    awaited = {str(each.number) for each in records if each.state is FileState.CLAIMED}
    dead = [
        *(path for path, _ in _named(root, _COPY) if path.name not in copies),
        *(path for path, name in _named(root / _INCOMING, _PART) if name["number"] not in awaited),
    ]
    dead = [path for path in dead if datetime.fromtimestamp(path.lstat().st_mtime, UTC) < began_at]
    for path in dead:
        path.unlink(missing_ok=True)
    return len(dead)


def _named(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """The files whose names are given by the archive; what somebody else put there stays."""
    for path in folder.iterdir() if folder.is_dir() else ():
        name = pattern.fullmatch(path.name)
        if name is not None and path.is_file() and not path.is_symlink():
            yield path, name
