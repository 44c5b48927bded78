"""The HTML page: what outside text cannot do to it, and what it cannot do to its reader."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from reconciler.model.findings import FindingStatus, SideValue
from reconciler.reports.report import LOCALES, EntityReport, Report, RunEnding
from tests.reports.page_reading import markup_of, page_of, parsed
from tests.reports.report_samples import (
    FINDING,
    entity_of,
    report_of,
    stream_of,
    usual_report,
)

_EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>\u202e\x1b[31m"


def _hostile_report(locale: str) -> Report:
    evil = replace(
        FINDING,
        id=_EVIL,
        entity=_EVIL,
        key=_EVIL,
        field=_EVIL,
        crm=SideValue(_EVIL, _EVIL, _EVIL * 2),
        erp=SideValue(_EVIL, _EVIL + "x", None),
        accepted_reason=_EVIL,
        status=FindingStatus.ACCEPTED,
    )
    entity = replace(entity_of(_EVIL, [evil]), suspicious=_EVIL, by_field={_EVIL: 1, "city": 1})
    failed = EntityReport(_EVIL * 100, None, stream_of(()), failure=_EVIL)
    report = report_of(entity, failed, findings=[evil], locale=locale)
    return replace(report, project=_EVIL, run_id=_EVIL, warnings=(_EVIL,), status=RunEnding.FAILED)


@pytest.mark.parametrize("locale", LOCALES)
async def test_outside_text_stays_text_wherever_it_appears(locale: str) -> None:
    markup = await markup_of(_hostile_report(locale), explain=lambda _: _EVIL)
    page = parsed(markup)
    assert [node.name for node in page.all("script")] == ["script"]
    assert not page.all("img")
    assert not page.all("b")
    assert not [name for node in page.all("") for name in node.attributes if name.startswith("on") or name == "style"]
    assert "\u202e" not in markup
    assert "\x1b" not in markup
    assert "⟨U+202E⟩" in page.words


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_asks_nobody_for_anything(locale: str) -> None:
    markup = await markup_of(usual_report(locale))
    page = await page_of(usual_report(locale))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|<iframe", markup)
    assert {node.attributes["href"][:1] for node in page.all("a") if node.attributes["href"]} == {"#"}
    assert not [node for node in page.all("") if {"src", "srcset", "action", "data"} & set(node.attributes)]


async def test_the_policy_allows_our_own_style_and_script_and_nothing_else() -> None:
    page = await page_of(usual_report())
    policies = [node for node in page.all("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]
    policy = policies[0].attributes["content"] or ""
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    def digest(name: str) -> str:
        inline = "".join(each for each in page.all(name)[0].children if isinstance(each, str))
        return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"

    assert allowed == {
        "default-src": "'none'",
        "style-src": digest("style"),
        "script-src": digest("script"),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


async def test_the_command_of_a_decision_is_quoted_for_a_shell() -> None:
    finding = replace(FINDING, entity="a; rm -rf /", field="x$(id)")
    page = await page_of(report_of(entity_of("a; rm -rf /", [finding]), findings=[finding]))
    assert "--entity 'a; rm -rf /' --field 'x$(id)' --kind differs" in page.all("p", "command")[0].words
