"""OAuth 2: tokens are asked for once, replaced in time, and a rotated refresh token is stored before it is needed."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from aiohttp import web

from reconciler.errors import (
    ConfigurationError,
    CredentialsRefusedError,
    ResponseNotUnderstoodError,
    StateError,
    UnreachableError,
)
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings
from tests.ports.stand_in import QUICK, THING, StandIn, always, ok, status

_CREDENTIALS = {"id": "client-1", "secret": "s3cret/=", "refresh": "first-refresh"}
_CLIENT = {
    "kind": "oauth2",
    "grant": "client_credentials",
    "token_path": "/oauth/token",
    "client_id": "$credentials.id",
    "client_secret": "$credentials.secret",
}
_REFRESH = {**_CLIENT, "grant": "refresh_token", "refresh_token": "$credentials.refresh"}


def _settings(auth: dict[str, Any], **more: Any) -> HttpSettings:
    return HttpSettings.model_validate({"auth": auth, "retry": QUICK, "concurrency": 20, **more})


class Store:
    """Remembers what was saved, and when."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.history: list[str] = []
        self.broken = False

    async def load(self, name: str) -> str | None:
        assert name == "oauth2.refresh_token"
        return self.token

    async def save(self, name: str, token: str) -> None:
        assert name == "oauth2.refresh_token"
        await asyncio.sleep(0.005)
        if self.broken:
            raise StateError("the state cannot be written")
        self.token = token
        self.history.append(token)


class Grants:
    """An authorization server with rotating refresh tokens, each good for one use, and the API behind it."""

    def __init__(self, *, store: Store | None = None, refresh: str = "first-refresh", expires_in: Any = 3600) -> None:
        self.issued = 0
        self.refused = 0
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self.access: str | None = None
        self.refresh = refresh
        self.stored_when_used: list[str | None] = []
        self._store = store
        self._expires_in = expires_in

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/oauth/token":
            return await self._token(request)
        if request.headers.get("Authorization") != f"Bearer {self.access}":
            return web.Response(status=401)
        if self._store is not None:
            self.stored_when_used.append(self._store.token)
        return web.json_response({"ok": True})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        self.authorizations.append(request.headers.get("Authorization"))
        await asyncio.sleep(0.01)
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            self.refused += 1
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.issued += 1
        self.access = f"access-{self.issued}"
        answer = {"access_token": self.access, "token_type": "Bearer", "expires_in": self._expires_in}
        if form["grant_type"] == "refresh_token":
            self.refresh = answer["refresh_token"] = f"refresh-{self.issued}"
        return web.json_response(answer)


async def test_client_credentials_are_exchanged_once_for_many_calls() -> None:
    grants = Grants()
    async with StandIn(grants) as system, system.port(_settings(_CLIENT), credentials=_CREDENTIALS) as port:
        await asyncio.gather(*(port.call(THING) for _ in range(20)))
        assert grants.issued == 1
        assert grants.forms == [{"grant_type": "client_credentials"}]
        encoded = (grants.authorizations[0] or "").removeprefix("Basic ")
        assert base64.b64decode(encoded) == b"client-1:s3cret/="


async def test_client_scope_and_further_fields_can_go_in_the_form() -> None:
    auth = {**_CLIENT, "client_in": "body", "scope": "read", "extra": {"audience": "{credentials.id}-api"}}
    grants = Grants()
    async with StandIn(grants) as system, system.port(_settings(auth), credentials=_CREDENTIALS) as port:
        await port.call(THING)
        assert grants.authorizations == [None]
        assert grants.forms == [
            {
                "grant_type": "client_credentials",
                "client_id": "client-1",
                "client_secret": "s3cret/=",
                "scope": "read",
                "audience": "client-1-api",
            }
        ]


async def test_a_token_host_of_its_own_is_used_for_tokens_only() -> None:
    grants = Grants()
    async with StandIn(grants) as tokens, StandIn(grants) as system:
        auth = {**_CLIENT, "token_path": f"{tokens.base_url}/oauth/token"}
        async with system.port(_settings(auth), credentials=_CREDENTIALS) as port:
            await port.call(THING)
        assert [asked.path for asked in tokens.asked] == ["/oauth/token"]
        assert [asked.path for asked in system.asked] == ["/thing"]


async def test_a_rotated_refresh_token_is_stored_before_the_access_token_is_used() -> None:
    """Trap 8: Bling. A crash right after would otherwise end the grant for good."""
    store = Store()
    grants = Grants(store=store)
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            await port.call(THING)
        assert grants.stored_when_used == ["refresh-1"]


async def test_however_many_calls_need_a_token_the_refresh_token_is_used_once() -> None:
    store = Store()
    grants = Grants(store=store)
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            await asyncio.gather(*(port.call(THING) for _ in range(20)))
            assert grants.issued == 1
            grants.access = "revoked"
            await asyncio.gather(*(port.call(THING) for _ in range(20)))
        assert (grants.issued, grants.refused) == (2, 0)
        assert store.history == ["refresh-1", "refresh-2"]
        assert port.traffic.renewals == 1


async def test_the_stored_token_comes_before_the_configured_one() -> None:
    store = Store("stored")
    grants = Grants(store=store, refresh="stored")
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            await port.call(THING)
        assert [form["refresh_token"] for form in grants.forms] == ["stored"]


async def test_a_newly_configured_token_is_used_when_the_stored_one_is_refused() -> None:
    """A person granted access again; the old token is still in the store."""
    store = Store("stale")
    grants = Grants(store=store)
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            await port.call(THING)
        assert [form["refresh_token"] for form in grants.forms] == ["stale", "first-refresh"]
        assert store.token == "refresh-1"


async def test_a_successor_stored_by_another_process_is_used() -> None:
    store = Store()
    grants = Grants(store=store, refresh="from-the-other-process")

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await grants(request)
        store.token = store.token or "from-the-other-process"
        return response

    async with StandIn(answer) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            await port.call(THING)
        assert [form["refresh_token"] for form in grants.forms] == ["first-refresh", "from-the-other-process"]


async def test_refused_tokens_are_tried_once_each_whoever_asks() -> None:
    store = Store("stale")
    grants = Grants(store=store, refresh="unknown to us")
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            results = await asyncio.gather(*(port.call(THING) for _ in range(20)), return_exceptions=True)
            assert all(isinstance(result, CredentialsRefusedError) for result in results)
            with pytest.raises(CredentialsRefusedError, match=r"no access token is given \(invalid_grant\)"):
                await port.call(THING)
        assert [form["refresh_token"] for form in grants.forms] == ["stale", "first-refresh"]


@pytest.mark.parametrize("expires_in", [30, "30"], ids=["number", "text"])
async def test_a_token_is_replaced_before_it_ends(expires_in: Any) -> None:
    """With a long safety margin even a fresh token is used for half of its life, and not refreshed for every call."""
    grants = Grants(expires_in=expires_in)
    settings = _settings({**_CLIENT, "early_s": 3600})
    async with StandIn(grants) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(THING)
        await port.call(THING)
        assert grants.issued == 1


async def test_a_token_that_has_ended_is_replaced_without_asking_for_a_refusal_first() -> None:
    grants = Grants(expires_in=0)
    async with StandIn(grants) as system, system.port(_settings(_CLIENT), credentials=_CREDENTIALS) as port:
        await port.call(THING)
        await port.call(THING)
        assert [asked.path for asked in system.asked] == ["/oauth/token", "/thing", "/oauth/token", "/thing"]


async def test_an_access_token_is_not_used_when_its_refresh_token_could_not_be_stored() -> None:
    store = Store()
    store.broken = True
    grants = Grants(store=store)
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            with pytest.raises(StateError):
                await port.call(THING)
        assert [asked.path for asked in system.asked] == ["/oauth/token"]


async def test_a_cancelled_caller_does_not_lose_the_rotated_token() -> None:
    """The answer is on its way when the caller goes; the port does not close before the new token is stored."""
    store = Store()
    grants = Grants(store=store)
    async with StandIn(grants) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=store) as port:
            caller = asyncio.create_task(port.call(THING))
            await system.has_been_asked(1)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
        assert store.token == "refresh-1" == grants.refresh


async def test_a_refresh_whose_answer_is_lost_is_not_sent_again() -> None:
    """The token may be used up: sending it again can end the whole grant."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with StandIn(answer) as system:
        async with system.port(_settings(_REFRESH), credentials=_CREDENTIALS, tokens=Store()) as port:
            with pytest.raises(UnreachableError):
                await port.call(THING)
        assert len(system.asked) == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(401), CredentialsRefusedError, "HTTP 401"),
        (status(401, {"error": "invalid_client"}), CredentialsRefusedError, "invalid_client"),
        (status(400, {"error": "invalid_scope"}), CredentialsRefusedError, "invalid_scope"),
        (ok({"error": "unauthorized_client"}), CredentialsRefusedError, "unauthorized_client"),
        (status(400, {"error": "s3cret/="}), CredentialsRefusedError, "HTTP 400"),
        (ok({"token": "x"}), ResponseNotUnderstoodError, "access_token"),
        (ok({"access_token": 7}), ResponseNotUnderstoodError, "access_token"),
    ],
    ids=["401", "client", "scope", "inside 200", "other 400", "no token", "no text"],
)
async def test_a_refusal_tells_the_standard_code_and_nothing_else(
    answer: Any, error: type[Exception], words: str
) -> None:
    async with StandIn(always(answer)) as system, system.port(_settings(_CLIENT), credentials=_CREDENTIALS) as port:
        with pytest.raises(error) as caught:
            await port.call(THING)
        assert words in str(caught.value)
        assert "s3cret" not in str(caught.value)
        assert len(system.asked) == 1


async def test_a_grant_that_may_rotate_needs_a_store() -> None:
    async with StandIn(always(ok())) as system:
        with pytest.raises(ConfigurationError, match="token store"):
            system.port(_settings(_REFRESH), credentials=_CREDENTIALS)


async def test_a_token_path_is_under_the_base_url() -> None:
    answer = always(ok({"access_token": "a"}))
    async with StandIn(answer) as system:
        base_url = f"{system.base_url}/Api/v3"
        async with HttpPort("erp", _settings(_CLIENT), base_url=base_url, credentials=_CREDENTIALS, context={}) as port:
            await port.call(THING)
        assert [asked.path for asked in system.asked] == ["/Api/v3/oauth/token", "/Api/v3/thing"]
        assert system.asked[1].headers["Authorization"] == "Bearer a"
