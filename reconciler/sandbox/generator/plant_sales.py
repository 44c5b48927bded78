"""Discrepancies of orders and quotes, and of their lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.generator.changes import CHANGES, Change
from reconciler.sandbox.generator.planting import Planter, Row, only, recipe, records_of
from reconciler.sandbox.generator.records import Document, Line, Twin

_LINE_ATTRIBUTES = {"taxes": "taxes_total"}


def plant_in_sales(planter: Planter[Document], entity: str, next_crm_id: int) -> None:
    """Work through the recipe of `orders` or `quotes`. Doubled records of the CRM are numbered from `next_crm_id`."""
    ids = iter(range(next_crm_id, next_crm_id + 10**9))
    for row in recipe(entity):
        if row.entity.endswith(".lines"):
            _plant_in_lines(row, planter)
        elif row.plant in CHANGES:
            planter.alter_values(row)
        elif row.plant == "only_here":
            planter.leave_only(row, lambda record: record, lambda twin: True)
        elif row.plant == "duplicate":
            planter.double(row, lambda record: replace(record, crm_id=next(ids)), lambda twin: True)
        elif row.plant == "no_key":
            _no_key(row, planter)
        else:
            raise ValueError(f"discrepancies.toml: there is no plant {row.plant} for {entity}")


def _no_key(row: Row, planter: Planter[Document]) -> None:
    """An order of the CRM without a number. The ERP cannot have one: there the number is the id."""
    for twin in planter.take(planter.wanted(row), lambda twin: True):
        record = records_of(twin, row.side)[0]
        only(twin, row.side, replace(record, number=None, older_revisions=0))
        planter.note(row, f"crm:{record.crm_id}", FindingKind.INVALID, Cause.MISSING_KEY, "number")


def _plant_in_lines(row: Row, planter: Planter[Document]) -> None:
    if row.plant in CHANGES:
        _alter_line(row, planter, CHANGES[row.plant])
    elif row.plant == "only_here":
        _drop_line(row, planter)
    elif row.plant == "duplicate":
        _double_line(row, planter)
    else:
        raise ValueError(f"discrepancies.toml: there is no plant {row.plant} for {row.entity}")


def _alter_line(row: Row, planter: Planter[Document], change: Change) -> None:
    attribute = _LINE_ATTRIBUTES.get(row.field or "", row.field or "")
    left = planter.wanted(row)
    for twin in planter.take(left, lambda twin: _suiting(twin, attribute, change) is not None):
        _alter(row, planter, twin, _suiting(twin, attribute, change) or 0, attribute, change)
        left -= 1
    if left and change.instead is not None:
        for twin in planter.take(left, lambda twin: True):
            right = change.instead(planter.random)
            twin.crm[0], twin.erp[0] = (
                _with_value(record, 0, attribute, right) for record in (twin.crm[0], twin.erp[0])
            )
            _alter(row, planter, twin, 0, attribute, change)


def _suiting(twin: Twin[Document], attribute: str, change: Change) -> int | None:
    values = [getattr(line, attribute) for line in twin.erp[0].lines]
    return next((position for position, value in enumerate(values) if change.suits(value)), None)


def _alter(
    row: Row, planter: Planter[Document], twin: Twin[Document], position: int, attribute: str, change: Change
) -> None:
    records = records_of(twin, row.side)
    line = records[0].lines[position]
    wrong = change.alter(getattr(line, attribute), planter.random)
    records[0] = _with_value(records[0], position, attribute, wrong)
    planter.note(row, _line_key(records[0], line), FindingKind.DIFFERS, change.cause, row.field)


def _with_value(record: Document, position: int, attribute: str, value: Any) -> Document:
    lines = list(record.lines)
    lines[position] = replace(lines[position], **{attribute: value})
    return replace(record, lines=tuple(lines))


def _drop_line(row: Row, planter: Planter[Document]) -> None:
    """Remove the last line from the other side."""
    kind = FindingKind.ONLY_IN_CRM if row.side is Side.CRM else FindingKind.ONLY_IN_ERP
    for twin in planter.take(planter.wanted(row), lambda twin: len(twin.erp[0].lines) > 1):
        records = records_of(twin, row.side.other)
        dropped = records[0].lines[-1]
        records[0] = replace(records[0], lines=records[0].lines[:-1])
        planter.note(row, _line_key(records[0], dropped), kind, Cause.NOT_FOUND)


def _double_line(row: Row, planter: Planter[Document]) -> None:
    """Write the first line a second time on one side."""
    for twin in planter.take(planter.wanted(row), lambda twin: True):
        records = records_of(twin, row.side)
        first = records[0].lines[0]
        records[0] = replace(records[0], lines=(*records[0].lines, first))
        planter.note(row, _line_key(records[0], first), FindingKind.DUPLICATE, Cause.SAME_KEY)


def _line_key(record: Document, line: Line) -> str:
    return f"{record.number}|{line.sku}"
