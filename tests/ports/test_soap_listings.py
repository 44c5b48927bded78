"""Listings over SOAP and XML: the pages, sessions, retries and limits of the HTTP port, with trees for records."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import structlog
from aiohttp import web
from lxml import etree

from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    ResponseNotUnderstoodError,
    UnreachableError,
    VendorFaultError,
)
from reconciler.ports.http.settings import HttpSettings, Listing
from tests.ports.soap_answers import ELEVEN, Response, fault, said
from tests.ports.stand_in import QUICK, Answer, StandIn, always, in_turn, pages_of, raw

_LISTING: dict[str, Any] = {
    "request": {"path": "/s", "soap": {"body": {"List": {"page": "$page.number", "size": "$page.size"}}}},
    "records": "Body.ListResponse.items.item",
    "paging": {"kind": "number", "size": 2},
}
_ALL: dict[str, Any] = {
    "request": {"path": "/s", "soap": {"body": {"List": {}}}},
    "records": _LISTING["records"],
    "paging": {"kind": "single"},
}
_TOTAL: dict[str, Any] = {"stop": {"total": "Body.ListResponse.total"}}


def _listing(**changes: Any) -> Listing:
    return Listing.model_validate({**_LISTING, **changes})


def _all(**changes: Any) -> Listing:
    return Listing.model_validate({**_ALL, **changes})


def _settings(**changes: Any) -> HttpSettings:
    return HttpSettings.model_validate({"format": "soap", "retry": QUICK, **changes})


def _items(*ids: int, total: int | None = None) -> str:
    announced = "" if total is None else f"<total>{total}</total>"
    items = "".join(f"<item><id>{each}</id></item>" for each in ids)
    return f"<ListResponse>{announced}<items>{items}</items></ListResponse>"


def _paged(count: int) -> Answer:
    """Two items a page, up to `count`, for whoever asks with a page number."""

    async def answer(request: web.Request) -> web.StreamResponse:
        page = int(etree.fromstring(await request.read()).findtext(f"{{{ELEVEN}}}Body/List/page") or 0)
        ids = [each for each in range(1, count + 1) if (each - 1) // 2 == page - 1]
        return said(_items(*ids, total=count))()

    return answer


async def _ids(system: StandIn, listing: Listing, settings: HttpSettings | None = None) -> list[str]:
    async with system.port(settings or _settings()) as port:
        pages = await pages_of(port, listing)
    in_order = sorted(pages, key=lambda page: page.number)
    return [str(record["id"]) for page in in_order for record in page.records if isinstance(record, dict)]


@pytest.mark.parametrize("count", [0, 1, 2, 5], ids=["none", "one", "a page", "a last page of one"])
@pytest.mark.parametrize("stop", [{}, _TOTAL], ids=["until a short page", "with a total"])
async def test_every_record_of_every_page_comes_however_many_there_are(count: int, stop: dict[str, Any]) -> None:
    async with StandIn(_paged(count)) as system:
        assert await _ids(system, _listing(**stop)) == [str(each) for each in range(1, count + 1)]


async def test_a_page_keeps_its_records_as_json_at_the_path_of_the_listing() -> None:
    async with StandIn(always(said(_items(7, total=1)))) as system, system.port(_settings()) as port:
        (page,) = await pages_of(port, _listing(**_TOTAL))
    assert orjson.loads(page.body)["Body"]["ListResponse"]["items"]["item"] == [{"id": "7"}]
    assert page.total == 1


@pytest.mark.parametrize(
    "body",
    ["<ListResponse/>", "<Other/>", "<ListResponse><items><Item><id>1</id></Item></items></ListResponse>",
     "<ListResponse><items>none</items></ListResponse>"],
)  # fmt: skip
async def test_records_that_are_not_where_they_should_be_are_an_error(body: str) -> None:
    async with StandIn(always(said(body))) as system:
        with pytest.raises(ResponseNotUnderstoodError, match=r"`Body\.ListResponse\.items\.item`"):
            await _ids(system, _listing())


async def test_with_a_total_of_zero_the_elements_around_the_records_may_be_missing() -> None:
    empty = "<ListResponse><total>0</total></ListResponse>"
    async with StandIn(always(said(empty))) as system:
        assert await _ids(system, _listing(**_TOTAL)) == []


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        ("<id>1</id><name/><new>x</new>", None),
        ("<name>a</name><id>1</id>", None),
        ("<id>1</id>", "name"),
        ("<name>a</name>", "id"),
        ("<id>1</id><Name>a</Name>", "name"),
    ],
    ids=["a new one, an empty one", "another order", "one missing", "the id missing", "renamed"],
)
async def test_a_required_element_that_is_missing_is_named(record: str, missing: str | None) -> None:
    whole = "<item><id>0</id><name>a</name></item>"
    body = f"<ListResponse><items>{whole}<item>{record}</item></items></ListResponse>"
    listing = _all(required=["id", "name"])
    async with StandIn(always(said(body))) as system:
        if missing is None:
            assert await _ids(system, listing) == ["0", "1"]
            return
        with pytest.raises(ResponseNotUnderstoodError, match=f"SOAP List: a record has no `{missing}`"):
            await _ids(system, listing)


@pytest.mark.parametrize(
    "trouble",
    [
        fault("s:Client", "slow down", status=429, Retry_After="0"),
        fault("s:Server", "busy"),
        raw(f"<s:Envelope xmlns:s='{ELEVEN}'><s:Body><ListRes".encode(), "text/xml"),
        raw(b"<!DOCTYPE html><html></html>", "text/html"),
        raw(b"", "text/xml"),
    ],
    ids=["throttled", "fault of the server", "cut", "web page", "empty"],
)
async def test_a_passing_trouble_is_asked_again(trouble: Response) -> None:
    async with StandIn(in_turn(trouble, said(_items(1)))) as system:
        assert await _ids(system, _all()) == ["1"]
        assert len(system.asked) == 2


async def test_a_fault_of_ours_is_not_asked_again() -> None:
    async with StandIn(always(fault("s:Client.Bad", "no such page"))) as system:
        with pytest.raises(VendorFaultError, match="SOAP List: answered a fault of its own: no such page") as failed:
            await _ids(system, _all())
        assert failed.value.vendor_code == "Client.Bad"
        assert len(system.asked) == 1


async def test_a_fault_can_name_the_time_to_stay_away() -> None:
    rule = {"at": "Body.Fault.faultstring", "contains": ["bloqueado"], "wait_pattern": r"(\d+) min", "then": "blocked"}
    async with StandIn(always(fault("s:Client", "bloqueado por 30 min"))) as system:
        with pytest.raises(BlockedError):
            await _ids(system, _listing(), _settings(outcomes=[rule]))


_LOGIN: dict[str, Any] = {
    "soap": {"header": {"Session": {"key": "$session.key"}}},
    "auth": {
        "kind": "login",
        "steps": [
            {
                "request": {"path": "/s", "soap": {"header": {}, "body": {"Enter": {"as": "$credentials.user"}}}},
                "take": {"key": "Body.EnterResponse.key"},
            }
        ],
        "close": {"path": "/s", "soap": {"body": {"Leave": {}}}},
    },
    "outcomes": [{"at": "Body.Fault.faultcode", "contains": [".NoSession"], "then": "refresh_auth"}],
}


class _WithSessions:
    """A system with sessions, of which `maria` may have some. `expire` ends the one that is open."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self._key: str | None = None

    def expire(self) -> None:
        self._key = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        envelope = etree.fromstring(await request.read())
        key = envelope.findtext(f"{{{ELEVEN}}}Header/Session/key")
        body = envelope.find(f"{{{ELEVEN}}}Body")
        assert body is not None
        operation = str(body[0].tag)
        self.operations.append(operation if key is None else f"{operation} with {key}")
        if operation == "Enter" and body[0].findtext("as") == "maria":
            self._key = f"very-secret-{len(self.operations)}"
            return said(f"<EnterResponse><key>{self._key}</key></EnterResponse>")()
        if key is None or key != self._key:
            return fault("s:Client.NoSession", "who?")()
        return said(_items(1))()


async def test_a_session_opened_over_soap_travels_in_the_header_and_is_closed() -> None:
    sessions = _WithSessions()
    async with (
        StandIn(sessions.answer) as system,
        system.port(_settings(**_LOGIN), credentials={"user": "maria"}) as port,
    ):
        await pages_of(port, _all())
        await pages_of(port, _all())
    assert sessions.operations == [
        "Enter", "List with very-secret-1", "List with very-secret-1", "Leave with very-secret-1"
    ]  # fmt: skip


async def test_a_session_that_a_fault_says_is_lost_is_opened_again() -> None:
    sessions = _WithSessions()
    async with (
        StandIn(sessions.answer) as system,
        system.port(_settings(**_LOGIN), credentials={"user": "maria"}) as port,
    ):
        await pages_of(port, _all())
        sessions.expire()
        (page,) = await pages_of(port, _all())
    assert page.records == [{"id": "1"}]
    assert sessions.operations == [
        "Enter", "List with very-secret-1", "List with very-secret-1",
        "Enter", "List with very-secret-4", "Leave with very-secret-4",
    ]  # fmt: skip


async def test_a_login_refused_by_a_fault_is_not_tried_again() -> None:
    sessions = _WithSessions()
    async with (
        StandIn(sessions.answer) as system,
        system.port(_settings(**_LOGIN), credentials={"user": "joana"}) as port,
    ):
        with pytest.raises(CredentialsRefusedError, match="SOAP Enter"):
            await pages_of(port, _all())
    assert sessions.operations == ["Enter"]


async def test_logs_name_the_operation_and_show_no_body() -> None:
    sessions = _WithSessions()
    with structlog.testing.capture_logs() as lines:
        async with (
            StandIn(sessions.answer) as system,
            system.port(_settings(**_LOGIN), credentials={"user": "maria"}) as port,
        ):
            await pages_of(port, _all())
    assert {line["request"] for line in lines if line["event"] == "http_call"} == {
        "SOAP Enter", "SOAP List", "SOAP Leave"
    }  # fmt: skip
    assert not any(secret in str(lines) for secret in ("maria", "very-secret", "<"))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-1"?><r><item><id>ação</id></item></r>'.encode("latin-1"),
         "text/xml"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><r><item><id>ação</id></item></r>'.encode("latin-1"),
         "text/xml; charset=ISO-8859-1"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><r><item><id>ação</id></item></r>'.encode(),
         "text/xml; charset=UTF-8"),
        ("<r><item><id>ação</id></item></r>".encode(), "application/xml"),
    ],
    ids=["declared inside", "declared twice", "the header wins", "nowhere"],
)  # fmt: skip
async def test_accents_arrive_whatever_says_the_character_set(body: bytes, content_type: str) -> None:
    listing = Listing.model_validate({"request": {"path": "/x"}, "records": "r.item", "paging": {"kind": "single"}})
    answer = always(lambda: web.Response(body=body, headers={"Content-Type": content_type}))
    async with StandIn(answer) as system:
        assert await _ids(system, listing, HttpSettings(format="xml", retry=QUICK)) == ["ação"]


async def test_an_answer_over_the_size_limit_is_refused_before_it_is_parsed() -> None:
    huge = raw(b"<r>" + b"<item/>" * 200_000 + b"</r>", "text/xml")
    listing = Listing.model_validate({"request": {"path": "/x"}, "records": "r.item", "paging": {"kind": "single"}})
    async with StandIn(always(huge)) as system:
        with pytest.raises(ResponseNotUnderstoodError, match="more than 1 MiB"):
            await _ids(system, listing, HttpSettings(format="xml", retry=QUICK, max_body_mib=1))


async def test_xml_pages_are_followed_by_an_empty_cursor() -> None:
    answers = in_turn(
        raw(b"<r><item><id>1</id></item><next>c2</next></r>", "text/xml"),
        raw(b"<r><item><id>2</id></item><next/></r>", "text/xml"),
    )
    listing = Listing.model_validate(
        {
            "request": {"path": "/x", "query": {"after": "$page.cursor"}},
            "records": "r.item",
            "paging": {"kind": "cursor", "cursor": "r.next"},
        }
    )
    async with StandIn(answers) as system:
        assert await _ids(system, listing, HttpSettings(format="xml", retry=QUICK)) == ["1", "2"]
        assert [each.query for each in system.asked] == [{}, {"after": "c2"}]


async def test_a_call_that_must_not_happen_twice_is_not_repeated_when_the_server_blames_itself() -> None:
    request = _all(request={"path": "/s", "soap": {"body": {"Write": {}}}}).request
    async with StandIn(always(fault("s:Server", "perhaps"))) as system, system.port(_settings()) as port:
        with pytest.raises(VendorFaultError) as failed:
            await port.call(request, safe_to_repeat=False)
        assert failed.value.may_have_acted
        assert len(system.asked) == 1


async def test_a_lost_connection_names_the_operation() -> None:
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with StandIn(drop) as system:
        with pytest.raises(UnreachableError, match="SOAP List"):
            await _ids(system, _listing())
