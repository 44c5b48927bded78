"""The support bundle: numbers, moments and words of ours, chosen one by one. What is not chosen is not in it.

Texts of the project, of records and of people are never redacted out of something larger: they are never put in.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import orjson
from pydantic import BaseModel, SecretStr

from reconciler import __version__
from reconciler.app.doctor.diagnosis import Diagnosis
from reconciler.app.doctor.installation import package_versions
from reconciler.connectors.load import shipped_vendors
from reconciler.model.entities import ENTITIES
from reconciler.model.findings import Cause, FindingKind
from reconciler.project import Project
from reconciler.store.state.file_check import FileCheck
from reconciler.store.state.records import RunRecord
from reconciler.store.state.state import State
from reconciler.whole_file import refuse_taken, write_new_file

_RUNS: Final = 50
_HIDDEN: Final = "(text)"
_FREE_FORM: Final = frozenset({"credentials", "context", "people"})
_OTHER_WORDS: Final = (
    *("pt-BR", "en", "BRL", "sandbox", "homologation", "pilot", "live", "crm", "erp", "exact", "folded", "no"),
    *("create", "deactivate", "leave", "nightly", "findings", "failure", "unknown", "reviewer", "operator", "admin"),
    *("complete", "partial", "failed", "running", "interrupted", "taxes", "lines"),
)


@dataclass(frozen=True, slots=True)
class StateShape:
    """What a bundle tells of a state: counts, and the latest runs."""

    corrections: Mapping[str, int]
    runs: Sequence[Mapping[str, Any]]


async def shape_of_state(state: State) -> StateShape:
    """Read it.

    Raises:
        StateError: the state cannot be used.
    """
    counts = await state.correction_lists.counts()
    words = _Words()
    runs = [_run(record, words) for record in await state.runs.history(_RUNS)]
    return StateShape({found.value: count for found, count in counts.items()}, runs)


def write_bundle(
    path: Path,
    diagnosis: Diagnosis,
    project: Project | None,
    file: FileCheck | None,
    state: StateShape | None,
    now: datetime,
) -> list[str]:
    """Write the bundle, readable by its owner alone; it is whole or not there.

    Returns:
        The names of the files in it.

    Raises:
        RefusedError: there is something of that name.
        StateError: it cannot be written.
    """
    refuse_taken(path)
    members = {
        "diagnosis.json": [_check(each) for each in diagnosis.checks],
        "program.json": _program(now),
        "project.json": None if project is None else shape_of_project(project),
        "state.json": _state(file, state),
        "runs.json": [] if state is None else state.runs,
    }
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, document in members.items():
            archive.writestr(name, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    write_new_file(path, packed.getvalue())
    return list(members)


def _check(check: Any) -> dict[str, Any]:
    return {"name": check.name, "grade": check.grade.value, "facts": dict(check.facts)}


def _program(now: datetime) -> dict[str, Any]:
    return {
        "reconciler": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "packages": package_versions(),
        "processors": os.cpu_count(),
        "made_at": now.isoformat(),
    }


def _state(file: FileCheck | None, state: StateShape | None) -> dict[str, Any]:
    return {
        "rows": None if file is None else file.rows,
        "size_bytes": None if file is None else file.size_bytes,
        "problems": None if file is None else len(file.problems),
        "corrections": None if state is None else state.corrections,
    }


def shape_of_project(project: Project) -> dict[str, Any]:
    """The project file with its options and numbers, and without any text that is not a word of ours."""
    shape = _shape(project.file, _Words())
    if not isinstance(shape, dict):
        raise TypeError("a project file is a table")
    for side in ("crm", "erp"):
        vendor = getattr(project.file, side).vendor
        shape[side]["vendor"] = vendor if vendor in shipped_vendors() else "own description"
    return shape


class _Words:
    """Which texts are ours. Names that a project gives itself become numbers, the same one each time."""

    def __init__(self) -> None:
        fields = [field.name for entity in ENTITIES.values() for field in entity.fields]
        lines = [field.name for entity in ENTITIES.values() if entity.lines for field in entity.lines.fields]
        entities = [*ENTITIES, *(f"{name}.lines" for name in ENTITIES)]
        self._ours = frozenset([*_OTHER_WORDS, *entities, *fields, *lines, *map(str, Cause), *map(str, FindingKind)])
        self._names: dict[str, str] = {}

    def key(self, name: str) -> str:
        """The name, if it is ours, else a number for it."""
        if name in self._ours:
            return name
        return self._names.setdefault(name, f"own-{len(self._names) + 1}")

    def text(self, text: str) -> str:
        """The text, if it is a word of ours."""
        return text if text in self._ours or text in available_timezones() else _HIDDEN


def _shape(value: object, words: _Words) -> Any:
    match value:
        case SecretStr():
            return _HIDDEN
        case BaseModel():
            return {
                name: _free_form(getattr(value, name)) if name in _FREE_FORM else _shape(getattr(value, name), words)
                for name in type(value).model_fields
            }
        case Mapping():
            return {words.key(str(name)): _shape(each, words) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_shape(each, words) for each in value]
        case bool() | None:
            return value
        case int() | float():
            return value
        case Enum():
            return words.text(str(value.value))
        case _:
            return words.text(str(value))


def _free_form(value: object) -> Any:
    """How many; a number there may be anybody's document."""
    return {"entries": len(value)} if isinstance(value, Mapping) else None


def _run(record: RunRecord, words: _Words) -> dict[str, Any]:
    document = record.document or {}
    entities = document.get("entities")
    error = document.get("error")
    return {
        "id": record.id,
        "status": record.status.value,
        "full": record.full,
        "started_at": record.started_at.isoformat(),
        "finished_at": None if record.finished_at is None else record.finished_at.isoformat(),
        "entities": _counts(entities, words) if isinstance(entities, Mapping) else None,
        "error": _code(error.get("code")) if isinstance(error, Mapping) else None,
    }


def _counts(value: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    """Only the numbers of a table of tables."""
    found: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, Mapping):
            found[_name(name, words)] = _counts(each, words)
        elif isinstance(each, int):
            found[_name(name, words)] = each
    return found


_COUNTS: Final = frozenset(
    {"pulled", "matched", "only_here", "duplicate", "rejected", "findings", "new", "open", "closed", "by_kind"}
    | {"by_cause", "compared_fields", "reopened"}
)


def _name(name: str, words: _Words) -> str:
    return name if name in _COUNTS else words.key(name)


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and value.isascii() and value.replace("_", "").isalpha() else None
