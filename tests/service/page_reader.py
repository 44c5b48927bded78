"""Reads the page as a browser without JavaScript would."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from lxml import html

from tests.service.service_rig import TOKENS, Answer, Service

FORM = "application/x-www-form-urlencoded"
OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
AMOUNT = re.compile(r"[0-9][.,][0-9]{2}(?![0-9])")
LINE = {"sku": "P0004", "quantity": "2", "unit_price": "4928.84"}


@dataclass(frozen=True)
class Page:
    """An answer in HTML."""

    answer: Answer
    root: html.HtmlElement

    @classmethod
    def of(cls, answer: Answer) -> Page:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8", answer.body
        return cls(answer, html.fromstring(answer.body.decode()))

    @property
    def status(self) -> int:
        return self.answer.status

    def all(self, path: str) -> list[html.HtmlElement]:
        return list(self.root.xpath(_xpath(path)))

    def one(self, path: str) -> html.HtmlElement:
        (found,) = self.all(path)
        return found

    def text(self, path: str = "#result") -> str:
        return " ".join(self.one(path).text_content().split())

    def value(self, name: str, form: str = "by-lines") -> str | None:
        found = self.root.xpath(f"//form[@id='{form}']//input[@name='{name}']/@value")
        return str(found[0]) if found else None

    def copied(self, name: str) -> str:
        """What would be copied; the first line break of a text area is no part of it."""
        return str(self.one(f"textarea[@id='{name}']").text).removeprefix("\n")

    @property
    def rows(self) -> list[list[str]]:
        """The taxes, as the table has them."""
        rows = self.root.xpath("//table[contains(@class, 'amounts')]/tbody/tr[not(@class)]")
        return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]

    @property
    def banner(self) -> tuple[str, str]:
        """Colour and title."""
        (banner,) = self.root.xpath("//*[@id='result']//*[starts-with(@class, 'banner')]")
        return banner.get("class").split()[1], " ".join(banner.find("h3").text_content().split())


def _xpath(path: str) -> str:
    return f"//*[@id='{path[1:]}']" if path.startswith("#") else f"//{path}"


@dataclass
class Visitor:
    """Somebody with a browser, signed in or not."""

    service: Service
    cookies: dict[str, str]

    async def get(self, path: str = "/", **headers: str) -> Page:
        return Page.of(await self._call("GET", path, None, headers))

    async def post(self, fields: Mapping[str, str] | Sequence[tuple[str, str]], **headers: str) -> Page:
        return Page.of(await self._call("POST", "/", urlencode(fields).encode(), headers))

    async def sign_in(self, token: str = TOKENS["sales"], **more: str) -> Answer:
        return await self._call("POST", "/sign-in", urlencode({"token": token, **more}).encode(), {})

    async def ask(self, typed: Mapping[str, str] = LINE, **fields: str) -> Page:
        """Fill the form in and send it."""
        blank = await self.get()
        hidden = dict(blank.root.xpath("//form[@id='by-lines']")[0].form_values())
        return await self.post({**hidden, "tax_id": "12ABC34501DE35", **typed, **fields})

    async def say(self, fields: Mapping[str, str], *, csrf: bool = True) -> Page:
        """Send the form for feedback, with or without the secret that the page put into it."""
        blank = await self.get("/feedback")
        secret = str(blank.value("csrf_token", "feedback") or "")
        hidden = {"csrf_token": secret} if csrf and secret else {}
        return Page.of(await self._call("POST", "/feedback", urlencode({**hidden, **fields}).encode(), {}))

    async def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {**OWN, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            sent.setdefault("Content-Type", FORM)
        sent = {name: value for name, value in sent.items() if value}
        answer = await self.service.call(method, path, role=None, body=body, headers=sent)
        self.cookies.update({name: each.value for name, each in SimpleCookie(answer.headers.get("Set-Cookie")).items()})
        return answer


async def signed_in(service: Service, role: str = "sales") -> Visitor:
    visitor = Visitor(service, {})
    assert (await visitor.sign_in(TOKENS[role])).status == 303
    return visitor
