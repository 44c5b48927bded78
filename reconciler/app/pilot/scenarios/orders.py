"""An order that comes from a quote, and one that is cancelled."""

from __future__ import annotations

from typing import Final

from reconciler.app.correct import HandTask, Handwork
from reconciler.app.pilot.assessment import today_of
from reconciler.app.pilot.scenarios.customers import CITY, STATE
from reconciler.app.pilot.scenarios.scene import Scene
from reconciler.connectors.write.current_record import FieldValue
from reconciler.model.entities import CUSTOMERS, ORDERS, PRODUCTS, QUOTES, Side
from reconciler.model.findings import Finding
from reconciler.pilot import reserved

_NAME: Final = ORDERS.name
_STATUS: Final = "status"
_CANCELLED: Final = "cancelled"


async def order_from_quote(scene: Scene) -> None:
    """An order that is only in the CRM is added to the ERP with its lines."""
    customer = await _sale(scene)
    scene.saw("in_both", keys=f"{customer}, {reserved.SKU}")
    number = str(await scene.free_key(_NAME, reserved.NEW_ORDERS, str))
    wanted = _order(scene, number, customer)
    scene.about(_NAME, wanted)
    key = await scene.ask(_task(scene, Side.CRM, Handwork.ORDER_FROM_QUOTE, number, customer)) or number
    scene.about(_NAME, {**wanted, "number": key})
    scene.adds(Side.CRM, _NAME, key)
    scene.put_away(lambda: _cancelled_by_hand(scene, Side.CRM, key, customer))
    scene.put_away(lambda: _quote_deleted(scene, key, customer))
    scene.saw("ordered", key=key)
    found = await scene.expect(_NAME, key, ["only_in_crm"])
    scene.put_away_what_is_written(Side.ERP, _NAME, key)
    corrected = await scene.correcting.correct(found)
    scene.put_away(lambda: scene.correcting.undo(corrected))
    await _as_quoted(scene, key, wanted)
    scene.saw_corrected(corrected)
    await scene.expect(_NAME, key, [])


async def cancelled_order(scene: Scene) -> None:
    """An order is cancelled where its status is decided, and the other system follows."""
    customer = await _sale(scene)
    key = scene.about(_NAME, _order(scene, reserved.ORDER, customer))
    rule = next((each for each in scene.acting.rules[_NAME].fields if each.name == _STATUS), None)
    if rule is None or not rule.compared:
        raise scene.not_played("no_field", entity=_NAME)
    for side in Side:
        await _have_open(scene, side, customer)
    scene.saw("in_both", keys=key)
    owner = Side(rule.owner or Side.ERP.value)
    await _cancel(scene, owner, key, customer)
    scene.saw("cancelled", key=key, side=owner.value.upper())
    found = await scene.expect(_NAME, key, [f"differs {_STATUS}"])
    await _follow(scene, owner.other, key, customer, found)
    await scene.expect(_NAME, key, [])


async def _follow(scene: Scene, side: Side, key: str, customer: str, found: list[Finding]) -> None:
    """By a correction where the system takes one. Where it takes none the product says so, and a person does it."""
    if scene.records.takes(side, _NAME, _STATUS):
        scene.saw_corrected(await scene.correcting.correct(found))
        return
    why = await scene.correcting.why_not(found)
    if why is None:
        raise scene.unexpected("offered", what=key)
    await scene.ask(_task(scene, side, Handwork.CANCEL_ORDER, key, customer))
    scene.saw("by_hand", side=side.value.upper(), field=_STATUS, why=why)


async def _sale(scene: Scene) -> str:
    """A customer and a product that can be sold in both systems; the customer's key."""
    scene.need(CUSTOMERS.name, PRODUCTS.name, _NAME)
    customer = reserved.customer(reserved.FIRST_CUSTOMER, STATE, CITY)
    await scene.have_in_both(PRODUCTS.name, reserved.product())
    await scene.have_in_both(CUSTOMERS.name, customer)
    return str(customer["tax_id"])


def _order(scene: Scene, number: str, customer: str) -> dict[str, FieldValue]:
    total = reserved.PRICE * reserved.QUANTITY
    return {"number": number, "customer": customer, "date": today_of(scene.acting), _STATUS: "open", "total": total}


async def _have_open(scene: Scene, side: Side, customer: str) -> None:
    """An open order. It is there from one playing to the next, cancelled, and nothing of it is put away."""
    if side is Side.CRM and not scene.records.takes(side, _NAME, _STATUS):
        if not await scene.records.found(side, _NAME, reserved.ORDER):
            scene.adds(side, _NAME, reserved.ORDER)
        await scene.ask(_task(scene, side, Handwork.HAVE_ORDER, reserved.ORDER, customer))
    else:
        wanted = _order(scene, reserved.ORDER, customer)
        had = await scene.records.have(side, _NAME, wanted, [reserved.order_line()])
        if had.added or had.identity is None:
            scene.adds(side, _NAME, reserved.ORDER)
        if had.identity is None:
            await scene.ask(_task(scene, side, Handwork.HAVE_ORDER, reserved.ORDER, customer))
    scene.put_away(lambda: _cancelled(scene, side, customer))


async def _cancelled(scene: Scene, side: Side, customer: str) -> str:
    """Cancelled at the end, whatever happened in between."""
    found = await scene.records.found(side, _NAME, reserved.ORDER)
    if found and found[0].values.get(_STATUS) != _CANCELLED:
        await _cancel(scene, side, reserved.ORDER, customer)
    return scene.record_words(side, _NAME, reserved.ORDER)


async def _cancel(scene: Scene, side: Side, key: str, customer: str) -> None:
    if scene.records.can_retire(side, _NAME):
        await scene.records.retire(side, _NAME, (await scene.record(side, _NAME, key)).id)
    elif scene.records.takes(side, _NAME, _STATUS):
        await scene.records.change(side, _NAME, await scene.record(side, _NAME, key), {_STATUS: _CANCELLED})
    else:
        await scene.ask(_task(scene, side, Handwork.CANCEL_ORDER, key, customer))


async def _as_quoted(scene: Scene, key: str, wanted: dict[str, FieldValue]) -> None:
    """The ERP's order has the customer, the lines and the total that were quoted."""
    record = await scene.record(Side.ERP, _NAME, key)
    scene.redactor.show([record.id])
    lacking = [name for name in ("customer", "total") if record.values.get(name, wanted[name]) != wanted[name]]
    line = reserved.order_line()
    lines = [{name: each.values.get(name) for name in ("sku", "quantity", "unit_price")} for each in record.lines]
    if lines != [{name: line[name] for name in ("sku", "quantity", "unit_price")}]:
        lacking.append("lines")
    if lacking:
        raise scene.unexpected("lacks", key=key, side="ERP", what=", ".join(lacking))


async def _cancelled_by_hand(scene: Scene, side: Side, key: str, customer: str) -> str:
    await _cancel(scene, side, key, customer)
    return scene.record_words(side, _NAME, key)


async def _quote_deleted(scene: Scene, key: str, customer: str) -> str:
    await scene.ask(_task(scene, Side.CRM, Handwork.DELETE_QUOTE, key, customer))
    return scene.record_words(Side.CRM, QUOTES.name, key)


def _task(scene: Scene, side: Side, work: Handwork, key: str, customer: str) -> HandTask:
    day = today_of(scene.acting)
    instruction = scene.words(
        f"do_{work.value}",
        side=side.value.upper(),
        key=key,
        customer=customer,
        quantity=reserved.QUANTITY,
        sku=reserved.SKU,
        price=reserved.PRICE,
        date=day.isoformat(),
    )
    return HandTask(side, work, _NAME, key, instruction, {"date": day}, customer)
