"""Records as the truth knows them, before either system writes them its own way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from reconciler.sandbox.generator.words import City


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `link` is the ERP code the CRM keeps; documents are letters and digits; `None` is empty."""

    crm_id: int
    erp_code: str
    tax_id: str | None
    company: bool
    legal_name: str
    trade_name: str
    state_registration: str | None
    email: str | None
    phone: str | None
    street: str
    city: City
    erp_city_name: str
    zip: str
    credit_limit: Decimal | None
    special_discount: Decimal | None
    sales_volume: Decimal | None
    active: bool
    updated_at: datetime
    link: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """A product. `origin` is the ERP's code for where goods come from; 0 is national."""

    crm_id: int
    sku: str | None
    name: str
    unit: str
    ncm: str
    price: Decimal
    active: bool
    product_class: str
    origin: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CarriedTax:
    """One tax as the line of a quote carries it. `rate` is a percentage."""

    rate: Decimal
    base: Decimal
    amount: Decimal
    in_price: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order or quote. `discount` is a percentage; `taxes` by kind and `taxes_total` only on quotes."""

    product: Product
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    total: Decimal
    taxes: dict[str, CarriedTax] = field(default_factory=dict)
    taxes_total: Decimal | None = None

    @property
    def sku(self) -> str:
        """The code of its product; lines are made only of products that have one."""
        return self.product.sku or ""


@dataclass(frozen=True, slots=True)
class Document:
    """An order or a quote. `status` is canonical (open, invoiced, cancelled) or a code nobody translates.

    `revision`, `valid_until` and `taxes` are for quotes. `older_revisions` are the superseded rows the CRM keeps.
    """

    crm_id: int
    number: int | None
    customer: Customer
    date: Day
    status: str | None
    total: Decimal
    lines: tuple[Line, ...]
    updated_at: datetime
    revision: int = 0
    valid_until: Day | None = None
    taxes: Decimal | None = None
    older_revisions: int = 0


R = TypeVar("R", Customer, Product, Document)


@dataclass(slots=True)
class Twin(Generic[R]):
    """One thing in both systems: usually one record on each side, none where it is missing, two where it is doubled.

    `planted` is set once a discrepancy is there, or another twin's discrepancy leans on it: no record carries two.
    """

    crm: list[R]
    erp: list[R]
    planted: bool = False

    @classmethod
    def of(cls, record: R) -> Twin[R]:
        """The same record on both sides."""
        return cls([record], [record])


@dataclass(frozen=True, slots=True)
class Planted:
    """One finding a reconciliation must report, in the product's own words. `key` as people read it."""

    entity: str
    key: str
    field: str | None
    kind: str
    cause: str

    def as_json(self) -> dict[str, str | None]:
        """The entry of `truth.json`."""
        return {"entity": self.entity, "key": self.key, "field": self.field, "kind": self.kind, "cause": self.cause}
