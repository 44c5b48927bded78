"""Filters of corrections as SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError
from reconciler.model.choice import chosen
from reconciler.model.correction_records import CorrectionFilter
from reconciler.phrases.phrase import phrase
from reconciler.store.state import schema
from reconciler.store.state.backend import Backend
from reconciler.store.state.correction_rows import READ_COLUMNS, row_number
from reconciler.store.state.correction_topics import matching, read_topics
from reconciler.store.state.fingerprint import DIGITS, is_prefix, range_of
from reconciler.store.state.query import key_condition

_ROWS: Final = schema.corrections.c
_MAX_BEGINNINGS: Final = 200


async def condition_of(connection: AsyncConnection, filter_: CorrectionFilter, backend: Backend) -> ColumnElement[bool]:
    """Whether the filter chooses a correction.

    Raises:
        RefusedError: an id has no form of one, or there are too many patterns.
    """
    parts: list[ColumnElement[bool]] = []
    if (ids := chosen(filter_.ids)) is not None:
        parts.append(_id_condition(ids, backend))
    if (keys := chosen(filter_.key)) is not None:
        parts.append(key_condition(_ROWS.key, keys, backend))
    fields, causes = chosen(filter_.field), chosen(filter_.cause)
    if fields is not None or causes is not None:
        parts.append(backend.among(_ROWS.topic, matching(await read_topics(connection), fields, causes)))
    for column, choice in (
        (_ROWS.entity, filter_.entity),
        (_ROWS.side, filter_.side),
        (_ROWS.action, filter_.action),
        (_ROWS.state, filter_.states),
        (_ROWS.proposed_by, filter_.proposer),
        (_ROWS.plan, filter_.plan),
    ):
        if (values := chosen(choice)) is not None:
            parts.append(column.in_(sorted(values)))
    return and_(True, *parts)


def whole_corrections() -> Select[tuple[Any, ...]]:
    """Corrections as `correction_of` takes them, in the order in which they were proposed."""
    return select(*READ_COLUMNS).order_by(_ROWS.number)


def begins_so(beginning: str) -> ColumnElement[bool]:
    """Whether an id begins so.

    Raises:
        RefusedError: no id does.
    """
    if not is_prefix(beginning):
        raise RefusedError(phrase("a correction id has up to 16 hexadecimal digits."))
    return _ROWS.id.between(*range_of(beginning))


def _id_condition(ids: frozenset[str], backend: Backend) -> ColumnElement[bool]:
    beginnings = sorted(each for each in ids if len(each) != DIGITS)
    if len(beginnings) > _MAX_BEGINNINGS:
        raise RefusedError(
            phrase("more than {max_beginnings} beginnings of ids were given at once.", max_beginnings=_MAX_BEGINNINGS)
        )
    conditions = [begins_so(each) for each in beginnings]
    whole = [each for each in ids if len(each) == DIGITS]
    if not all(map(is_prefix, whole)):
        raise RefusedError(phrase("a correction id has 16 hexadecimal digits."))
    if whole:
        conditions.append(backend.among(_ROWS.id, sorted(map(row_number, whole))))
    return or_(False, *conditions)
