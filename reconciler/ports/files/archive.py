"""Copies of received files on this machine: named by their content, complete or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.errors import StateError
from reconciler.phrases.phrase import phrase
from reconciler.ports.files.ledger import FileRecord
from reconciler.ports.files.names import suffix_of

_INCOMING: Final = "incoming"
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """Hexadecimal digests of a file."""

    sha256: str
    md5: str


class FileArchive:
    """A folder of one system. Every method blocks on the disk: call them from a worker thread.

    Files hold customers' data as received: the folder is its owner's alone.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            StateError: it cannot be made or written.
        """
        try:
            (self.root / _INCOMING).mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.chmod(0o700)
        except OSError as error:
            raise StateError(
                phrase(
                    "the folder of received files {root} cannot be used: {reason}.",
                    root=self.root,
                    reason=error.strerror,
                ),
                hint=phrase("Make it writable, or name another one as `data` under [project]."),
            ) from error

    def part(self, record: FileRecord) -> Path:
        """Where the content of a file is put while it arrives, with what came of it before, or empty.

        A file that was written again has another place.
        """
        seen = _short_digest(record.folder, record.name, str(record.size_bytes), record.stamp)
        part = self.root / _INCOMING / f"{record.number}-{seen}{suffix_of(record.name)}"
        part.touch(mode=0o600)
        return part

    def discard(self, part: Path) -> None:
        """Forget what came of a file."""
        part.unlink(missing_ok=True)

    def adopt(self, part: Path, record: FileRecord, sha256: str) -> str:
        """Give a complete file its place and return its name there, the same one for the same file.

        When this returns it survives a loss of power.
        """
        name = f"{_short_digest(record.folder, record.name, sha256)}{suffix_of(record.name)}"
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o600)
        part.replace(self.root / name)
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return name

    def holds(self, name: str) -> bool:
        """Whether the copy of that name is there."""
        return (self.root / name).is_file()

    def path(self, name: str) -> Path:
        """Where the copy of that name is."""
        return self.root / name

    def remove(self, names: Iterable[str]) -> None:
        """Delete copies; those that are gone already are no matter."""
        for name in names:
            (self.root / name).unlink(missing_ok=True)


def digests_of(path: Path) -> Digests:
    """Both digests in one reading. MD5 is what senders write beside their files; it protects nothing here."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            sha256.update(block)
            md5.update(block)
    return Digests(sha256.hexdigest(), md5.hexdigest())


def _short_digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
