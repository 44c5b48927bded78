"""The data folder of a state that several machines share: they have to share the folder too.

Snapshots, received files and reports are files; the state only names them. Another folder would lack them: a delivery
of files would be read without those that came before, and compared with them missing.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from pathlib import Path
from typing import Final

from reconciler.app.workspace import Workspace
from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase

MARK_FILE: Final = "folder-of-state"
_RANDOM_BYTES: Final = 16
_LONGEST_BYTES: Final = 64


async def look_at_data_folder(workspace: Workspace, *, anew: bool = False) -> None:
    """Make sure that the project's data folder is the one that belongs to the state. The first one that is used is.

    A state that is a file stays on its machine, and nothing is looked at.

    Args:
        anew: the folder from before is lost; this one takes its place.

    Raises:
        StateError: it is another one, or cannot be used.
    """
    state, data = workspace.state, workspace.project.data
    if not state.on_server:
        return
    file = data / MARK_FILE
    found = await asyncio.to_thread(_read, file)
    noted = await state.data_folders.noted()
    if noted is None or anew:
        found = found or secrets.token_hex(_RANDOM_BYTES)
        await asyncio.to_thread(_write, file, found)
        noted = await state.data_folders.note(found, socket.gethostname(), anew=anew)
    if found != noted.mark:
        raise StateError(
            phrase(
                "the data folder {data} is not the one that belongs to this state, which was noted on "
                "{host}: snapshots and received files that the state names are not in it.",
                data=data,
                host=noted.host,
            ),
            hint=phrase(
                "Mount that folder here, or name it as `data` under [project]. Where it is lost: "
                "reconciler run --full --new-data-folder."
            ),
        )


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes()[:_LONGEST_BYTES].decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error) from error


def _write(file: Path, mark: str) -> None:
    unfinished = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with unfinished.open("x", encoding="ascii") as handle:
            handle.write(f"{mark}\n")
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise _unusable(file, error) from error


def _unusable(file: Path, error: OSError) -> StateError:
    return StateError(
        phrase(
            "the data folder {parent} cannot be used: {reason}.",
            parent=file.parent,
            reason=error.strerror or type(error).__name__,
        ),
        hint=phrase("Make it writable, or name another one as `data` under [project]."),
    )
