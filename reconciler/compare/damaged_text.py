"""Finding pairs whose text one side has damaged: candidates by SQL, the exact test in Python (`mojibake.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.compare.difference_sql import pairs_that_differ
from reconciler.compare.layout import FieldColumns
from reconciler.compare.mojibake import SUSPICIOUS_PATTERN, damaged_side
from reconciler.compare.session import SqlParameter, SqlSession

_BATCH_PAIRS: Final = 20_000

_CREATE = "CREATE TABLE IF NOT EXISTS damaged_text (field_index INTEGER, key VARCHAR, side VARCHAR)"


def find_damaged_texts(
    session: SqlSession, field: FieldColumns, parameters: Mapping[str, SqlParameter], *, has_invalid: bool
) -> bool:
    """Put pairs with damaged text in this TEXT field into `damaged_text(field_index, key, side)`; say whether any.

    Memory holds one batch of candidates at a time.
    """
    session.execute(_CREATE)
    found = False
    for batch in _candidates(session, field, parameters, has_invalid):
        damaged = [(key, side.value) for key, crm, erp in batch if (side := damaged_side(crm, erp)) is not None]
        if damaged:
            found = True
            keys, sides = map(list, zip(*damaged, strict=True))
            session.load("damaged_text", ([field.index] * len(keys), keys, sides))
    return found


def _candidates(
    session: SqlSession, field: FieldColumns, parameters: Mapping[str, SqlParameter], has_invalid: bool
) -> Iterator[list[tuple[str, str, str]]]:
    crm, erp = (f"{side}_value_{field.index}" for side in ("crm", "erp"))
    crm_form, erp_form = (f"{side}_form_{field.index}" for side in ("crm", "erp"))
    sql = f"""
        SELECT crm_key, {crm}, {erp}
        FROM pair
        WHERE {pairs_that_differ(field, has_invalid=has_invalid)}
            AND {crm_form} <> {erp_form}
            AND (regexp_matches({crm}, $suspicious) OR regexp_matches({erp}, $suspicious))
            AND ($after IS NULL OR crm_key > $after)
        ORDER BY crm_key
        LIMIT {_BATCH_PAIRS}"""
    after: str | None = None
    while True:
        rows = session.rows(sql, {**parameters, "suspicious": SUSPICIOUS_PATTERN, "after": after})
        yield [(str(key), str(crm_text), str(erp_text)) for key, crm_text, erp_text in rows]
        if len(rows) < _BATCH_PAIRS:
            return
        after = str(rows[-1][0])
