"""All checks of one installation. Nothing is created, migrated, repaired or sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.app.doctor.diagnosis import Check, Diagnosis, Grade
from reconciler.app.doctor.engine import check_engine
from reconciler.app.doctor.installation import check_clock, check_program, check_rights, check_room, check_secrets
from reconciler.app.doctor.state_checks import (
    check_corrections,
    check_lock,
    check_schedule,
    check_state_file,
    check_trail,
    check_webhooks,
    latest_moment,
)
from reconciler.app.doctor.support import StateShape, shape_of_state
from reconciler.app.wire import load_descriptions
from reconciler.errors import ConfigurationError, ReconcilerError
from reconciler.project import Project, load_project
from reconciler.store.state.address import Address
from reconciler.store.state.as_is import state_as_is
from reconciler.store.state.file_check import FileCheck, check_file
from reconciler.store.state.state import State

PlainTokens = Callable[[str], int]
"""How many tokens of a text are kept readable, and not as hashes; raises `ConfigurationError` for a malformed one."""


@dataclass(slots=True)
class Examined:
    """What was found.

    Attributes:
        project: None where its file cannot be used.
        state: what a support bundle tells of the state; None where it cannot be opened.
    """

    diagnosis: Diagnosis
    project: Project | None = None
    file: FileCheck | None = None
    state: StateShape | None = None


async def examine(
    project_file: Path, plain_tokens: PlainTokens, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Examined:
    """Look at everything. What is broken becomes a check that failed; nothing is raised for it."""
    checks = [check_program()]
    try:
        project = load_project(project_file)
        load_descriptions(project)
    except ReconcilerError as error:
        checks.append(_failure("project", error))
        return Examined(Diagnosis(tuple(checks)))
    checks.append(Check("project", Grade.OK, f"{project_file}: stage {project.file.project.stage}"))
    checks.append(check_secrets(project))
    checks += _check_tokens(project, plain_tokens)
    checks.append(await asyncio.to_thread(check_engine, project))
    examined = Examined(Diagnosis(()), project)
    checks += await _check_state(project, examined, clock)
    examined.diagnosis = Diagnosis(tuple(checks))
    return examined


def _check_tokens(project: Project, plain_tokens: PlainTokens) -> list[Check]:
    """Tokens of the service, as they lie where the project file says."""
    source = project.file.service.tokens
    if source is None:
        return []
    try:
        plain = plain_tokens(project.secret(("service", "tokens"), source))
    except ConfigurationError as error:
        return [_failure("service-tokens", error)]
    facts = {"plain": plain}
    if plain and source.file is not None:
        words = f"{plain} are kept readable in {source.file}"
        hint = "Keep their hashes instead: the second line that `reconciler tokens new` prints."
        return [Check("service-tokens", Grade.WARNING, words, hint, facts)]
    return [Check("service-tokens", Grade.OK, "none of them lies readable in a file", facts=facts)]


async def _check_state(project: Project, examined: Examined, clock: Callable[[], datetime]) -> list[Check]:
    try:
        address = Address.parse(project.file.project.state, project.folder)
    except ConfigurationError as error:
        return [_failure("state", error)]
    before = await asyncio.to_thread(check_rights, project, address.file)
    if address.file is not None:
        if not address.file.is_file():
            words = "there is none yet; the first run makes it"
            return [before, check_room(project, address.file, 0), Check("state", Grade.OK, words)]
        try:
            examined.file = await asyncio.to_thread(check_file, address.file)
        except ReconcilerError as error:
            return [before, check_room(project, address.file, 0), _failure("state", error)]
    size_bytes = 0 if examined.file is None else examined.file.size_bytes
    checks = [before, await asyncio.to_thread(check_room, project, address.file, size_bytes)]
    if examined.file is not None:
        found = check_state_file(examined.file)
        checks += found
        if any(check.grade is not Grade.OK for check in found):
            return checks
    return checks + await _look_inside(project, examined, clock)


async def _look_inside(project: Project, examined: Examined, clock: Callable[[], datetime]) -> list[Check]:
    looks: tuple[Callable[[State, datetime], Awaitable[Check]], ...] = (
        check_lock,
        check_schedule,
        check_corrections,
        check_webhooks,
    )
    now = clock()
    checks: list[Check] = []
    try:
        async with state_as_is(
            project.file.project.state, project.folder, clock=clock, time_zone=project.time_zone
        ) as state:
            checks += [await look(state, now) for look in looks]
            checks.append(await check_trail(state))
            checks.append(check_clock(now, await latest_moment(state)))
            examined.state = await shape_of_state(state)
    except ReconcilerError as error:
        checks.append(_failure("state-content", error))
    return checks


def _failure(name: str, error: ReconcilerError) -> Check:
    return Check(name, Grade.FAILURE, error.message, error.hint, {"code": error.code})
