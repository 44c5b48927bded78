"""Initial records from a JSON file instead of the generator."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.errors import ConfigurationError
from reconciler.sandbox.crm.schema import COLLECTIONS
from reconciler.sandbox.erp.store import ID_MEMBERS

Collections = dict[str, list[Any]]
"""Records by collection name. Loaded ones may be any JSON value: they are served as they are."""

_LOADABLE: Final = frozenset(COLLECTIONS) - {"Webhooks"}
_HINT: Final = (
    'The file is {"crm": {"Contacts": […], …}, "erp": {"clientes": […], …}}, as POST _sandbox/state gives it.'
)


def read_records(path: Path) -> tuple[Collections, Collections]:
    """The records of both systems. A side or collection that is not in the file is empty.

    Call-backs (`Webhooks`) are left out: a file must not make a system call addresses.

    Raises:
        ConfigurationError: the file cannot be read, or is not of that form; it says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}.") from error
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: is not JSON: {error}.", hint=_HINT) from error
    sides = _members(value, {"crm", "erp"}, str(path))
    return (
        _side(sides.get("crm", {}), {*_LOADABLE, "Webhooks"}, f"{path}: crm"),
        _side(sides.get("erp", {}), set(ID_MEMBERS), f"{path}: erp"),
    )


def _side(value: Any, known: Collection[str], place: str) -> Collections:
    found: Collections = {}
    for name, records in _members(value, known, place).items():
        if not isinstance(records, list):
            raise ConfigurationError(f"{place}.{name} is not a list.", hint=_HINT)
        if name != "Webhooks":
            found[name] = records
    return found


def _members(value: Any, known: Collection[str], place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{place} is not an object.", hint=_HINT)
    for name in value:
        if name not in known:
            raise ConfigurationError(f"{place}: “{name[:60]}” is none of {', '.join(sorted(known))}.", hint=_HINT)
    return value
