"""The staged columns of one set of fields for many records: forms, values, key, and what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
import polars as pl

from reconciler.mapping.canonical_plain import letters_and_digits
from reconciler.mapping.column import FieldColumn, read_column
from reconciler.mapping.extract import Column, select_column
from reconciler.mapping.json_values import scalar_text, shown
from reconciler.mapping.path import Path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import Problem, key_text
from reconciler.model import staging
from reconciler.model.findings import Cause

_STAND_IN_CHARACTERS = 64


class Rejection(NamedTuple):
    """Why a record cannot be used; `field` is None when it is the record as a whole."""

    field: str | None
    problem: Problem


@dataclass(frozen=True, slots=True)
class StagedFields:
    """Fields of many records, staged.

    Attributes:
        columns: `value.` and `form.` columns in the order of the fields; null where rejected.
        keys: key of each record, null where it has none.
        rejected: records that cannot be used, by position.
        invalid: fields that could not be read, by position and field name; never of a rejected record.
    """

    columns: list[pl.Series]
    keys: list[str | None]
    rejected: dict[int, Rejection]
    invalid: dict[int, dict[str, Problem]]


def stage_fields(
    fields: Sequence[FieldMapping],
    key: Sequence[str],
    columns: Mapping[Path, Column],
    rejected: Mapping[int, Rejection],
) -> StagedFields:
    """Read every field of many records.

    Args:
        fields: in the order of the staged columns.
        key: names of the key fields.
        columns: raw values of every path of the fields.
        rejected: records that are already known to be unusable.
    """
    raw = {field.name: select_column(field, columns) for field in fields}
    by_name = {field.name: field for field in fields}
    read = {name: read_column(by_name[name], raw[name]) for name in key}
    keys, without_key = _keys([(name, raw[name], read[name]) for name in key])
    all_rejected = {**without_key, **rejected}
    invalid: dict[int, dict[str, Problem]] = {}
    staged = []
    for field in fields:
        if field.name in read:
            form, value, problems = read[field.name]
            blank_value = None if value is None else blanked(value, all_rejected)
            column = FieldColumn(blanked(form, all_rejected), blank_value, problems)
        else:
            column = read_column(field, _without(raw[field.name], all_rejected))
            for place, problem in column.problems.items():
                invalid.setdefault(place, {})[field.name] = problem
        if column.value is not None:
            staged.append(column.value.alias(staging.value_column(field.name)))
        staged.append(column.form.alias(staging.form_column(field.name)))
    return StagedFields(staged, keys, all_rejected, invalid)


def rejected_series(count: int, rejected: Mapping[int, Rejection]) -> pl.Series:
    """The `_rejected` column."""
    texts = {place: _json({"field": field, **_described(problem)}) for place, (field, problem) in rejected.items()}
    return _sparse(staging.REJECTED, count, texts)


def invalid_series(count: int, invalid: Mapping[int, Mapping[str, Problem]]) -> pl.Series:
    """The `_invalid` column."""
    texts = {
        place: _json({field: _described(problem) for field, problem in problems.items()})
        for place, problems in invalid.items()
    }
    return _sparse(staging.INVALID, count, texts)


def blanked(column: pl.Series, rejected: Mapping[int, Rejection]) -> pl.Series:
    """The column with null at the rejected positions."""
    return column.scatter(list(rejected), pl.Series([None], dtype=column.dtype)) if rejected else column


def empty_series(name: str, count: int) -> pl.Series:
    """A text column of nulls."""
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, count)


def not_an_object(record: object) -> Rejection:
    """The rejection of a record, or line, that has no fields at all."""
    return Rejection(None, Problem(Cause.UNREADABLE_RECORD, "is not an object", shown(record)))


def _keys(parts: Sequence[tuple[str, Column, FieldColumn]]) -> tuple[list[str | None], dict[int, Rejection]]:
    """The key of each record, and the records without a usable one.

    Where a document is invalid its letters and digits stand in, so that the rejected record can be named.
    """
    texts = [_key_texts(column.form) for _, _, column in parts]
    keys = texts[0] if len(texts) == 1 else [_joined(row) for row in zip(*texts, strict=True)]
    rejected = {}
    for place in [place for place, key in enumerate(keys) if key is None] if None in keys else ():
        problems = [_key_problem(name, raw[place], column, place) for name, raw, column in parts]
        rejected[place] = next(problem for problem in problems if problem)
        keys[place] = _joined(
            [
                _stand_in(raw[place], column, place) or text[place]
                for text, (_, raw, column) in zip(texts, parts, strict=True)
            ]
        )
    return keys, rejected


def _key_texts(forms: pl.Series) -> list[str | None]:
    if forms.dtype == pl.String:
        return forms.to_list()
    return [None if form is None else key_text(form) for form in forms.to_list()]


def _joined(row: Sequence[str | None]) -> str | None:
    texts = [text for text in row if text is not None]
    return staging.KEY_SEPARATOR.join(texts) if len(texts) == len(row) else None


def _key_problem(name: str, raw: object, column: FieldColumn, place: int) -> Rejection | None:
    if problem := column.problems.get(place):
        return Rejection(name, problem)
    if column.form[place] is None:
        return Rejection(name, Problem(Cause.MISSING_KEY, "is empty, and it is part of the key", shown(raw)))
    return None


def _stand_in(raw: object, column: FieldColumn, place: int) -> str | None:
    problem = column.problems.get(place)
    if problem is None or problem.cause is not Cause.INVALID_DOCUMENT:
        return None
    return letters_and_digits(scalar_text(raw) or "")[:_STAND_IN_CHARACTERS] or None


def _without(raw: Column, rejected: Mapping[int, Rejection]) -> Column:
    if not rejected:
        return raw
    kept = list(raw)
    for place in rejected:
        kept[place] = None
    return kept


def _described(problem: Problem) -> dict[str, str]:
    return {"cause": problem.cause, "reason": problem.reason, "value": problem.value}


def _json(document: Mapping[str, object]) -> str:
    return orjson.dumps(document).decode()


def _sparse(name: str, count: int, texts: Mapping[int, str]) -> pl.Series:
    if not texts:
        return empty_series(name, count)
    column: list[str | None] = [None] * count
    for place, text in texts.items():
        column[place] = text
    return pl.Series(name, column, dtype=pl.String)
