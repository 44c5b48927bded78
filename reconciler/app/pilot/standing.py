"""How far a project is let: what the file names, what people gave, and for which systems."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import orjson

from reconciler.app.wire import Workspace, load_descriptions
from reconciler.connectors.description import Description
from reconciler.loopback import is_loopback
from reconciler.model.entities import Side
from reconciler.model.pilot import Stage, lowest
from reconciler.pilot.guard import WrittenSystem
from reconciler.pilot.stages import Standing
from reconciler.project import Project
from reconciler.project_pilot import PilotSection

_STAND_INS: Final = frozenset({"sandbox_erp", "sandbox_erp_soap", "sandbox_erp_files"})
"""Shipped descriptions of systems that only exist inside this product."""


async def standing_of(workspace: Workspace, descriptions: Mapping[Side, Description] | None = None) -> Standing:
    """How far the project is let at this moment.

    Args:
        descriptions: of both systems, where they are loaded already.

    Raises:
        StateError: the state cannot be read.
        ConfigurationError: a description is wrong.
    """
    project = workspace.project
    kept = await workspace.state.stages.standing()
    return Standing(
        ceiling=lowest(file_stage(project), Stage(project.file.project.stage)),
        systems=systems_digest(project, load_descriptions(project) if descriptions is None else descriptions),
        reached=kept.reached,
        declaration=None if project.file.pilot is None else declaration_digest(project.file.pilot),
        declared=kept.declared,
        freeze=kept.freeze,
    )


def file_stage(project: Project) -> Stage:
    """The stage that the project file itself names."""
    named = project.written("project", "stage")
    return Stage(named) if isinstance(named, str) and named in [*Stage] else Stage.SANDBOX


def written_system(project: Project, side: Side, description: Description) -> WrittenSystem:
    """One system as far as the guard looks at it. That it is a test system only the project file itself can say."""
    system = project.system(side)
    address = urlsplit(_address(project, side, description))
    is_stand_in = system.vendor in _STAND_INS or is_loopback(address.hostname or "")
    return WrittenSystem(side, is_stand_in, system.test and project.written(side.value, "test") is True)


def systems_digest(project: Project, descriptions: Mapping[Side, Description]) -> str:
    """SHA-256, in hexadecimal, of which systems and which state the project names now."""
    state = urlsplit(project.file.project.state)
    where = f"{state.scheme}://{state.netloc.rpartition('@')[2]}{state.path}"
    named: dict[str, object] = {"state": where}
    for side, description in descriptions.items():
        named[side.value] = [project.system(side).vendor, _address(project, side, description).rstrip("/")]
    return hashlib.sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).hexdigest()


def declaration_text(pilot: PilotSection) -> str:
    """The section `[pilot]` as it is sealed: JSON, the same for the same content however it is written in the file."""
    return orjson.dumps(pilot.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS).decode()


def declaration_digest(pilot: PilotSection) -> str:
    """SHA-256, in hexadecimal, of `declaration_text`."""
    return hashlib.sha256(declaration_text(pilot).encode()).hexdigest()


def _address(project: Project, side: Side, description: Description) -> str:
    return project.system(side).base_url or description.default_address or ""
