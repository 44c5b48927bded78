"""A new customer, and one document that two customers have."""

from __future__ import annotations

from typing import Final

from reconciler.app.pilot.scenarios.scene import Scene
from reconciler.errors import WriteRefusedError
from reconciler.model.entities import CUSTOMERS, Side
from reconciler.pilot import reserved

_NAME: Final = CUSTOMERS.name
CITY: Final = "São Paulo"
STATE: Final = "SP"
"""Where test customers are. Taxes are not asked with them."""


async def new_customer(scene: Scene) -> None:
    """A customer who is only in the CRM is added to the ERP."""
    scene.need(_NAME)
    number = await scene.free_key(_NAME, reserved.NEW_CUSTOMERS, reserved.tax_id)
    values = reserved.customer(number, STATE, CITY)
    key = scene.about(_NAME, values)
    await scene.have(Side.CRM, _NAME, values)
    scene.saw("registered", key=key, side="CRM")
    found = await scene.expect(_NAME, key, ["only_in_crm"])
    scene.put_away_what_is_written(Side.ERP, _NAME, key)
    corrected = await scene.correcting.correct(found)
    scene.put_away(lambda: scene.correcting.undo(corrected))
    added = await scene.record(Side.ERP, _NAME, key)
    scene.redactor.show([added.id])
    scene.saw_corrected(corrected)
    await scene.expect(_NAME, key, [])


async def duplicate_registration(scene: Scene) -> None:
    """Two customers of the CRM with one document are found, and nothing is paired or offered."""
    scene.need(_NAME)
    first, second = (
        reserved.customer(number, STATE, CITY) for number in (reserved.FIRST_CUSTOMER, reserved.SECOND_CUSTOMER)
    )
    document, other = str(first["tax_id"]), str(second["tax_id"])
    await _give_back(scene, document, other)
    await scene.have_in_both(_NAME, first)
    await scene.have_in_both(_NAME, second)
    scene.saw("in_both", keys=f"{document}, {other}")
    if not scene.records.takes(Side.CRM, _NAME, "tax_id"):
        raise scene.not_played("no_field", entity=_NAME)
    record = await scene.record(Side.CRM, _NAME, other)
    scene.put_away(lambda: _own_document(scene, record.id, other))
    try:
        await scene.records.change(Side.CRM, _NAME, record, {"tax_id": document})
    except WriteRefusedError as error:
        scene.saw("crm_refuses_itself", why=error.message)
        scene.saw("not_needed")
        scene.saw("not_needed")
        return
    scene.saw("second_has_first", first=document, second=second["legal_name"])
    found = await scene.expect(_NAME, document, ["duplicate"])
    why = await scene.correcting.why_not(found)
    if why is None:
        raise scene.unexpected("offered", what=document)
    scene.saw("nothing_offered", why=why)


async def _own_document(scene: Scene, identity: str, other: str) -> str:
    """By its id: whoever asks for a document may be told of one registration only."""
    record = await scene.records.read(Side.CRM, _NAME, identity)
    if record is not None:
        await scene.records.change(Side.CRM, _NAME, record, {"tax_id": other})
    return ""


async def _give_back(scene: Scene, document: str, other: str) -> None:
    """The second customer's own document, where a playing that was killed left it with the first one's."""
    name = f"{reserved.NAME} CLIENTE {reserved.SECOND_CUSTOMER}"
    for record in await scene.records.found(Side.CRM, _NAME, document):
        if record.values.get("legal_name") == name:
            await scene.records.change(Side.CRM, _NAME, record, {"tax_id": other})
