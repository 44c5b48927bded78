"""Random lives of findings, against a plain dictionary that follows DESIGN.md 6 word for word."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reconciler.model.findings import FindingKind, FindingStatus
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, row, run_with

KEYS = tuple("abcdef")
VALUES = (None, "1", "2")
ENTITIES = ("customers", "products")

Seen = dict[str, tuple[str | None, str | None]]
seen_findings = st.dictionaries(
    st.sampled_from(KEYS), st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), max_size=len(KEYS)
)


@dataclass
class Known:
    """What the model knows of one finding."""

    values: tuple[str | None, str | None]
    status: FindingStatus = FindingStatus.OPEN
    until: date | None = None
    occurrences: int = 1


class FindingLives(RuleBasedStateMachine):
    """Runs, decisions, passing days and restarts, in any order."""

    url = "sqlite:///state.db"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model: dict[tuple[str, str], Known] = {}
        self._open()

    def _open(self) -> None:
        self.stack = AsyncExitStack()
        opening = State.open(self.url, Path(self.folder.name), clock=self.clock)
        self.state = self.runner.run(self.stack.enter_async_context(opening))

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @rule()
    def restart(self) -> None:
        self.runner.run(self.stack.aclose())
        self._open()

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.clock.move(days=days)

    @rule(entity=st.sampled_from(ENTITIES), seen=seen_findings, close_missing=st.booleans())
    def run(self, entity: str, seen: Seen, close_missing: bool) -> None:
        new, reopened = 0, 0
        for key, values in seen.items():
            known = self.model.get((entity, key))
            if known is None:
                self.model[entity, key] = Known(values)
                new += 1
            elif self._see(known, values):
                reopened += 1
        closed = self._close_missing(entity, seen) if close_missing else 0
        rows = [
            row(key, entity=entity, kind=FindingKind.DIFFERS, crm_value=crm_value, erp_value=erp_value)
            for key, (crm_value, erp_value) in seen.items()
        ]
        totals = self.runner.run(run_with(self.state, rows, entity=entity, close_missing=close_missing))
        assert (totals.new, totals.reopened, totals.closed) == (new + reopened, reopened, closed)
        assert totals.open == sum(
            known.status is FindingStatus.OPEN for (owner, _), known in self.model.items() if owner == entity
        )

    def _see(self, known: Known, values: tuple[str | None, str | None]) -> bool:
        """Whether seeing it again reopens it."""
        today = self.clock.now.date()
        holds = known.values == values and (known.until is None or today <= known.until)
        stays = known.status is FindingStatus.OPEN or (known.status is FindingStatus.ACCEPTED and holds)
        known.values = values
        known.occurrences += 1
        if not stays:
            known.status, known.until = FindingStatus.OPEN, None
        return not stays

    def _close_missing(self, entity: str, seen: Seen) -> int:
        closed = 0
        for (owner, key), known in self.model.items():
            if owner == entity and key not in seen and known.status is not FindingStatus.CLOSED:
                known.status = FindingStatus.CLOSED
                closed += 1
        return closed

    @rule(keys=st.sets(st.sampled_from(KEYS), min_size=1), days=st.none() | st.integers(0, 3))
    def accept(self, keys: set[str], days: int | None) -> None:
        until = None if days is None else self.clock.now.date() + timedelta(days=days)
        accepted = 0
        for (_, key), known in self.model.items():
            if key in keys and known.status in (FindingStatus.OPEN, FindingStatus.ACCEPTED):
                known.status, known.until = FindingStatus.ACCEPTED, until
                accepted += 1
        chosen = FindingFilter(key=keys)
        assert accepted == self.runner.run(
            self.state.findings.accept(chosen, reason="agreed", person="ana", until=until)
        )

    @invariant()
    def the_state_holds_what_the_model_holds(self) -> None:
        findings = self.runner.run(self.state.findings.page(limit=100))
        held = {
            (finding.entity, finding.key): (
                (finding.crm.value, finding.erp.value),
                finding.status,
                finding.occurrences,
                finding.accepted_until if finding.status is FindingStatus.ACCEPTED else None,
            )
            for finding in findings
        }
        assert held == {
            place: (
                known.values,
                known.status,
                known.occurrences,
                known.until if known.status is FindingStatus.ACCEPTED else None,
            )
            for place, known in self.model.items()
        }
        summary = self.runner.run(self.state.findings.summary())
        assert summary.by_status == Counter(known.status.value for known in self.model.values())


TestFindingLives = FindingLives.TestCase
TestFindingLives.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
