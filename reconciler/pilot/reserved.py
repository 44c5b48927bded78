"""The records that test scenarios make: recognisable by name and key, with keys that nobody real has. Pure.

Customers have CNPJs of the roots 99.9xx.xxx: roots are given out in order, and are far from there. Orders have numbers
of nine digits that begin with 99, products one code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from stdnum.br import cnpj

from reconciler.model.entities import CUSTOMERS, ORDERS, PRODUCTS

NAME: Final = "TESTE RECONCILER"
"""Every name of a test record begins so."""
FIRST_CUSTOMER: Final = 1
SECOND_CUSTOMER: Final = 2
"""Numbers of the customers that are there from one playing to the next, out of use in between."""
NEW_CUSTOMERS: Final = range(10_000, 100_000)
"""Numbers of customers that are added once."""
NEW_ORDERS: Final = range(991_000_000, 1_000_000_000)
ORDER: Final = "990000001"
SKU: Final = "TESTE-RECONCILER-1"
PRICE: Final = Decimal("10.00")
QUANTITY: Final = Decimal(2)
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    CUSTOMERS.name: ("tax_id",),
    PRODUCTS.name: ("sku",),
    ORDERS.name: ("number",),
}
"""The key that an entity has to have in the project for its test records to be recognised."""

_ROOT: Final = "999"
_ORDER: Final = re.compile(r"99[0-9]{7}")

Value = str | Decimal | bool


def tax_id(number: int) -> str:
    """The CNPJ of a test customer, with right check digits.

    Args:
        number: below 100,000.
    """
    base = f"{_ROOT}{number:05d}0001"
    return base + str(cnpj.calc_check_digits(base))


def is_reserved(entity: str, key: object) -> bool:
    """Whether a canonical key is one of a test record."""
    if not isinstance(key, str):
        return False
    match entity:
        case CUSTOMERS.name:
            return len(key) == 14 and key.startswith(_ROOT) and cnpj.is_valid(key)
        case PRODUCTS.name:
            return key == SKU
        case ORDERS.name:
            return _ORDER.fullmatch(key) is not None
        case _:
            return False


def customer(number: int, state: str, city: str) -> dict[str, Value]:
    """A test customer, in use."""
    return {
        "tax_id": tax_id(number),
        "legal_name": f"{NAME} CLIENTE {number}",
        "trade_name": f"{NAME} {number}",
        "state_registration": "ISENTO",
        "email": f"teste.reconciler.{number}@example.com",
        "phone": f"11000{number:05d}",
        "street": f"Rua de Teste, {number}",
        "city": city,
        "state": state,
        "zip": "01001000",
        "credit_limit": Decimal("1000.00"),
        "special_discount": Decimal("0.00"),
        "sales_volume": Decimal("0.00"),
        "active": True,
    }


def product() -> dict[str, Value]:
    """The test product, in use."""
    return {"sku": SKU, "name": f"{NAME} PRODUTO", "unit": "UN", "ncm": "84713012", "price": PRICE, "active": True}


def order_line() -> dict[str, Value]:
    """The only line of a test order or quote."""
    return {
        "sku": SKU,
        "quantity": QUANTITY,
        "unit_price": PRICE,
        "discount": Decimal("0.00"),
        "total": QUANTITY * PRICE,
    }
