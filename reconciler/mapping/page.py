"""Pages of vendor records into staged tables (`reconciler.model.staging`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from reconciler.mapping.composite import paths_of
from reconciler.mapping.extract import Extraction
from reconciler.mapping.identifiers import id_column, identifier_column
from reconciler.mapping.json_values import scalar_text, shown, unwrap
from reconciler.mapping.lines import LINES, Parents, extraction_of, stage_lines
from reconciler.mapping.plan import EntityMapping
from reconciler.mapping.reading import Problem
from reconciler.mapping.table import (
    Rejection,
    StagedFields,
    empty_series,
    invalid_series,
    not_an_object,
    rejected_series,
    stage_fields,
)
from reconciler.model import staging
from reconciler.model.findings import Cause


@dataclass(frozen=True, slots=True)
class MappedPage:
    """Records of one or several pages, staged.

    Attributes:
        records: one row per record that belongs to the entity, rejected ones included, in the order received.
        lines: one row per line of the records that are not rejected, or None when the entity has no lines.
        skipped: records that are not part of the entity (`EntityMapping.only`); `records.height + skipped` were given.
        left: the ids of these, where they have one: they may have been part of it before.
    """

    records: pl.DataFrame
    lines: pl.DataFrame | None
    skipped: int
    left: list[str]


class _Compiled(NamedTuple):
    """What a mapping asks of records: to belong, of themselves, and of their lines."""

    only: Extraction
    own: Extraction
    lines: Extraction | None


class _Rows(NamedTuple):
    """Records one after another, each an object, with where they are; `rejected` are those that were no object."""

    records: list[object]
    pages: pl.Series
    positions: pl.Series
    rejected: dict[int, Rejection]


def map_page(mapping: EntityMapping, records: Sequence[object], page: int) -> MappedPage:
    """Map the records of one page. Never raises for data: what cannot be used is said in `_rejected` and `_invalid`.

    Args:
        mapping: of the entity.
        records: as decoded by orjson; anything that is not an object is a rejected record.
        page: number of the page in its pull.
    """
    return map_pages(mapping, [(page, records)])


def map_pages(mapping: EntityMapping, pages: Iterable[tuple[int, Sequence[object]]]) -> MappedPage:
    """Map several pages into one table; cheaper than one after another, since much of the cost is per call."""
    compiled = _compiled(mapping)
    rows, skipped = _belonging(mapping, compiled.only, _rows(pages))
    left, _ = identifier_column([mapping.id.read(record) for record in skipped])
    columns = compiled.own.columns(rows.records)
    ids, id_problems, raw_ids = id_column(mapping.id, columns)
    rejected = {**_without_id(ids, id_problems, raw_ids), **rows.rejected}
    staged = stage_fields(mapping.fields, mapping.key, columns, rejected)
    links: list[str | None] = [None] * len(rows.records)
    if mapping.link:
        links, link_problems = identifier_column(columns[mapping.link])
        _add_problems(staged, staging.LINK, link_problems)
    lines = None
    if mapping.lines and compiled.lines:
        parents = Parents(ids, staged.keys, rows.pages, rows.positions, _key_columns(mapping, staged), staged.rejected)
        lines, problems = stage_lines(mapping.lines, compiled.lines, parents, columns[mapping.lines.path])
        _add_problems(staged, LINES, problems)
    return MappedPage(
        _frame(rows, ids, links, staged), lines, len(skipped), [each for each in left if each is not None]
    )


@lru_cache(maxsize=64)
def _compiled(mapping: EntityMapping) -> _Compiled:
    paths = [*paths_of(mapping.id), *(path for field in mapping.fields for path in field.paths)]
    if mapping.link:
        paths.append(mapping.link)
    if mapping.lines:
        paths.append(mapping.lines.path)
    only = Extraction(path for path, _ in mapping.only)
    return _Compiled(only, Extraction(paths), extraction_of(mapping.lines) if mapping.lines else None)


def _rows(pages: Iterable[tuple[int, Sequence[object]]]) -> _Rows:
    records: list[object] = []
    numbers: list[int] = []
    positions: list[int] = []
    for number, found in pages:
        records += found
        numbers += [number] * len(found)
        positions += range(len(found))
    rejected = {}
    if set(map(type, records)) - {dict}:
        rejected = {place: not_an_object(record) for place, record in enumerate(records) if type(record) is not dict}
        records = [{} if place in rejected else record for place, record in enumerate(records)]
    return _Rows(
        records,
        pl.Series(staging.PAGE, numbers, dtype=pl.Int32),
        pl.Series(staging.POSITION, positions, dtype=pl.Int32),
        rejected,
    )


def _belonging(mapping: EntityMapping, only: Extraction, rows: _Rows) -> tuple[_Rows, list[object]]:
    """The rows of the entity, and the other records. What is no object cannot be told, and stays."""
    if not mapping.only:
        return rows, []
    columns = only.columns(rows.records)
    kept = [
        place
        for place in range(len(rows.records))
        if place in rows.rejected
        or all(scalar_text(unwrap(columns[path][place])) in texts for path, texts in mapping.only)
    ]
    rejected = {new: rows.rejected[old] for new, old in enumerate(kept) if old in rows.rejected}
    records = [rows.records[place] for place in kept]
    belonging = _Rows(records, rows.pages.gather(kept), rows.positions.gather(kept), rejected)
    places = set(kept)
    return belonging, [record for place, record in enumerate(rows.records) if place not in places]


def _frame(rows: _Rows, ids: list[str | None], links: list[str | None], staged: StagedFields) -> pl.DataFrame:
    count = len(rows.records)
    return pl.DataFrame(
        [
            pl.Series(staging.ID, ids, dtype=pl.String),
            pl.Series(staging.KEY, staged.keys, dtype=pl.String),
            pl.Series(staging.LINK, links, dtype=pl.String),
            empty_series(staging.PARENT, count),
            rows.pages,
            rows.positions,
            rejected_series(count, staged.rejected),
            invalid_series(count, staged.invalid),
            *staged.columns,
        ]
    )


def _key_columns(mapping: EntityMapping, staged: StagedFields) -> list[pl.Series]:
    wanted = {name for field in mapping.key for name in (staging.value_column(field), staging.form_column(field))}
    return [column for column in staged.columns if column.name in wanted]


def _add_problems(staged: StagedFields, field: str, problems: dict[int, Problem]) -> None:
    for place, problem in problems.items():
        if place not in staged.rejected:
            staged.invalid.setdefault(place, {})[field] = problem


def _without_id(ids: list[str | None], problems: dict[int, Problem], raw: Sequence[object]) -> dict[int, Rejection]:
    if None not in ids:
        return {}
    missing = {place: problems.get(place) for place, text in enumerate(ids) if text is None}
    return {
        place: Rejection(None, problem or Problem(Cause.UNREADABLE_RECORD, "carries no id", shown(raw[place])))
        for place, problem in missing.items()
    }
