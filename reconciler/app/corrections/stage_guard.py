"""What the stage of a project lets be written, whoever approved it, and whatever a single run is told."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.written_records import written_records
from reconciler.app.pilot.standing import standing_of, written_system
from reconciler.connectors.description import Description
from reconciler.model.corrections import Correction
from reconciler.model.entities import Side
from reconciler.model.pilot import Stage
from reconciler.phrases.phrase import phrase
from reconciler.pilot.guard import (
    WrittenRecord,
    record_refusal,
    standing_refusal,
    system_refusal,
)
from reconciler.pilot.stages import Standing
from reconciler.project import Project


def write_refusal(project: Project, side: Side, description: Description, stage: Stage | None = None) -> str | None:
    """Why nothing may be written to a system in this stage, one clause, or None when it may.

    Args:
        stage: the one the project names where none is given.
    """
    in_force = Stage(project.file.project.stage) if stage is None else stage
    return system_refusal(in_force, written_system(project, side, description))


class StageGuard:
    """The stage's word on what one person is at work on. What is frozen or changed meanwhile counts at once."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._looked_at: dict[str, WrittenRecord] = {}

    async def standing(self) -> Standing:
        """How far the project is let at this moment."""
        return await standing_of(self._acting.workspace, self._acting.descriptions)

    def closed_sides(self, standing: Standing) -> dict[Side, str]:
        """The systems that nothing is written to now, each with the reason."""
        everything = standing_refusal(standing)
        found: dict[Side, str] = {}
        for side, description in self._acting.descriptions.items():
            why = everything or write_refusal(self._acting.workspace.project, side, description, standing.stage)
            if why is not None:
                lowered = standing.why_lower if everything is None else ""
                found[side] = phrase("{because}: {why}", because=lowered, why=why) if lowered else why
        return found

    async def refusals(self, corrections: Collection[Correction], standing: Standing) -> dict[str, str]:
        """Why corrections may not be written now, by id; those that may are left out. Nothing is counted."""
        await self.look_at(corrections)
        closed = self.closed_sides(standing)
        if not closed and not self._has_scope(standing):
            return {}
        found: dict[str, str] = {}
        for each in corrections:
            why = closed.get(each.side) or self._outside(each, standing)
            if why is not None:
                found[each.id] = why
        return found

    async def look_at(self, corrections: Collection[Correction]) -> None:
        """Find out what the pilot's scope is about, for corrections that will be asked about."""
        pilot = self._acting.workspace.project.file.pilot
        if pilot is not None:
            self._looked_at |= await written_records(self._acting, corrections, pilot.scope.salesperson_field)

    async def admit(self, correction: Correction) -> str | None:
        """Why a correction must not be written now, one clause; None when it may, and then it counts as begun.

        Raises:
            StateError: the state cannot be used.
        """
        standing = await self.standing()
        why = self.closed_sides(standing).get(correction.side) or self._outside(correction, standing)
        pilot = self._acting.workspace.project.file.pilot
        if why is not None or standing.stage is not Stage.PILOT or pilot is None:
            return why
        today = self._acting.clock().astimezone(self._acting.workspace.project.time_zone).date()
        if await self._acting.workspace.state.stages.reserve_write(today, pilot.writes_per_day):
            return None
        return phrase(
            "the pilot writes {writes_per_day} records a day, and they are used up", writes_per_day=pilot.writes_per_day
        )

    def _has_scope(self, standing: Standing) -> bool:
        """Whether only some records may be written."""
        return standing.stage is Stage.PILOT and self._acting.workspace.project.file.pilot is not None

    def _outside(self, correction: Correction, standing: Standing) -> str | None:
        pilot = self._acting.workspace.project.file.pilot
        if pilot is None or not self._has_scope(standing):
            return None
        today = self._acting.clock().astimezone(self._acting.workspace.project.time_zone).date()
        if not pilot.starts <= today <= pilot.ends:
            return phrase("the pilot is from {starts} to {ends}", starts=pilot.starts, ends=pilot.ends)
        record = self._looked_at.get(correction.id)
        if record is None:
            return phrase("nobody looked whether it is inside the pilot's scope")
        return record_refusal(pilot.scope, record)


async def write_refusals(acting: Acting, corrections: Collection[Correction]) -> dict[str, str]:
    """Why corrections may not be written now, by id; those that may are left out."""
    guard = StageGuard(acting)
    return await guard.refusals(corrections, await guard.standing())


async def closed_systems(acting: Acting) -> dict[Side, str]:
    """The systems that nothing is written to now, each with the reason."""
    guard = StageGuard(acting)
    return guard.closed_sides(await guard.standing())
