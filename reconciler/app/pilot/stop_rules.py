"""The pilot's stop rules, looked at when the pilot is run and as soon as something goes wrong in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.app.pilot.kept_values import kept_values
from reconciler.app.pilot.standing import standing_of
from reconciler.app.wire import Workspace
from reconciler.errors import ConfigurationError
from reconciler.model.pilot import DayValue, Freeze
from reconciler.pilot.stopping import SEPARATOR, fired
from reconciler.ports.notices.delivery import Patience
from reconciler.project_pilot import PilotSection


async def freeze_where_fired(
    workspace: Workspace, pilot: PilotSection, values: Iterable[DayValue], at: datetime, details: Mapping[str, object]
) -> tuple[list[str], Freeze | None]:
    """Let nothing be written any more where a stop rule fires.

    Args:
        details: of what fired it, for the trail.

    Returns:
        The rules that the values are beyond, and the freeze; None where there is no reason, or it is in force already.

    Raises:
        StateError: the state cannot be written.
    """
    rules = fired(pilot.stop, values)
    if not rules:
        return rules, None
    return rules, await workspace.state.stages.freeze(SEPARATOR.join(rules), at, details)


async def freeze_now(workspace: Workspace, at: datetime) -> Freeze | None:
    """Let nothing be written any more where what is kept at this moment is beyond a rule of a pilot that was started.

    What only a run measures is looked at by the next one.

    Raises:
        StateError: the state cannot be used.
        ConfigurationError: a description is wrong.
    """
    project = workspace.project
    pilot = project.file.pilot
    if pilot is None or not pilot.stop:
        return None
    standing = await standing_of(workspace)
    if standing.declared is None or not standing.declared_as_started:
        return None
    values = await kept_values(workspace, at.astimezone(project.time_zone).date())
    _, freeze = await freeze_where_fired(workspace, pilot, values, at, {})
    return freeze


async def tell_freeze(workspace: Workspace, freeze: Freeze, patience: Patience) -> None:
    """Tell everybody `[notify]` names. What goes wrong is for the log: the freeze is in force, whoever heard of it."""
    # Loaded when there is something to tell: every command about corrections comes by here.
    import structlog

    from reconciler.app.notifications.freezing import tell_frozen
    from reconciler.app.notifications.telling import channels_of

    log = structlog.get_logger("reconciler.pilot")
    try:
        channels = channels_of(workspace.project)
    except ConfigurationError as error:
        log.error("freeze_not_told", problem=error.message)
        return
    for each in await tell_frozen(workspace.project, channels, freeze, patience):
        if each.problem:
            log.error("freeze_not_told", channel=each.to, problem=each.problem)
