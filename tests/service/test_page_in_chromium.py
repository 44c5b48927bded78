"""The quoting page as people use it: in a real browser, over the real service, the sandbox CRM and ERP behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.service.running_service import Service, running_service

CHROMIUM: Final = Path("/usr/bin/chromium")
PATIENCE_MS: Final = 30_000
TOKEN: Final = "made-up-token-of-ana-0123"

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]


@dataclass
class Desk:
    """A browser before the service.

    Attributes:
        erp: all records of the ERP.
    """

    service: Service
    browser: Browser
    erp: dict[str, Any]

    async def misbehave(self, kind: str) -> None:
        url = f"{self.service.sandbox.erp.base_url}/_sandbox/misbehave"
        async with self.service.session.post(url, json={"kind": kind, "every": 1}) as answer:
            assert answer.status == 200

    @asynccontextmanager
    async def page(self, **options: Any) -> AsyncIterator[Page]:
        """A visitor who is signed in. Whatever a script or the policy complains about is a failure."""
        context = await self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        page.on("request", lambda sent: complaints.append(sent.url) if not self._is_ours(sent.url) else None)
        await page.goto(self.service.url)
        await sign_in(page)
        yield page
        await context.close()
        assert complaints == []

    def _is_ours(self, url: str) -> bool:
        return url.startswith(f"{self.service.url}/")


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="desk")
async def _desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "tokens").write_text(f"ana:sales:{TOKEN}")
    section = '\n[service]\ntokens = { file = "tokens" }\naccess_log = false\n[taxes]\ndeadline_s = 5.0\n'
    async with (
        running_service(folder, lambda text: text + section) as service,
        async_playwright() as playwright,
        service.session.post(f"{service.sandbox.erp.base_url}/_sandbox/state") as answer,
    ):
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield Desk(service, browser, await answer.json())
        await browser.close()


async def sign_in(page: Page) -> None:
    await page.get_by_label("Token").fill(TOKEN)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#by-lines")


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.id || document.activeElement.className"))


async def barriers(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out, who sees, hears or points in another way."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


async def cookies(context: BrowserContext) -> list[tuple[Any, ...]]:
    return [
        (each.get("name"), each.get("httpOnly"), each.get("sameSite"))
        for each in await context.cookies()
        if each.get("name") == "reconciler"
    ]


async def test_a_quote_is_typed_corrected_and_answered_by_keyboard_alone(desk: Desk) -> None:
    product, customer = desk.erp["produtos"][0]["codigo"], desk.erp["clientes"][0]["cpf_cnpj"]
    async with desk.page(locale="pt-BR", viewport={"width": 390, "height": 844}) as page:
        keys = page.keyboard
        assert await cookies(page.context) == [("reconciler", True, "Strict")]
        assert await page.evaluate("document.cookie") == ""
        await page.focus("#tax_id")
        await keys.type(customer)
        await page.focus("#line-0-sku")
        for text in (product, "2", "1.234", "5"):
            await keys.type(text)
            await keys.press("Tab")
        await keys.press("Tab")
        assert await focused(page) == "add"
        await keys.press("Enter")
        assert await focused(page) == "line-1-sku"
        await expect(page.locator("#announcer")).to_have_text("Item 2 adicionado")
        await keys.type("<b>x</b>")
        await keys.press("Enter")
        await expect(page.locator("[aria-invalid=true]").first).to_have_value("1.234")
        assert await page.locator("#result li a").count() == 3
        assert await focused(page) == "line-0-unit_price"
        assert await page.input_value("#line-1-sku") == "<b>x</b>"
        await keys.press("Control+A")
        await keys.type("1234")
        for _ in range(7):
            await keys.press("Tab")
        assert await page.evaluate("document.activeElement.title") == "Remover item 2"
        await keys.press("Enter")
        await expect(page.locator("fieldset")).to_have_count(1)
        assert await page.evaluate("document.activeElement.title") == "Remover item 1"
        await page.focus("#line-0-quantity")
        await keys.press("Enter")
        await expect(page.locator(".banner.good h3")).to_contain_text("Calculado pelo ERP")
        assert await focused(page) == "result"
        await expect(page.locator("#announcer")).to_contain_text("Calculado pelo ERP. Impostos somados")
        assert await page.locator(".tile").first.text_content() == "MercadoriaR$ 2.344,60"
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "the page must not scroll sideways on a phone"
        await page.emulate_media(media="print")
        assert not await page.locator("#by-lines, .who, .copies").first.is_visible()
        assert await page.locator(".banner, .tiles, table.amounts").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_on_the_pages_keeps_anybody_out(desk: Desk, scheme: Literal["light", "dark"]) -> None:
    """Names, roles, contrast, order of headings, targets: the rules of WCAG 2 that a program can decide."""
    stranger = await desk.browser.new_page(color_scheme=scheme)
    await stranger.goto(desk.service.url)
    found = {"sign in": await barriers(stranger)}
    await stranger.context.close()
    async with desk.page(locale="pt-BR", viewport={"width": 390, "height": 844}, color_scheme=scheme) as page:
        await page.fill("#tax_id", "123")
        await page.press("#tax_id", "Enter")
        await expect(page.locator("#result li a")).not_to_have_count(0)
        found["mistakes"] = await barriers(page)
        await page.goto(f"{desk.service.url}/?quote=1201")
        await expect(page.locator("table.amounts").first).to_be_visible()
        found["a quote"] = await barriers(page)
        await page.goto(f"{desk.service.url}/feedback?quote=1201")
        found["feedback"] = await barriers(page)
    assert not any(found.values()), found


async def test_a_quote_of_the_crm_its_drift_its_copies_and_its_age(desk: Desk) -> None:
    drifted = next(str(each["key"]).split("|")[0] for each in desk.service.sandbox.truth if each["kind"] == "tax_drift")
    async with desk.page(locale="pt-BR", viewport={"width": 1280, "height": 900}) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.clock.install()
        await page.get_by_label("Número do orçamento").fill(drifted)
        await page.keyboard.press("Enter")
        await expect(page.locator(".banner.good h3")).to_contain_text("Calculado pelo ERP")
        assert page.url == f"{desk.service.url}/?quote={drifted}"
        await expect(page.locator(".drift .warned")).to_contain_text("outros impostos")
        assert await page.locator(".drift tbody tr").count() >= 2
        await page.get_by_role("button", name="Copiar como CSV").click()
        await expect(page.locator(".told")).to_have_text("Copiado.")
        copied = str(await page.evaluate("navigator.clipboard.readText()"))
        assert copied.startswith("orcamento;item;produto;")
        assert copied.splitlines()[1].startswith(f"{drifted};1;")
        await page.clock.fast_forward("20:00")
        await expect(page.locator(".banner.warn h3")).to_contain_text("Resultado antigo nesta tela")
        await page.get_by_role("link", name="English").click()
        await expect(page.locator("html[lang=en] .banner.good h3")).to_contain_text("Calculated by the ERP")
        await page.goto(f"{desk.service.url}/?quote=%3Cimg%20src=x%20onerror=alert(1)%3E")
        await expect(page.locator(".banner.warn")).to_contain_text("no quote with this number")


async def test_feedback_is_given_from_a_quote_and_stands_beside_it(desk: Desk) -> None:
    async with desk.page(locale="pt-BR", viewport={"width": 390, "height": 844}) as page:
        await page.goto(f"{desk.service.url}/?quote=1201")
        await page.get_by_role("link", name="Comentar este orçamento").click()
        await page.get_by_label("O que aconteceu").fill("o IPI da linha 1\nnão confere <b>")
        await page.get_by_label("Gravidade").select_option("blocker")
        await page.get_by_role("button", name="Enviar").click()
        await expect(page.locator(".banner.good h3")).to_contain_text("Comentário guardado")
        assert await focused(page) == "result"
        await expect(page.locator("#announcer")).to_have_text("Comentário guardado")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.get_by_role("link", name="Voltar ao orçamento 1201").click()
        await expect(page.locator(".said")).to_contain_text("não confere <b>")


async def test_what_was_typed_outlives_a_failure_and_the_end_of_a_session(desk: Desk) -> None:
    async with desk.page(locale="en", viewport={"width": 1280, "height": 900}) as page:
        await page.get_by_role("link", name="English").click()
        await page.fill("#tax_id", desk.erp["clientes"][0]["cpf_cnpj"])
        await page.fill("#line-0-sku", desk.erp["produtos"][1]["codigo"])
        await page.fill("#line-0-quantity", "7")
        await page.fill("#line-0-unit_price", "10.5")
        await desk.misbehave("lost")
        await page.keyboard.press("Enter")
        result = page.locator("#result")
        await expect(result.locator(".banner.warn h3")).to_contain_text("Taxes unavailable")
        await expect(result).to_contain_text("does not mean that the taxes are zero")
        assert await page.locator(".tile, table.amounts").count() == 0
        await desk.misbehave("none")
        await page.context.clear_cookies(name="reconciler")
        await page.get_by_role("button", name="Try again").click()
        await expect(result).to_contain_text("Your session has ended")
        await sign_in(page)
        await expect(result).to_contain_text("What you typed is still here")
        assert await page.input_value("#line-0-quantity") == "7"
        await page.route("**/*", lambda route: route.abort())
        await page.press("#line-0-quantity", "Enter")
        await expect(result.locator(".banner.warn h3")).to_contain_text("The service did not answer")
        await page.unroute("**/*")
        await page.press("#line-0-quantity", "Enter")
        await expect(result.locator(".banner.good h3")).to_contain_text("Calculated by the ERP")
        assert await page.locator(".tile dd").first.text_content() == "R$ 73.50"
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Token")).to_be_focused()
        assert await cookies(page.context) == []
