"""The whole of what both systems hold at the start, and what a reconciliation must find in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from reconciler.sandbox.generator import crm_records, erp_records
from reconciler.sandbox.generator.customers import CustomerMaker
from reconciler.sandbox.generator.plant_customers import plant_in_customers
from reconciler.sandbox.generator.plant_products import plant_in_products
from reconciler.sandbox.generator.plant_sales import plant_in_sales
from reconciler.sandbox.generator.plant_taxes import DriftMaker
from reconciler.sandbox.generator.planting import Planter
from reconciler.sandbox.generator.products import ProductMaker
from reconciler.sandbox.generator.records import Customer, Document, Planted, Product, R, Twin
from reconciler.sandbox.generator.sales import FIRST_ORDER, FIRST_QUOTE, QUOTE_ID_STEP, SalesMaker

Collections = dict[str, list[Any]]
"""Records by collection name, as `_sandbox/state` gives them."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Records of both systems and the planted discrepancies."""

    crm: Collections
    erp: Collections
    planted: list[Planted]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many things of each entity there are."""

    customers: int
    products: int
    orders: int
    quotes: int

    @classmethod
    def of(cls, customers: int) -> Sizes:
        """Products, orders and quotes follow the number of customers, within bounds that keep small sets useful."""
        return cls(customers, min(50_000, max(20, customers // 2)), max(16, customers // 3), max(16, customers // 5))


def generate(customers: int, seed: int) -> Dataset:
    """The data set of this size and seed; the same arguments always give the same records.

    From 40 customers up every kind and cause is planted at least once; smaller sets hold as many as fit.
    """
    sizes = Sizes.of(customers)
    found: list[Planted] = []

    client_maker = CustomerMaker(_random(seed, "customers"), sizes.customers)
    clients = client_maker.twins(sizes.customers)
    client_planter = Planter(clients, _customer_key, _random(seed, "customer discrepancies"))
    plant_in_customers(client_planter, client_maker)

    product_maker = ProductMaker(_random(seed, "products"))
    products = product_maker.twins(sizes.products)
    product_planter = Planter(products, _product_key, _random(seed, "product discrepancies"))
    plant_in_products(product_planter, product_maker)

    sales = SalesMaker(_random(seed, "sales"), _buyers(clients), _sellable(products))
    orders, quotes = sales.orders(sizes.orders), sales.quotes(sizes.quotes)
    order_planter = Planter(orders, _number, _random(seed, "order discrepancies"))
    plant_in_sales(order_planter, "orders", FIRST_ORDER[0] + len(orders))
    quote_planter = Planter(quotes, _number, _random(seed, "quote discrepancies"))
    random = _random(seed, "tax drift")
    drifting = DriftMaker(random, SalesMaker(random, _buyers(clients), _sellable(products)), len(quotes))
    drifting.plant()
    plant_in_sales(quote_planter, "quotes", FIRST_QUOTE[0] + drifting.next_position * QUOTE_ID_STEP)
    quotes += drifting.twins

    for planter in (client_planter, product_planter, order_planter, quote_planter):
        found.extend(planter.found)
    found.extend(drifting.found)
    return Dataset(_crm(clients, products, orders, quotes), _erp(clients, products, orders, quotes), found)


def _random(seed: int, purpose: str) -> Random:
    """A stream of its own per purpose, so that a change in one does not move the others."""
    return Random(f"{seed}/{purpose}")


def _customer_key(record: Customer) -> str:
    return record.tax_id or ""


def _product_key(record: Product) -> str:
    return (record.sku or "").upper()


def _number(record: Document) -> str:
    return str(record.number)


def _buyers(twins: Iterable[Twin[Customer]]) -> list[Customer]:
    """Customers that both systems hold exactly once under the same number."""
    return [twin.erp[0] for twin in twins if _once(twin) and twin.crm[0].tax_id == twin.erp[0].tax_id]


def _sellable(twins: Iterable[Twin[Product]]) -> list[Product]:
    """Products that both systems hold exactly once under the same code, as the CRM names them."""
    return [twin.crm[0] for twin in twins if _once(twin) and twin.crm[0].sku == twin.erp[0].sku]


def _once(twin: Twin[R]) -> bool:
    return len(twin.crm) == len(twin.erp) == 1


def _crm(
    clients: Sequence[Twin[Customer]],
    products: Sequence[Twin[Product]],
    orders: Sequence[Twin[Document]],
    quotes: Sequence[Twin[Document]],
) -> Collections:
    return {
        "Contacts": [crm_records.contact(record) for twin in clients for record in twin.crm],
        "Products": [crm_records.product(record) for twin in products for record in twin.crm],
        "Quotes": [row for twin in quotes for record in twin.crm for row in crm_records.quotes(record)],
        "Orders": [crm_records.order(record) for twin in orders for record in twin.crm],
    }


def _erp(
    clients: Sequence[Twin[Customer]],
    products: Sequence[Twin[Product]],
    orders: Sequence[Twin[Document]],
    quotes: Sequence[Twin[Document]],
) -> Collections:
    return {
        "clientes": [erp_records.client(record) for twin in clients for record in twin.erp],
        "produtos": [erp_records.product(record) for twin in products for record in twin.erp],
        "pedidos": [erp_records.order(record) for twin in orders for record in twin.erp],
        "orcamentos": [erp_records.quote(record) for twin in quotes for record in twin.erp],
    }
