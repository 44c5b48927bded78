"""What may be written, whoever approved it: by system in every stage, by record in the pilot. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.model.entities import CUSTOMERS, Side
from reconciler.model.pilot import Stage
from reconciler.phrases.phrase import phrase
from reconciler.pilot.stages import Standing
from reconciler.project_pilot import PilotScope


@dataclass(frozen=True, slots=True)
class WrittenSystem:
    """One system as far as the guard looks at it.

    Attributes:
        is_stand_in: it exists only inside this product, or is reached on this machine alone.
        is_test: the project file itself marks it as a test system.
    """

    side: Side
    is_stand_in: bool
    is_test: bool


def standing_refusal(standing: Standing) -> str | None:
    """Why nothing at all may be written now, one clause, or None."""
    if standing.freeze is not None:
        return phrase(
            "writes are frozen since {at} UTC: {rule}",
            at=f"{standing.freeze.at:%Y-%m-%d %H:%M}",
            rule=standing.freeze.rule,
        )
    if standing.stage is Stage.PILOT and not standing.declared_as_started:
        return phrase("[pilot] is not what it was when the pilot was started")
    return None


def system_refusal(stage: Stage, system: WrittenSystem) -> str | None:
    """Why nothing may be written to this system in this stage, one clause, or None when it may."""
    match stage:
        case Stage.SANDBOX:
            if system.is_stand_in:
                return None
            return phrase(
                "stage “sandbox” writes to this machine only, and the {side} is elsewhere", side=system.side.value
            )
        case Stage.HOMOLOGATION:
            if system.is_test:
                return None
            side = system.side.value
            return phrase(
                "stage “homologation” writes to test systems only; the {side} is not marked `test = true`", side=side
            )
        case Stage.PILOT | Stage.LIVE:
            return None


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """What is known of a record that is to be written. What is not known is None, or not there: outside every limit.

    Attributes:
        fields: those that change, by entity: lines' under `<entity>.lines`.
        whole: it is added, or taken out of use.
        amounts: those that are written, and the total of the document they are in.
        customers: keys of the customers whose record it is, and becomes, as findings show them.
        salespeople: whose it is, and becomes, as the project's own field carries it.
    """

    entity: str
    key: str
    fields: dict[str, frozenset[str]] = field(default_factory=dict)
    whole: bool = False
    amounts: tuple[Decimal | None, ...] = ()
    customers: frozenset[str | None] = frozenset()
    salespeople: frozenset[str | None] = frozenset()


def in_scope(scope: PilotScope, record: WrittenRecord) -> bool:
    """Whether the record is one of the pilot's, whatever is changed in it."""
    return _whose(scope, record) is None


def record_refusal(scope: PilotScope, record: WrittenRecord) -> str | None:
    """Why stage “pilot” does not let this be written, one clause, or None when it does."""
    return _whose(scope, record) or _fields(scope, record) or _amounts(scope, record)


def _whose(scope: PilotScope, record: WrittenRecord) -> str | None:
    if record.entity not in scope.entities:
        return phrase("{entity} are outside the pilot's scope", entity=record.entity)
    if scope.customers is not None and record.entity != "products":
        customers = frozenset({record.key}) if record.entity == CUSTOMERS.name else record.customers
        if not customers or not customers <= set(scope.customers):
            return phrase("its customer is outside the pilot's scope")
    if scope.salespeople is not None and not (record.salespeople and record.salespeople <= set(scope.salespeople)):
        return phrase("its salesperson is outside the pilot's scope")
    return None


def _fields(scope: PilotScope, record: WrittenRecord) -> str | None:
    if record.whole and record.entity in scope.fields:
        return phrase("the pilot's scope lets only some fields of {entity} be written", entity=record.entity)
    for entity, fields in record.fields.items():
        outside = sorted(fields - set(scope.fields[entity])) if entity in scope.fields else []
        if outside:
            return phrase(
                "{outside} of {entity} is outside the pilot's scope", outside=", ".join(outside), entity=entity
            )
    return None


def _amounts(scope: PilotScope, record: WrittenRecord) -> str | None:
    if scope.max_value is None:
        return None
    if any(amount is None or abs(amount) > scope.max_value for amount in record.amounts):
        return phrase(
            "it is about more than the pilot's {max_value}, or nobody knows about how much", max_value=scope.max_value
        )
    return None
