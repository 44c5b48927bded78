"""Orders and quotes that are equal on both sides. Taxes of quotes are what the ERP's own simulation gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from reconciler.sandbox.amounts import line_total
from reconciler.sandbox.generator.customers import change_stamp, drifted
from reconciler.sandbox.generator.records import CarriedTax, Customer, Document, Line, Product, Twin
from reconciler.sandbox.tax_rules import Destination, Goods, tax_table

FIRST_ORDER = (9001, 50_001)
"""CRM id and number of the first order."""
FIRST_QUOTE = (7004, 1_201)
QUOTE_ID_STEP = 4
"""The CRM gave the ids between two quotes to the superseded rows of the second."""
_FIRST_DAY = date(2026, 1, 5)
_DAYS = 300
_STATUSES = ("open", "invoiced", "cancelled")
_STATUS_WEIGHTS = (50, 40, 10)
_DISCOUNTS = tuple(Decimal(text) for text in ("0", "0", "0", "2.5", "5", "7.25", "10"))
_NEGOTIATED_SHARE = 0.25
_REVISED_SHARE = 0.3


class SalesMaker:
    """Makes orders and quotes between the given customers and products."""

    def __init__(self, random: Random, customers: Sequence[Customer], products: Sequence[Product]) -> None:
        self._random = random
        self._customers = customers
        self._products = products

    def orders(self, count: int) -> list[Twin[Document]]:
        """`count` orders; none when there is nobody to sell to or nothing to sell."""
        return [
            self._twin(self._document(FIRST_ORDER[0] + position, FIRST_ORDER[1] + position))
            for position in range(self._possible(count))
        ]

    def quotes(self, count: int) -> list[Twin[Document]]:
        """`count` quotes with taxes; some were revised, and the CRM keeps their superseded rows."""
        return [self._twin(self._quote(position)) for position in range(self._possible(count))]

    def open_quote(self, position: int) -> Twin[Document] | None:
        """The quote of that position, still open; None when there is nobody to sell to or nothing to sell."""
        return self._twin(replace(self._quote(position), status="open")) if self._possible(1) else None

    def _possible(self, count: int) -> int:
        return count if self._customers and self._products else 0

    def _twin(self, record: Document) -> Twin[Document]:
        return Twin([replace(record, updated_at=drifted(record.updated_at, self._random))], [record])

    def _document(self, crm_id: int, number: int) -> Document:
        random = self._random
        chosen = random.sample(self._products, k=min(len(self._products), random.randint(1, 5)))
        lines = tuple(self._line(product) for product in chosen)
        return Document(
            crm_id=crm_id,
            number=number,
            customer=random.choice(self._customers),
            date=_FIRST_DAY + timedelta(days=random.randrange(_DAYS)),
            status=random.choices(_STATUSES, _STATUS_WEIGHTS)[0],
            total=sum((line.total for line in lines), Decimal(0)),
            lines=lines,
            updated_at=change_stamp(random),
        )

    def _line(self, product: Product) -> Line:
        random = self._random
        quantity = Decimal(random.randint(1, 400)) / (2 if product.unit in ("KG", "MT") else 1)
        unit_price = product.price
        if random.random() < _NEGOTIATED_SHARE:
            unit_price = (unit_price * random.randint(8_500, 9_999) / 10_000).quantize(Decimal("0.0001"))
        discount = random.choice(_DISCOUNTS)
        return Line(product, quantity, unit_price, discount, line_total(quantity, unit_price, discount))

    def _quote(self, position: int) -> Document:
        plain = self._document(FIRST_QUOTE[0] + position * QUOTE_ID_STEP, FIRST_QUOTE[1] + position)
        revisions = self._random.choice((1, 2)) if self._random.random() < _REVISED_SHARE else 0
        lines = tuple(with_taxes(line, plain.customer) for line in plain.lines)
        return replace(
            plain,
            lines=lines,
            revision=revisions + 1,
            older_revisions=revisions,
            valid_until=plain.date + timedelta(days=self._random.choice((15, 30, 45))),
            taxes=sum((line.taxes_total or Decimal(0) for line in lines), Decimal(0)),
        )


def with_taxes(line: Line, customer: Customer) -> Line:
    """The line with the taxes the rule table asks of this customer."""
    goods = Goods(line.total, line.product.product_class, line.product.origin)
    found = tax_table().taxes(goods, Destination(customer.city.state, final_consumer=not customer.company))
    return replace(
        line,
        taxes={tax.kind: CarriedTax(tax.rate, tax.base, tax.amount, tax.in_price) for tax in found},
        taxes_total=sum((tax.amount for tax in found), Decimal(0)),
    )
