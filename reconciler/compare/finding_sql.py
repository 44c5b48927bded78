"""The table `finding`: one row per `FindingRow`, whatever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.compare.layout import KEY_SEPARATOR_SQL, shown_key
from reconciler.model.entities import Side
from reconciler.model.findings import FindingKind, FindingRow

_INTEGER_COLUMNS: Final = {"crm_page", "crm_position", "erp_page", "erp_position"}
MAX_LISTED_IDS: Final = 20
"""Ids that a finding about several records lists before the ellipsis."""

CREATE_FINDING: Final = (
    "CREATE TABLE finding ("
    + ", ".join(f"{name} {'INTEGER' if name in _INTEGER_COLUMNS else 'VARCHAR'}" for name in FindingRow._fields)
    + ")"
)


def insert_findings(selections: Sequence[str]) -> str:
    """Statement that adds the findings of every selection; they run side by side."""
    return f"INSERT INTO finding {' UNION ALL '.join(selections)}"


def select_findings(kind: str, key: str, columns: Mapping[str, str], source: str) -> str:
    """Selection of a finding for each row of `source`.

    Args:
        kind: SQL text of the kind.
        key: SQL text of the stored key; it makes the fingerprint and, with its parts joined by `|`, the shown key.
        columns: SQL text by column of `FindingRow`; what is not named is null, `detail` an empty object.
        source: what follows FROM.

    It needs the parameter `entity`, and those that its parts need.
    """
    identity = _joined("$entity", key, f"coalesce({columns.get('field', 'NULL')}, '')", kind)
    texts = {
        "id": f"substr(md5({identity}), 1, 16)",
        "entity": "$entity",
        "key": shown_key(key),
        "kind": kind,
        "detail": "'{}'",
        **columns,
    }
    return f"SELECT {', '.join(texts.get(name, 'NULL') for name in FindingRow._fields)} FROM {source}"


def literal(kind: FindingKind) -> str:
    """The kind as SQL text."""
    return f"'{kind.value}'"


def _joined(*parts: str) -> str:
    return f" || {KEY_SEPARATOR_SQL} || ".join(parts)


def record_columns(*sides: Side) -> dict[str, str]:
    """Where the records of a finding are, from working columns of the same names."""
    return {f"{side.value}_{name}": f"{side.value}_{name}" for side in sides for name in ("id", "page", "position")}


def listed_ids(side: Side) -> str:
    """SQL aggregate over rows with `side`, `id` and `place` (order within the side, from 1): the ids as one text."""
    here = f"side = '{side.value}'"
    return (
        f"string_agg(id, ', ' ORDER BY place) FILTER (WHERE {here} AND place <= {MAX_LISTED_IDS})"
        f" || CASE WHEN count(id) FILTER (WHERE {here}) > {MAX_LISTED_IDS} THEN ', …' ELSE '' END"
    )


FINDINGS_BY_KIND: Final = "SELECT kind, count(*) FROM finding GROUP BY kind ORDER BY kind"
FINDINGS_BY_CAUSE: Final = "SELECT cause, count(*) FROM finding GROUP BY cause ORDER BY cause"
FINDINGS_IN_RANGE: Final = (
    f"SELECT {', '.join(FindingRow._fields)} FROM finding WHERE id >= $low AND id < $high ORDER BY id"
)
"""Findings whose id is from `low`, included, to `high`, excluded."""
