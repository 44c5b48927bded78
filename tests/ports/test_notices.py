"""Telling somebody outside: signed POSTs and mail, to real receivers that fail in every way they can."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ports.notices.delivery import Message, Patience, deliver
from reconciler.ports.notices.mail import MailChannel
from reconciler.ports.notices.webhook import WebhookChannel
from reconciler.ports.webhook.delivery import Delivery
from reconciler.ports.webhook.signing import SigningSecretError, signed_headers, signing_key
from reconciler.ports.webhook.verification import Verdict
from tests.ports.notice_rig import KEY, SECRET, mail_server, receiving, verdict

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
MESSAGE = Message("20261122T023000Z-ab12", "Divergências: 9", "Há 9 divergências novas.\n", "pt-BR", b'{"new":9}')
QUICK = Patience(attempts=3, first_wait_s=0.0, attempt_s=5.0, total_s=20.0)
NOBODY = 9
"""The port of the discard service, where nothing listens."""


def channel(url: str) -> WebhookChannel:
    return WebhookChannel(url, KEY, lambda: NOW)


def mailing(port: int, **settings: object) -> MailChannel:
    plain = MailChannel("127.0.0.1", port, "nao-responda@example.com", ("ops@example.com",), starttls=False)
    return replace(plain, **settings)  # type: ignore[arg-type]  # the table of tests gives what the field takes


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an administrator makes a private authority known."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


def test_a_signature_is_the_one_of_the_published_example() -> None:
    headers = signed_headers(
        signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.binary(max_size=200), identity=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True), other=st.binary())
def test_what_is_signed_is_genuine_and_nothing_else_is(body: bytes, identity: str, other: bytes) -> None:
    headers = signed_headers(KEY, identity, NOW, body)
    sent = Delivery(method="POST", url="https://hooks.example.com", query={}, headers=headers, body=body)
    assert verdict(sent, NOW) is Verdict.GENUINE
    assert verdict(sent, NOW + timedelta(hours=1)) is Verdict.UNTIMELY
    if other != body:
        assert verdict(replace(sent, body=other), NOW) is Verdict.FORGED


def test_an_identity_cannot_move_text_between_the_signed_parts() -> None:
    with pytest.raises(ValueError, match="full stop"):
        signed_headers(KEY, "run.1", NOW, b"{}")


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all!", "whpk_" + SECRET[6:], "whsec_" + "QUFB" * 30],
    ids=["empty", "no key", "short", "not Base64", "public", "long"],
)
def test_what_is_no_signing_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(SigningSecretError) as refused:
        signing_key(secret)
    assert secret.removeprefix("whsec_") not in str(refused.value) or secret in {"", "whsec_"}


async def test_a_post_arrives_once_and_is_genuine() -> None:
    async with receiving(204) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, QUICK)
    (sent,) = receiver.received
    assert (done.delivered, done.attempts, done.problem, done.to) == (True, 1, "", "127.0.0.1")
    assert sent.body == MESSAGE.document
    assert sent.headers["content-type"] == "application/json"
    assert verdict(sent, NOW) is Verdict.GENUINE


async def test_a_receiver_that_stumbles_is_tried_again_with_the_same_identity() -> None:
    async with receiving(503, 429, 200) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (True, 3)
    assert {sent.headers["webhook-id"] for sent in receiver.received} == {MESSAGE.identity}


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
async def test_a_refusal_is_not_tried_again_and_a_redirect_not_followed(status: int) -> None:
    async with receiving(status) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (False, 1)
    assert len(receiver.received) == 1
    assert str(status) in done.problem


async def test_patience_ends_after_so_many_tries() -> None:
    async with receiving(500) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, QUICK)
    assert (done.delivered, done.attempts, len(receiver.received)) == (False, 3, 3)


@pytest.mark.parametrize(
    ("patience", "attempts", "problem"),
    [
        (Patience(attempts=2, first_wait_s=0.0, attempt_s=0.05, total_s=20.0), 2, "no answer within"),
        (Patience(attempts=9, first_wait_s=0.0, attempt_s=20.0, total_s=0.1), 1, "not delivered within"),
    ],
    ids=["each try", "all of it"],
)
async def test_a_receiver_that_never_answers_is_left(patience: Patience, attempts: int, problem: str) -> None:
    async with receiving(None) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, patience)
    assert (done.delivered, done.attempts) == (False, attempts)
    assert problem in done.problem


async def test_where_nobody_listens_is_told_without_the_path() -> None:
    done = await deliver(channel(f"http://127.0.0.1:{NOBODY}/hooks/a-secret-path"), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (False, 3)
    assert "a-secret-path" not in f"{done.problem}{done.to}"


async def test_a_receiver_nobody_vouches_for_is_sent_nothing(certificate: ssl.SSLContext) -> None:
    async with receiving(204, certificate=certificate) as receiver:
        done = await deliver(channel(receiver.url), MESSAGE, QUICK)
    assert (done.delivered, done.attempts, receiver.received) == (False, 1, [])
    assert "not trusted" in done.problem


async def test_a_channel_that_breaks_is_a_failed_delivery_and_no_exception() -> None:
    done = await deliver(channel("http://exa..mple/hooks/a-secret-path"), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (False, 1)
    assert "a-secret-path" not in done.problem


@pytest.mark.usefixtures("trusted")
async def test_mail_goes_protected_and_with_a_login(certificate: ssl.SSLContext) -> None:
    async with mail_server(starttls=certificate, password="senha-de-teste") as server:
        sending = mailing(server.port, starttls=True, username="robot", password="senha-de-teste")
        done = await deliver(sending, MESSAGE, QUICK)
    (got,) = server.received
    assert (done.delivered, done.attempts, done.problem) == (True, 1, "")
    assert (got.protected, got.login, got.to) == (True, "robot", ("ops@example.com",))
    assert (got.mail["Subject"], got.mail.get_content().rstrip()) == (MESSAGE.subject, "Há 9 divergências novas.")
    assert got.mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.usefixtures("trusted")
async def test_mail_goes_through_a_connection_protected_from_its_first_byte(certificate: ssl.SSLContext) -> None:
    async with mail_server(implicit_tls=certificate) as server:
        done = await deliver(mailing(server.port, implicit_tls=True), MESSAGE, QUICK)
    assert done.delivered
    assert [got.protected for got in server.received] == [True]


async def test_a_mail_server_without_starttls_gets_nothing() -> None:
    async with mail_server() as server:
        done = await deliver(mailing(server.port, starttls=True), MESSAGE, QUICK)
    assert (done.delivered, done.attempts, server.tried) == (False, 1, [])
    assert "STARTTLS" in done.problem


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
async def test_a_mail_server_nobody_vouches_for_gets_nothing(certificate: ssl.SSLContext, implicit: bool) -> None:
    offered, from_the_start = (None, certificate) if implicit else (certificate, None)
    async with mail_server(starttls=offered, implicit_tls=from_the_start) as server:
        done = await deliver(mailing(server.port, starttls=not implicit, implicit_tls=implicit), MESSAGE, QUICK)
    assert (done.delivered, done.attempts, server.tried) == (False, 1, [])
    assert "not trusted" in done.problem


async def test_a_busy_mail_server_is_tried_again_with_the_same_mail() -> None:
    async with mail_server(answers=("451 try later", "250 OK")) as server:
        done = await deliver(mailing(server.port), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (True, 2)
    assert {mail["Message-ID"] for mail in server.tried} == {"<20261122T023000Z-ab12@example.com>"}


@pytest.mark.parametrize(
    ("answer", "settings", "problem"),
    [
        ("554 not wanted", {}, "code 554"),
        ("250 OK", {"to": ("gone@example.com",)}, "every recipient"),
    ],
    ids=["content", "recipients"],
)
async def test_what_a_mail_server_refuses_for_good_is_not_tried_again(
    answer: str, settings: dict[str, object], problem: str
) -> None:
    async with mail_server(answers=(answer,), unknown=frozenset({"gone@example.com"})) as server:
        done = await deliver(mailing(server.port, **settings), MESSAGE, QUICK)
    assert (done.delivered, done.attempts, server.received) == (False, 1, [])
    assert problem in done.problem
    assert "@" not in done.problem


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_is_not_tried_again_and_not_told(certificate: ssl.SSLContext) -> None:
    async with mail_server(starttls=certificate, password="senha-de-teste") as server:
        sending = mailing(server.port, starttls=True, username="robot", password="senha-errada")
        done = await deliver(sending, MESSAGE, QUICK)
    assert (done.delivered, done.attempts, server.tried) == (False, 1, [])
    assert "login" in done.problem
    assert "senha-errada" not in f"{done}{sending}"


async def test_a_recipient_that_is_refused_keeps_no_other_from_being_told() -> None:
    async with mail_server(unknown=frozenset({"gone@example.com"})) as server:
        done = await deliver(mailing(server.port, to=("ops@example.com", "gone@example.com")), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (True, 1)
    assert done.problem == "refused for 1 of 2 recipients"
    assert [got.to for got in server.received] == [("ops@example.com",)]


async def test_a_mail_server_that_never_answers_is_left() -> None:
    left = asyncio.Semaphore(0)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.release()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        patience = Patience(attempts=2, first_wait_s=0.0, attempt_s=0.05, total_s=20.0)
        done = await deliver(mailing(server.sockets[0].getsockname()[1]), MESSAGE, patience)
        for _ in range(patience.attempts):
            await left.acquire()
    assert (done.delivered, done.attempts) == (False, 2)
    assert "no answer within" in done.problem


async def test_a_mail_server_that_is_away_is_tried_again() -> None:
    done = await deliver(mailing(NOBODY), MESSAGE, QUICK)
    assert (done.delivered, done.attempts) == (False, 3)
