"""Reading staged snapshots: which rows of a side take part in matching, and by which key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.compare.layout import KEY_SEPARATOR_SQL, Layout, quote_identifier, sql_type
from reconciler.errors import StateError
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase


@dataclass(frozen=True, slots=True)
class StagedSide:
    """The rows of one side, as SQL text. The file list is the parameter `crm_files` or `erp_files`.

    Attributes:
        relation: SQL that reads the files of the parameter; None for a side without any file.
        restricted: only rows whose key is in the table `chosen_key`.
        parents: table of the parents that were matched (`matched_parents`), for lines; None when every line takes part.
    """

    side: Side
    layout: Layout
    relation: str | None
    restricted: bool = False
    parents: str | None = None

    @property
    def files_parameter(self) -> str:
        return f"{self.side.value}_files"

    def rows(self) -> str:
        """Every row that was staged, as a subquery."""
        if self.relation is None:
            columns = ", ".join(
                f"CAST(NULL AS {sql_type(column, self.layout)}) AS {quote_identifier(column)}"
                for column in self.layout.required_columns
            )
            return f"(SELECT {columns} WHERE FALSE)"
        if not self.restricted:
            return f"(SELECT * FROM {self.relation})"
        return f"(SELECT * FROM {self.relation} AS staged WHERE {row_key(self.side)} IN (SELECT key FROM chosen_key))"

    def matchable(self) -> str:
        """Rows that take part in matching, as a subquery with their `match_key` added.

        Lines take the key of their CRM parent where the parents were paired by an external id: the keys of those
        parents, and so the first parts of their lines' keys, differ.
        """
        if self.parents is None:
            return f"(SELECT staged.*, _key AS match_key FROM {self.rows()} AS staged WHERE {usable()})"
        return f"""(
            SELECT staged.*, CASE WHEN starts_with(_key, parent.own_key || {KEY_SEPARATOR_SQL})
                THEN parent.shared_key || substr(_key, length(parent.own_key) + 1) ELSE _key END AS match_key
            FROM {self.rows()} AS staged
            JOIN (SELECT id, min(own_key) AS own_key, min(shared_key) AS shared_key FROM {self.parents}
                WHERE side = '{self.side.value}' GROUP BY id) AS parent ON staged._parent = parent.id
            WHERE {usable()})"""

    def refuse_other_columns(self, present: Mapping[str, str]) -> None:
        """Look whether the columns of the files, with their SQL types, are those that the comparison reads.

        Raises:
            StateError: one is missing or of another type.
        """
        wrong = [name for name in self.layout.required_columns if present.get(name) != sql_type(name, self.layout)]
        if wrong:
            raise StateError(
                phrase(
                    "The {side} snapshot of {entity} lacks {wrong} or has it with another type.",
                    side=self.side.value.upper(),
                    entity=self.layout.rule.entity,
                    wrong=", ".join(wrong),
                ),
                hint=phrase("Run again with --full to read both systems from the beginning."),
            )

    def accounting(self) -> str:
        """One row: records pulled, records that can be used, and those of them with a link and with invalid fields."""
        return f"""
            SELECT count(*), count(*) FILTER (WHERE {usable()}), count(_link) FILTER (WHERE {usable()}),
                count(_invalid) FILTER (WHERE {usable()})
            FROM {self.rows()} AS staged"""


CREATE_CHOSEN_KEY: Final = "CREATE TABLE chosen_key (key VARCHAR)"


def usable() -> str:
    """SQL condition: the record was mapped and has a key."""
    return "_rejected IS NULL AND _key IS NOT NULL"


def row_key(side: Side) -> str:
    """SQL text of what names any row, rejected ones included: its key, its id, or its place in the snapshot."""
    return f"coalesce(_key, '{side.value}:' || _id, '{side.value}:@' || _page || '.' || _position, '{side.value}:@')"


def matched_parents(name: str, crm: StagedSide, erp: StagedSide) -> list[str]:
    """Statements that make the table `name`: the ids of matched records by side, for comparing their lines.

    `own_key` and `shared_key` (the ERP record's key, and the CRM record's in its place) are null but for ERP records
    that were paired by link.
    """
    by_key = " UNION ALL ".join(
        f"""SELECT '{staged.side.value}' AS side, _id AS id, CAST(NULL AS VARCHAR) AS own_key,
                CAST(NULL AS VARCHAR) AS shared_key
            FROM {staged.matchable()} AS record
            WHERE NOT EXISTS (SELECT 1 FROM unpaired_key WHERE unpaired_key.key = record.match_key)"""
        for staged in (crm, erp)
    )
    return [
        f"CREATE TABLE {name} AS {by_key}",
        f"""INSERT INTO {name}
            SELECT 'crm', crm_id, NULL, NULL FROM joined JOIN link_pair USING (crm_key, erp_key)
            UNION ALL
            SELECT 'erp', erp_id, erp_key, crm_key FROM joined JOIN link_pair USING (crm_key, erp_key)""",
    ]
