"""The text of a plan: strict types, so that a name that nobody knows is refused. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from typing import Final, Literal

import orjson
from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import Side

PLAN_FORMAT: Final = "reconciler-plan/1"


_AT_ONCE: Final = 1_000
Members = dict[str, object]


_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class PlannedCorrection:
    """One record that is written (`Correction`), each field from the value it is to have still to the one it gets.

    Attributes:
        approved_by: the people whose approvals count.
    """

    __pydantic_config__ = _STRICT

    id: str
    entity: str
    key: str
    side: Side
    action: CorrectionAction
    record_id: str | None
    source_id: str | None
    undoes: str | None
    digest: str
    proposed_by: str
    approved_by: tuple[str, ...]
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class LeftOutOfPlan:
    """An approved correction that the dry run would not see through, and what stood against it."""

    __pydantic_config__ = _STRICT

    id: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class SystemTotals:
    """What is written to one system. `fields` counts those of lines too; fields that stay as they are do not count."""

    __pydantic_config__ = _STRICT

    records: int = 0
    created: int = 0
    updated: int = 0
    deactivated: int = 0
    fields: int = 0


@dataclass(frozen=True, slots=True)
class RestsOn:
    """What a plan was made from besides the corrections. When any of it is another, the plan is void.

    Attributes:
        stage: of the project.
        project: digest of the project file.
        crm, erp: digests of the descriptions of the two systems, as they are used.
    """

    __pydantic_config__ = _STRICT

    stage: str
    project: str
    crm: str
    erp: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is going to be written, and nothing else."""

    __pydantic_config__ = _STRICT

    made_by: str
    made_at: AwareDatetime
    rests_on: RestsOn
    totals: dict[Side, SystemTotals]
    left_out: tuple[LeftOutOfPlan, ...]
    corrections: tuple[PlannedCorrection, ...]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A sealed plan.

    Attributes:
        digest: SHA-256, in hexadecimal, of `plan_text(plan)`.
    """

    __pydantic_config__ = _STRICT

    format: Literal["reconciler-plan/1"]
    digest: str
    plan: Plan


DOCUMENT: Final = TypeAdapter(PlanDocument)

_OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def plan_text(head: Plan, corrections: Iterable[Members]) -> Iterator[bytes]:
    """A plan as it is always written, piece by piece: JSON, every correction on a line of its own.

    Args:
        head: everything but the corrections.
        corrections: what `members_of` gives, in the order of the plan.
    """
    yield orjson.dumps(replace(head, corrections=()), option=_OPTIONS).removesuffix(b"]}")
    remaining, between = iter(corrections), b"\n"
    while batch := list(islice(remaining, _AT_ONCE)):
        # No text of a value holds this: its quotation marks are escaped there.
        yield between + orjson.dumps(batch)[1:-1].replace(b'},{"id":', b'},\n{"id":')
        between = b",\n"
    yield b"\n]}"


def members_of(correction: Correction | PlannedCorrection, approved_by: Sequence[str]) -> Members:
    """A `PlannedCorrection` as JSON. A dictionary is written in a fifth of the time of a dataclass with slots.

    Args:
        approved_by: the people whose approvals count.
    """
    return {
        "id": correction.id,
        "entity": correction.entity,
        "key": correction.key,
        "side": correction.side,
        "action": correction.action,
        "record_id": correction.record_id,
        "source_id": correction.source_id,
        "undoes": correction.undoes,
        "digest": correction.digest,
        "proposed_by": correction.proposed_by,
        "approved_by": approved_by,
        "changes": [
            {
                "field": change.field,
                "old": change.old,
                "new": change.new,
                "line": change.line,
                "finding": change.finding,
                "edited_by": change.edited_by,
            }
            for change in correction.changes
        ],
    }


def document_text(digest: str, plan: Iterable[str]) -> str:
    """The document of a plan that is written so, and has this digest."""
    return "".join((f'{{"format":"{PLAN_FORMAT}","digest":"{digest}","plan":', *plan, "}\n"))


def totals_of(corrections: Iterable[Correction]) -> dict[Side, SystemTotals]:
    """What is written to each system."""
    counts = {side: dict.fromkeys((each.name for each in fields(SystemTotals)), 0) for side in Side}
    for correction in corrections:
        count = counts[correction.side]
        count["records"] += 1
        count[_COUNTED_AS[correction.action]] += 1
        count["fields"] += sum(change.old != change.new for change in correction.changes)
    return {side: SystemTotals(**count) for side, count in counts.items()}


_COUNTED_AS: Final = {
    CorrectionAction.CREATE: "created",
    CorrectionAction.UPDATE: "updated",
    CorrectionAction.DEACTIVATE: "deactivated",
}


def moment_text(moment: datetime) -> str:
    """A moment in a sentence for people."""
    return moment.isoformat(sep=" ", timespec="seconds")
