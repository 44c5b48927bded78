"""Discrepancies of products that concern the whole record."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind
from reconciler.sandbox.generator.changes import CHANGES
from reconciler.sandbox.generator.planting import Planter, Row, only, recipe, records_of
from reconciler.sandbox.generator.products import ProductMaker
from reconciler.sandbox.generator.records import Product, Twin
from reconciler.sandbox.generator.words import invented_name, names


def plant_in_products(planter: Planter[Product], maker: ProductMaker) -> None:
    """Work through the recipe of products."""
    for row in recipe("products"):
        if row.plant in CHANGES:
            planter.alter_values(row)
        else:
            _plant(row, planter, maker)


def _plant(row: Row, planter: Planter[Product], maker: ProductMaker) -> None:
    match row.plant:
        case "only_here":
            planter.leave_only(row, lambda record: _unlike_any(record, row.side, planter), _any)
        case "duplicate":
            planter.double(row, lambda record: _copy(record, row.side, maker), _any)
        case "similar_pair":
            _similar_pair(row, planter, maker)
        case "no_key":
            _no_key(row, planter)
        case unknown:
            raise ValueError(f"discrepancies.toml: there is no plant {unknown} for products")


def _any(_: Twin[Product]) -> bool:
    return True


def _unlike_any(record: Product, side: Side, planter: Planter[Product]) -> Product:
    syllables = names().invented_crm if side is Side.CRM else names().invented_erp
    return replace(record, name=invented_name(syllables, planter.random))


def _copy(record: Product, side: Side, maker: ProductMaker) -> Product:
    """A second record with the same SKU. The ERP's own id is the SKU, so there it is written in lower case."""
    if side is Side.ERP:
        return replace(record, sku=(record.sku or "").lower())
    crm_id, _ = maker.numbers()
    return replace(record, crm_id=crm_id)


def _similar_pair(row: Row, planter: Planter[Product], maker: ProductMaker) -> None:
    """The same name under another SKU."""
    for twin in planter.take(planter.wanted(row), _any):
        _, sku = maker.numbers()
        twin.erp[0] = replace(twin.erp[0], sku=sku)
        planter.note(row, twin.crm[0].sku or "", FindingKind.ONLY_IN_CRM, Cause.SIMILAR_RECORD)
        planter.note(row, sku, FindingKind.ONLY_IN_ERP, Cause.SIMILAR_RECORD)


def _no_key(row: Row, planter: Planter[Product]) -> None:
    """A product of the CRM without a code. The ERP cannot have one: there the code is the id."""
    for twin in planter.take(planter.wanted(row), _any):
        record = records_of(twin, row.side)[0]
        only(twin, row.side, replace(record, sku=None))
        planter.note(row, f"crm:{record.crm_id}", FindingKind.INVALID, Cause.MISSING_KEY, "sku")
