"""What requests may refer to of a record's own id. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.mapping.composite import members_of
from reconciler.ports.http.references import Value


def id_values(identity: str, described: str | Sequence[str]) -> dict[str, Value]:
    """Values for `id`, `id.number` where it is one, and `id.0`, `id.1` … of an id made of several members.

    Args:
        described: `EntitySource.id`.
    """
    values: dict[str, Value] = {"id": identity}
    if identity.isascii() and identity.isdigit():
        values["id.number"] = int(identity)
    if not isinstance(described, str):
        values |= {f"id.{position}": member for position, member in enumerate(members_of(identity, len(described)))}
    return values
