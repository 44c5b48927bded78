"""What was planted: the findings that a reconciliation must report, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple


class Planted(NamedTuple):
    """One finding, in the product's own words."""

    entity: str
    key: str
    field: str | None
    kind: str
    cause: str


class Truth:
    """The open findings there should be."""

    def __init__(self) -> None:
        self.planted: list[Planted] = []

    def differs(self, entity: str, key: str, field: str, cause: str) -> None:
        """A field of a record that both sides have."""
        self.planted.append(Planted(entity, key, field, "differs", cause))

    def record(self, entity: str, key: str, kind: str, cause: str = "not_found") -> None:
        """A whole record."""
        self.planted.append(Planted(entity, key, None, kind, cause))

    def invalid(self, entity: str, key: str, field: str, cause: str) -> None:
        """A field that cannot be read."""
        self.planted.append(Planted(entity, key, field, "invalid", cause))

    def heal(self, entity: str, key: str, field: str | None) -> None:
        """Both sides agree again. Raises LookupError when they did all the time."""
        healed = [each for each in self.planted if (each.entity, each.key, each.field) == (entity, key, field)]
        if not healed:
            raise LookupError(f"nothing is planted at {entity} {key} {field}")
        self.planted = [each for each in self.planted if each not in healed]

    def forget(self, entity: str, key: str) -> None:
        """A record is compared with nothing any more: its differences, and those of its lines, are gone."""
        self.planted = [
            each
            for each in self.planted
            if (each.entity, each.key) != (entity, key)
            and not (each.entity == f"{entity}.lines" and each.key.startswith(f"{key}|"))
        ]

    def compared_with(self, findings: Iterable[dict[str, Any]]) -> dict[str, Any]:
        """Planted against found, in both directions; `equal` says whether they are the same, each as often."""
        planted = Counter(self.planted)
        found = Counter(Planted(*(each[name] for name in Planted._fields)) for each in findings)
        return {
            "equal": planted == found,
            "planted": planted.total(),
            "found": found.total(),
            "missing": sorted(map(_text, (planted - found).elements())),
            "unexpected": sorted(map(_text, (found - planted).elements())),
        }


def _text(planted: Planted) -> str:
    return " ".join(str(each) for each in planted)


def cause_of(before: Decimal, after: Decimal, otherwise: str = "unexplained") -> str:
    """Why an amount that was changed differs from what it was."""
    powers = [Decimal(10) ** exponent for exponent in range(1, 7)]
    return "scale" if any(before * power == after or after * power == before for power in powers) else otherwise
