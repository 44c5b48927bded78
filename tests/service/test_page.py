"""The quoting page over a real socket, read without JavaScript: what it says, to whom, and what it never says."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from reconciler.errors import UnreachableError
from reconciler.service.sessions import LASTS
from tests.service.page_reader import AMOUNT, LINE, OWN, Page, Visitor, signed_in
from tests.service.service_rig import TOKENS, Service, service_in
from tests.taxes.engine import fails_with, hangs

CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


async def test_nothing_on_the_page_comes_from_elsewhere_or_runs_inline(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.get("/?quote=1202")
        headers = page.answer.headers
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in headers["Content-Security-Policy"].split("; ")
        assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == ("DENY", "same-origin")
        assert headers["Cache-Control"] == "no-store"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert page.all("style") == []
        assert page.all("*[@style]") == page.all("@*[starts-with(name(), 'on')]") == []
        assert [script.text for script in page.all("script")] == [None]
        named = page.root.xpath("//script/@src | //link/@href | //img/@src")
        assert len(named) == 3
        for address in named:
            file = await service.call("GET", address, role=None)
            assert file.status == 200, address
            assert "immutable" in file.headers["Cache-Control"]
            assert hashlib.sha256(file.body).hexdigest()[:16] in address
        other = await service.call("GET", "/static/page.0000000000000000.css", role=None)
        assert other.problem == (404, "not_found")


async def test_signing_in_leads_to_the_quote_that_was_asked_for(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = Visitor(service, {})
        page = await visitor.get("/?quote=12%2602")
        assert page.value("quote", "sign-in") == "12&02"
        assert page.all("table") == page.all("*[@id='by-lines']") == []
        refused = await visitor.sign_in("wrong-token-0123456789", quote="12&02")
        assert refused.headers["Location"] == "/?quote=12%2602&sign_in=refused"
        told = await visitor.get(refused.headers["Location"])
        assert "This token is not known." in told.text("#sign-in")
        assert (await visitor.sign_in(quote="12&02")).headers["Location"] == "/?quote=12%2602"
        shown = await visitor.get()
        assert "sales-caller" in shown.text("header")
        assert TOKENS["sales"] not in shown.answer.body.decode()
        before = {"csrf_token": str(shown.value("csrf_token")), "tax_id": "12ABC34501DE35", **LINE}
        service.wall.now += LASTS
        ended = await visitor.post(before)
        assert ended.status == 401
        assert "Your session has ended." in ended.text("#sign-in")
        assert service.source.asked == 0


async def test_who_may_not_ask_is_told_so(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        page = await (await signed_in(service, "metrics")).get("/?quote=1202")
        assert (page.status, page.banner) == (403, ("warn", "⚠ Taxes unavailable"))
        assert "does not have a role" in page.text()
        visitor = await signed_in(service)
        for wrong in ("", "0" * 64):
            forged = await visitor.ask(csrf_token=wrong)
            assert (forged.status, "another session" in forged.text()) == (403, True)
        foreign = await visitor.post({"tax_id": "1", **LINE}, **CROSS_SITE)
        assert (foreign.status, foreign.all("form")) == (403, [])
        led = await visitor.get("/?quote=1202", **CROSS_SITE)
        assert led.root.xpath("//*[@id='threshold']//a/@href") == ["/?quote=1202"]
        assert service.source.asked == 0
        assert (await visitor.ask()).status == 200
        assert service.source.asked == 1
    async with service_in(tmp_path, anybody_here=True) as service:
        anybody = Visitor(service, {})
        assert (await anybody.ask()).status == 200
        assert (await anybody.post({"tax_id": "12ABC34501DE35", **LINE}, **CROSS_SITE)).status == 403
        elsewhere = await anybody.get("/?quote=1202", Host="evil.example.com")
        assert (elsewhere.status, elsewhere.all("form")) == (403, [])
        assert service.source.asked == 1


async def test_a_quote_of_the_crm_is_shown_with_every_tax_and_what_it_carries(tmp_path: Path) -> None:
    async with service_in(tmp_path, cache_ttl_s=100.0) as service:
        visitor = await signed_in(service)
        page = await visitor.get("/?quote=1202")
        assert page.banner == ("good", "✔ Calculated by the ERP")
        assert page.rows == [["ICMS", "9,857.68", "12 %", "1,182.92", "⊂ in the price"]]
        words = page.text()
        for shown in ("Quote 1202, revision 2", "made_up_erp", "R$ 9,857.68", "2 × 4,928.84 = 9,857.68"):
            assert shown in words
        drift = page.text("section[starts-with(@class, 'card drift')]")
        assert "The quote carries other taxes" in drift
        assert "amount 1,000.00" in drift
        assert "R$ 182.92" in drift
        assert [page.value(name) for name in ("sku", "tax_id", "city_ibge")] == ["P0004", "12ABC34501DE35", "4106902"]
        assert page.root.xpath("//details[.//form[@id='by-lines']]/@open") == []
        service.clock.passed_s += 75
        kept = await visitor.get("/?quote=1202&lang=pt-BR")
        assert (kept.banner, kept.root.get("lang")) == (("good", "✔ Calculado pelo ERP"), "pt-BR")
        assert "guardada há 1 min 15 s" in kept.text()
        assert kept.rows == [["ICMS", "9.857,68", "12 %", "1.182,92", "⊂ no preço"]]
        assert kept.one("div[@data-fresh-s]").get("data-fresh-s") == "25"
        assert service.source.asked == 1
        assert "Impostos" in (await visitor.get()).text("h1")


async def test_what_is_old_or_not_there_is_yellow_and_nothing_is_zero(tmp_path: Path) -> None:
    async with service_in(tmp_path, cache_ttl_s=100.0) as service:
        visitor = await signed_in(service)
        await visitor.get("/?quote=1202")
        service.clock.passed_s += 101
        service.source.behaviour = fails_with(UnreachableError("erp", "no connection."))
        for gone in (await visitor.get("/?quote=1202"), await visitor.ask()):
            assert (gone.status, gone.banner) == (200, ("warn", "⚠ Taxes unavailable"))
            assert "does not mean that the taxes are zero" in gone.text()
            assert "unreachable" in gone.text()
            assert AMOUNT.search(gone.text()) is None
            assert gone.rows == gone.all("textarea") == []
        again = gone.root.xpath("//button[@name='stale']/@form")
        assert again == ["by-lines"]
        stale = await visitor.get("/?quote=1202&stale=1")
        assert stale.banner == ("warn", "⚠ Old answer")
        assert "1 min 41 s" in stale.text()
        assert stale.rows[0][3] == "1,182.92"
        assert "Old answer" in stale.copied("as-text")


async def late(service: Service) -> None:
    service.source.behaviour = hangs


async def no_crm(service: Service) -> None:
    service.quotes.problem = UnreachableError("crm", "no connection.")


async def slow_crm(service: Service) -> None:
    service.quotes.problem = TimeoutError()


REFUSED = {
    "no such quote": ("/?quote=9999", None, 404, "no quote with this number"),
    "markup for a number": ("/?quote=%3Cscript%3Ealert(1)%3C%2Fscript%3E", None, 404, "no quote with this number"),
    "a number that is too long": (f"/?quote={'9' * 70}", None, 404, "no quote with this number"),
    "the CRM is gone": ("/?quote=1202", no_crm, 503, "the CRM did not answer"),
    "the CRM is slow": ("/?quote=1202", slow_crm, 503, "the CRM did not answer"),
    "the ERP is slow": ("/?quote=1202", late, 200, "did not answer within"),
}


@pytest.mark.parametrize(("path", "prepare", "status", "words"), REFUSED.values(), ids=REFUSED)
async def test_a_failure_is_told_without_amounts(
    tmp_path: Path, path: str, prepare: object, status: int, words: str
) -> None:
    async with service_in(tmp_path, deadline_s=0.1) as service:
        visitor = await signed_in(service)
        if callable(prepare):
            await prepare(service)
        page = await visitor.get(path)
    assert (page.status, page.banner[0]) == (status, "warn")
    assert words in page.text()
    assert AMOUNT.search(page.text()) is None
    assert page.all("script[not(@src)]") == []
    assert ("Retry-After" in page.answer.headers) == (status == 503)


async def test_too_many_questions_are_told_with_when_to_come_again(tmp_path: Path) -> None:
    async with service_in(tmp_path, per_minute=18) as service:
        visitor = await signed_in(service)
        assert [(await visitor.get("/?quote=1202")).status for _ in range(2)] == [200, 200]
        page = await visitor.get("/?quote=1202")
        assert (page.status, page.value("quote", "by-number")) == (429, "1202")
        assert f"Try again in {page.answer.headers['Retry-After']} s." in page.text()
        assert service.source.asked == 1
        often = await visitor.sign_in()
        assert (often.status, often.headers["Location"]) == (303, "/?sign_in=often")
        visitor.cookies.clear()
        assert "more often than it may" in (await visitor.get("/?sign_in=often")).text("#sign-in")


MISTAKES = {
    "customer": ({"tax_id": "123"}, "tax_id", "valid CNPJ or CPF"),
    "state": ({"state": "XX"}, "state", "Choose one of the states"),
    "city": ({"city_ibge": "41"}, "city_ibge", "7 digits"),
    "date": ({"date": "2026-02-30"}, "date", "Type a day"),
    "product": ({"sku": ""}, "line-0-sku", "code of the product"),
    "nothing of it": ({"quantity": "0"}, "line-0-quantity", "above zero"),
    "no number": ({"unit_price": "abc"}, "line-0-unit_price", "Type a price"),
    "two numbers": ({"unit_price": "1,234"}, "line-0-unit_price", "write 1234 or 1.234"),
    "discount": ({"discount": "101"}, "line-0-discount", "0 to 100"),
}


async def test_a_mistake_is_told_at_its_field_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        for name, (fields, field, words) in MISTAKES.items():
            page = await visitor.ask({**LINE, **fields})
            assert page.status == 422, name
            (marked,) = page.root.xpath("//*[@aria-invalid='true']")
            assert (marked.get("id"), marked.get("autofocus")) == (field, ""), name
            told = page.one(f"#{marked.get('aria-describedby').split()[-1]}")
            assert words in told.text_content(), name
            assert page.root.xpath("//*[@id='result']//a/@href") == [f"#{field}"], name
            typed = {"tax_id": "12ABC34501DE35", **LINE, **fields}
            shown = {each: page.value(each) for each in typed if each != "state"}
            assert shown == {each: value for each, value in typed.items() if each != "state"}, name
            assert page.root.xpath("//select[@name='state']/option[@selected]/@value") == [typed.get("state", "")]
        assert service.source.asked == 0
        unknown = await visitor.ask(lang="pt-BR", tax_id="1")
        assert "Digite um CNPJ ou CPF válido." in unknown.text("#tax_id-mistake")


async def test_all_mistakes_are_told_at_once_and_the_first_has_the_focus(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.ask({**LINE, "tax_id": "123", "quantity": "0", "unit_price": "1,234", "discount": "101"})
        wrong = ["tax_id", "line-0-quantity", "line-0-unit_price", "line-0-discount"]
        assert page.root.xpath("//*[@aria-invalid='true']/@id") == wrong
        assert page.root.xpath("//*[@autofocus]/@id") == wrong[:1]
        assert page.root.xpath("//*[@id='result']//li/a/@href") == [f"#{field}" for field in wrong]
        assert "Correct the 4 fields that are marked." in page.text("#result")
        assert "write 1234 or 1.234" in page.text("#line-0-unit_price-mistake")
        assert service.source.asked == 0


async def test_lines_come_and_go_without_scripts(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.ask(do="add")
        skus = [("sku", "P0004"), ("sku", "P2"), ("quantity", "2"), ("quantity", "3"), ("unit_price", "4928.84")]
        assert len(page.all("fieldset")) == 2
        hidden = [("csrf_token", str(page.value("csrf_token"))), ("tax_id", "12ABC34501DE35")]
        both = [*hidden, *skus, ("unit_price", "10")]
        assert [row[1] for row in (await visitor.post(both)).rows] == ["9,857.68", "30.00"]
        page = await visitor.post([*both, ("do", "remove:0")])
        assert (len(page.all("fieldset")), page.value("sku"), page.value("unit_price")) == (1, "P2", "10")
        for step in ("remove:0", "remove:99", "remove:-1", "remove:²", "what"):
            kept = len((await visitor.post([*both, ("do", step)])).all("fieldset"))
            assert kept == (1 if step == "remove:0" else 2), step
        assert service.source.asked == 1


async def test_another_language_keeps_what_was_typed_and_what_it_means(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.ask(lang="pt-BR", unit_price="4,928.84", quantity="1.125")
        assert (page.value("unit_price"), page.value("quantity")) == ("4928,84", "1,125")
        assert page.rows == [["ICMS", "5.544,95", "12 %", "665,39", "⊂ no preço"]]
        assert page.root.get("lang") == "pt-BR"


async def test_outside_text_stays_text_on_the_page_and_in_a_spreadsheet(tmp_path: Path) -> None:
    hostile = '=HYPERLINK("http://evil.example.com");<img src=x onerror=alert(1)>\'\u202e'
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        page = await visitor.ask({**LINE, "sku": hostile.rstrip("\u202e")})
        assert page.status == 200, page.text()
        assert page.all("img") == []
        text = page.copied("as-csv")
        header, row = csv.reader(text.splitlines())
        cells = dict(zip(header, row, strict=True))
        assert cells["sku"].startswith("'=HYPERLINK")
        assert (cells["base"], cells["rate"], cells["amount"]) == ("9857.68", "12", "1182.92")
        assert (cells["charge"], cells["status"]) == ("in the price", "Calculated by the ERP")
        turned = await visitor.ask({**LINE, "sku": hostile})
        assert turned.status == 422
        assert "\u202e" not in turned.answer.body.decode()
        semicolons = (await visitor.ask(lang="pt-BR")).copied("as-csv")
        assert list(csv.reader(semicolons.splitlines(), delimiter=";"))[1][9:12] == ["9857,68", "12", "1182,92"]


async def test_what_is_no_form_of_the_page_is_refused(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        csrf = str((await visitor.get()).value("csrf_token"))
        headers = {**OWN, "Cookie": cookie, "X-CSRF-Token": csrf, "Content-Type": "application/x-www-form-urlencoded"}
        bodies = {
            b"a=1&" * 3000: (400, "did not arrive whole"),
            b"a=" + b"x" * 300_000: (413, "more than the service takes"),
            "sku=é".encode(): (400, "did not arrive whole"),
        }
        for body, expected in bodies.items():
            page = Page.of(await service.call("POST", "/", role=None, body=body, headers=headers))
            assert (page.status, expected[1] in page.text()) == (expected[0], True)
        other = await service.call(
            "POST", "/", role=None, body=b"{}", headers={**headers, "Content-Type": "text/plain"}
        )
        assert Page.of(other).status == 415


async def test_hundreds_of_lines_are_shown_whole(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        visitor = await signed_in(service)
        hidden = [("csrf_token", str((await visitor.get()).value("csrf_token"))), ("tax_id", "12ABC34501DE35")]
        page = await visitor.post([*hidden, *(field for place in range(60) for field in line(place))])
        assert [row[1] for row in page.rows] == [f"{place + 1}.00" for place in range(60)]


def line(place: int) -> list[tuple[str, str]]:
    return [("sku", f"P{place}"), ("quantity", "1"), ("unit_price", str(place + 1)), ("discount", "")]
