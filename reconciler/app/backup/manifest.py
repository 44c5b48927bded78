"""What a backup says about itself: the first thing in it, and what everything else is checked against. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from reconciler.errors import StateError

MANIFEST: Final = "manifest.json"
STATE: Final = "state.db"
LONGEST_MANIFEST_BYTES: Final = 256 << 20
_MEMBER: Final = re.compile(
    r"(?:state\.db|(?:snapshots|reports|files|scenarios)(?:/[A-Za-z0-9_][A-Za-z0-9._ ()@+,=~-]*)+)", re.ASCII
)

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Member(BaseModel):
    """One file of the backup; `name` is relative to it, with `/`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    size_bytes: Annotated[int, Field(ge=0)]
    digest: Digest


class Manifest(BaseModel):
    """The whole document.

    Attributes:
        project: digest of the project file, which is not part of a backup.
        revision: migration of the state.
        trail_entries, trail_head: of the audit trail, when the copy was made.
        missing: snapshot files that the state names and that were not there.
        members: everything else in the backup, in its order, the state first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    made_at: AwareDatetime
    program: str
    project: Digest
    revision: str
    trail_entries: Annotated[int, Field(ge=0)]
    trail_head: Digest
    missing: tuple[str, ...] = ()
    members: tuple[Member, ...]


def read_manifest(text: bytes) -> Manifest:
    """The manifest, if it is one.

    Raises:
        StateError: it is not, or it names a file that a backup does not hold.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError:
        raise not_ours("its manifest cannot be read") from None
    names = [member.name for member in manifest.members]
    if len(set(names)) != len(names) or STATE not in names or not all(map(is_member, names)):
        raise not_ours("its manifest names other files than a backup holds")
    return manifest


def is_member(name: str) -> bool:
    """Whether a backup may hold a file of that name: never one outside its own folders."""
    return _MEMBER.fullmatch(name) is not None


def not_ours(why: str) -> StateError:
    """The file is not a whole backup."""
    return StateError(f"this is not a whole backup: {why}.", hint="Nothing was changed. Use another backup.")
