"""What a run gives reason to tell: counts by entity and cause, never a value, a key or a name. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from reconciler.store.state.records import RunStatus

EVENT_TYPE: Final = "reconciler.run"


class Occasion(StrEnum):
    """Why something is told. The values are those of `[notify] on`."""

    FINDINGS = "findings"
    FAILURE = "failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EntityNotice:
    """The counts of one entity that was compared.

    Attributes:
        by_cause: the open findings by cause.
        reopened: findings among the new ones whose acceptance ended.
    """

    new: int
    open: int
    by_cause: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """One run as it is told.

    Attributes:
        at: when the run began, RFC 3339 in UTC.
        occasions: why it is told.
        entities: those that were compared, by name.
        not_compared: names of the others.
        error: code of what ended the run, None when it came to its end.
        unknown: corrections of which nobody knows whether they were done.
        proposed, approved: corrections that the run proposed, and approved without a person.
        report: path of the HTML report, None when there is none.
    """

    project: str
    stage: str
    run: str
    at: str
    status: RunStatus
    occasions: tuple[Occasion, ...]
    entities: Mapping[str, EntityNotice] = field(default_factory=dict)
    not_compared: tuple[str, ...] = ()
    error: str | None = None
    unknown: int = 0
    proposed: int = 0
    approved: int = 0
    report: str | None = None

    @property
    def new(self) -> int:
        """New findings of all entities, those that came back included."""
        return sum(entity.new for entity in self.entities.values())

    @property
    def open(self) -> int:
        """Open findings of all entities."""
        return sum(entity.open for entity in self.entities.values())

    @property
    def accepted(self) -> int:
        """Accepted findings of all entities."""
        return sum(entity.accepted for entity in self.entities.values())

    @property
    def reopened(self) -> int:
        """Findings of all entities whose acceptance ended."""
        return sum(entity.reopened for entity in self.entities.values())

    def document(self) -> dict[str, Any]:
        """What a webhook carries, without the words for people."""
        return {
            "project": self.project,
            "stage": self.stage,
            "run": self.run,
            "status": self.status.value,
            "occasions": [occasion.value for occasion in self.occasions],
            "new": self.new,
            "open": self.open,
            "accepted": self.accepted,
            "reopened": self.reopened,
            "unknown_outcomes": self.unknown,
            "corrections": {"proposed": self.proposed, "approved": self.approved},
            "entities": {name: _entity_document(entity) for name, entity in self.entities.items()},
            "not_compared": list(self.not_compared),
            "error": self.error,
            "report": self.report,
        }


def _entity_document(entity: EntityNotice) -> dict[str, Any]:
    return {
        "new": entity.new,
        "open": entity.open,
        "by_cause": dict(entity.by_cause),
        "accepted": entity.accepted,
        "reopened": entity.reopened,
    }


def occasions_of(
    *, status: RunStatus, new: int, fail_on: int, unknown: int, wanted: Collection[str]
) -> tuple[Occasion, ...]:
    """Why a run is told, in a fixed order; empty when it is not.

    Args:
        new: findings that are new.
        fail_on: as `[run] fail_on`: from this many new findings on.
        unknown: corrections with an unknown outcome.
        wanted: as `[notify] on`.
    """
    given = {
        Occasion.FAILURE: status is not RunStatus.COMPLETE,
        Occasion.UNKNOWN: unknown > 0,
        Occasion.FINDINGS: new >= fail_on,
    }
    return tuple(occasion for occasion, is_given in given.items() if is_given and occasion.value in wanted)


def notice_of(
    document: Mapping[str, Any], *, project: str, stage: str, occasions: tuple[Occasion, ...], unknown: int
) -> Notice:
    """From the document of a run (`run --json`), or of one that failed. Only counts, names and codes are taken."""
    entities = {name: each["findings"] for name, each in document.get("entities", {}).items()}
    return Notice(
        project=" ".join(project.split()),
        stage=stage,
        run=document["run"],
        at=document["started_at"],
        status=RunStatus(document["status"]),
        occasions=occasions,
        entities={name: _entity(counts) for name, counts in entities.items() if counts is not None},
        not_compared=tuple(name for name, counts in entities.items() if counts is None),
        error=document["error"]["code"] if "error" in document else None,
        unknown=unknown,
        proposed=document.get("corrections", {}).get("proposed", 0),
        approved=document.get("corrections", {}).get("approved", 0),
        report=document.get("reports", {}).get("html"),
    )


def _entity(counts: Mapping[str, Any]) -> EntityNotice:
    return EntityNotice(
        new=counts["new"],
        open=counts["open"],
        by_cause=counts["by_cause"],
        accepted=counts["accepted"],
        reopened=sum(counts["reopened"].values()),
    )
