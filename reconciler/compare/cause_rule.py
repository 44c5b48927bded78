"""One rule that explains a difference, as SQL text.

The rules read these columns of one differing pair: `crm_value` and `erp_value` (what people see), `crm_form` and
`erp_form` (canonical forms), `crm_compared` and `erp_compared` (what differs), `damaged_side` (`mojibake.py`),
`swapped_with` (name of the field that holds the other's value), `crm_changed_at` and `erp_changed_at`, for amounts
`crm_places_kept` and `erp_places_kept` (`amount_causes_sql.places_kept`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.findings import Cause


@dataclass(frozen=True, slots=True)
class CauseRule:
    """A cause, the SQL condition under which it explains the difference, and what its explanation needs.

    Attributes:
        detail: SQL texts by name. They give numbers, `crm` or `erp`.
        outside_detail: SQL texts by name that give outside text.
    """

    cause: Cause
    when: str
    detail: tuple[tuple[str, str], ...] = ()
    outside_detail: tuple[tuple[str, str], ...] = ()

    @property
    def json(self) -> str:
        """SQL text of the detail as a JSON object of texts."""
        if self.outside_detail:
            return json_text(dict((*self.detail, *self.outside_detail)))
        members = ",".join(f'"{name}":"\' || {text} || \'"' for name, text in self.detail)
        return f"'{{{members}}}'"


def side_where(condition: str) -> str:
    """SQL text of the side: CRM when the condition holds, otherwise ERP."""
    return f"CASE WHEN {condition} THEN 'crm' ELSE 'erp' END"


def json_text(members: Mapping[str, str]) -> str:
    """SQL text of a JSON object of texts, nulls left out. The names are ours; the members are SQL of any type."""
    pairs = ", ".join(f"'{name}', CAST({text} AS VARCHAR)" for name, text in members.items())
    return f"CAST(json_merge_patch('{{}}', json_object({pairs})) AS VARCHAR)"
