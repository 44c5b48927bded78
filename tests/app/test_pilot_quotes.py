"""Whose quotes a run of the pilot asks the ERP about."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.correct import keys_in_scope
from reconciler.app.pilot.quotes import quotes_of_participants
from reconciler.model.entities import Side
from tests.app.corrections_rig import Clock, rig
from tests.app.pilot_rig import declared

_OWN_FIELD = '[scope.quotes.fields]\nsalesperson = { type = "text", crm = "OwnerId", erp = "numero" }'
_SCOPE = 'entities = ["customers", "quotes"]\n'


async def test_quotes_of_people_who_do_not_take_part_are_not_asked_about(tmp_path: Path) -> None:
    def edit(text: str) -> str:
        return text.replace("[scope.quotes.fields]", _OWN_FIELD) + declared(Clock().now, _SCOPE)

    async with rig(tmp_path, edit) as box:
        quotes = [each for each in (await box.records(Side.CRM))["Quotes"] if each["LastReview"]]
        away = quotes[0]
        await box.crm("PATCH", f"/Quotes({away['Id']})", {"OwnerId": 8})
        await box.run_again("quotes")
        acting = box.acting()
        pilot = box.workspace.project.file.pilot
        assert pilot is not None
        in_scope = await keys_in_scope(acting, pilot.scope)
        asked_about = await quotes_of_participants(acting, pilot, in_scope)
        of_the_crm = {str(each["QuoteNumber"]) for each in quotes}
        assert in_scope["quotes"] >= of_the_crm
        assert asked_about["quotes"] == of_the_crm - {str(away["QuoteNumber"])}
        assert asked_about["customers"] == in_scope["customers"]


async def test_where_nothing_says_whose_a_quote_is_all_of_the_scope_are_asked_about(tmp_path: Path) -> None:
    async with rig(tmp_path, lambda text: text + declared(Clock().now, _SCOPE)) as box:
        await box.run_again("quotes")
        pilot = box.workspace.project.file.pilot
        assert pilot is not None
        in_scope = await keys_in_scope(box.acting(), pilot.scope)
        assert in_scope["quotes"]
        assert await quotes_of_participants(box.acting(), pilot, in_scope) == in_scope
