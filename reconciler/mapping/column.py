"""One field of many records: raw values into columns of canonical forms, equal to `read_value` value by value.

Each type has a way that does a whole column at once and names the positions it does not decide; those, and every value
that is not of the usual JSON type, go through `read_value`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

import polars as pl

from reconciler.mapping.canonical import TEXT_COLUMNS
from reconciler.mapping.canonical_plain import CNPJ_LENGTH, CPF_LENGTH
from reconciler.mapping.extract import unwrapped
from reconciler.mapping.instants import INSTANT, days_of_texts, instants_of_texts
from reconciler.mapping.numbers import DECIMAL, Typed, decimals_of_numbers, decimals_of_texts
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import Form, Problem, Reading, read_value
from reconciler.model.entities import FieldType
from reconciler.model.staging import has_value_column

_NULL = type(None)
_INTEGER_LIMIT = 2**63
_ONE_BY_ONE = frozenset({"parts", "unix", "fraction"})
"""Codecs that no column kernel knows."""

FORM_TYPES: Final[dict[FieldType, pl.DataType | type[pl.DataType]]] = {
    **dict.fromkeys(TEXT_COLUMNS, pl.String),
    FieldType.DECIMAL: DECIMAL,
    FieldType.BOOLEAN: pl.Boolean,
    FieldType.DATE: pl.Date,
    FieldType.TIMESTAMP: INSTANT,
}
"""Column type of the form of each field type."""


class FieldColumn(NamedTuple):
    """A field of many records. `value` is there for TEXT only; `problems` are by position, and null in the columns."""

    form: pl.Series
    value: pl.Series | None
    problems: dict[int, Problem]


def read_column(field: FieldMapping, raw: list[object]) -> FieldColumn:
    """The canonical columns of raw values that were selected for a field. Never raises for data."""
    types = set(map(type, raw))
    if dict in types:
        raw = unwrapped(raw)
        types = set(map(type, raw))
    if field.codes or field.codec in _ONE_BY_ONE or (field.type is FieldType.DATE and field.codec == "timestamp"):
        return _each_distinct(field, raw)
    if field.type in TEXT_COLUMNS:
        return _text_column(field, raw, types)
    if field.type is FieldType.BOOLEAN:
        if types <= {bool, _NULL}:
            return FieldColumn(pl.Series(raw, dtype=pl.Boolean), None, {})
        return _each_distinct(field, raw)
    if field.type is FieldType.DECIMAL and types <= {int, float, _NULL} and _are_small(raw, types):
        return _typed_column(field, raw, decimals_of_numbers(raw), [])
    texts, others = _texts_and_others(field.type, raw, types)
    return _typed_column(field, raw, _typed_texts(field, texts), others)


def series_of(kind: FieldType, forms: Sequence[Form | None]) -> pl.Series:
    """Forms of one field type as a column."""
    if kind is FieldType.TIMESTAMP:
        local = [form.replace(tzinfo=None) if isinstance(form, datetime) else None for form in forms]
        return pl.Series(local, dtype=pl.Datetime("us")).cast(pl.Int64).cast(INSTANT)
    return pl.Series(forms, dtype=FORM_TYPES[kind])


def _text_column(field: FieldMapping, raw: list[object], types: set[type]) -> FieldColumn:
    texts, others = _texts_and_others(field.type, raw, types)
    decided, undecided = TEXT_COLUMNS[field.type](texts)
    forms: list[str | None] = list(decided)
    values: list[str | None] = list(texts) if has_value_column(field.type) else []
    if "" in decided:
        forms = [form or None for form in decided]
        values = [text if form else None for text, form in zip(values, forms, strict=False)]
    problems = {}
    for place in (*undecided, *others):
        reading = read_value(field, raw[place])
        forms[place] = reading.form if isinstance(reading.form, str) else None
        if values:
            values[place] = reading.value
        if reading.problem:
            problems[place] = reading.problem
    value = pl.Series(values, dtype=pl.String) if has_value_column(field.type) else None
    return FieldColumn(pl.Series(forms, dtype=pl.String), value, problems)


def _typed_texts(field: FieldMapping, texts: list[str]) -> Typed:
    if field.type is FieldType.DECIMAL:
        return decimals_of_texts(texts, field.codec)
    if field.type is FieldType.DATE:
        return days_of_texts(texts, field.format)
    return instants_of_texts(texts, field.format, field.time_zone)


def _typed_column(field: FieldMapping, raw: list[object], typed: Typed, others: list[int]) -> FieldColumn:
    places = [*typed.undecided, *others]
    if not places:
        return FieldColumn(typed.form, None, {})
    readings = [read_value(field, raw[place]) for place in places]
    form = typed.form.scatter(places, series_of(field.type, [reading.form for reading in readings]))
    return FieldColumn(form, None, _problems(zip(places, readings, strict=True)))


def _each_distinct(field: FieldMapping, raw: list[object]) -> FieldColumn:
    """For fields with few distinct values, or no quicker way: `read_value` once for each distinct scalar."""
    names = [_name(value) for value in raw] if set(map(type, raw)) - {str, _NULL} else raw
    readings = {name: read_value(field, value) for name, value in dict(zip(names, raw, strict=True)).items()}
    forms = {name: reading.form for name, reading in readings.items()}
    value_column = None
    if has_value_column(field.type):
        value_column = pl.Series([readings[name].value for name in names], dtype=pl.String)
    problems = {}
    if any(reading.problem for reading in readings.values()):
        problems = _problems((place, readings[name]) for place, name in enumerate(names))
    return FieldColumn(series_of(field.type, [forms[name] for name in names]), value_column, problems)


def _name(value: object) -> Hashable:
    """What tells JSON values apart where Python does not (`1`, `1.0` and `true`), or cannot hash them."""
    if isinstance(value, dict | list):
        return (type(value), id(value))
    return (type(value), value)


def _problems(readings: Iterable[tuple[int, Reading]]) -> dict[int, Problem]:
    return {place: reading.problem for place, reading in readings if reading.problem}


def _texts_and_others(kind: FieldType, raw: list[object], types: set[type]) -> tuple[list[str], list[int]]:
    """The texts of a column, "" for anything else, and the positions of what is neither text nor null.

    Integers of a textual field are the text of their digits; a document's, where their length leaves no doubt.
    """
    if types == {str}:
        return cast("list[str]", raw), []
    if types <= {str, _NULL}:
        return [value if isinstance(value, str) else "" for value in raw], []
    if types <= {int, str, _NULL} and kind in TEXT_COLUMNS and _are_small(raw, types):
        write = _document_digits if kind is FieldType.DOCUMENT else str
        raw = [write(value) if isinstance(value, int) else value for value in raw]
    texts = [value if isinstance(value, str) else "" for value in raw]
    return texts, [place for place, value in enumerate(raw) if not isinstance(value, str) and value is not None]


def _document_digits(number: int) -> object:
    return str(number).zfill(CNPJ_LENGTH) if 10**CPF_LENGTH <= number < 10**CNPJ_LENGTH else number


def _are_small(raw: list[object], types: set[type]) -> bool:
    """Whether every integer fits 64 bits, as all that orjson gives do."""
    if int not in types:
        return True
    numbers = [value for value in raw if isinstance(value, int | float)]
    return -_INTEGER_LIMIT < min(numbers) <= max(numbers) < _INTEGER_LIMIT
