"""What proposals rest on besides the findings, and what one is before it is a correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from reconciler.corrections.ports import Call, KnownRecord, KnownRecords, WriteRules
from reconciler.corrections.problems import LINES, field_rule
from reconciler.corrections.reasons import Reason
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, FieldRule


class OnlyHere(StrEnum):
    """What becomes of a record that only one side has. Never is anything deleted."""

    CREATE = "create"
    """The other side gets it too."""
    DEACTIVATE = "deactivate"
    """The side that has it takes it out of use."""
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class OnlyHereRule:
    """What the project says about records of one entity that only one side has. By the side that has them.

    Attributes:
        new: of a record that the other side never had, as far as its link tells.
        gone: of a record whose link names one that the other side has not any more. It may have been deleted there on
            purpose, or be there and unreadable: adding it again would bring back, or double, what was there.
    """

    new: Mapping[Side, OnlyHere] = field(default_factory=lambda: MappingProxyType(dict.fromkeys(Side, OnlyHere.CREATE)))
    gone: Mapping[Side, OnlyHere] = field(default_factory=lambda: MappingProxyType(dict.fromkeys(Side, OnlyHere.LEAVE)))


DEFAULT_ONLY_HERE: Final = OnlyHereRule()


@dataclass(frozen=True, slots=True)
class Basis:
    """What proposals rest on besides the findings.

    Attributes:
        rules: by entity, those of lines too.
        records: of both sides, of the snapshots the findings come from.
        targets: what each side takes.
        only_here: by entity; where none is given, what only one side has is added to the other.
        correct_side: the side that is corrected where a field has no owner, as a person said; None: such findings are
            left out.
        even_if_similar: whether a person looked, and a record that resembles one of the other side is another.
        doubtful: entity and key of pairs that may not belong together (open `ambiguous` findings). Those among the
            findings themselves need not be named.
    """

    rules: Mapping[str, EntityRule]
    records: KnownRecords
    targets: Mapping[Side, WriteRules]
    only_here: Mapping[str, OnlyHereRule] = field(default_factory=dict)
    correct_side: Side | None = None
    even_if_similar: bool = False
    doubtful: frozenset[tuple[str, str]] = frozenset()
    _unwritable: dict[tuple[Side, str, Call, str], str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def unwritable(self, side: Side, entity: str, call: Call, name: str) -> str | None:
        """Why a system never takes a field, whatever its value; asked once, since findings come in thousands.

        Args:
            entity: of a line such as `orders.lines`, which only updates are asked about.
        """
        asked = (side, entity, call, name)
        if asked not in self._unwritable:
            target, of_a_line = self.targets[side], entity.endswith(LINES)
            parent = entity.removesuffix(LINES)
            problem = target.line_problem(parent, name) if of_a_line else target.problem(entity, call, name)
            self._unwritable[asked] = problem
        return self._unwritable[asked]

    def described(self, entity: str, name: str | None) -> FieldRule:
        """The rule of a field. Raises `NotProposedError` for one that is not compared any more."""
        found = None if name is None else field_rule(self.rules.get(entity), name)
        if found is None or not found.compared:
            raise NotProposedError(Reason.OUT_OF_SCOPE, {"field": name or entity})
        return found

    def kept_record(self, entity: str, side: Side, identity: str | None) -> KnownRecord:
        """A record of the snapshot. Raises `NotProposedError` where it is not kept any more."""
        found = None if identity is None else self.records.record(entity, side, identity)
        if found is None:
            raise NotProposedError(Reason.RECORD_NOT_KEPT, {"side": side.value})
        return found

    def corrected_side(self, rule: FieldRule) -> Side:
        """The side that is not the owner's. Raises `NotProposedError` where nobody is, and none was chosen."""
        if rule.owner is not None:
            return Side(rule.owner).other
        if self.correct_side is None:
            raise NotProposedError(Reason.NO_OWNER, {"field": rule.name})
        return self.correct_side


ChangePlace = tuple[str | None, str]
"""Key of the line, or None for the record itself, and the field."""


@dataclass(slots=True)
class Draft:
    """What one finding asks for; those of one record are put together. Attributes as of `Correction`."""

    entity: str
    key: str
    side: Side
    action: CorrectionAction
    record_id: str | None
    source_id: str | None
    changes: dict[ChangePlace, FieldChange]


class NotProposedError(Exception):
    """A finding gets no correction. Never leaves this package.

    Attributes:
        detail: for the sentence (`LeftOut`).
    """

    def __init__(self, reason: Reason, detail: Mapping[str, str] | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = dict(detail or {})
