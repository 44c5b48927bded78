"""Credentials that never change: how each kind is sent, and what happens when they are refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from reconciler.errors import (
    ConfigurationError,
    CredentialsRefusedError,
)
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.settings import HttpSettings, Listing, Request
from tests.ports.stand_in import QUICK, THING, StandIn, always, ids, in_turn, ok, pages_of, status

_CREDENTIALS = {"login": "crm", "password": "s3cret:ç", "key": "k-401=="}


def _settings(auth: dict[str, Any], **more: Any) -> HttpSettings:
    return HttpSettings.model_validate({"auth": auth, "retry": QUICK, **more})


async def test_a_header_is_sent() -> None:
    settings = _settings({"kind": "header", "name": "User-Key", "value": "{credentials.key}"})
    async with StandIn(always(ok())) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(THING)
        assert system.asked[0].headers["User-Key"] == "k-401=="


async def test_a_query_parameter_is_added_also_to_links() -> None:
    settings = _settings({"kind": "query", "name": "key", "value": "$credentials.key"})
    answers = in_turn(ok({"value": [{"id": 1}], "next": "/things?page=2"}), ok({"value": [{"id": 2}]}))
    listing = Listing.model_validate(
        {"request": {"path": "/things"}, "records": "value", "paging": {"kind": "link", "link": "next"}}
    )
    async with StandIn(answers) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        assert ids(await pages_of(port, listing)) == [1, 2]
        assert [dict(asked.query) for asked in system.asked] == [{"key": "k-401=="}, {"page": "2", "key": "k-401=="}]


async def test_body_fields_are_added_to_json_objects() -> None:
    settings = _settings(
        {"kind": "body", "fields": {"app_key": "$credentials.key", "app_secret": "{credentials.login}!"}}
    )
    async with StandIn(always(ok())) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(Request(method="POST", path="/x", body={"call": "ListarClientes", "param": []}))
        assert system.asked[0].json == {
            "call": "ListarClientes",
            "param": [],
            "app_key": "k-401==",
            "app_secret": "crm!",
        }


async def test_basic_is_sent_in_utf8() -> None:
    settings = _settings({"kind": "basic", "username": "$credentials.login", "password": "$credentials.password"})
    async with StandIn(always(ok())) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(THING)
        kind, encoded = system.asked[0].headers["Authorization"].split()
        assert kind == "Basic"
        assert base64.b64decode(encoded).decode() == "crm:s3cret:ç"


async def test_a_bearer_token_is_sent() -> None:
    settings = _settings({"kind": "bearer", "token": "$credentials.key"})
    async with StandIn(always(ok())) as system, system.port(settings, credentials=_CREDENTIALS) as port:
        await port.call(THING)
        assert system.asked[0].headers["Authorization"] == "Bearer k-401=="


@pytest.mark.parametrize(
    ("auth", "credentials"),
    [
        ({"kind": "header", "name": "K", "value": "{credentials.key}"}, {}),
        ({"kind": "header", "name": "K", "value": "{credentials.key}"}, {"key": ""}),
        ({"kind": "bearer", "token": "$credentials.key"}, {"key": "abc\n"}),
        ({"kind": "basic", "username": "a:b", "password": "$credentials.key"}, {"key": "x"}),
    ],
    ids=["absent", "empty", "with a line end", "colon in the user"],
)
def test_a_credential_that_cannot_be_used_is_told_before_anything_is_sent(
    auth: dict[str, Any], credentials: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError):
        HttpPort("erp", _settings(auth), base_url="http://erp.example", credentials=credentials, context={})


@pytest.mark.parametrize("kind", ["none", "bearer"])
async def test_refused_fixed_credentials_are_not_tried_again(kind: str) -> None:
    auth = {"kind": "none"} if kind == "none" else {"kind": "bearer", "token": "$credentials.key"}
    async with StandIn(always(status(401))) as system, system.port(_settings(auth), credentials=_CREDENTIALS) as port:
        with pytest.raises(CredentialsRefusedError, match="erp: GET /thing: the credentials are not accepted"):
            await port.call(THING)
        assert len(system.asked) == 1
