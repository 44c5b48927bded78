"""How good each port of communication of a system is, best first: webhook, REST, SOAP, files (DOMAIN.md). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.connectors.conformance import Conformance
from reconciler.connectors.description import Description
from reconciler.phrases.phrase import Phrase, phrase

_GRADES: Final[Mapping[str, tuple[str, str, str]]] = {
    "rest": ("A", "B", "C"),
    "soap": ("B", "C", "C"),
    "files": ("D", "D", "D"),
}
"""By what works on every entity: changed-since and single records, one of them, neither."""


@dataclass(frozen=True, slots=True)
class PortGrade:
    """One port of a system.

    Attributes:
        port: webhook, rest, soap or files.
        rank: from 1, the best kind, to 4.
        grade: A to D; F when records cannot be read through it.
        why: what the grade rests on.
    """

    port: str
    rank: int
    grade: str
    why: str


def grade_ports(description: Description, seen: Mapping[str, Conformance], *, readable: bool) -> list[PortGrade]:
    """Every port of a description, the best kind first."""
    grades = []
    if description.webhooks is not None:
        grades.append(PortGrade("webhook", 1, "A", phrase("described; only a delivery from the system proves it")))
    for rank, port in enumerate(_GRADES, start=2):
        if port in description.vendor.ports:
            grade, why = _grade(port, seen) if readable else ("F", phrase("not every entity could be read"))
            grades.append(PortGrade(port, rank, grade, why))
    return grades


def _grade(port: str, seen: Mapping[str, Conformance]) -> tuple[str, str]:
    incremental = all(conformance.passed("changed since") for conformance in seen.values())
    single = all(conformance.passed("one record") for conformance in seen.values())
    grade = _GRADES[port][2 - incremental - single]
    return grade, _why(incremental=incremental, single=single)


def _why(*, incremental: bool, single: bool) -> Phrase:
    if incremental and single:
        return phrase("changed since and single records everywhere")
    if incremental:
        return phrase("changed since everywhere, no single records somewhere")
    if single:
        return phrase("single records everywhere, no changed since somewhere")
    return phrase("no changed since and no single records somewhere")
