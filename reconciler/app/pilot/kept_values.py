"""The measures of a day that what is kept tells by itself: of writes, and of what people said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from reconciler.app.wire import Workspace
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import PROVED, CorrectionState, JournalStep
from reconciler.model.pilot import DayValue, MeasureName
from reconciler.pilot.measures import percent
from reconciler.project import Project

_S = CorrectionState
_Value = tuple[MeasureName, Decimal | None, int]


async def kept_values(workspace: Workspace, day: date) -> list[DayValue]:
    """Conflicts and proved writes of a calendar day of the project; unknown outcomes and blockers as they are now.

    Raises:
        StateError: the state cannot be read.
    """
    ended = await workspace.state.journal.outcomes(*bounds_of(workspace.project, day))
    values = [*_writes(ended), *await _open(workspace)]
    return [DayValue(day, name, value, sample) for name, value, sample in values]


def bounds_of(project: Project, day: date) -> tuple[datetime, datetime]:
    """First moment of a calendar day of the project, and of the next one."""
    zone = project.time_zone
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def _writes(ended: list[JournalStep]) -> Iterator[_Value]:
    last = {each.correction: each.state for each in ended}
    proved = sum(state in PROVED for state in last.values())
    yield "verified_percent", percent(proved, len(last)), len(last)
    yield "conflicts", Decimal(sum(each.state is _S.SUPERSEDED for each in ended)), len(ended)


async def _open(workspace: Workspace) -> list[_Value]:
    corrections = workspace.state.corrections
    unknown = await corrections.count(CorrectionFilter(states=_S.UNKNOWN))
    said = await workspace.state.pilot.feedback()
    blockers = sum(each.severity == "blocker" and each.closed_at is None for each in said)
    return [
        ("unknown_outcomes", Decimal(unknown), await corrections.count(CorrectionFilter())),
        ("blockers", Decimal(blockers), len(said)),
    ]
