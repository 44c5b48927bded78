"""Looking for similar records among those without a partner, as `name_similarity.py` decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.compare.layout import Layout
from reconciler.compare.name_similarity import MAX_CONSIDERED, Suggestion, Unpaired, suggest
from reconciler.compare.session import SqlSession
from reconciler.model.entities import Side

NOTHING_TO_NOTE: Final = "{}"

_CREATE = "CREATE TABLE similar_record (side VARCHAR, crm_key VARCHAR, erp_key VARCHAR, similarity VARCHAR)"


@dataclass(frozen=True, slots=True)
class Search:
    """What a search did.

    Attributes:
        done: `similar_record(side, crm_key, erp_key, similarity)` was made.
        limit_note: JSON detail of records without a suggestion.
    """

    done: bool
    limit_note: str = NOTHING_TO_NOTE


def find_similar_records(session: SqlSession, layout: Layout) -> Search:
    """Fill `similar_record` from records without a partner, when both sides have some and the entity has names.

    Only the first `MAX_CONSIDERED` of a side by key are considered; the note then says so.
    """
    if layout.similarity is None:
        return Search(done=False)
    numbers = {side: _count(session, side) for side in Side}
    if not all(numbers.values()):
        return Search(done=False)
    crm, erp = (_unpaired(session, layout, side) for side in Side)
    for_crm, for_erp = suggest(crm, erp)
    session.execute(_CREATE)
    _keep(session, Side.CRM, for_crm)
    _keep(session, Side.ERP, for_erp)
    return Search(done=True, limit_note=_limit_note(numbers))


def _limit_note(numbers: dict[Side, int]) -> str:
    largest = max(numbers.values())
    if largest <= MAX_CONSIDERED:
        return NOTHING_TO_NOTE
    return json.dumps({"searched": str(MAX_CONSIDERED), "of": str(largest)})


def _count(session: SqlSession, side: Side) -> int:
    [(number,)] = session.rows(f"SELECT count(*) FROM only_{side.value}")
    return int(number or 0)


def _unpaired(session: SqlSession, layout: Layout, side: Side) -> list[Unpaired]:
    if layout.similarity is None:
        return []
    name = layout.similarity.form(side)
    document = "CAST(NULL AS VARCHAR)" if layout.document is None else layout.document.form(side)
    rows = session.rows(
        f"SELECT {side.value}_key, {name}, {document} FROM only_{side.value}"
        f" ORDER BY {side.value}_key LIMIT {MAX_CONSIDERED}"
    )
    return [
        Unpaired(str(key), str(form), None if root is None else str(root))
        for key, form, root in rows
        if form is not None
    ]


def _keep(session: SqlSession, side: Side, suggestions: Sequence[Suggestion]) -> None:
    if not suggestions:
        return
    own = [suggestion.key for suggestion in suggestions]
    others = [suggestion.other_key for suggestion in suggestions]
    crm_keys, erp_keys = (own, others) if side is Side.CRM else (others, own)
    similarities = [f"{suggestion.similarity:.0f}" for suggestion in suggestions]
    session.load("similar_record", ([side.value] * len(own), crm_keys, erp_keys, similarities))
