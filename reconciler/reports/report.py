"""What a report says, whatever the format it is written in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import Acceptance, Cause, EntityCount, Finding, FindingKind

LOCALES: Final = ("pt-BR", "en")
MAX_EXAMPLES: Final = 3

FindingStream = Callable[[], AsyncIterator[Finding]]
"""Starts reading findings from the beginning. Called once per written format; the iterator is closed by the writer."""

Explain = Callable[[Finding], str]
"""The sentence that explains a finding, in the language of the report."""


class RunEnding(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    """Some entities could not be read; the others are as in a complete run."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SystemTitle:
    """How a report names a system: its vendor and the host it was read from. Never a path, a query or a credential."""

    vendor: str
    host: str

    @classmethod
    def of(cls, vendor: str, base_url: str) -> SystemTitle:
        """The title of a system reached at `base_url`; the host keeps its port when the address names one.

        Raises:
            ValueError: the address cannot be read as a URL.
        """
        place = urlsplit(base_url)
        host = place.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return cls(vendor, f"{host}:{place.port}" if place.port else host)


@dataclass(frozen=True, slots=True)
class EntityReport:
    """One entity of a run.

    Attributes:
        name: such as `customers` or `orders.lines`.
        counts: accounting and numbers of findings; None when the entity could not be compared.
        by_field: open findings per field name. Findings without a field are not in it.
        findings: the open findings of the entity, `counts.open` of them, in the order they are to be shown. Those of an
            entity that could not be compared are from earlier runs.
        suspicious: why the result is not believed, one sentence (a side came back unexpectedly empty); None otherwise.
        failure: why the entity could not be compared, one sentence; None otherwise.
        field_types: how values of a field are shown in HTML. A field that is not in it is shown as text.
        accepted: findings that somebody accepted; they are not among the open ones.
        expired, value_changed: findings whose acceptance this run ended, because its last day has passed or because a
            side shows another value. They are open, and counted as new.
    """

    name: str
    counts: EntityCount | None
    findings: FindingStream
    by_field: Mapping[str, int] = field(default_factory=dict)
    suspicious: str | None = None
    failure: str | None = None
    field_types: Mapping[str, FieldType] = field(default_factory=dict)
    accepted: int = 0
    expired: int = 0
    value_changed: int = 0

    @property
    def open(self) -> int:
        """How many findings are open; 0 when the entity could not be compared."""
        return self.counts.open if self.counts else 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Findings that share kind, field and cause, and so can be decided together (DESIGN.md 8).

    Attributes:
        count: open findings in the group, at least 1.
        examples: one to `MAX_EXAMPLES` findings of the group.
    """

    entity: str
    kind: FindingKind
    field: str | None
    cause: Cause
    count: int
    examples: tuple[Finding, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.examples) <= MAX_EXAMPLES:
            raise ValueError(f"a decision has 1 to {MAX_EXAMPLES} examples, not {len(self.examples)}")

    @property
    def owner(self) -> str | None:
        """Which side is right, where the project says so: "crm", "erp" or None."""
        return self.examples[0].owner


@dataclass(frozen=True, slots=True)
class TaxReport:
    """What comparing the taxes of open quotes came to. All numbers are None where the quotes could not be read.

    Attributes:
        calculated, unavailable: quotes that could be compared with the ERP's answer, and that could not.
        drifted: quotes that carry other taxes.
        value_at_stake: as `taxes.drift` says.
        reasons: why quotes could not be compared, by stable code.
    """

    quotes: int | None = None
    calculated: int | None = None
    unavailable: int | None = None
    drifted: int | None = None
    value_at_stake: Decimal | None = None
    currency: str = "BRL"
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """One run, ready to be written in any format.

    Attributes:
        started_at: aware.
        seconds: how long the run took.
        entities: in the order they were run.
        decisions: every group of open findings of every entity, in any order.
        warnings: what limits the result, one sentence each.
        locale: one of `LOCALES`. It decides words, and in HTML the shape of numbers and dates; never JSON or CSV.
        timezone: IANA name, for the dates of the HTML report.
        files: where each format of this report is, by name of the format (`html`, `json`, `xlsx`).
        acceptances: the decisions behind the accepted findings, the first ones to end in front; perhaps not all.
        taxes: of open quotes; None where the run did not compare them.
    """

    project: str
    run_id: str
    status: RunEnding
    started_at: datetime
    seconds: float
    crm: SystemTitle
    erp: SystemTitle
    entities: tuple[EntityReport, ...]
    decisions: tuple[Decision, ...] = ()
    warnings: tuple[str, ...] = ()
    locale: str = "en"
    timezone: str = "UTC"
    files: Mapping[str, str] = field(default_factory=dict)
    acceptances: tuple[Acceptance, ...] = ()
    taxes: TaxReport | None = None

    def __post_init__(self) -> None:
        if self.locale not in LOCALES:
            raise ValueError(f"locale is one of {LOCALES}, not {self.locale!r}")
        if self.started_at.tzinfo is None:
            raise ValueError("started_at must be aware")
        ZoneInfo(self.timezone)

    @property
    def open(self) -> int:
        """Open findings of all entities."""
        return sum(entity.open for entity in self.entities)

    @property
    def accepted(self) -> int:
        """Accepted findings of all entities."""
        return sum(entity.accepted for entity in self.entities)

    @property
    def reopened(self) -> int:
        """Findings of all entities whose acceptance this run ended."""
        return sum(entity.expired + entity.value_changed for entity in self.entities)

    @property
    def ranked_decisions(self) -> tuple[Decision, ...]:
        """Decisions, the one with most findings first; ties in a fixed order."""
        return tuple(
            sorted(self.decisions, key=lambda each: (-each.count, each.entity, each.field or "", each.kind, each.cause))
        )

    @property
    def believable(self) -> bool:
        """Whether every entity was compared, nothing is suspicious and the accounting adds up."""
        return self.status is RunEnding.COMPLETE and all(
            entity.counts is not None
            and entity.suspicious is None
            and entity.failure is None
            and entity.counts.crm.balances
            and entity.counts.erp.balances
            for entity in self.entities
        )

    def system(self, side: Side) -> SystemTitle:
        """The title of that side."""
        return self.crm if side is Side.CRM else self.erp
