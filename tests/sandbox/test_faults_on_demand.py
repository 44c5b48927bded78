"""Each way the stand-in systems misbehave can be seen by a client, and none of them loses lasting data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from reconciler.errors import ConfigurationError
from reconciler.sandbox.crm.call_budget import CallBudget
from reconciler.sandbox.faults import FaultKind, FaultPlan, fault_kind
from reconciler.sandbox.shifting import APPEARANCES
from tests.sandbox.calling import Answer, Caller, crm_of, erp_of, log_in

CONTACTS = [{"Id": 401 + number, "Name": f"n{number}", "CNPJ": None} for number in range(30)]
CLIENTS = [{"codigo": f"{number:06d}", "razao_social": f"n{number}", "versao": 1} for number in range(1, 31)]
QUICKLY = aiohttp.ClientTimeout(total=10)


@pytest.fixture
async def crm() -> AsyncIterator[Caller]:
    async with crm_of({"Contacts": [dict(row) for row in CONTACTS]}) as caller:
        yield caller


@pytest.fixture
async def erp() -> AsyncIterator[Caller]:
    async with erp_of({"clientes": [dict(row) for row in CLIENTS]}) as caller:
        yield caller


@pytest.fixture(params=["crm", "erp"])
def system(request: pytest.FixtureRequest) -> str:
    side: str = request.param
    return side


@pytest.fixture
async def caller(system: str) -> AsyncIterator[Caller]:
    source = crm_of({"Contacts": CONTACTS}) if system == "crm" else erp_of({"clientes": CLIENTS})
    async with source as found:
        yield found


async def read(caller: Caller, page: int = 1, size: int = 10) -> Answer:
    """One page."""
    if "User-Key" in caller.headers:
        return await caller.get("/Contacts", top=str(size), skip=str(size * (page - 1)), count="true")
    return await caller.get("/clientes", tamanho=str(size), pagina=str(page))


def rows(answer: Answer) -> list[Any]:
    found: list[Any] = answer.json.get("value", answer.json.get("clientes"))
    return found


async def outcome(caller: Caller, page: int, size: int = 10) -> str:
    """What a client sees of one read."""
    try:
        answer = await read(caller, page, size)
    except aiohttp.ClientPayloadError:
        return "cut body"
    except aiohttp.ServerDisconnectedError:
        return "no answer"
    except aiohttp.ClientResponseError:
        return "cut headers"
    if answer.json is None:
        return f"{answer.status} {'html' if b'<html' in answer.body else 'cut json'}"
    return f"{answer.status}" if answer.status != 200 or rows(answer) else "empty"


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        ("429", ["429", "429"]),
        ("empty200", ["empty", "empty"]),
        ("drop", ["no answer", "no answer"]),
        ("lost", ["no answer", "no answer"]),
        ("late", ["no answer", "no answer"]),
        ("mixed", ["429", "502 html"]),
        ("truncate", ["cut body", "200 cut json"]),
        ("html502", ["502 html", "200 html"]),
    ],
)
async def test_every_third_request_is_hit_and_its_retry_gets_through(
    caller: Caller, kind: str, faults: list[str]
) -> None:
    await caller.misbehave(kind)
    seen = [await outcome(caller, page) for page in (1, 2, 3, 3, 2, 1)]
    assert [seen[2], seen[5]] == faults
    assert [seen[place] for place in (0, 1, 3, 4)] == ["200"] * 4


async def test_a_dropped_connection_may_end_inside_the_headers(crm: Caller) -> None:
    """By turns: the first closes without a byte, the second after half a header."""
    await crm.misbehave("drop", every=1)
    host, port = crm.base_url.removeprefix("http://").split(":")
    received = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET /Contacts HTTP/1.1\r\nHost: {host}\r\nUser-Key: {crm.headers['User-Key']}\r\n\r\n".encode())
        received.append(await asyncio.wait_for(reader.read(), 10))
        writer.close()
        await writer.wait_closed()
    assert received[0] == b""
    assert received[1].startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in received[1]


async def test_a_refusal_says_when_to_come_back(caller: Caller) -> None:
    await caller.misbehave("429", every=1)
    waits = [(await read(caller)).headers["Retry-After"] for _ in range(3)]
    assert waits == ["1", "0", "0"]


async def test_the_empty_answer_of_the_crm_lacks_the_count(crm: Caller) -> None:
    await crm.misbehave("empty200", every=1)
    answer = await read(crm)
    assert answer.json["value"] == []
    assert "@odata.count" not in answer.json


async def test_the_empty_answer_of_the_erp_says_there_is_nothing(erp: Caller) -> None:
    await erp.misbehave("empty200", every=1)
    answer = await read(erp)
    assert (answer.json["clientes"], answer.json["total_registros"], answer.json["total_paginas"]) == ([], 0, 0)
    assert (await erp.get("/clientes/000001")).json["codigo"] == "000001"


async def test_a_slow_answer_is_whole(caller: Caller) -> None:
    """Late at once, or in dribbles, by turns; nothing of it is missing."""
    await caller.misbehave("slow", every=1)
    late, dribbled = await asyncio.gather(read(caller), read(caller, 2))
    assert len(rows(late)) == len(rows(dribbled)) == 10


async def test_a_dribbled_answer_comes_in_several_parts(crm: Caller) -> None:
    await crm.misbehave("slow", every=1)
    await read(crm)
    async with crm.session.get(f"{crm.base_url}/Contacts", headers=crm.headers, timeout=QUICKLY) as response:
        parts = [part async for part, _ in response.content.iter_chunks()]
    assert len([part for part in parts if part]) > 1


async def test_with_every_request_hit_the_system_is_down(caller: Caller) -> None:
    await caller.misbehave("html502", every=1)
    assert {await outcome(caller, 1) for _ in range(6)} == {"502 html", "200 html"}


async def test_parallel_requests_all_get_through_with_one_retry_each(caller: Caller) -> None:
    """A request that was hit is spared the next time, whatever else is under way."""
    await caller.misbehave("429")

    async def twice(page: int) -> str:
        first = await outcome(caller, page, 1)
        return first if first == "200" else await outcome(caller, page, 1)

    assert await asyncio.gather(*(twice(page) for page in range(1, 31))) == ["200"] * 30


async def test_misbehaviour_ends_when_it_is_switched_off(caller: Caller) -> None:
    await caller.misbehave("drop", every=1)
    answer = await caller.misbehave("none")
    assert answer.json["kind"] == "none"
    assert [await outcome(caller, 1) for _ in range(4)] == ["200"] * 4


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "fire"}, {"kind": "429", "every": 0}, {"kind": "429", "every": "3"}, {"king": "429"}, []],
    ids=str,
)
async def test_an_unknown_fault_is_refused(caller: Caller, body: Any) -> None:
    assert (await caller.call("POST", "/_sandbox/misbehave", body)).status == 400
    assert await outcome(caller, 1) == "200"


async def test_the_control_records_need_no_credentials(caller: Caller, system: str) -> None:
    """And are never hit."""
    caller.headers = {}
    await caller.misbehave("drop", every=1)
    state = await caller.call("POST", "/_sandbox/state")
    assert len(state.json["Contacts" if system == "crm" else "clientes"]) == 30


async def test_a_lost_answer_may_belong_to_a_write_that_was_done(crm: Caller) -> None:
    await crm.misbehave("drop", every=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await crm.call("PATCH", "/Contacts(401)", {"Name": "written"})
    await crm.misbehave("none")
    assert (await crm.get("/Contacts(401)")).rows[0]["Name"] == "written"


async def test_a_request_that_is_lost_is_not_done(crm: Caller) -> None:
    await crm.misbehave("lost", every=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await crm.call("PATCH", "/Contacts(401)", {"Name": "written"})
    await crm.misbehave("none")
    assert (await crm.get("/Contacts(401)")).rows[0]["Name"] == "n0"


async def test_a_write_may_be_done_after_its_connection_was_lost(crm: Caller) -> None:
    """One that is refused then tells nobody."""
    await crm.misbehave("late", every=1)
    for body in ({"Nobody": "knows"}, {"Name": "written"}):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await crm.call("PATCH", "/Contacts(401)", body)
    await crm.misbehave("none")
    assert (await crm.get("/Contacts(401)")).rows[0]["Name"] == "n0"
    for _ in range(1000):
        if (await crm.get("/Contacts(401)")).rows[0]["Name"] == "written":
            return
        await asyncio.sleep(0.01)
    pytest.fail("it was never done")


@pytest.mark.parametrize("kind", ["429", "html502"])
async def test_a_refused_write_was_not_done(crm: Caller, kind: str) -> None:
    await crm.misbehave(kind, every=1)
    for _ in range(2):
        await crm.call("PATCH", "/Contacts(401)", {"Name": "written"})
    await crm.misbehave("none")
    assert (await crm.get("/Contacts(401)")).rows[0]["Name"] == "n0"


async def test_a_write_is_never_answered_with_an_empty_list(crm: Caller) -> None:
    await crm.misbehave("empty200", every=1)
    assert (await crm.call("PATCH", "/Contacts(401)", {"Name": "written"})).rows[0]["Name"] == "written"


async def test_shifting_moves_the_windows_while_pages_are_read(caller: Caller, system: str) -> None:
    """The third page of the first scan repeats the last record of the second; the lasting data are the same."""
    member = "Id" if system == "crm" else "codigo"
    lasting = [row[member] for row in (CONTACTS if system == "crm" else CLIENTS)]
    await caller.misbehave("shift")
    pages = [[row[member] for row in rows(await read(caller, page))] for page in (1, 2, 3)]
    assert pages[0] + pages[1] == lasting[:20]
    assert pages[2] == [lasting[19], *lasting[20:29]]
    first = [row[member] for row in rows(await read(caller, 1))]
    assert first[0] not in lasting
    assert first[0] < lasting[0]
    assert [row[member] for row in rows(await read(caller, 1))] == lasting[:10]
    state = await caller.call("POST", "/_sandbox/state")
    kept = state.json["Contacts" if system == "crm" else "clientes"]
    assert [row[member] for row in kept] == lasting


async def test_shifting_comes_to_rest(caller: Caller) -> None:
    """So a client that scans again gets a stable scan in the end."""
    await caller.misbehave("shift")
    totals = []
    for _ in range(APPEARANCES * 6 + 6):
        answer = await read(caller)
        totals.append(answer.json.get("@odata.count", answer.json.get("total_registros")))
    assert totals.count(31) == APPEARANCES * 2
    assert set(totals[-6:]) == {30}


async def test_asking_for_the_state_takes_the_phantom_out(crm: Caller) -> None:
    await crm.misbehave("shift")
    assert [(await read(crm)).json["@odata.count"] for _ in range(3)] == [30, 30, 31]
    state = await crm.call("POST", "/_sandbox/state")
    assert len(state.json["Contacts"]) == 30
    assert (await crm.get("/Contacts", filter="Id lt 401")).rows == []


async def test_a_session_is_lost_in_the_middle_of_a_pull(erp: Caller) -> None:
    await erp.misbehave("expire")
    assert [(await read(erp, page)).status for page in (1, 2, 3)] == [200, 200, 401]
    assert (await read(erp, 3)).json["erro"]["codigo"] == "SESSAO_EXPIRADA"
    await log_in(erp)
    assert [(await read(erp, 1)).status for _ in range(6)] == [200] * 5 + [401]


async def test_parallel_requests_survive_a_lost_session_with_one_log_in_each(erp: Caller) -> None:
    """A request that found its session lost is served by the next one."""
    await erp.misbehave("expire")
    for _ in range(4):
        answers = await asyncio.gather(*(read(erp, page) for page in (1, 2, 3, 1)))
        if any(answer.status == 401 for answer in answers):
            await log_in(erp)
            lost = sum(answer.status == 401 for answer in answers)
            again = await asyncio.gather(*(read(erp, 1) for _ in range(lost)))
            assert {answer.status for answer in again} == {200}


async def test_the_crm_has_no_session_to_lose(crm: Caller) -> None:
    await crm.misbehave("expire", every=1)
    assert [await outcome(crm, 1) for _ in range(4)] == ["200"] * 4


def test_the_plan_counts_every_request_and_hits_every_nth() -> None:
    plan = FaultPlan(FaultKind.TOO_MANY, 3)
    assert [plan.hit(f"GET /{number}") for number in range(9)] == [None, None, 0, None, None, 1, None, None, 2]


def test_a_fault_has_to_have_a_known_name() -> None:
    with pytest.raises(ConfigurationError, match="html502"):
        fault_kind("html")


async def test_over_the_limit_of_calls_the_crm_refuses_or_says_nothing() -> None:
    """By turns, and only for that key; the wait is within the minute."""
    async with crm_of({"Contacts": CONTACTS}, calls_per_minute=3) as crm:
        assert [await outcome(crm, 1) for _ in range(3)] == ["200"] * 3
        refused = await read(crm)
        assert (refused.status, 1 <= int(refused.headers["Retry-After"]) <= 60) == (429, True)
        silent = await read(crm)
        assert (silent.status, silent.json["value"], "@odata.count" in silent.json) == (200, [], False)
        assert (await crm.call("PATCH", "/Contacts(401)", {"Name": "x"})).status == 429
        assert (await crm.call("PATCH", "/Contacts(401)", {"Name": "x"})).status == 429
        assert (await crm.call("POST", "/_sandbox/state")).json["Contacts"][0]["Name"] == "n0"


def test_the_budget_is_of_any_minute() -> None:
    now = 0.0
    budget = CallBudget(2, lambda: now)
    assert budget.wait_s() is None
    now = 50.0
    assert budget.wait_s() is None
    assert budget.wait_s() == 10
    now = 60.0
    assert budget.wait_s() is None
    assert budget.wait_s() == 50
