"""Ids made of several members: some systems have no single key of a record (Protheus: code and unit). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.mapping.canonical_plain import identifier_plain
from reconciler.mapping.json_values import scalar_text
from reconciler.mapping.path import Path, parse_path

SEPARATOR: Final = "|"
"""Between the members of an id, as TOTVS writes its own internal ids."""

_NO_SLOTS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class CompositePath:
    """Where the members of an id are in a record. A record that lacks one of them has no id."""

    members: tuple[Path, ...]

    def read(self, record: object) -> str | None:
        """The id, or None."""
        texts = [scalar_text(member.read(record)) for member in self.members]
        return joined([text and identifier_plain(text) for text in texts])


IdPath = Path | CompositePath
"""Where the id of a record is."""


def parse_id(written: str | Sequence[str], slots: Mapping[str, str] = _NO_SLOTS) -> IdPath:
    """The place of an id: one path, or several of which all are needed.

    Raises:
        MappingSyntaxError: as `parse_path`.
    """
    if isinstance(written, str):
        return parse_path(written, slots)
    return CompositePath(tuple(parse_path(path, slots) for path in written))


def paths_of(id_path: IdPath) -> tuple[Path, ...]:
    """Every path that the id is read from."""
    return id_path.members if isinstance(id_path, CompositePath) else (id_path,)


def joined(members: Sequence[str | None]) -> str | None:
    """The id of these members; None when one is missing."""
    given = [member for member in members if member]
    return SEPARATOR.join(given) if len(given) == len(members) else None


def members_of(identity: str, count: int) -> list[str]:
    """The members of an id that is made of so many; nothing when it is not."""
    members = identity.split(SEPARATOR)
    return members if len(members) == count else []
