"""A field that its owner changes, and the other system follows: of a customer, and the price of a product."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from reconciler.app.pilot.scenarios.customers import CITY, STATE
from reconciler.app.pilot.scenarios.scene import Scene, Values
from reconciler.connectors.write.current_record import FieldValue
from reconciler.corrections.values import text_of
from reconciler.model.entities import CUSTOMERS, PRODUCTS, Side
from reconciler.pilot import reserved

_CUSTOMER_FIELDS: Final = ("legal_name", "trade_name", "street", "email", "phone")
_PRICE_FIELDS: Final = ("price",)
_DEARER: Final = Decimal("2.34")


async def changed_customer(scene: Scene) -> None:
    """A name or an address changes where its owner is."""
    await _changed(scene, CUSTOMERS.name, reserved.customer(reserved.FIRST_CUSTOMER, STATE, CITY), _CUSTOMER_FIELDS)


async def changed_price(scene: Scene) -> None:
    """The price changes where its owner is."""
    await _changed(scene, PRODUCTS.name, reserved.product(), _PRICE_FIELDS)


async def _changed(scene: Scene, entity: str, values: Values, fields: Sequence[str]) -> None:
    scene.need(entity)
    name, owner = _field(scene, entity, fields)
    key = scene.about(entity, values)
    await scene.have_in_both(entity, values)
    scene.saw("in_both", keys=key)
    old, new = values[name], _another(values[name])
    await scene.records.change(owner, entity, await scene.record(owner, entity, key), {name: new})
    shown = {"old": text_of(old), "new": text_of(new)}
    scene.redactor.show([str(shown["new"])])
    scene.saw("changed", field=name, key=key, side=owner.value.upper(), **shown)
    found = await scene.expect(entity, key, [f"differs {name}"])
    corrected = await scene.correcting.correct(found)
    held = (await scene.record(owner.other, entity, key)).values.get(name)
    if held != new:
        raise scene.unexpected("lacks", key=key, side=owner.other.value.upper(), what=f"{name} {shown['new']}")
    scene.saw_corrected(corrected)
    await scene.expect(entity, key, [])


def _field(scene: Scene, entity: str, fields: Sequence[str]) -> tuple[str, Side]:
    """The first field that both systems take and compare, and whose it is; the ERP's where nobody owns it."""
    rules = {each.name: each for each in scene.acting.rules[entity].fields}
    for name in fields:
        both = all(scene.records.takes(side, entity, name) for side in Side)
        if name in rules and rules[name].compared and both:
            return name, Side(rules[name].owner or Side.ERP.value)
    raise scene.not_played("no_field", entity=entity)


def _another(value: FieldValue) -> FieldValue:
    """A value that no canonical form makes the same."""
    if isinstance(value, Decimal):
        return value + _DEARER
    text = str(value)
    if "@" in text:
        return f"novo.{text}"
    return f"{text[:-1]}{(int(text[-1]) + 1) % 10}" if text.isdecimal() else f"{text} NOVO"
