"""`POST /v1/webhooks/{crm|erp}` over a real socket: what is taken, what is refused and how it is told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from reconciler.app.webhooks.intake import Receiver, WebhookIntake
from reconciler.app.webhooks.secrets import KeptRegistration, KeptRegistrations
from reconciler.model.entities import Side
from reconciler.ports.webhook.settings import WebhookSettings
from reconciler.ports.webhook.verification import Secrets
from reconciler.service.access_log import AccessLog
from reconciler.service.application import application
from reconciler.service.bodies import Bodies
from reconciler.service.browser import BrowserGuard
from reconciler.service.callers import CallerCheck
from reconciler.service.health import Health
from reconciler.service.rate_limit import RateLimit
from reconciler.service.webhooks import WebhookEndpoint
from reconciler.store.state.state import State
from tests.store.state_cases import Clock

SECRET = "segredo-de-teste"
SETTINGS = WebhookSettings.model_validate(
    {
        "verified": "sandbox",
        "secrets": {"hook": "secret"},
        "max_body_kib": 4,
        "verification": {
            "kind": "hmac",
            "header": "X-Sig",
            "message": "{url}|{timestamp}|{body}",
            "timestamp": {"header": "X-Time"},
        },
        "events": {
            "entity": ["what"],
            "id": ["id"],
            "delivery_id": [{"header": "X-Delivery"}],
            "entities": {"partner": "customers", "thing": "products"},
        },
        "ping": {"at": "ping", "answer": {"pong": True}},
    }
)
PUBLIC_URL = "https://hooks.example.com"
BODY = {"what": "partner", "id": 401}


class Service:
    """The service with webhooks of the CRM, and a caller that knows the secret."""

    def __init__(self, state: State, server: TestServer, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.server = server
        self._session = session

    def signed(self, body: bytes, side: str = "crm", secret: str = SECRET) -> dict[str, str]:
        stamp = str(int(self.clock.now.timestamp()))
        message = f"{PUBLIC_URL}/v1/webhooks/{side}|{stamp}|".encode() + body
        return {"X-Sig": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(), "X-Time": stamp}

    async def post(
        self,
        body: Any = BODY,
        *,
        path: str = "/v1/webhooks/crm",
        headers: dict[str, str] | None = None,
        extra: dict[str, str] | None = None,
    ) -> tuple[int, Any, str]:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        sent = {"Content-Type": "application/json", **(self.signed(content) if headers is None else headers)}
        return await self.call("POST", path, content, {**sent, **(extra or {})})

    async def call(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, str]:
        async with self._session.request(method, self.server.make_url(path), data=content, headers=headers) as answer:
            return answer.status, orjson.loads(await answer.read()), answer.content_type

    async def waiting(self) -> list[tuple[str, str]]:
        return [(hint.entity, hint.record_id) for hint in await self.state.webhooks.waiting(99)]


@asynccontextmanager
async def service_of(folder: Path, queued_within_s: float = 5.0) -> AsyncIterator[Service]:
    clock = Clock()
    async with State.open("sqlite:///state.db", folder, clock=clock) as state:
        named = Secrets(named={"hook": [SECRET]}, purpose=frozenset({"hook"}))
        receivers = {Side.CRM: Receiver(Side.CRM, SETTINGS, named, frozenset({"customers"}))}
        intake = WebhookIntake(state, receivers, asyncio.Event(), clock)
        endpoint = WebhookEndpoint(intake, Bodies(), PUBLIC_URL, queued_within_s)
        nobody = CallerCheck(None, None, BrowserGuard(), RateLimit(1))
        server = TestServer(application([endpoint, Health(state)], nobody, AccessLog(None)))
        async with server, aiohttp.ClientSession() as session:
            yield Service(state, server, session, clock)


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with service_of(tmp_path) as opened:
        yield opened


async def test_a_delivery_is_on_disk_when_it_is_answered(service: Service, tmp_path: Path) -> None:
    status, answer, _ = await service.post()
    assert (status, answer) == (200, {"queued": 1, "repeated": 0})
    with closing(sqlite3.connect(f"file:{tmp_path / 'state.db'}?mode=ro", uri=True)) as other:
        rows = other.execute("SELECT side, entity, record_id FROM webhook_hints").fetchall()
    assert rows == [("crm", "customers", "401")]


async def test_a_replay_is_answered_and_not_queued_again(service: Service) -> None:
    first = await service.post(extra={"X-Delivery": "d1"})
    await service.state.webhooks.done(await service.state.webhooks.due(9))
    again = await service.post(extra={"X-Delivery": "d1"})
    assert [each[1] for each in (first, again)] == [{"queued": 1, "repeated": 0}, {"queued": 0, "repeated": 1}]
    assert await service.waiting() == []


async def test_order_does_not_matter_and_what_is_out_of_scope_is_not_queued(service: Service) -> None:
    for number in (3, 1, 2, 1):
        await service.post({"what": "partner", "id": number})
    status, answer, _ = await service.post({"what": "thing", "id": 7})
    assert (status, answer["queued"]) == (200, 0)
    assert sorted(await service.waiting()) == [("customers", "1"), ("customers", "2"), ("customers", "3")]


async def test_a_storm_at_once_is_taken_whole_and_waits_once(service: Service) -> None:
    answers = await asyncio.gather(*(service.post(extra={"X-Delivery": f"d{number}"}) for number in range(30)))
    assert {status for status, *_ in answers} == {200}
    (hint,) = await service.state.webhooks.waiting(9)
    assert hint.deliveries == 30


async def test_a_ping_is_answered_and_nothing_is_queued(service: Service) -> None:
    assert (await service.post({"ping": "hello"}))[:2] == (200, {"pong": True})
    assert (await service.post({"ping": "hello"}, headers={}))[0] == 401
    assert await service.waiting() == []


def _not_signed(service: Service) -> dict[str, Any]:
    return {"headers": {}}


def _forged(service: Service) -> dict[str, Any]:
    return {"headers": service.signed(orjson.dumps(BODY), secret="guess")}


def _signed_for_another_body(service: Service) -> dict[str, Any]:
    return {"body": {"what": "partner", "id": 402}, "headers": service.signed(orjson.dumps(BODY))}


def _signed_for_another_address(service: Service) -> dict[str, Any]:
    return {"headers": service.signed(orjson.dumps(BODY), side="erp")}


def _old(service: Service) -> dict[str, Any]:
    headers = service.signed(orjson.dumps(BODY))
    service.clock.move(seconds=301)
    return {"headers": headers}


def _other_side(service: Service) -> dict[str, Any]:
    return {"path": "/v1/webhooks/erp"}


def _no_side(service: Service) -> dict[str, Any]:
    return {"path": "/v1/webhooks/both"}


def _no_address(service: Service) -> dict[str, Any]:
    return {"path": "/v1/webhook"}


def _large(service: Service) -> dict[str, Any]:
    return {"body": {**BODY, "more": "x" * 4096}}


def _other_type(service: Service) -> dict[str, Any]:
    return {"extra": {"Content-Type": "text/xml"}}


def _packed(service: Service) -> dict[str, Any]:
    return {"extra": {"Content-Encoding": "gzip"}}


def _no_json(service: Service) -> dict[str, Any]:
    return {"body": b"what=partner"}


def _other_form(service: Service) -> dict[str, Any]:
    return {"body": {"id": 401}}


REFUSED = {
    _not_signed: (401, "signature_missing"),
    _forged: (401, "signature_wrong"),
    _signed_for_another_body: (401, "signature_wrong"),
    _signed_for_another_address: (401, "signature_wrong"),
    _old: (401, "timestamp_out_of_tolerance"),
    _other_side: (404, "webhooks_not_configured"),
    _no_side: (404, "webhooks_not_configured"),
    _no_address: (404, "not_found"),
    _large: (413, "too_large"),
    _other_type: (415, "not_json_type"),
    _packed: (415, "encoded_body"),
    _no_json: (400, "body_not_json"),
    _other_form: (400, "payload_not_understood"),
}


@pytest.mark.parametrize(("change", "expected"), REFUSED.items(), ids=[case.__name__[1:] for case in REFUSED])
async def test_a_refusal_is_a_problem_document_and_queues_nothing(
    service: Service, change: Any, expected: tuple[int, str]
) -> None:
    status, document, kind = await service.post(**change(service))
    assert (status, document["code"], document["status"]) == (*expected, expected[0])
    assert kind == "application/problem+json"
    assert document["title"]
    assert await service.waiting() == []


async def test_a_body_that_hides_its_size_is_cut_off(service: Service) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 1024

    async with aiohttp.ClientSession() as session:
        url = service.server.make_url("/v1/webhooks/crm")
        async with session.post(url, data=endless(), headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 413


async def test_a_body_that_tells_its_size_is_refused_before_it_is_sent(service: Service) -> None:
    reader, writer = await asyncio.open_connection(service.server.host, service.server.port)
    head = (
        "POST /v1/webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n"
    )
    writer.write(head.encode())
    assert b"413" in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()


async def test_another_method_is_refused_with_what_is_allowed(service: Service) -> None:
    status, document, kind = await service.call("GET", "/v1/webhooks/crm", None, {})
    assert (status, document["code"], kind) == (405, "method_not_allowed", "application/problem+json")


async def test_a_secret_from_a_registration_holds_from_the_moment_it_is_kept(service: Service) -> None:
    headers = service.signed(orjson.dumps(BODY), secret="chosen-by-the-vendor")
    assert (await service.post(headers=headers))[0] == 401
    kept = KeptRegistrations(service.state, Side.CRM)
    await kept.save([KeptRegistration("7", PUBLIC_URL, "chosen-by-the-vendor")])
    assert (await service.post(headers=headers))[0] == 200


async def test_a_state_that_cannot_be_used_makes_the_sender_come_again(service: Service, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("DROP TABLE webhook_hints")
    status, document, _ = await service.post()
    assert (status, document["code"]) == (503, "state_unavailable")
    assert (await service.call("GET", "/readyz", None, {}))[0] == 503


async def test_a_sender_does_not_wait_for_a_state_that_somebody_holds(tmp_path: Path) -> None:
    """The delivery that was on its way is taken when the state is free, and its repetition is known."""
    async with service_of(tmp_path, queued_within_s=0.05) as service:
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            status, document, _ = await service.post(extra={"X-Delivery": "d1"})
            assert (status, document["code"]) == (503, "state_busy")
            other.execute("ROLLBACK")
        async with asyncio.timeout(10):
            while (await service.post(extra={"X-Delivery": "d1"}))[:2] != (200, {"queued": 0, "repeated": 1}):
                pass
        assert await service.waiting() == [("customers", "401")]


async def test_no_more_than_a_bounded_number_is_in_hand(service: Service) -> None:
    head = "POST /v1/webhooks/crm HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    writers = []
    for _ in range(64):
        _, writer = await asyncio.open_connection(service.server.host, service.server.port)
        writer.write(head.encode())
        writers.append(writer)
    async with asyncio.timeout(10):
        while (answer := await service.post({"what": "other"}))[0] != 503:
            pass
    assert answer[1]["code"] == "busy"
    for writer in writers:
        writer.close()
    async with asyncio.timeout(10):
        while (await service.post({"what": "other"}))[0] != 200:
            pass


async def test_health_and_readiness(service: Service) -> None:
    await service.post()
    assert (await service.call("GET", "/healthz", None, {}))[:2] == (200, {"status": "ok"})
    ready = {"status": "ready", "webhooks": {"pending": 1, "dead": 0}, "systems": {}}
    assert (await service.call("GET", "/readyz", None, {}))[:2] == (200, ready)


async def test_what_a_sender_sends_stays_out_of_the_logs(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"what": "partner", "id": 401, "name": "Fulano de Tal"}
    await service.post(body)
    await service.post(body, headers={"X-Sig": "Fulano de Tal", "X-Time": "1"})
    await service.post({"name": "Fulano de Tal"})
    captured = capsys.readouterr()
    assert "delivery_refused" in captured.out + captured.err
    assert "Fulano" not in captured.out + captured.err
