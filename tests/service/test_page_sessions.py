"""Signing in with a token: what the cookie is worth, for whom, and how long."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from reconciler.service.sessions import LASTS, csrf_token
from tests.service.service_rig import QUOTE, TOKENS, Answer, Service, service_in

FORM = "application/x-www-form-urlencoded"
OWN = {"Sec-Fetch-Site": "same-origin", "Content-Type": FORM}


async def sign_in(service: Service, token: str = TOKENS["sales"], **headers: str) -> Answer:
    body = urlencode({"token": token}).encode()
    return await service.call("POST", "/sign-in", role=None, body=body, headers=given({**OWN, **headers}))


def given(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that are not empty."""
    return {name: value for name, value in headers.items() if value}


def cookie_of(answer: Answer) -> tuple[str, str]:
    """Name and session id."""
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    ((name, morsel),) = SimpleCookie(answer.headers["Set-Cookie"]).items()
    return name, morsel.value


async def taxes(service: Service, cookie: tuple[str, str], **headers: str) -> Answer:
    """As a script of our page would ask."""
    sent = {"Cookie": "=".join(cookie), "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": csrf_token(cookie[1])}
    return await service.taxes(role=None, headers=given({**sent, **headers}))


async def test_a_cookie_stands_for_the_token_it_was_got_with(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        answer = await sign_in(service)
        cookie = cookie_of(answer)
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
        assert answer.body == b""
        assert (await taxes(service, cookie)).status == 200
        by_cookie = {"Cookie": "=".join(cookie)}
        assert (await service.call("GET", "/v1/quotes/1202/taxes", role=None, headers=by_cookie)).status == 200
        assert (await service.call("GET", "/v1/findings", role=None, headers=by_cookie)).problem == (403, "forbidden")


async def test_the_state_and_the_log_keep_nothing_that_lets_anybody_in(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        name, session_id = cookie_of(await sign_in(service))
        with closing(sqlite3.connect(tmp_path / "state.db")) as other:
            kept = str(other.execute("SELECT * FROM service_sessions").fetchall())
        for secret in (session_id, TOKENS["sales"], hashlib.sha256(TOKENS["sales"].encode()).hexdigest()):
            assert secret not in kept
        stolen = hashlib.sha256(session_id.encode()).hexdigest()
        assert stolen in kept
        assert (await taxes(service, (name, stolen))).problem == (401, "token_missing")
        assert (await taxes(service, (name, stolen[:43]))).problem == (401, "session_ended")


FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another port of this host": {"Sec-Fetch-Site": "same-site"},
    "another site, older browser": {"Sec-Fetch-Site": "", "Origin": "https://evil.example.com"},
    "a sandboxed frame": {"Sec-Fetch-Site": "", "Origin": "null"},
    "nobody says where from": {"Sec-Fetch-Site": ""},
}


async def test_a_page_of_another_site_cannot_use_the_cookie(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        cookie = cookie_of(await sign_in(service))
        for name, headers in FOREIGN.items():
            assert (await taxes(service, cookie, **headers)).problem == (403, "foreign_page"), name
            signing = await sign_in(service, **headers)
            assert signing.problem == (403, "foreign_page"), name
        origin = str(service.server.make_url("/")).rstrip("/")
        assert (await taxes(service, cookie, **{"Sec-Fetch-Site": "", "Origin": origin})).status == 200
        for wrong in ("", "x" * 64, csrf_token(cookie[1])[:-1]):
            assert (await taxes(service, cookie, **{"X-CSRF-Token": wrong})).problem == (403, "csrf_token_wrong")
        assert service.source.asked == 1


async def test_a_token_counts_before_a_cookie(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        cookie = cookie_of(await sign_in(service))
        headers = {"Cookie": "=".join(cookie), "Authorization": "Bearer wrong"}
        assert (await service.call("GET", "/v1/quotes/1202/taxes", role=None, headers=headers)).problem == (
            401,
            "token_unknown",
        )


async def test_a_session_ends_by_signing_out_by_time_and_with_its_token(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        first, second = cookie_of(await sign_in(service)), cookie_of(await sign_in(service))
        out = urlencode({"csrf_token": csrf_token(first[1])}).encode()
        headers = {**OWN, "Cookie": "=".join(first)}
        forged = await service.call("POST", "/sign-out", role=None, body=b"csrf_token=x", headers=headers)
        assert forged.problem == (403, "csrf_token_wrong")
        ended = await service.call("POST", "/sign-out", role=None, body=out, headers=headers)
        assert (ended.status, "Max-Age=0" in ended.headers["Set-Cookie"]) == (303, True)
        assert (await taxes(service, first)).problem == (401, "session_ended")
        assert (await taxes(service, second)).status == 200
        service.wall.now += LASTS - timedelta(seconds=1)
        assert (await taxes(service, second)).status == 200
        service.wall.now += timedelta(seconds=1)
        assert (await taxes(service, second)).problem == (401, "session_ended")
        third = cookie_of(await sign_in(service))
    async with service_in(tmp_path, tokens="sales-caller:sales:another-token-0123456") as service:
        assert (await taxes(service, third)).problem == (401, "session_ended")
    async with service_in(tmp_path) as another_process:
        another_process.wall.now += LASTS + timedelta(seconds=1)
        assert (await taxes(another_process, third)).status == 200


async def test_sessions_of_a_token_are_bounded_and_the_oldest_give_way(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        first, *_, last = [cookie_of(await sign_in(service)) for _ in range(51)]
        other = cookie_of(await sign_in(service, TOKENS["admin"]))
        assert (await taxes(service, first)).problem == (401, "session_ended")
        assert (await taxes(service, last)).status == (await taxes(service, other)).status == 200
        service.wall.now += LASTS
        await sign_in(service)
    with closing(sqlite3.connect(tmp_path / "state.db")) as kept:
        assert kept.execute("SELECT count(*) FROM service_sessions").fetchone() == (1,)


async def test_behind_tls_the_cookie_never_travels_in_the_clear(tmp_path: Path) -> None:
    public = "https://taxes.example.com"
    async with service_in(tmp_path, behind_proxy=True, public_url=f"{public}/") as service:
        answer = await sign_in(service)
        name, _ = cookie_of(answer)
        assert name == "__Host-reconciler"
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")
        through = await taxes(service, cookie_of(answer), **{"Sec-Fetch-Site": "", "Origin": public})
        assert through.status == 200
        other = await taxes(service, cookie_of(answer), **{"Sec-Fetch-Site": "", "Origin": "https://example.com"})
        assert other.problem == (403, "foreign_page")


async def test_a_wrong_token_signs_nobody_in(tmp_path: Path) -> None:
    async with service_in(tmp_path) as service:
        for wrong in ("", "wrong-token-0123456789", TOKENS["sales"][:-1]):
            answer = await sign_in(service, wrong)
            assert answer.problem == (401, "token_unknown")
            assert "Set-Cookie" not in answer.headers
        page = await sign_in(service, "wrong", Accept="text/html,*/*")
        assert (page.status, page.headers["Location"]) == (303, "/?sign_in=refused")
        assert (await sign_in(service, **{"Content-Type": "text/plain"})).problem == (415, "not_form_type")
        large = await service.call("POST", "/sign-in", role=None, body=b"token=" + b"x" * 5000, headers=OWN)
        assert large.problem == (413, "too_large")
        many = await service.call("POST", "/sign-in", role=None, body=b"a=1&" * 20, headers=OWN)
        assert many.problem == (400, "form_not_understood")
        in_the_address = await service.call(
            "POST", f"/sign-in?token={TOKENS['sales']}", role=None, body=b"", headers=OWN
        )
        assert in_the_address.problem == (401, "token_unknown")
    async with service_in(tmp_path, anybody_here=True) as service:
        assert (await sign_in(service)).problem == (409, "no_tokens_configured")
        assert (await service.taxes(QUOTE, role=None)).status == 200


@pytest.mark.parametrize("per_minute", [12])
async def test_signing_in_counts_as_asking(tmp_path: Path, per_minute: float) -> None:
    async with service_in(tmp_path, per_minute=per_minute) as service:
        assert [(await sign_in(service)).status for _ in range(3)] == [303, 303, 429]
