"""`POST /v1/taxes` and `GET /v1/quotes/{number}/taxes` over a real socket."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.app.taxes import TaxDesk
from reconciler.errors import ConfigurationError, UnreachableError, WrongQuoteError
from reconciler.model.taxes import Buyer, Destination, QuoteLine, ReportedTaxes, TaxQuestion
from reconciler.service.bodies import Bodies
from reconciler.service.remembered import Asked, AskedBefore
from reconciler.service.taxes import LARGEST_QUOTE_BYTES, Absent
from tests.service.service_rig import QUOTE, Service, service_in
from tests.taxes.engine import Gate, answers_at_once, fails_with, hangs


def changed(**parts: Any) -> dict[str, Any]:
    return {**QUOTE, **parts}


def with_line(**parts: Any) -> dict[str, Any]:
    return changed(lines=[{**QUOTE["lines"][0], **parts}])  # type: ignore[index]  # the first line of a literal


async def test_an_answer_is_live_then_cached_then_old(tmp_path: Path) -> None:
    async with service_in(tmp_path, cache_ttl_s=100.0) as service:
        live, cached = (await service.taxes()).document, (await service.taxes()).document
        assert (live["status"], live["source"], live["system"]) == ("calculated", "live", "made_up_erp")
        assert (cached["source"], cached["age_s"]) == ("cached", 0.0)
        for part in ("lines", "totals", "as_of", "expires_at"):
            assert live[part] == cached[part]
        assert live["lines"] == [
            {
                "line": "1",
                "goods": "9857.68",
                "taxes": [
                    {
                        "kind": "icms",
                        "rate": "0.12",
                        "base": "9857.68",
                        "deduction": "0.00",
                        "amount": "1182.92",
                        "in_price": True,
                        "informative": False,
                        "code": None,
                    }
                ],
                "taxes_total": "1182.92",
            }
        ]
        assert live["totals"]["taxes_in_price"] == "1182.92"
        assert service.source.asked == 1
        service.clock.passed_s += 101
        assert (await service.taxes()).document["source"] == "live"
        service.clock.passed_s += 101
        service.source.behaviour = fails_with(UnreachableError("erp", "no connection."))
        assert (await service.taxes()).document["status"] == "unavailable"
        stale = (await service.taxes(path="/v1/taxes?allow_stale=true")).document
        assert (stale["status"], stale["source"], stale["stale"], stale["age_s"]) == ("calculated", "cached", True, 101)
        assert stale["warnings"][0]["code"] == "stale"
        assert (await service.taxes(path="/v1/taxes?allow_stale=false")).document["status"] == "unavailable"


async def test_an_answer_that_is_remembered_is_not_given_for_another_one(tmp_path: Path) -> None:
    """The text of an answer is used again only for that very answer of the engine."""
    async with service_in(tmp_path, cache_ttl_s=100.0) as service:
        first = (await service.taxes()).document
        service.clock.passed_s += 101
        service.source.behaviour = Gate("0.18")
        service.source.behaviour.open.set()
        second = (await service.taxes()).document
        renamed = (await service.taxes(with_line(line="other"))).document
    rates = [each["lines"][0]["taxes"][0]["rate"] for each in (first, second, renamed)]
    assert rates == ["0.12", "0.18", "0.18"]
    assert renamed["lines"][0]["line"] == "other"


def test_a_question_without_a_date_is_read_anew_on_the_next_day() -> None:
    """Remembering what was sent must not remember the day it meant."""
    question = TaxQuestion(Buyer(None, prospect=True), Destination(), date(2026, 11, 22), tuple[QuoteLine, ...]())
    before = AskedBefore()
    before.keep(b"body", Asked(question, b"key", date(2026, 11, 22)))
    assert before.get(b"body", date(2026, 11, 22)) is not None
    assert before.get(b"body", date(2026, 11, 23)) is None


async def test_what_is_unavailable_has_a_reason_and_no_amounts(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        service.source.behaviour = fails_with(UnreachableError("erp", "no connection."))
        answer = await service.taxes()
        assert answer.status == 200
        document = answer.document
        assert (document["status"], document["reason"]) == ("unavailable", "unreachable")
        assert not {"lines", "totals", "rates"} & set(document)
        assert "0.00" not in answer.body.decode()


async def test_an_erp_that_hangs_is_answered_at_the_deadline(tmp_path: Path) -> None:
    async with service_in(tmp_path, deadline_s=0.05) as service:
        service.source.behaviour = hangs
        assert (await service.taxes()).document["reason"] == "deadline"


async def test_equal_questions_at_once_are_asked_once(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        gate = Gate()
        service.source.behaviour = gate
        asking = [asyncio.create_task(service.taxes()) for _ in range(40)]
        await gate.reached.wait()
        gate.open.set()
        answers = await asyncio.gather(*asking)
        assert {answer.document["status"] for answer in answers} == {"calculated"}
        assert service.source.asked == 1


async def test_more_than_can_wait_is_refused_at_once(tmp_path: Path) -> None:
    async with service_in(tmp_path, concurrency=1, queue=1) as service:
        gate = Gate()
        service.source.behaviour = gate
        waiting = [asyncio.create_task(service.taxes(with_line(sku=sku))) for sku in ("A-1", "B-2")]
        await gate.reached.wait()
        async with asyncio.timeout(20):
            while (refused := await service.taxes(with_line(sku="C-3"))).status == 200:
                pass
        assert refused.problem == (503, "overloaded")
        assert int(refused.headers["Retry-After"]) > 0
        gate.open.set()
        assert [(await task).status for task in waiting] == [200, 200]
        service.source.behaviour = answers_at_once
        assert (await service.taxes(with_line(sku="C-3"))).status == 200


WRONG = {
    "no object": ([], "wrong_quote", ""),
    "no lines": (changed(lines=[]), "wrong_quote", "lines"),
    "number as number": (with_line(quantity=2), "wrong_quote", "lines[0].quantity"),
    "unknown member": (changed(note="x"), "wrong_quote", "note"),
    "no customer": (changed(customer={}), "wrong_quote", "customer.tax_id"),
}


async def test_a_wrong_quote_is_named_with_its_place(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for name, (body, code, place) in WRONG.items():
            answer = await service.taxes(body)
            assert answer.problem == (422, code), name
            assert answer.document.get("place", "") == place, name
            assert answer.document["detail"]
        for code in ("unknown_customer", "unknown_product"):
            error = WrongQuoteError("the ERP knows no P0004.", code=code, place="lines[0].sku")
            service.source.behaviour = fails_with(error)
            answer = await service.taxes()
            assert answer.problem == (422, code)
            assert (answer.document["place"], answer.document["detail"]) == ("lines[0].sku", "the ERP knows no P0004.")


NOT_READ: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "not JSON": ({"body": b"{"}, (400, "not_json")),
    "nothing": ({"body": b""}, (400, "not_json")),
    "not UTF-8": ({"body": b'{"a":"\xff"}'}, (400, "not_json")),
    "deep lists": ({"body": b"[" * 17 + b"]" * 17}, (400, "too_deep")),
    "deep objects": ({"body": b'{"a":' * 17 + b"1" + b"}" * 17}, (400, "too_deep")),
    "very deep": ({"body": b"[" * 100_000 + b"]" * 100_000}, (400, "not_json")),
    "large": ({"body": b" " * (LARGEST_QUOTE_BYTES + 1)}, (413, "too_large")),
    "no type": ({"headers": {"Content-Type": ""}}, (415, "not_json_type")),
    "form": ({"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, (415, "not_json_type")),
    "packed": ({"headers": {"Content-Encoding": "gzip"}, "body": b"\x1f\x8b"}, (415, "encoded_body")),
    "unknown parameter": ({"path": "/v1/taxes?stale=true"}, (400, "wrong_parameter")),
    "wrong parameter": ({"path": "/v1/taxes?allow_stale=yes"}, (400, "wrong_parameter")),
    "parameter twice": ({"path": "/v1/taxes?allow_stale=true&allow_stale=true"}, (400, "wrong_parameter")),
}


async def test_what_cannot_be_read_is_refused_with_a_stable_code(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for name, (sent, expected) in NOT_READ.items():
            answer = await service.taxes(**{"body": QUOTE, **sent})
            assert answer.problem == expected, name
        sixteen = b"[" * 16 + b"]" * 16
        assert (await service.taxes(sixteen)).problem == (422, "wrong_quote")
        wide = json.dumps(changed(lines=[{**QUOTE["lines"][0], "line": str(n)} for n in range(400)]))  # type: ignore[index]  # as above
        assert (await service.taxes(wide.encode())).status == 200
        for method in ("GET", "PUT", "DELETE"):
            answer = await service.call(method, "/v1/taxes")
            assert answer.problem == (405, "method_not_allowed")
            assert answer.headers["Allow"] == "POST"


async def test_a_body_that_hides_its_size_is_cut_off(tmp_path: Path) -> None:
    async def endless() -> Any:
        for _ in range(64):
            yield b"x" * 16 * 1024

    async with service_in(tmp_path) as service:
        url = service.server.make_url("/v1/taxes")
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service.tokens['sales']}"}
        async with service.session.post(url, data=endless(), headers=headers) as answer:
            assert answer.status == 413


async def _half_sent(service: Service, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(service.server.host, service.server.port)
    head = (
        f"POST /v1/taxes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.tokens['sales']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    writer.write(head.encode() + sent)
    await writer.drain()
    return reader, writer


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with service_in(tmp_path, bodies=Bodies(within_s=0.05)) as service:
        reader, writer = await _half_sent(service, b"{")
        answer = await asyncio.wait_for(reader.readuntil(b'"too_slow"'), 20)
        assert answer.startswith(b"HTTP/1.1 408 ")
        writer.close()
        await writer.wait_closed()


async def test_bodies_on_their_way_share_a_room(tmp_path: Path) -> None:
    async with service_in(tmp_path, bodies=Bodies(together_bytes=1500)) as service:
        _, first = await _half_sent(service, b"{")
        async with asyncio.timeout(20):
            while True:
                reader, second = await _half_sent(service, b"{")
                try:
                    async with asyncio.timeout(0.2):
                        line = await reader.readline()
                    break
                except TimeoutError:
                    # Both were not in hand at once yet.
                    pass
                finally:
                    second.close()
        assert b"503" in line
        first.close()


async def test_the_taxes_of_a_quote_come_with_what_it_carries_and_what_differs(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        answer = (await service.call("GET", "/v1/quotes/1202/taxes", role="sales")).document
        assert (answer["status"], answer["lines"][0]["goods"]) == ("calculated", "9857.68")
        assert answer["quote"] == {"number": "1202", "revision": "2", "id": "71"}
        assert answer["carried"]["lines"][0]["taxes"][0]["amount"] == "1000.00"
        assert (answer["drift"]["status"], answer["drift"]["value_at_stake"]) == ("drifted", "182.92")
        unknown = await service.call("GET", "/v1/quotes/9/taxes")
        assert unknown.problem == (404, "unknown_quote")
        for number in ("x" * 65, "%00", "%0A"):
            assert (await service.call("GET", f"/v1/quotes/{number}/taxes")).problem == (404, "unknown_quote")
        service.quotes.problem = UnreachableError("crm", "no connection to 10.0.0.7.")
        down = await service.call("GET", "/v1/quotes/1202/taxes")
        assert down.problem == (503, "crm_unavailable")
        assert b"10.0.0.7" not in down.body
        service.quotes.problem = ConfigurationError("/etc/acme/reconciler.toml:4: key: wrong.")
        wrong = await service.call("GET", "/v1/quotes/1202/taxes")
        assert wrong.problem == (501, "taxes_not_configured")
        assert b"/etc" not in wrong.body


async def test_an_erp_without_a_tax_call_is_told_always_the_same_way(tmp_path: Path) -> None:
    async with service_in(tmp_path, desk=Absent(501, "no_tax_call", "Not here.")) as service:
        assert (await service.taxes()).problem == (501, "no_tax_call")
        assert (await service.call("GET", "/v1/quotes/1202/taxes")).problem == (501, "no_tax_call")


@pytest.mark.parametrize("given", ["order-4711.b_2", "x" * 64])
async def test_a_sane_request_id_is_taken_and_given_back(tmp_path: Path, given: str) -> None:
    async with service_in(tmp_path) as service:
        assert (await service.taxes(headers={"X-Request-Id": given})).headers["X-Request-Id"] == given
        for strange in ("x" * 65, "a b", "<script>", "", "ção"):
            made = (await service.taxes(headers={"X-Request-Id": strange})).headers["X-Request-Id"]
            assert made != strange
            assert made.replace("-", "").isalnum()


async def test_the_access_log_tells_no_secret_and_nothing_personal(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        await service.taxes(headers={"X-Request-Id": "asked-1"})
        await service.call("GET", "/v1/quotes/1202/taxes?allow_stale=true", headers={"X-Request-Id": "asked-2"})
        await service.call("GET", "/v1/findings?key=12ABC34501DE35", headers={"X-Request-Id": "asked-3"})
        await service.call("GET", "/v1/12ABC34501DE35", headers={"X-Request-Id": "asked-4"})
        service.source.behaviour = fails_with(RuntimeError("12ABC34501DE35"))
        broke = await service.taxes(with_line(sku="Z-9"), headers={"X-Request-Id": "asked-5"})
        assert broke.problem == (500, "internal_error")
        async with asyncio.timeout(20):
            while service.log.getvalue().count(b"\n") < 5:  # noqa: ASYNC110  # lines are written by a timer
                await asyncio.sleep(0.02)
        text = service.log.getvalue().decode()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["request_id"], line["method"], line["route"], line["status"]) for line in lines] == [
        ("asked-1", "POST", "/v1/taxes", 200),
        ("asked-2", "GET", "/v1/quotes/{number}/taxes", 200),
        ("asked-3", "GET", "/v1/findings", 200),
        ("asked-4", "GET", "-", 404),
        ("asked-5", "POST", "/v1/taxes", 500),
    ]
    for line in lines:
        assert set(line) == {"timestamp", "event", "method", "route", "status", "ms", "request_id"}
    for secret in (*service.tokens.values(), "12ABC34501DE35", "1202", "127.0.0.1"):
        assert secret not in text


async def test_a_quote_with_several_mistakes_is_told_all_of_them(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        several = await service.taxes({**with_line(quantity="0", unit_price="x"), "date": "2026-02-30"})
        one = await service.taxes(with_line(quantity="0"))
    assert several.problem == (422, "wrong_quote")
    places = ["date", "lines[0].quantity", "lines[0].unit_price"]
    assert [mistake["place"] for mistake in several.document["mistakes"]] == places
    assert several.document["mistakes"][0]["detail"] == several.document["detail"]
    assert "mistakes" not in one.document


async def test_of_many_who_ask_together_the_first_are_asked_for_before_the_last_are_read(tmp_path: Path) -> None:
    happened: list[str] = []

    class ReadingDesk(TaxDesk):
        def question(self, document: object) -> TaxQuestion:
            happened.append("read")
            return super().question(document)

    async def asked(question: TaxQuestion) -> ReportedTaxes:
        happened.append("asked")
        return await answers_at_once(question)

    async with service_in(tmp_path, desk_class=ReadingDesk, concurrency=16) as service:
        service.source.behaviour = asked
        quotes = [changed(date=f"2026-11-{day:02}") for day in range(1, 17)]
        answers = await asyncio.gather(*(service.taxes(quote) for quote in quotes))
    assert [answer.document["status"] for answer in answers] == ["calculated"] * 16
    assert happened.count("read") == happened.count("asked") == 16
    assert "read" in happened[happened.index("asked") :]
