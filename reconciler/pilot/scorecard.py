"""The scorecard: every working day against every criterion, and what follows from it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import orjson

from reconciler.model.pilot import DayValue, Declared, MeasureName, ScenarioResult
from reconciler.pilot.measures import MEASURES
from reconciler.pilot.reasons import Reason
from reconciler.project_pilot import PilotSection

_FORMAT: Final = "reconciler-scorecard/1"


class Verdict(StrEnum):
    """What follows from a scorecard."""

    GO = "go"
    NO_GO = "no_go"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Mark:
    """One measure on one working day.

    Attributes:
        value: None where there was nothing to measure.
        criterion: None where none was set.
        met: None where nothing is asked, or there was nothing to measure.
    """

    measure: MeasureName
    value: Decimal | None
    sample: int
    criterion: Decimal | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the pilot.

    Attributes:
        is_working_day: the criteria hold on it.
        marks: by measure; none where nothing was run.
    """

    day: date
    is_working_day: bool
    marks: Mapping[MeasureName, Mark]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A pilot against its criteria.

    Attributes:
        declaration: digest of what was declared before.
        declared_anew: how often the pilot was declared anew since it was first started.
        reasons: of the verdict.
        scenarios: what came last of each that was ever played, by its id.
    """

    project: str
    declaration: str
    number: int
    declared_anew: int
    days: tuple[Day, ...]
    criteria: Mapping[MeasureName, Decimal]
    verdict: Verdict
    reasons: tuple[Reason, ...]
    scenarios: Mapping[str, ScenarioResult] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """SHA-256, in hexadecimal, of everything it says: what is signed."""
        return hashlib.sha256(orjson.dumps(self.document(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def document(self) -> dict[str, Any]:
        """As JSON. Values are texts."""
        document: dict[str, Any] = {
            "format": _FORMAT,
            "project": self.project,
            "declaration": self.declaration,
            "number": self.number,
            "declared_anew": self.declared_anew,
            "criteria": {name: str(value) for name, value in self.criteria.items()},
            "days": [_day_document(each) for each in self.days],
            "verdict": self.verdict.value,
            "reasons": [each.words() for each in self.reasons],
        }
        if self.scenarios:
            document["scenarios"] = {name: _scenario_document(each) for name, each in sorted(self.scenarios.items())}
        return document


def scorecard(
    project: str,
    pilot: PilotSection,
    declared: Declared,
    values: Sequence[DayValue],
    *,
    today: date,
    frozen: str | None,
    scenarios: Mapping[str, ScenarioResult] | None = None,
) -> Scorecard:
    """The scorecard of a pilot as it was declared.

    Args:
        values: of this declaration; those of days outside the pilot are left out.
        today: in the project's time zone. The pilot is over on the day after its last one.
        frozen: the stop rule that fired and was not lifted, or None.
        scenarios: what came last of each that was ever played.
    """
    played = {} if scenarios is None else scenarios
    days = tuple(_days(pilot, values, today))
    failures = list(_failures(pilot, days, today))
    if frozen is not None:
        failures.append(Reason("frozen", rule=frozen))
    failures += [Reason("scenario_failed", rule=name) for name, each in played.items() if each.status == "failed"]
    if today <= pilot.ends:
        verdict = Verdict.TOO_EARLY
        failures.insert(0, Reason("not_over", pilot.ends))
    else:
        verdict = Verdict.NO_GO if failures else Verdict.GO
    reasons = failures or [Reason("all_met")]
    return Scorecard(
        project,
        declared.digest,
        declared.number,
        declared.number - 1,
        days,
        dict(sorted(pilot.criteria.items())),
        verdict,
        tuple(reasons),
        played,
    )


def _days(pilot: PilotSection, values: Sequence[DayValue], today: date) -> Iterator[Day]:
    day = pilot.starts
    while day <= min(pilot.ends, today):
        measured = {each.measure: each for each in values if each.day == day}
        working = pilot.is_working_day(day)
        marks = {name: _mark(pilot, measured[name], working) for name in MEASURES if name in measured}
        yield Day(day, working, marks)
        day += timedelta(days=1)


def _mark(pilot: PilotSection, value: DayValue, working: bool) -> Mark:
    criterion = pilot.criteria.get(value.measure)
    met = None
    if working and criterion is not None and value.value is not None:
        met = MEASURES[value.measure].meets(value.value, criterion)
    return Mark(value.measure, value.value, value.sample, criterion, met)


def _failures(pilot: PilotSection, days: Sequence[Day], today: date) -> Iterator[Reason]:
    """What speaks against going live, in the order of the days."""
    for each in days:
        if each.is_working_day and each.day < today:
            yield from _not_measured(pilot, each)
        for mark in each.marks.values():
            if mark.met is False:
                yield Reason("missed", each.day, mark.measure, mark.value, mark.criterion)
    if today <= pilot.ends:
        return
    for name in sorted(pilot.criteria):
        measured = [each.marks[name] for each in days if name in each.marks]
        if measured and all(mark.met is None for mark in measured):
            yield Reason("never_measured", measure=name)


def _not_measured(pilot: PilotSection, each: Day) -> Iterator[Reason]:
    """A day that is over and lacks what a criterion asks for. A value that says “nothing to measure” is there."""
    if not each.marks:
        yield Reason("nothing_run", each.day)
        return
    for name in sorted(pilot.criteria):
        if name not in each.marks:
            yield Reason("not_measured", each.day, name)


def _scenario_document(each: ScenarioResult) -> dict[str, str]:
    return {"status": each.status, "at": each.at.isoformat(), "evidence": each.digest}


def _day_document(each: Day) -> dict[str, Any]:
    return {
        "day": each.day.isoformat(),
        "working_day": each.is_working_day,
        "measures": {
            name: {
                "value": None if mark.value is None else str(mark.value),
                "sample": mark.sample,
                "met": mark.met,
            }
            for name, mark in each.marks.items()
        },
    }
