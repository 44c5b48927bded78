"""What answers of a SOAP system mean: results, faults of both versions, and answers that are neither."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from reconciler.ports.http.messages import Answer
from reconciler.ports.http.outcome import Decision, Empty, Fail, Page, RefreshAuth, Retry, classify
from reconciler.ports.http.settings import HttpSettings, Outcome
from tests.ports.soap_answers import TWELVE, Response, fault, fault_12, said

_NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def _answer(response: Response, format_: Any = "soap") -> Answer:
    built = response()
    assert isinstance(built, web.Response)
    assert isinstance(built.body, bytes)
    headers = CIMultiDict(built.headers)
    return Answer(built.status, headers, built.body, _NOW, URL("http://erp.example/soap"), format=format_)


def _decided(response: Response, *rules: dict[str, Any], format_: Any = "soap") -> Decision:
    outcomes = [Outcome.model_validate(rule) for rule in rules]
    return classify(_answer(response, format_), HttpSettings(format=format_, outcomes=outcomes))


def _raw(body: bytes, *, status: int = 200, content_type: str = "text/xml") -> Response:
    return lambda: web.Response(body=body, status=status, content_type=content_type)


def _last(decision: Decision) -> Fail:
    fail = decision.at_last if isinstance(decision, Retry) else decision
    assert isinstance(fail, Fail)
    return fail


@pytest.mark.parametrize("namespace", ["http://schemas.xmlsoap.org/soap/envelope/", TWELVE], ids=["1.1", "1.2"])
def test_the_content_of_an_envelope_is_the_document(namespace: str) -> None:
    assert _decided(said("<r><x>1</x></r>", namespace=namespace)) == Page({"Body": {"r": {"x": "1"}}})


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda status: fault("soap:Client", "Cliente 7 bloqueado", status=status), "Client"),
        (lambda status: fault("SOAP-ENV:Client-5113", "Cliente 7 bloqueado", status=status), "Client-5113"),
        (lambda status: fault_12("env:Sender", "Cliente 7 bloqueado", status=status), "Sender"),
        (lambda status: fault_12("env:Sender", "Cliente 7 bloqueado", "erp:E77", status=status), "E77"),
    ],
    ids=["1.1", "1.1, own code", "1.2", "1.2, own code"],
)
def test_a_fault_is_an_error_whatever_its_status(answer: Any, code: str, status: int) -> None:
    decision = _decided(answer(status))
    assert isinstance(decision, Fail)
    assert (decision.kind, decision.code) == ("fault", code)
    assert decision.message == "answered a fault of its own: Cliente 7 bloqueado"
    assert not decision.may_have_acted


@pytest.mark.parametrize(
    "answer",
    [
        fault("soap:Server", "banco fora"),
        fault("soap:Server.Db", "banco fora", status=200),
        fault_12("s:Receiver", "x"),
    ],
    ids=["1.1", "1.1 with 200", "1.2"],
)
def test_a_fault_of_the_server_is_asked_again_a_few_times(answer: Response) -> None:
    decision = _decided(answer)
    assert isinstance(decision, Retry)
    assert decision.attempts == 3
    assert _last(decision).may_have_acted


def test_a_fault_that_says_nothing_is_named_by_its_status() -> None:
    assert _last(_decided(said("<s:Fault/>", status=500))).code == "500"


@pytest.mark.parametrize(("status", "kind"), [(401, RefreshAuth), (403, Fail), (429, Retry), (503, Retry)])
def test_another_status_keeps_its_meaning_and_the_fault_gives_the_words(status: int, kind: type) -> None:
    decision = _decided(fault("soap:Client", "calma", status=status, Retry_After="7"))
    assert isinstance(decision, kind)
    if not isinstance(decision, RefreshAuth):
        assert "calma" in _last(decision).message
    if isinstance(decision, Fail):
        assert decision.code == "403"
    if isinstance(decision, Retry):
        assert decision.after_s == 7.0
        assert decision.rejected is (status == 429)


def test_rules_look_into_the_fault() -> None:
    nothing = {"at": "Body.Fault.faultcode", "contains": ["5113"], "then": "empty"}
    lost = {"at": "Body.Fault.detail.error.code", "equals": ["SESSION"], "then": "refresh_auth"}
    busy = {"at": "Body.Fault.faultstring", "contains": ["aguarde"], "wait_pattern": r"(\d+) s", "then": "retry"}
    told = {"at": "Body.Fault.detail.error", "then": "fail", "message": "Body.Fault.detail.error.text",
            "code": "Body.Fault.detail.error.code"}  # fmt: skip
    rules = (nothing, lost, busy, told)
    assert _decided(fault("SOAP-ENV:Client-5113"), *rules) == Empty()
    assert _decided(fault("c", detail="<error><code>SESSION</code></error>"), *rules) == RefreshAuth()
    waiting = _decided(fault("c", "aguarde 12 s"), *rules)
    assert isinstance(waiting, Retry)
    assert waiting.after_s == 12.0
    failed = _last(
        _decided(fault("c", detail="<x:error xmlns:x='u' y='z'><code>E1</code><text>ruim</text></x:error>"), *rules)
    )
    assert (failed.code, failed.message) == ("E1", "answered an error of its own: ruim")


def test_a_rule_without_words_takes_those_of_the_fault() -> None:
    failed = _decided(fault("soap:Client.X", "não pode"), {"status": [500], "then": "fail"})
    assert (_last(failed).code, _last(failed).message) == ("Client.X", "answered a fault of its own: não pode")


def test_words_with_a_language_are_words() -> None:
    inner = (
        "<s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang='pt'>não  <b>pode</b></faultstring></s:Fault>"
    )
    assert _last(_decided(said(inner, status=500))).message == "answered a fault of its own: não pode"


@pytest.mark.parametrize(
    ("body", "words", "again"),
    [
        (b"", "empty body instead of XML", True),
        (b"<!DOCTYPE html><html><p>CPF 555</html>", "web page", True),
        (b"<s:Envelope xmlns:s='u'><s:Body><r>555", "ends too early", True),
        (b'{"fault":"555"}', "JSON instead of XML", False),
        (b"Service unavailable 555", "not XML", False),
        (b"<!DOCTYPE a [<!ENTITY e '555'>]><a>&e;</a>", "document type", False),
        (b"<r>555</r>", "no SOAP envelope", False),
        (b"<Envelope><Other/></Envelope>", "no SOAP envelope", False),
        (b"<s:Envelope xmlns:s='u'><s:Body></s:Envelope>", "well-formed", False),
    ],
    ids=["empty", "html", "cut", "json", "text", "dtd", "other xml", "no body", "malformed"],
)
@pytest.mark.parametrize("status", [200, 500])
def test_what_is_no_soap_answer_is_not_understood(body: bytes, words: str, again: bool, status: int) -> None:
    decision = _decided(_raw(body, status=status))
    if status == 500:
        assert (_last(decision).kind, _last(decision).code) == ("fault", "500")
        return
    assert isinstance(decision, Retry) is again
    assert _last(decision).kind == "not_understood"
    assert words in _last(decision).message
    assert "555" not in _last(decision).message


def test_plain_xml_keeps_its_root_element_so_that_rules_can_tell_errors() -> None:
    rule = {"at": "erro", "then": "fail", "message": "erro.mensagem", "code": "erro.@codigo"}
    assert _decided(_raw(b"<ok><x>1</x></ok>"), rule, format_="xml") == Page({"ok": {"x": "1"}})
    failed = _decided(_raw(b'<erro codigo="7"><mensagem>nada</mensagem></erro>'), rule, format_="xml")
    assert (_last(failed).code, _last(failed).message) == ("7", "answered an error of its own: nada")
