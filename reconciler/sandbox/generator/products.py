"""Products that are equal on both sides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

from reconciler.sandbox.generator.customers import change_stamp, drifted
from reconciler.sandbox.generator.records import Product, Twin
from reconciler.sandbox.generator.words import product_words

FIRST_CRM_PRODUCT_ID = 31
_IMPORTED_SHARE = 0.2


class ProductMaker:
    """Makes products; every call gives another one, with numbers that were not given before."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made = 0

    def numbers(self) -> tuple[int, str]:
        """The next CRM id and SKU."""
        self._made += 1
        return FIRST_CRM_PRODUCT_ID + self._made - 1, f"P{self._made:04d}"

    def product(self) -> Product:
        """A product of a kind of the word tables."""
        random, words = self._random, product_words()
        crm_id, sku = self.numbers()
        noun = random.choice(words.nouns)
        return Product(
            crm_id=crm_id,
            sku=sku,
            name=f"{noun.name} {random.choice(words.variants)} {random.choice(words.sizes)}",
            unit=noun.unit,
            ncm=noun.ncm,
            price=Decimal(random.randint(*noun.price_cents)) / 100,
            active=random.random() < 0.95,
            product_class=noun.product_class,
            origin="1" if random.random() < _IMPORTED_SHARE else "0",
            updated_at=change_stamp(random),
        )

    def twins(self, count: int) -> list[Twin[Product]]:
        """`count` products that are equal on both sides but for their change stamps."""
        found: list[Twin[Product]] = []
        for _ in range(count):
            record = self.product()
            found.append(Twin([replace(record, updated_at=drifted(record.updated_at, self._random))], [record]))
        return found
