"""The pilot: stages, and what is kept of the way from the sandbox to everybody. Plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Stage(StrEnum):
    """How far a project is let, from the lowest to the highest. Compare by `rank`: texts have another order."""

    SANDBOX = "sandbox"
    HOMOLOGATION = "homologation"
    PILOT = "pilot"
    LIVE = "live"

    @property
    def rank(self) -> int:
        """0 for the lowest."""
        return list(Stage).index(self)

    @property
    def next_up(self) -> Stage | None:
        """The stage above, or None."""
        return next((each for each in Stage if each.rank == self.rank + 1), None)

    @property
    def next_down(self) -> Stage | None:
        """The stage below, or None."""
        return next((each for each in Stage if each.rank == self.rank - 1), None)


def lowest(*stages: Stage) -> Stage:
    """The lowest of these."""
    return min(stages, key=lambda each: each.rank)


MeasureName = Literal[
    "open_per_1000",
    "new_mismatches",
    "verified_percent",
    "conflicts",
    "unknown_outcomes",
    "taxes_in_time_percent",
    "taxes_p95_ms",
    "tax_drift",
    "blockers",
    "shadow_agreement_percent",
]
"""What is measured every day of a pilot; `pilot.measures` says what each of them is."""


@dataclass(frozen=True, slots=True)
class StageChange:
    """A promotion, or a fall-back.

    Attributes:
        previous: the stage that had been reached before.
        systems: digest of the systems and the state it is about; another one makes nothing but the sandbox writable.
    """

    at: datetime
    stage: Stage
    previous: Stage
    person: str
    reason: str
    systems: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A pilot as it was declared when it began, or declared anew.

    Attributes:
        number: from 1; the days, signatures and freezes of a pilot are not those of another.
        digest: SHA-256, in hexadecimal, of `document`.
        document: JSON text of the section `[pilot]`.
        reason: why it was declared anew; "" the first time.
    """

    number: int
    at: datetime
    person: str
    reason: str
    digest: str
    document: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Nothing is written from `at` on, until a person lifts it.

    Attributes:
        rule: the stop rule that fired, in words.
        lifted_by: the person who lifted it, or None.
    """

    number: int
    at: datetime
    rule: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    why_lifted: str = ""


@dataclass(frozen=True, slots=True)
class DayValue:
    """One measure of one calendar day of the project.

    Attributes:
        value: None where there was nothing to measure.
        sample: how many records, writes, answers or the like it was taken from.
    """

    day: date
    measure: MeasureName
    value: Decimal | None
    sample: int


Severity = Literal["note", "problem", "blocker"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a participant says.

    Attributes:
        id: sixteen hexadecimal digits.
        entity, key: of the record it is about, as findings show them; `quotes` and its number for a quote. "" and "":
            it is about no record.
        closed_by: who dealt with it, None while it is open.
    """

    id: str
    at: datetime
    who: str
    severity: Severity
    text: str
    entity: str = ""
    key: str = ""
    closed_at: datetime | None = None
    closed_by: str | None = None
    answer: str = ""


SignatureRole = Literal["technical_lead", "scope_owner"]


@dataclass(frozen=True, slots=True)
class Signature:
    """A person's name under exactly this content."""

    at: datetime
    person: str
    role: SignatureRole
    content: str


ScenarioStatus = Literal["passed", "failed", "refused"]
"""`refused`: it was not played, because the stage, a role or a system does not let it, or a person is needed."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What came of playing one test scenario.

    Attributes:
        scenario: its id.
        stage: in force while it was played.
        expected, seen: sentences in the language of the project.
        exit_code: as CONTRACT.md has them.
        evidence: path of the file with the exchanges; "" where none was written. `digest` is the SHA-256 of its bytes.
    """

    scenario: str
    at: datetime
    seconds: float
    person: str
    stage: Stage
    status: ScenarioStatus
    expected: str
    seen: str
    exit_code: int
    evidence: str = ""
    digest: str = ""
