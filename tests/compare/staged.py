"""Small staged snapshots for tests: records are said in one line each and written as the Parquet files mapping would
write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from reconciler.compare.engine import ComparisonEngine
from reconciler.mapping.canonical_plain import fold_plain
from reconciler.model import staging
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule, FindingRow, SideCount

FieldValue = str | Decimal | bool | date | datetime | None

_COLUMN_TYPES: Mapping[FieldType, pl.DataType] = {
    FieldType.DECIMAL: pl.Decimal(staging.DECIMAL_PRECISION, staging.DECIMAL_SCALE),
    FieldType.BOOLEAN: pl.Boolean(),
    FieldType.DATE: pl.Date(),
    FieldType.TIMESTAMP: pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Record:
    """One staged record. TEXT fields hold the value as written, the others their form. `key` None is a missing key."""

    id: str | None
    key: str | None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    link: str | None = None
    parent: str | None = None
    rejected: Mapping[str, str | None] | None = None
    invalid: Mapping[str, Mapping[str, str]] | None = None
    page: int | None = 0
    position: int | None = 0


def record(
    id: str | None,
    key: str | None,
    *,
    link: str | None = None,
    parent: str | None = None,
    rejected: Mapping[str, str | None] | None = None,
    invalid: Mapping[str, Mapping[str, str]] | None = None,
    page: int | None = 0,
    position: int | None = 0,
    **fields: FieldValue,
) -> Record:
    """A record with its fields as keyword arguments."""
    return Record(id, key, fields, link, parent, rejected, invalid, page, position)


def rule_of(*fields: FieldRule, entity: str = "things", key: tuple[str, ...] = ("code",)) -> EntityRule:
    """A rule whose key is the CODE field `code`, followed by these fields."""
    key_fields = tuple(FieldRule(name, FieldType.CODE) for name in key if name not in {rule.name for rule in fields})
    return EntityRule(entity, (*key_fields, *fields), key)


def text_form(value: FieldValue) -> str | None:
    """The canonical form of a TEXT value."""
    return fold_plain(value) or None if isinstance(value, str) else None


def write(path: Path, rule: EntityRule, records: Sequence[Record]) -> Path:
    """Write the records as one staged Parquet file."""
    schema: dict[str, pl.DataType] = {name: pl.String() for name in staging.FIXED_COLUMNS}
    schema |= {staging.PAGE: pl.Int32(), staging.POSITION: pl.Int32()}
    for field_rule in rule.fields:
        if staging.has_value_column(field_rule.type):
            schema[staging.value_column(field_rule.name)] = pl.String()
        schema[staging.form_column(field_rule.name)] = _COLUMN_TYPES.get(field_rule.type, pl.String())
    pl.DataFrame([_row(rule, one) for one in records], schema=schema, orient="row").write_parquet(path)
    return path


def _row(rule: EntityRule, one: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        staging.ID: one.id,
        staging.KEY: one.key,
        staging.LINK: one.link,
        staging.PARENT: one.parent,
        staging.PAGE: one.page,
        staging.POSITION: one.position,
        staging.REJECTED: None if one.rejected is None else json.dumps(one.rejected),
        staging.INVALID: None if one.invalid is None else json.dumps(one.invalid),
    }
    for field_rule in rule.fields:
        value = one.fields.get(field_rule.name)
        if value is None and rule.key == (field_rule.name,):
            value = one.key
        form = staging.form_column(field_rule.name)
        row[form] = value
        if staging.has_value_column(field_rule.type):
            row[staging.value_column(field_rule.name)] = value
            row[form] = text_form(value)
    return row


@dataclass(frozen=True)
class Result:
    """Everything a comparison gave."""

    crm: SideCount
    erp: SideCount
    rows: list[FindingRow]
    by_kind: dict[str, int]
    by_cause: dict[str, int]

    def only(self) -> FindingRow:
        """The single finding."""
        [row] = self.rows
        return row

    def of_kind(self, kind: str) -> list[FindingRow]:
        return [row for row in self.rows if row.kind == kind]

    def brief(self) -> set[tuple[str, str | None, str, str]]:
        """Key, field, kind and cause of every finding."""
        return {(row.key, row.field, row.kind, row.cause) for row in self.rows}


@dataclass(frozen=True)
class Comparer:
    """Stages records of both sides in a folder and compares them."""

    engine: ComparisonEngine
    folder: Path

    def __call__(self, rule: EntityRule, crm: Sequence[Record], erp: Sequence[Record], **options: Any) -> Result:
        files = self.stage(rule, crm, erp)
        with self.engine.compare(rule, *files, **options) as comparison:
            rows = [row for batch in comparison.batches() for row in batch]
            return Result(comparison.crm, comparison.erp, rows, comparison.by_kind, comparison.by_cause)

    def stage(self, rule: EntityRule, crm: Sequence[Record], erp: Sequence[Record]) -> tuple[list[Path], list[Path]]:
        """The files of both sides."""
        crm_file, erp_file = (self.folder / f"{rule.entity}.{side}.parquet" for side in ("crm", "erp"))
        return [write(crm_file, rule, crm)], [write(erp_file, rule, erp)]
