"""A finding as one row of text cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from reconciler.model.findings import Finding
from reconciler.model.staging import shown_key
from reconciler.reports.documents import instant
from reconciler.reports.report import Explain

COLUMNS: Final = (
    "id",
    "entity",
    "key",
    "kind",
    "field",
    "cause",
    "explanation",
    "crm_id",
    "crm_value",
    "crm_raw",
    "erp_id",
    "erp_value",
    "erp_raw",
    "owner",
    "status",
    "first_seen",
    "last_seen",
    "occurrences",
    "accepted_by",
    "accepted_reason",
    "accepted_until",
)
"""Columns of CSV and XLSX, in order; names of the JSON document, flattened."""

_FORMULA_STARTS: Final = frozenset("=+-@＝＋－＠")
_PLAIN_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_BREAKS: Final = frozenset("\t\r\n")
_CELL_ENDS: Final = _BREAKS | frozenset(',;"')


def row_of(finding: Finding, explain: Explain) -> tuple[str, ...]:
    """The cells of a finding, in the order of `COLUMNS`: exact texts, "" for null, not yet made safe."""
    until = finding.accepted_until
    return (
        finding.id,
        finding.entity,
        shown_key(finding.key),
        finding.kind.value,
        finding.field or "",
        finding.cause.value,
        explain(finding),
        finding.crm.id or "",
        finding.crm.value or "",
        finding.crm.raw or "",
        finding.erp.id or "",
        finding.erp.value or "",
        finding.erp.raw or "",
        finding.owner or "",
        finding.status.value,
        instant(finding.first_seen),
        instant(finding.last_seen),
        str(finding.occurrences),
        finding.accepted_by or "",
        finding.accepted_reason or "",
        until.isoformat() if until else "",
    )


def safe_cell(text: str) -> str:
    """The text as a spreadsheet may hold it: nothing in it is calculated, in this file or in a CSV saved from it.

    `= + - @` (their full-width forms too) get an apostrophe in front where a cell begins: at the start of the text,
    and after a delimiter, quote, tab or line break inside it, because a spreadsheet set up for the other delimiter
    splits the text there. Blanks and invisible characters in between do not help. A text that begins with a tab or a
    line break gets an apostrophe too. A text that is a plain number is left as it is: it calculates to itself. Control
    characters other than tab and line breaks become `\\x1b` and the like: a terminal obeys them, XML cannot carry them.
    """
    if not text.isprintable():
        text = "".join(map(_without_control, text))
        if text[0] in _BREAKS:
            text = f"'{text}"
    if _FORMULA_STARTS.isdisjoint(text) or _PLAIN_NUMBER.fullmatch(text):
        return text
    return _with_apostrophes(text)


def _with_apostrophes(text: str) -> str:
    shown: list[str] = []
    cell_begins = True
    for character in text:
        if cell_begins and character in _FORMULA_STARTS:
            shown.append("'")
        cell_begins = character in _CELL_ENDS or (cell_begins and _is_blank(character))
        shown.append(character)
    return "".join(shown)


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


def _without_control(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cs") and character not in _BREAKS:
        return character.encode("unicode_escape").decode("ascii")
    return character
