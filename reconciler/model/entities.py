"""Canonical entities and their fields, the same for every vendor (CONTRACT.md, `reconciler.toml`).

A vendor description and a project may add fields of their own, with a type of `FieldType`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Which of the two systems a record comes from."""

    CRM = "crm"
    ERP = "erp"

    @property
    def other(self) -> Side:
        return Side.ERP if self is Side.CRM else Side.CRM


class FieldType(StrEnum):
    """How a field is read, compared and shown.

    TEXT keeps the value as written and a folded form beside it; every other type has one canonical form only.
    """

    TEXT = "text"
    """Names, streets, cities. Value: NFC text as received, blank is null. Form: folded upper case, single spaces."""
    CODE = "code"
    """SKU, unit, order number, state, NCM. Form: outer spaces removed, upper case; leading zeros are significant."""
    DOCUMENT = "document"
    """CNPJ or CPF. Form: letters and digits, upper case, with check digits verified."""
    REGISTRATION = "registration"
    """Inscrição estadual. Form: letters and digits, upper case ("ISENTO" included)."""
    EMAIL = "email"
    """Form: outer spaces removed, lower case."""
    DIGITS = "digits"
    """Phone, CEP. Form: digits only, leading zeros kept."""
    DECIMAL = "decimal"
    """Money, quantities, rates. Form: exact decimal, at most 18 digits before and 10 after the point."""
    BOOLEAN = "boolean"
    DATE = "date"
    """A calendar day without a time zone."""
    TIMESTAMP = "timestamp"
    """An aware instant. Form: UTC, microseconds."""


@dataclass(frozen=True, slots=True)
class Field:
    """A canonical field. `compared` is False where a difference is expected (each side's own change stamp)."""

    name: str
    type: FieldType
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Entity:
    """A canonical entity.

    Attributes:
        name: plural, as in `scope.<name>`; line entities are `<parent>.lines`.
        fields: in the order they are shown.
        key: default key fields, used when the project names none.
        lines: the entity of the lines it carries, if any. A line's key is its parent's key plus its own.
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    lines: Entity | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)


def _fields(**types: FieldType) -> tuple[Field, ...]:
    return tuple(Field(name, kind, compared=name != "updated_at") for name, kind in types.items())


_T = FieldType

CUSTOMERS = Entity(
    "customers",
    _fields(
        tax_id=_T.DOCUMENT,
        legal_name=_T.TEXT,
        trade_name=_T.TEXT,
        state_registration=_T.REGISTRATION,
        email=_T.EMAIL,
        phone=_T.DIGITS,
        street=_T.TEXT,
        city=_T.TEXT,
        state=_T.CODE,
        zip=_T.DIGITS,
        credit_limit=_T.DECIMAL,
        special_discount=_T.DECIMAL,
        sales_volume=_T.DECIMAL,
        active=_T.BOOLEAN,
        updated_at=_T.TIMESTAMP,
    ),
    key=("tax_id",),
)

PRODUCTS = Entity(
    "products",
    _fields(
        sku=_T.CODE,
        name=_T.TEXT,
        unit=_T.CODE,
        ncm=_T.DIGITS,
        price=_T.DECIMAL,
        active=_T.BOOLEAN,
        updated_at=_T.TIMESTAMP,
    ),
    key=("sku",),
)

_LINE_FIELDS = _fields(sku=_T.CODE, quantity=_T.DECIMAL, unit_price=_T.DECIMAL, discount=_T.DECIMAL, total=_T.DECIMAL)

ORDERS = Entity(
    "orders",
    _fields(
        number=_T.CODE,
        customer=_T.DOCUMENT,
        date=_T.DATE,
        status=_T.CODE,
        total=_T.DECIMAL,
        updated_at=_T.TIMESTAMP,
    ),
    key=("number",),
    lines=Entity("orders.lines", _LINE_FIELDS, key=("sku",)),
)

QUOTES = Entity(
    "quotes",
    _fields(
        number=_T.CODE,
        revision=_T.DECIMAL,
        customer=_T.DOCUMENT,
        date=_T.DATE,
        valid_until=_T.DATE,
        status=_T.CODE,
        total=_T.DECIMAL,
        taxes=_T.DECIMAL,
        updated_at=_T.TIMESTAMP,
    ),
    key=("number",),
    lines=Entity("quotes.lines", (*_LINE_FIELDS, Field("taxes", _T.DECIMAL)), key=("sku",)),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in (CUSTOMERS, PRODUCTS, ORDERS, QUOTES)}
"""The entities a project can reconcile, by name, in the order they are run. Lines travel with their parent."""
