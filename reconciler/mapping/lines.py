"""The lines inside records, staged as a table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from reconciler.mapping.extract import Column, Extraction
from reconciler.mapping.identifiers import identifier_column
from reconciler.mapping.json_values import is_empty, scalar_text, shown, unwrap
from reconciler.mapping.path import Path
from reconciler.mapping.plan import LinesMapping
from reconciler.mapping.reading import Problem
from reconciler.mapping.table import (
    Rejection,
    blanked,
    empty_series,
    invalid_series,
    not_an_object,
    rejected_series,
    stage_fields,
)
from reconciler.model import staging
from reconciler.model.findings import Cause

LINES: str = "lines"
"""Name under which a record's `_invalid` tells of lines that are no list."""


class Parents(NamedTuple):
    """What lines need of the records they are in.

    Attributes:
        ids, keys: of each record.
        pages, positions: where each record is.
        key_columns: staged columns of the key fields, with their names.
        rejected: records whose lines are left out.
    """

    ids: Sequence[str | None]
    keys: Sequence[str | None]
    pages: pl.Series
    positions: pl.Series
    key_columns: Sequence[pl.Series]
    rejected: Mapping[int, Rejection]


class _Lines(NamedTuple):
    """Lines one after another: what each is, the place of its parent, and its own position in it from 0."""

    found: list[object]
    parents: list[int]
    positions: list[int]


def extraction_of(mapping: LinesMapping) -> Extraction:
    """Everything a line is asked for."""
    paths = [path for field in mapping.fields for path in field.paths]
    return Extraction([*paths, mapping.id] if mapping.id else paths)


def stage_lines(
    mapping: LinesMapping, extraction: Extraction, parents: Parents, lists: Column
) -> tuple[pl.DataFrame, dict[int, Problem]]:
    """Stage the lines of many records.

    Args:
        mapping: of the lines.
        extraction: `extraction_of(mapping)`.
        parents: the records they are in.
        lists: what each record holds at the path of its lines.

    Returns:
        The staged table, one row per line; and by place of the record what is there instead of lines.
    """
    lines, problems = _flattened(mapping, lists, parents.rejected)
    count = len(lines.found)
    unusable = {place: not_an_object(line) for place, line in enumerate(lines.found) if not isinstance(line, dict)}
    columns = extraction.columns([line if isinstance(line, dict) else {} for line in lines.found])
    staged = stage_fields(mapping.fields, mapping.key, columns, unusable)
    of_parent = [_of_parent(column, lines.parents, staged.rejected) for column in parents.key_columns]
    frame = pl.DataFrame(
        [
            pl.Series(staging.ID, _ids(mapping, columns, lines, parents), dtype=pl.String),
            pl.Series(staging.KEY, _keys(lines, parents, staged.keys), dtype=pl.String),
            empty_series(staging.LINK, count),
            pl.Series(staging.PARENT, [parents.ids[parent] for parent in lines.parents], dtype=pl.String),
            parents.pages.gather(lines.parents),
            parents.positions.gather(lines.parents),
            rejected_series(count, staged.rejected),
            invalid_series(count, staged.invalid),
            *of_parent,
            *staged.columns,
        ]
    )
    return frame, problems


def _flattened(
    mapping: LinesMapping, lists: Column, rejected: Mapping[int, Rejection]
) -> tuple[_Lines, dict[int, Problem]]:
    lines = _Lines([], [], [])
    problems = {}
    for parent, found in enumerate(map(unwrap, lists)):
        if parent in rejected or is_empty(found):
            continue
        if isinstance(found, dict):
            found = [found]
        if not isinstance(found, list):
            problems[parent] = Problem(Cause.UNREADABLE_VALUE, "is not a list of lines", shown(found))
            continue
        kept = [place for place, line in enumerate(found) if _belongs(mapping, line)]
        lines.found.extend(found if len(kept) == len(found) else [found[place] for place in kept])
        lines.parents.extend([parent] * len(kept))
        lines.positions.extend(kept)
    return lines, problems


def _belongs(mapping: LinesMapping, line: object) -> bool:
    """Whether a line is one of the entity. What is no object cannot be told, and stays."""
    return not isinstance(line, dict) or all(
        scalar_text(unwrap(path.read(line))) in texts for path, texts in mapping.only
    )


def _ids(mapping: LinesMapping, columns: Mapping[Path, Column], lines: _Lines, parents: Parents) -> list[str | None]:
    own: list[str | None] = [None] * len(lines.found)
    if mapping.id:
        own, _ = identifier_column(columns[mapping.id])
    return [
        line or f"{parents.ids[parent]}#{position}"
        for line, parent, position in zip(own, lines.parents, lines.positions, strict=True)
    ]


def _keys(lines: _Lines, parents: Parents, own: Sequence[str | None]) -> list[str | None]:
    return [
        None if key is None else f"{parents.keys[parent]}{staging.KEY_SEPARATOR}{key}"
        for parent, key in zip(lines.parents, own, strict=True)
    ]


def _of_parent(column: pl.Series, parents: list[int], rejected: Mapping[int, Rejection]) -> pl.Series:
    kind, field = column.name.split(".", 1)
    return blanked(column.gather(parents).alias(f"{kind}.{staging.PARENT_PREFIX}{field}"), rejected)
