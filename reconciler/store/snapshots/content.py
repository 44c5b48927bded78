"""A folder of files named by their content: written once, verified by name, never changed."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase

_CHUNK_BYTES = 1 << 20


class ContentFolder:
    """Files under `root`, each named by the first 32 hexadecimal digits of its SHA-256 and a suffix.

    A file appears under its final name only when it is whole, so a killed process leaves nothing that looks good.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unfinished = root / "unfinished"

    def prepare(self) -> None:
        """Create the folder, and drop what an earlier, killed process left unfinished.

        Raises:
            StateError: the folder cannot be made or written.
        """
        try:
            # Snapshots hold customers' data as received: the folder is its owner's alone.
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._unfinished.mkdir(exist_ok=True, mode=0o700)
            for leftover in self._unfinished.iterdir():
                leftover.unlink()
        except OSError as error:
            raise StateError(
                phrase("the data folder {root} cannot be used: {reason}.", root=self.root, reason=error.strerror),
                hint=phrase("Make it writable, or name another one as `data` under [project]."),
            ) from error

    def unfinished_file(self, suffix: str) -> Path:
        """A path for a file being written; `adopt` gives it its final name."""
        return self._unfinished / f"{uuid.uuid4().hex}{suffix}"

    def adopt(self, unfinished: Path) -> str:
        """Give a finished file its final name and return that name, relative to `root`."""
        digest = hashlib.sha256()
        with unfinished.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
            os.fsync(file.fileno())
        name = f"{digest.hexdigest()[:32]}{unfinished.suffix}"
        unfinished.replace(self.root / name)
        return name

    def holds(self, name: str) -> bool:
        """Whether the file of that name is there."""
        return (self.root / name).is_file()

    def path(self, name: str) -> Path:
        """The file of that name.

        Raises:
            StateError: it is not there any more.
        """
        path = self.root / name
        if not path.is_file():
            raise StateError(
                phrase("the snapshot file {name} is missing from {root}.", name=name, root=self.root),
                hint=phrase("Run with --full to take a new snapshot. Machines that share a state share `data` too."),
            )
        return path

    def remove_except(self, kept: set[str]) -> int:
        """Delete every finished file whose name is not in `kept`; returns how many were deleted."""
        removed = 0
        for path in self.root.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink()
                removed += 1
        return removed
