"""Where the lines of a CRM's quotes carry taxes, as the project and the description say, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from reconciler.connectors.description import LINE_TAX_TYPES, Description, FieldEntry, LineTax
from reconciler.connectors.plan import field_mapping, line_slots
from reconciler.connectors.write.current_record import FieldValue, Unreadable
from reconciler.errors import ConfigurationError, TomlError
from reconciler.mapping.path import MappingSyntaxError
from reconciler.mapping.plan import EntityMapping, FieldMapping, MappingPlanError
from reconciler.model.entities import QUOTES, FieldType
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.model.taxes import TaxKind
from reconciler.phrases.phrase import phrase
from reconciler.project import Project
from reconciler.taxes.drift import Member, Places, StatedTax

TOTAL: Final = "taxes"
"""The canonical field of a line that holds the sum of its taxes."""

_PERCENT: Final = Decimal("0.01")


def field_of(kind: TaxKind, member: Member) -> str:
    """Name of the field of a line that holds one thing of a tax, such as `icms_rate`. Its rate is a percentage."""
    return f"{kind.value}_{member.value}"


@dataclass(frozen=True, slots=True)
class CarriedTaxes:
    """How taxes are read from the lines of quotes.

    Attributes:
        fields: one per kind and member that the CRM keeps, named by `field_of`.
        places: the same, as the comparison wants it.
    """

    fields: tuple[FieldMapping, ...]
    places: Places

    def of_line(self, values: Mapping[str, FieldValue]) -> tuple[StatedTax, ...]:
        """The taxes in the values of a line.

        Raises:
            ValueError: one of them cannot be read; the message is the name of its field.
        """
        taxes = (self._tax(kind, values) for kind in self.places)
        return tuple(tax for tax in taxes if tax is not None)

    def total_of(self, values: Mapping[str, FieldValue]) -> Decimal | None:
        """The sum of a line's taxes. Raises as `of_line`."""
        return _decimal(TOTAL, values.get(TOTAL))

    def _tax(self, kind: TaxKind, values: Mapping[str, FieldValue]) -> StatedTax | None:
        numbers = {
            member: _decimal(field_of(kind, member), values.get(field_of(kind, member)))
            for member in (Member.RATE, Member.BASE, Member.AMOUNT)
        }
        in_price = values.get(field_of(kind, Member.IN_PRICE))
        if isinstance(in_price, Unreadable):
            raise ValueError(field_of(kind, Member.IN_PRICE))
        rate = numbers[Member.RATE]
        tax = StatedTax(
            kind,
            None if rate is None else rate * _PERCENT,
            numbers[Member.BASE],
            numbers[Member.AMOUNT],
            in_price if isinstance(in_price, bool) else None,
        )
        return None if all(tax.value(member) is None for member in Member) else tax


def wants_taxes(project: Project) -> bool:
    """Whether the project has the taxes of open quotes compared."""
    scope = project.file.scope.get(QUOTES.name)
    return scope is not None and scope.taxes


def carried_taxes(project: Project, crm: Description) -> CarriedTaxes:
    """How taxes are read. What the project says of a kind replaces what the description does.

    Raises:
        ConfigurationError: a place is wrong; of the project's own, with its line.
    """
    source, scope = crm.entities.get(QUOTES.name), project.file.scope.get(QUOTES.name)
    if source is None or source.lines is None:
        return CarriedTaxes((), {})
    own: dict[str, LineTax] = {} if scope is None else {str(kind): tax for kind, tax in scope.lines.taxes.items()}
    known: dict[str, LineTax] = {str(kind): tax for kind, tax in source.lines.taxes.items()}
    slots = line_slots(source.slots, source.lines)
    fields: list[FieldMapping] = []
    places: dict[TaxKind, frozenset[Member]] = {}
    for kind in TaxKind:
        described = own.get(kind.value, known.get(kind.value))
        if described is None:
            continue
        found = _entries(described)
        places[kind] = frozenset(found)
        for member, entry in found.items():
            name = field_of(kind, member)
            try:
                fields.append(_field(project, name, member, entry, slots))
            except (MappingSyntaxError, MappingPlanError) as error:
                raise _wrong(project, kind, member, str(error), is_own=kind.value in own) from error
    return CarriedTaxes(tuple(fields), places)


def _entries(described: LineTax) -> dict[Member, FieldEntry]:
    entries: dict[Member, FieldEntry | None] = {
        Member.RATE: described.rate,
        Member.BASE: described.base,
        Member.AMOUNT: described.amount,
        Member.IN_PRICE: described.in_price,
    }
    return {member: entry for member, entry in entries.items() if entry is not None}


def _field(project: Project, name: str, member: Member, entry: FieldEntry, slots: Mapping[str, str]) -> FieldMapping:
    return field_mapping(name, LINE_TAX_TYPES[member.value], entry, slots, project.file.project.timezone)


def _wrong(project: Project, kind: TaxKind, member: Member, problem: str, *, is_own: bool) -> ConfigurationError:
    if is_own:
        error: TomlError = project.fault(
            ("scope", QUOTES.name, "lines", "taxes", kind.value, member.value), phrase("{problem}.", problem=problem)
        )
        return error
    return ConfigurationError(
        phrase("quotes, {kind}, {member}: {problem}.", kind=kind.value, member=member.value, problem=problem)
    )


def with_taxes(mapping: EntityMapping, carried: CarriedTaxes) -> EntityMapping:
    """A mapping of quotes whose lines are read with their taxes too."""
    if mapping.lines is None:
        return mapping
    known = {field.name for field in mapping.lines.fields}
    added = tuple(field for field in carried.fields if field.name not in known)
    return replace(mapping, lines=replace(mapping.lines, fields=(*mapping.lines.fields, *added)))


def rule_with_taxes(rule: EntityRule, carried: CarriedTaxes) -> EntityRule:
    """The rule of lines of quotes with their taxes, which the ERP owns and no comparison of snapshots looks at."""
    known = {field.name for field in rule.fields}
    added = tuple(
        FieldRule(field.name, field.type, compared=False, owner="erp")
        for field in carried.fields
        if field.name not in known
    )
    return replace(rule, fields=(*rule.fields, *added))


def _decimal(name: str, value: FieldValue) -> Decimal | None:
    if isinstance(value, Unreadable):
        raise ValueError(name)
    return value if isinstance(value, Decimal) else None


TAX_FIELD_TYPES: Final[Mapping[str, FieldType]] = {
    field_of(kind, member): LINE_TAX_TYPES[member.value] for kind in TaxKind for member in Member
}
"""Types of every field that `field_of` names."""
