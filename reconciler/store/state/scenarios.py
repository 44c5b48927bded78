"""What came of test scenarios, each playing of each of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select

from reconciler.model.pilot import ScenarioResult, Stage
from reconciler.store.state import pilot_schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text, storable
from reconciler.store.state.database import Database

_REFUSED: Final = "refused"
_PLAYED: Final = pilot_schema.pilot_scenarios.c


class Scenarios:
    """The results in one state. Each is one transaction together with its entry in the trail."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, result: ScenarioResult) -> None:
        """Keep a result.

        Raises:
            StateError: the state cannot be written.
        """
        values = {
            "scenario": result.scenario,
            "at": result.at,
            "milliseconds": round(result.seconds * 1000),
            "person": storable(result.person),
            "stage": result.stage.value,
            "status": result.status,
            "expected": storable(result.expected),
            "seen": storable(result.seen),
            "exit_code": result.exit_code,
            "evidence": storable(result.evidence),
            "digest": result.digest,
        }
        details = {name: values[name] for name in ("stage", "status", "digest")}
        act = Act(storable(result.person), "scenario.played", result.scenario, details_text(details))
        async with self._database.write() as connection:
            await connection.execute(insert(pilot_schema.pilot_scenarios).values(values))
            await append_acts(connection, self._database.backend, self._clock(), [act])

    async def latest(self) -> dict[str, ScenarioResult]:
        """The last result of each scenario, by its id, in the order they were played.

        What was refused counts only where nothing else is known: it must not make a failure forgotten.
        """
        last = select(func.max(_PLAYED.number)).group_by(_PLAYED.scenario, _PLAYED.status == _REFUSED)
        query = select(pilot_schema.pilot_scenarios).where(_PLAYED.number.in_(last)).order_by(_PLAYED.number)
        found: dict[str, ScenarioResult] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(query):
                if row.status != _REFUSED:
                    found.pop(row.scenario, None)
                if row.status != _REFUSED or row.scenario not in found:
                    found[row.scenario] = _result(row)
        return found


def _result(row: Row[Any]) -> ScenarioResult:
    return ScenarioResult(
        row.scenario,
        row.at,
        row.milliseconds / 1000,
        row.person,
        Stage(row.stage),
        row.status,
        row.expected,
        row.seen,
        row.exit_code,
        row.evidence,
        row.digest,
    )
