"""The columns a comparison works on for a rule, what they are called, and how their values read as text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final

from reconciler.errors import ConfigurationError
from reconciler.model import staging
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.phrases.phrase import phrase

MAX_SHOWN_CHARACTERS: Final = 500
"""A longer value is cut in findings, with an ellipsis as its last character. Equality never looks at the cut text."""

_STEP: Final = Decimal(1).scaleb(-staging.DECIMAL_SCALE)
_MAX_TOLERANCE: Final = Decimal(10) ** (staging.DECIMAL_PRECISION - staging.DECIMAL_SCALE) - _STEP
_NAMING_FIELDS: Final = ("legal_name", "name", "number")
_LINES_SUFFIX: Final = ".lines"
_SQL_TYPES: Final = {
    FieldType.DECIMAL: f"DECIMAL({staging.DECIMAL_PRECISION},{staging.DECIMAL_SCALE})",
    FieldType.BOOLEAN: "BOOLEAN",
    FieldType.DATE: "DATE",
    FieldType.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}


KEY_SEPARATOR_SQL: Final = f"chr({ord(staging.KEY_SEPARATOR)})"
"""SQL text of what stands between the parts of a stored key."""


def shown_key(key: str) -> str:
    """SQL text of a stored key as people read it: parts joined by `|`."""
    return f"replace({key}, {KEY_SEPARATOR_SQL}, '|')"


def quote_identifier(name: str) -> str:
    """The name as a quoted SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class FieldColumns:
    """The columns of one field.

    Attributes:
        index: place in the rule; names the working columns and parameters of the field.
        tolerance: in the scale of decimals, rounded down so that no larger difference passes; None for exact equality.
        is_key: the field alone is the key, so that the key column holds its form.
    """

    index: int
    rule: FieldRule
    tolerance: str | None = None
    is_key: bool = False

    @property
    def staged(self) -> tuple[str, ...]:
        """Columns of the snapshot this field is read from."""
        form = staging.form_column(self.rule.name)
        if staging.has_value_column(self.rule.type):
            return (staging.value_column(self.rule.name), form)
        return (form,)

    @property
    def staged_compared(self) -> str:
        """Column of the snapshot that decides whether the two sides differ."""
        return self.staged[0] if self.rule.exact else self.staged[-1]

    def value(self, side: Side) -> str:
        """Working column that people see: the value as written where there is one, otherwise the form."""
        return f"{side.value}_value_{self.index}" if staging.has_value_column(self.rule.type) else self.form(side)

    def form(self, side: Side) -> str:
        """Working column of the canonical form."""
        return f"{side.value}_key" if self.is_key else f"{side.value}_form_{self.index}"

    def compared(self, side: Side) -> str:
        """Working column that decides whether the two sides differ."""
        return self.value(side) if self.rule.exact else self.form(side)

    def carried(self, side: Side) -> tuple[tuple[str, str], ...]:
        """The snapshot's columns that working tables carry for this field, each with its working column."""
        if self.is_key:
            return ()
        return tuple(zip(self.staged, dict.fromkeys((self.value(side), self.form(side))), strict=True))

    def shown(self, side: Side) -> str:
        """SQL text of the value as a finding shows it."""
        return value_as_text(self.rule.type, self.value(side))

    @property
    def name_parameter(self) -> str:
        """Name of the statement parameter that holds the field's name."""
        return f"name_{self.index}"

    @property
    def tolerance_parameter(self) -> str:
        """Name of the statement parameter that holds the tolerance."""
        return f"tolerance_{self.index}"


@dataclass(frozen=True, slots=True)
class Layout:
    """What a comparison carries for a rule.

    Attributes:
        carried: fields the working tables hold: compared ones and those that causes and labels need.
        compared: fields whose difference is a finding.
        naming: the field that tells people which record it is, or None.
        similarity: the TEXT field by which similar records are looked for, or None.
        document: the DOCUMENT field whose root relates records, or None.
        changed_at: each side's own change stamp, or None.
    """

    rule: EntityRule
    carried: tuple[FieldColumns, ...]
    compared: tuple[FieldColumns, ...]
    naming: FieldColumns | None
    similarity: FieldColumns | None
    document: FieldColumns | None
    changed_at: FieldColumns | None

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Columns every snapshot of this entity must have."""
        return (*staging.FIXED_COLUMNS, *(column for field in self.carried for column in field.staged))

    def decided_by_key(self, field: FieldColumns) -> bool:
        """Whether records with equal keys cannot differ in this field."""
        return field.rule.name in self.rule.key and field.staged_compared == staging.form_column(field.rule.name)

    def label(self, side: Side) -> str:
        """SQL text of the label of a record without a partner: its name or number, otherwise null."""
        return "CAST(NULL AS VARCHAR)" if self.naming is None else shortened(self.naming.shown(side))


def layout_of(rule: EntityRule) -> Layout:
    """The layout of a rule. The parent's key fields of a line are the parent's to compare.

    Raises:
        ConfigurationError: two fields have the same name but for case, which SQL columns cannot have, or a tolerance
            is not an amount from zero up.
    """
    _refuse_names_that_differ_in_case(rule)
    fields = [
        FieldColumns(index, field, _tolerance(field), _is_whole_key(rule, field))
        for index, field in enumerate(rule.fields)
    ]
    by_name = {field.rule.name: field for field in fields}
    compared = tuple(field for field in fields if field.rule.compared and not _is_parent_key(rule, field.rule))
    naming = next((by_name[name] for name in _NAMING_FIELDS if name in by_name), None)
    similarity = naming if naming is not None and naming.rule.type is FieldType.TEXT else None
    document = next((field for field in fields if field.rule.type is FieldType.DOCUMENT), None)
    changed_at = by_name.get("updated_at")
    if changed_at is not None and changed_at.rule.type is not FieldType.TIMESTAMP:
        changed_at = None
    wanted = {*compared, naming, changed_at, document if similarity else None}
    return Layout(
        rule=rule,
        carried=tuple(field for field in fields if field in wanted),
        compared=compared,
        naming=naming,
        similarity=similarity,
        document=document if similarity else None,
        changed_at=changed_at,
    )


def _tolerance(rule: FieldRule) -> str | None:
    if rule.type is not FieldType.DECIMAL or rule.tolerance is None:
        return None
    try:
        tolerance = Decimal(rule.tolerance)
        if not tolerance.is_finite() or tolerance < 0:
            raise InvalidOperation
    except InvalidOperation as error:
        raise ConfigurationError(
            phrase(
                "The tolerance of {rule} is “{tolerance}”, not an amount from zero up.",
                rule=rule.name,
                tolerance=rule.tolerance,
            )
        ) from error
    return format(min(tolerance, _MAX_TOLERANCE).quantize(_STEP, rounding=ROUND_FLOOR), "f")


def _is_whole_key(rule: EntityRule, field: FieldRule) -> bool:
    return rule.key == (field.name,) and field.type not in _SQL_TYPES and not staging.has_value_column(field.type)


def _is_parent_key(rule: EntityRule, field: FieldRule) -> bool:
    return (
        rule.entity.endswith(_LINES_SUFFIX) and field.name in rule.key and field.name.startswith(staging.PARENT_PREFIX)
    )


def _refuse_names_that_differ_in_case(rule: EntityRule) -> None:
    seen: dict[str, str] = {}
    for field in rule.fields:
        other = seen.get(field.name.lower())
        if other is not None:
            raise ConfigurationError(
                phrase(
                    "{entity}: the fields “{other}” and “{field}” need different names.",
                    entity=rule.entity,
                    other=other,
                    field=field.name,
                )
            )
        seen[field.name.lower()] = field.name


def sql_type(column: str, layout: Layout) -> str:
    """SQL type of a snapshot column."""
    if column in (staging.PAGE, staging.POSITION):
        return "INTEGER"
    forms = {staging.form_column(field.rule.name): field.rule.type for field in layout.carried}
    return _SQL_TYPES.get(forms[column], "VARCHAR") if column in forms else "VARCHAR"


def value_as_text(kind: FieldType, column: str) -> str:
    """SQL text of a typed value: decimals plain without trailing zeros, dates ISO 8601, instants in UTC with `Z`."""
    text = f"CAST({column} AS VARCHAR)"
    if kind is FieldType.DECIMAL:
        return f"trim(TRAILING '.' FROM trim(TRAILING '0' FROM {text}))"
    if kind is FieldType.TIMESTAMP:
        # Without its zone, which engines write differently; the session's is UTC.
        return f"replace(CAST(CAST({column} AS TIMESTAMP) AS VARCHAR), ' ', 'T') || 'Z'"
    return text if kind in _SQL_TYPES else column


def shortened(text: str) -> str:
    """SQL text of a shown value: at most `MAX_SHOWN_CHARACTERS`, the last one an ellipsis when it was cut."""
    kept = MAX_SHOWN_CHARACTERS - 1
    return f"CASE WHEN length({text}) > {MAX_SHOWN_CHARACTERS} THEN substr({text}, 1, {kept}) || '…' ELSE {text} END"
