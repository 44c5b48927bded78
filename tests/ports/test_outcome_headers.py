"""Rules that look at headers, where the body does not tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from reconciler.ports.http.messages import Answer
from reconciler.ports.http.outcome import Blocked, Decision, Fail, Retry, classify
from reconciler.ports.http.settings import HttpSettings, Outcome

_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_SPENT = {"X-Daily-Remaining": "0"}
_DAY: dict[str, Any] = {"status": [429], "headers": {"x-daily-remaining": "0"}, "then": "blocked"}


def _decided(rule: dict[str, Any], status: int, headers: dict[str, str], body: bytes = b"{}") -> Decision:
    answer = Answer(status, CIMultiDict(headers), body, _NOW, URL("http://erp.example/items"))
    return classify(answer, HttpSettings(outcomes=[Outcome(**rule)]))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [(_SPENT, Blocked), ({"X-Daily-Remaining": "00"}, Retry), ({"X-Daily-Remaining": "12"}, Retry), ({}, Retry)],
    ids=str,
)
def test_a_header_can_tell_two_answers_apart(headers: dict[str, str], expected: type) -> None:
    assert isinstance(_decided(_DAY, 429, headers), expected)


def test_every_condition_must_hold() -> None:
    assert isinstance(_decided({**_DAY, "status": [403]}, 429, _SPENT), Retry)


_BLOCKS = {
    "the next day": ({}, {}, datetime(2026, 11, 23, tzinfo=UTC)),
    "a short pause is not meant": ({"Retry-After": "3"}, {}, datetime(2026, 11, 23, tzinfo=UTC)),
    "a long one is": ({"Retry-After": "3600"}, {}, _NOW + timedelta(hours=1)),
    "the rule's own": ({"Retry-After": "3"}, {"wait_s": 60}, _NOW + timedelta(seconds=60)),
}


@pytest.mark.parametrize(("headers", "more", "until"), _BLOCKS.values(), ids=_BLOCKS)
def test_how_long_a_block_lasts(headers: dict[str, str], more: dict[str, Any], until: datetime) -> None:
    decision = _decided({**_DAY, **more}, 429, {**_SPENT, **headers})
    assert isinstance(decision, Blocked)
    assert decision.until == until


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"], ids=["nothing", "a web page", "an object"])
def test_the_reason_may_be_in_a_header(body: bytes) -> None:
    rule: dict[str, Any] = {"status": [403], "then": "fail", "message_header": "X-Status-Reason"}
    decision = _decided(rule, 403, {"X-Status-Reason": "No\x1b[2J access"}, body)
    assert isinstance(decision, Fail)
    assert decision.message == "answered an error of its own: No [2J access"


def test_the_body_is_asked_first() -> None:
    rule: dict[str, Any] = {"status": [403], "then": "fail", "message": "why", "message_header": "X-Status-Reason"}
    decision = _decided(rule, 403, {"X-Status-Reason": "header"}, b'{"why": "body"}')
    assert isinstance(decision, Fail)
    assert decision.message == "answered an error of its own: body"
