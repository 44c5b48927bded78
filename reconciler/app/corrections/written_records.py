"""What the guard of the pilot looks at in records that are to be written: whose they are, and about how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.snapshot_records import load_records
from reconciler.corrections.ports import KnownRecord
from reconciler.corrections.problems import LINES
from reconciler.model.corrections import Correction, CorrectionAction
from reconciler.model.entities import FieldType, Side
from reconciler.pilot.guard import WrittenRecord

_CUSTOMER: Final = "customer"
_TOTAL: Final = "total"


async def written_records(
    acting: Acting, corrections: Collection[Correction], salesperson: str
) -> dict[str, WrittenRecord]:
    """By the id of the correction. What the latest snapshots do not tell is not known.

    Args:
        salesperson: the field that says whose record it is.

    Raises:
        StateError: a snapshot is damaged.
    """
    wanted: defaultdict[tuple[str, Side], set[str]] = defaultdict(set)
    for each in corrections:
        for place in _places(each):
            wanted[each.entity, place[0]].add(place[1])
    loaded = await load_records(acting.workspace, acting.plans, wanted)
    amounts = _amount_fields(acting)
    found: dict[str, WrittenRecord] = {}
    for each in corrections:
        known = [loaded.record(each.entity, *place) for place in _places(each)]
        found[each.id] = _written(each, [record for record in known if record is not None], amounts, salesperson)
    return found


def _places(correction: Correction) -> Iterator[tuple[Side, str]]:
    """Where the record is: in the system that is written, or else in the one it comes from."""
    if correction.record_id is not None:
        yield correction.side, correction.record_id
    if correction.source_id is not None:
        yield correction.side.other, correction.source_id


def _written(
    correction: Correction,
    known: Iterable[KnownRecord],
    amounts: Mapping[str, frozenset[str]],
    salesperson: str,
) -> WrittenRecord:
    fields: defaultdict[str, set[str]] = defaultdict(set)
    values: list[Decimal | None] = []
    for change in correction.changes:
        entity = correction.entity if change.line is None else f"{correction.entity}{LINES}"
        fields[entity].add(change.field)
        if change.field in amounts.get(entity, ()) and change.new is not None:
            values.append(_amount(change.new))
    records = list(known)
    if _TOTAL in amounts.get(correction.entity, ()):
        values += [_amount(total) for total in _both(correction, records, _TOTAL)] or [None]
    return WrittenRecord(
        correction.entity,
        correction.key,
        fields={entity: frozenset(names) for entity, names in fields.items()},
        whole=correction.action is not CorrectionAction.UPDATE,
        amounts=tuple(values),
        customers=frozenset(_both(correction, records, _CUSTOMER)),
        salespeople=frozenset(_both(correction, records, salesperson)),
    )


def _both(correction: Correction, known: Iterable[KnownRecord], field: str) -> list[str]:
    """What a field holds on either side, and what it is to hold."""
    held = [value for record in known if (value := record.values.get(field)) is not None]
    written = [change.new for change in correction.changes if (change.field, change.line) == (field, None)]
    return held + [value for value in written if value is not None]


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _amount_fields(acting: Acting) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(field.name for field in rule.fields if field.type is FieldType.DECIMAL)
        for name, rule in acting.rules.items()
    }
