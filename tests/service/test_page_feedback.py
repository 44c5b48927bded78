"""What participants of the pilot say on the page: kept under their name, and shown beside the quote it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.pilot import Feedback
from tests.service.page_reader import Page, Visitor, signed_in
from tests.service.service_rig import PROJECT, Service, service_in

PEOPLE = '\n[people.rita]\nroles = ["reviewer"]\ntokens = ["sales-caller"]\n'
SAID = {"quote": "1202", "severity": "blocker", "text": "o IPI não confere\nna linha 1"}


async def _kept(service: Service) -> list[Feedback]:
    return await service.state.pilot.feedback()


async def test_what_is_said_is_kept_under_the_person_of_the_token_and_shown_beside_the_quote(tmp_path: Path) -> None:
    async with service_in(tmp_path, project_text=PROJECT + PEOPLE) as service:
        visitor = await signed_in(service)
        assert "Nothing is open" in (await visitor.get("/?quote=1202")).text("section[contains(@class, 'feedback')]")
        page = await visitor.say(SAID)
        assert (page.status, page.banner) == (200, ("good", "✔ Your feedback is kept"))
        (kept,) = await _kept(service)
        assert (kept.who, kept.severity, kept.entity, kept.key) == ("rita", "blocker", "quotes", "1202")
        assert kept.text == SAID["text"]
        beside = (await visitor.get("/?quote=1202")).text("section[contains(@class, 'feedback')]")
        assert "Stops the work" in beside
        assert "rita" in beside
        assert "o IPI não confere" in beside


async def test_dealt_with_feedback_is_no_longer_beside_the_quote(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        await visitor.say(SAID)
        (kept,) = await _kept(service)
        await service.state.pilot.close_feedback(kept.id, "ana", "mended", kept.at)
        assert "o IPI" not in (await visitor.get("/?quote=1202")).text("section[contains(@class, 'feedback')]")


async def test_markup_in_feedback_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        await visitor.say({**SAID, "text": "<script>alert(1)</script></textarea><b>x</b>"})
        page = await visitor.get("/?quote=1202")
        assert "<script>alert(1)</script>" in page.text("section[contains(@class, 'feedback')]")
        assert [script.text for script in page.all("script")] == [None]
        assert page.all("b") == []


WRONG = {
    "no text": {**SAID, "text": "  \n"},
    "too long a text": {**SAID, "text": "x" * 4001},
    "no such severity": {**SAID, "severity": "awful"},
}


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG.keys())
async def test_what_cannot_be_kept_comes_back_as_it_was_typed(tmp_path: Path, fields: dict[str, str]) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.say(fields)
        assert page.status == 422
        assert page.text("#feedback-told")
        assert str(page.one("textarea[@id='feedback-text']").text_content()).strip() == fields["text"].strip()
        assert page.value("quote", "feedback") == "1202"
        assert await _kept(service) == []


@pytest.mark.parametrize(("csrf", "status"), [(False, 403), (True, 200)], ids=["without its secret", "with its secret"])
async def test_only_a_form_of_the_session_is_kept(tmp_path: Path, csrf: bool, status: int) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.say(SAID, csrf=csrf)
        assert page.status == status
        assert len(await _kept(service)) == int(csrf)


async def test_nobody_who_is_not_signed_in_says_anything(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        stranger = Visitor(service, {})
        assert (await stranger.get("/feedback?quote=1202")).all("form[@id='sign-in']")
        page = await stranger.say(SAID, csrf=False)
        assert page.status == 401
        assert await _kept(service) == []


async def test_a_token_that_may_not_ask_may_not_say_either(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service, "metrics")
        assert (await visitor.say(SAID)).status == 403
        assert await _kept(service) == []


async def test_where_nobody_signs_in_the_form_asks_who_it_is(tmp_path: Path) -> None:
    async with service_in(tmp_path, anybody_here=True) as service:
        visitor = Visitor(service, {})
        nameless = await visitor.say(SAID, csrf=False)
        assert (nameless.status, nameless.text("#feedback-told")) == (422, "⚠ Say your name.")
        assert (await visitor.say({**SAID, "name": " Rita  Alves "}, csrf=False)).status == 200
        assert [each.who for each in await _kept(service)] == ["Rita Alves"]


async def test_the_form_is_in_both_languages_and_prefilled_from_the_quote(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page: Page = await visitor.get("/feedback?quote=1202&lang=pt-BR")
        assert page.value("quote", "feedback") == "1202"
        assert "Impede o trabalho" in page.text("form[@id='feedback']")
        (english,) = page.root.xpath("//a[@hreflang='en']/@href")
        assert english == "/feedback?quote=1202&lang=en"
