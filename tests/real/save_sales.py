"""Saves sales in a Tryton database as the server itself makes them, with no call of ours between: its own models fill
the form in. Runs with the interpreter that has trytond:

    python save_sales.py CONFIGURATION DATABASE USER COMPANY < quotes.json

Reads a list of `{"party": id, "lines": [{"product": id, "quantity": "2", "discount_rate": "0.05" or null}]}` and prints
for each `{"sale": id, "lines": [{"code", "quantity", "base_price", "unit_price"}]}`, as they are after saving.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from decimal import Decimal
from typing import Any


def main() -> None:
    """Save what stdin holds."""
    configuration, database, user, company = sys.argv[1:]
    os.environ["TRYTOND_CONFIG"] = configuration
    importlib.import_module("trytond.config").update_etc(configuration)
    pool_class = importlib.import_module("trytond.pool").Pool
    transaction = importlib.import_module("trytond.transaction").Transaction
    pool_class.start()
    pool = pool_class(database)
    with transaction().start(database, 0, readonly=True):
        pool.init()
    context = {"company": int(company), "companies": [int(company)]}
    with transaction().start(database, int(user), context=context):
        sales = [_typed(pool, quote) for quote in json.load(sys.stdin)]
        pool.get("sale.sale").save(sales)
        saved = [_shown(sale) for sale in pool.get("sale.sale").browse([sale.id for sale in sales])]
    json.dump(saved, sys.stdout)


def _typed(pool: Any, quote: dict[str, Any]) -> Any:
    """A sale as it is when a person has typed customer, products, quantities and discounts."""
    sale_class, line_class = pool.get("sale.sale"), pool.get("sale.line")
    defaults = sale_class.default_get(list(sale_class._fields), with_rec_name=False)
    sale = sale_class(**{name: value for name, value in defaults.items() if "." not in name})
    sale.party = quote["party"]
    sale.on_change_party()
    lines = []
    for each in quote["lines"]:
        line = line_class(sale=sale, type="line", product=each["product"], quantity=float(each["quantity"]))
        line.on_change_product()
        if each["discount_rate"] is not None:
            line.discount_rate = Decimal(each["discount_rate"])
            line.on_change_discount_rate()
        lines.append(line)
    for line in lines:
        line.sale = None
    sale.lines = lines
    return sale


def _shown(sale: Any) -> dict[str, Any]:
    return {
        "sale": sale.id,
        "lines": [
            {
                "code": line.product.code,
                "quantity": str(line.quantity),
                "base_price": str(line.base_price),
                "unit_price": str(line.unit_price),
            }
            for line in sale.lines
        ],
    }


if __name__ == "__main__":
    main()
