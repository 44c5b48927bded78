"""What answers mean: vendor rules first, then the general ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from multidict import CIMultiDict
from yarl import URL

from reconciler.ports.http.messages import Answer
from reconciler.ports.http.outcome import Blocked, Empty, Fail, Page, RefreshAuth, Retry, classify
from reconciler.ports.http.settings import HttpSettings, Outcome
from reconciler.ports.http.settings import Retry as RetrySettings

_NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
_PLAIN = HttpSettings(retry=RetrySettings(patience_s=300))


def _answer(status: int, body: Any = b"{}", **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, named, content, _NOW, URL("http://erp.example/thing"))


def _ruled(answer: Answer, *rules: dict[str, Any]) -> Any:
    outcomes = [Outcome.model_validate(rule) for rule in rules]
    return classify(answer, _PLAIN.model_copy(update={"outcomes": outcomes}))


@pytest.mark.parametrize("status", [200, 201, 206, 299])
def test_a_success_with_json_is_a_page(status: int) -> None:
    assert classify(_answer(status, {"value": [1]}), _PLAIN) == Page({"value": [1]})


def test_no_content_is_empty() -> None:
    assert classify(_answer(204, b""), _PLAIN) == Empty()


def test_401_asks_for_another_session() -> None:
    assert classify(_answer(401, b""), _PLAIN) == RefreshAuth()


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_passing_troubles_are_asked_again(status: int) -> None:
    decision = classify(_answer(status, b"<html>"), _PLAIN)
    assert isinstance(decision, Retry)
    assert decision.after_s is None
    assert decision.attempts is None
    assert decision.at_last.code == str(status)


def test_a_server_error_is_asked_again_a_few_times_only() -> None:
    decision = classify(_answer(500), _PLAIN)
    assert isinstance(decision, Retry)
    assert decision.attempts == 3


@pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 403, 404, 405, 409, 416, 422])
def test_other_errors_are_final(status: int) -> None:
    decision = classify(_answer(status), _PLAIN)
    assert isinstance(decision, Fail)
    assert (decision.kind, decision.code) == ("fault", str(status))


@pytest.mark.parametrize(
    ("body", "words", "again"),
    [
        (b"<!DOCTYPE html><p>CPF 111.444.777-35", "web page", True),
        (b"  \n<html>", "web page", True),
        (b"", "empty body", True),
        (b" \n", "empty body", True),
        (b'{"value":[{"Name":"Acme In', "ends too early", True),
        (b'[{"a":1},', "ends too early", True),
        (b'{"value":NaN}', "not JSON", False),
        (b'{"value":Infinity}', "not JSON", False),
        (b'{"value":-Infinity}', "not JSON", False),
        (b'{"name":"\xe3o"}', "not JSON", False),
        (b"{'a':1}", "not JSON", False),
        (b"[" * 2000 + b"]" * 2000, "not JSON", False),
        (b"OK", "not JSON", False),
    ],
    ids=["html", "html after blanks", "empty", "blank", "cut object", "cut list", "NaN", "Infinity", "-Infinity",
         "Latin-1", "Python", "too deep", "text"],
)  # fmt: skip
def test_a_success_without_json_is_not_understood_and_says_nothing_of_the_body(
    body: bytes, words: str, again: bool
) -> None:
    decision = classify(_answer(200, body), _PLAIN)
    assert isinstance(decision, Retry) is again
    fail = decision.at_last if isinstance(decision, Retry) else decision
    assert isinstance(fail, Fail)
    assert fail.kind == "not_understood"
    assert words in fail.message
    assert "Acme" not in fail.message
    assert "111" not in fail.message
    assert not isinstance(decision, Retry) or decision.attempts == 3


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0"}, 0.0),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": "Sun, 22 Nov 2026 14:30:20 GMT"}, 20.0),
        ({"Retry_After": "Sun, 22 Nov 2026 14:29:00 GMT"}, 0.0),
        ({"Retry_After": "Sun, 22 Nov 2026 14:30:20 GMT", "Date": "Sun, 22 Nov 2026 14:30:15 GMT"}, 5.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-3"}, None),
        ({"Retry_After": "inf"}, None),
        ({"Retry_After": "nan"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], after_s: float | None) -> None:
    """A date is measured by the server's own clock when it gives one."""
    decision = classify(_answer(429, **headers), _PLAIN)
    assert isinstance(decision, Retry)
    assert decision.after_s == after_s
    assert decision.rejected


def test_a_longer_wait_than_our_patience_is_a_block() -> None:
    decision = classify(_answer(503, Retry_After="301"), _PLAIN)
    assert isinstance(decision, Blocked)
    assert decision.until == _NOW + timedelta(seconds=301)
    assert isinstance(classify(_answer(503, Retry_After="300"), _PLAIN), Retry)


def test_an_absurd_wait_does_not_overflow() -> None:
    decision = classify(_answer(503, Retry_After="9e99"), _PLAIN)
    assert isinstance(decision, Blocked)


_OMIE_EMPTY = {"status": [500], "at": "faultcode", "contains": ["Client-5113"], "then": "empty"}
_OMIE_FAULT = {"at": "faultstring", "then": "fail", "code": "faultcode", "message": "faultstring"}
_OMIE_BLOCK = {
    "status": [425],
    "at": "faultstring",
    "contains": ["bloqueada"],
    "then": "blocked",
    "wait_pattern": r"(\d+) segundos",
}
_OMIE_REDUNDANT = {"at": "faultstring", "contains": ["redundante"], "then": "retry", "wait_pattern": r"Aguarde (\d+)"}


def test_an_empty_list_that_comes_as_a_fault_is_empty() -> None:
    """Trap 1: Omie says "no records" with HTTP 500."""
    body = {"faultstring": "ERROR: Não existem registros", "faultcode": "SOAP-ENV:Client-5113"}
    assert _ruled(_answer(500, body), _OMIE_EMPTY, _OMIE_FAULT) == Empty()


@pytest.mark.parametrize("status", [200, 500])
def test_an_error_inside_a_success_surfaces(status: int) -> None:
    """Trap 2: the same fault comes with HTTP 200 and 500."""
    body = {"faultstring": "ERROR: tag inválida", "faultcode": "SOAP-ENV:Client-105"}
    decision = _ruled(_answer(status, body), _OMIE_EMPTY, _OMIE_FAULT)
    assert decision == Fail("SOAP-ENV:Client-105", "answered an error of its own: ERROR: tag inválida")


def test_a_wait_is_read_from_the_words_of_the_message() -> None:
    body = {"faultstring": "Consumo redundante detectado. Aguarde 42 segundos"}
    decision = _ruled(_answer(500, body), _OMIE_REDUNDANT)
    assert isinstance(decision, Retry)
    assert decision.after_s == 42.0


def test_a_block_lasts_as_long_as_the_message_says() -> None:
    body = {"faultstring": "API bloqueada por consumo indevido. Tente novamente em 1741 segundos"}
    decision = _ruled(_answer(425, body), _OMIE_BLOCK)
    assert isinstance(decision, Blocked)
    assert decision.until == _NOW + timedelta(seconds=1741)


_BLING_DAY = {"status": [429], "at": "error.period", "equals": ["day"], "then": "blocked"}


@pytest.mark.parametrize(("period", "expected"), [("second", Retry), ("day", Blocked)])
def test_a_spent_day_is_not_a_full_second(period: str, expected: type) -> None:
    """Trap 18: both are 429; only one of them passes by waiting a little."""
    decision = _ruled(_answer(429, {"error": {"type": "TOO_MANY_REQUESTS", "period": period}}), _BLING_DAY)
    assert isinstance(decision, expected)
    if isinstance(decision, Blocked):
        assert decision.until == datetime(2026, 11, 23, tzinfo=UTC)


def test_404_can_mean_an_empty_list() -> None:
    """Trap 19: Dolibarr."""
    assert _ruled(_answer(404, {"error": {"code": 404}}), {"status": [404], "then": "empty"}) == Empty()


@pytest.mark.parametrize(
    ("rule", "body", "matches"),
    [
        ({"at": "error"}, {"error": "x"}, True),
        ({"at": "error"}, {"error": None}, False),
        ({"at": "error"}, {"error": ""}, False),
        ({"at": "alerts"}, {"alerts": []}, False),
        ({"at": "alerts"}, {"alerts": [{"error": 1}]}, True),
        ({"at": "alerts.0.error"}, {"alerts": [{"error": 0}]}, True),
        ({"at": "error"}, {}, False),
        ({"at": "status", "equals": ["0", "3"]}, {"status": 3}, True),
        ({"at": "status", "equals": ["0", "3"]}, {"status": "3"}, True),
        ({"at": "status", "equals": ["1"]}, {"status": True}, False),
        ({"at": "ok", "equals": ["false"]}, {"ok": False}, True),
        ({"at": "ok", "equals": ["false"]}, {"ok": "false"}, True),
        ({"at": "ok", "equals": ["null"]}, {"ok": None}, True),
        ({"at": "message", "contains": ["lock"]}, {"message": "is locked"}, True),
        ({"at": "message", "contains": ["lock"]}, {"message": {"lock": 1}}, False),
        ({"at": "@odata.count", "missing": True}, {"value": []}, True),
        ({"at": "@odata.count", "missing": True}, {"value": [], "@odata.count": 0}, False),
        ({"at": "@odata.count", "missing": True}, {"value": [], "@odata.count": None}, False),
        ({"at": "error.0", "equals": ["UserError"]}, {"id": 1, "error": ["UserError", ["x", "", None]]}, True),
        ({"status": [500], "at": "error"}, {"error": "x"}, False),
        ({"contains": ["maintenance"]}, {"a": "in maintenance"}, True),
        ({"contains": ["maintenance"]}, {"a": "b"}, False),
    ],
    ids=str,
)
def test_conditions_of_a_rule(rule: dict[str, Any], body: Any, matches: bool) -> None:
    decision = _ruled(_answer(200, body), {**rule, "then": "fail"})
    assert isinstance(decision, Fail) is matches


def test_conditions_on_a_path_do_not_hold_for_a_web_page() -> None:
    for rule in ({"at": "a", "missing": True, "then": "empty"}, {"at": "a", "then": "empty"}):
        assert isinstance(_ruled(_answer(200, b"<html>"), rule), Retry)


def test_the_first_rule_that_matches_decides() -> None:
    answer = _answer(429, {"a": 1})
    assert (
        _ruled(answer, {"status": [429], "then": "refresh_auth"}, {"status": [429], "then": "empty"}) == RefreshAuth()
    )
    assert _ruled(answer, {"status": [429], "then": "page"}) == Page({"a": 1})


def test_a_rule_that_wants_a_page_still_needs_json() -> None:
    decision = _ruled(_answer(500, b"<html>"), {"status": [500], "then": "page"})
    assert isinstance(decision, Retry)
    assert decision.at_last.kind == "not_understood"


@pytest.mark.parametrize(
    ("rule", "headers", "wait_s"),
    [
        ({"wait_path": "wait", "wait_s": 9}, {"Retry_After": "5"}, 3.0),
        ({"wait_path": "text_wait"}, {}, 4.0),
        ({"wait_path": "nothing", "wait_s": 9}, {"Retry_After": "5"}, 5.0),
        ({"wait_path": "nothing", "wait_s": 9}, {}, 9.0),
        ({"wait_pattern": r"in (\d+)s", "at": "message"}, {}, 8.0),
        ({"wait_pattern": r"in (\d+)s"}, {}, 8.0),
        ({"wait_pattern": r"in (\d+) hours", "wait_s": 2}, {}, 2.0),
        ({"wait_pattern": r"in (x?)\d+s", "wait_s": 2}, {}, 2.0),
        ({}, {}, None),
    ],
    ids=str,
)
def test_where_a_wait_is_found(rule: dict[str, Any], headers: dict[str, str], wait_s: float | None) -> None:
    body = {"wait": 3, "text_wait": "4", "message": "come back in 8s", "nothing": None}
    decision = _ruled(_answer(503, body, **headers), {**rule, "then": "retry"})
    assert isinstance(decision, Retry)
    assert decision.after_s == wait_s


def test_the_vendors_words_are_one_line_without_control_characters() -> None:
    words = "bad\x1b[31m\r\nvalue\u202e " + "x" * 5000
    decision = _ruled(_answer(400, {"m": words}), {"at": "m", "then": "fail", "message": "m", "code": "m"})
    assert isinstance(decision, Fail)
    assert decision.message.startswith("answered an error of its own: bad [31m value x")
    assert decision.message.isprintable()
    assert len(decision.message) < 2100
