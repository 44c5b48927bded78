"""Receivers of notifications: a real HTTP receiver and a real mail server, both on loopback."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reconciler.ports.webhook.delivery import Delivery
from reconciler.ports.webhook.settings import Events, StandardVerification
from reconciler.ports.webhook.verification import Secrets, Verdict, verify

KEY = b"uma-chave-de-teste-com-bytes-suficientes"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
_EVENTS = Events.model_validate({"entity": ["e"], "id": ["id"], "entities": {"x": "customers"}})


def verdict(delivery: Delivery, now: datetime, secret: str = SECRET) -> Verdict:
    """What the verification of webhooks that we receive says to one that we sent."""
    known = Secrets(named={"webhook": [secret]}, purpose=frozenset({"webhook"}))
    return verify(StandardVerification(kind="standard"), _EVENTS, delivery, known, now)


@dataclass
class Receiver:
    """Takes POSTs, answering each with the next status; the last one again and again, and None never."""

    statuses: Sequence[int | None] = (204,)
    received: list[Delivery] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(
            Delivery(method="POST", url=str(request.url), query={}, headers=headers, body=body),
        )
        status = self.statuses[min(len(self.received), len(self.statuses)) - 1]
        if status is None:
            await asyncio.Event().wait()
        return web.Response(status=status or 500, headers={"Location": "/other"})


@asynccontextmanager
async def receiving(*statuses: int | None, certificate: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that runs."""
    receiver = Receiver(statuses or (204,))
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate).start()
        scheme = "http" if certificate is None else "https"
        receiver.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/hooks/a-secret-path"
        yield receiver
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as a server took it."""

    protected: bool
    login: str | None
    to: tuple[str, ...]
    mail: EmailMessage


@dataclass
class MailServer:
    """Takes mail, unless told to answer otherwise.

    Attributes:
        answers: to the content of each mail in turn; the last one again and again.
        unknown: recipients it refuses.
    """

    answers: Sequence[str] = ("250 OK",)
    unknown: frozenset[str] = frozenset()
    password: str | None = None
    received: list[ReceivedMail] = field(default_factory=list)
    tried: list[EmailMessage] = field(default_factory=list)
    port: int = 0
    _login: str | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.tried.append(mail)
        answer = self.answers[min(len(self.tried), len(self.answers)) - 1]
        if answer.startswith("2"):
            self.received.append(
                ReceivedMail(
                    protected=_is_protected(server),
                    login=self._login,
                    to=tuple(envelope.rcpt_tos),
                    mail=mail,
                )
            )
        return answer

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        self._login = data.login.decode() if right and isinstance(data, LoginPassword) else None
        return AuthResult(success=right, handled=False)


class _Connection(SMTP):
    """Tells when it is over: a loop that ends before would leave a socket open."""

    still_open: set[SMTP]
    all_over: asyncio.Event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.still_open.add(self)
        self.all_over.clear()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.still_open.discard(self)
        if not self.still_open:
            self.all_over.set()


def _is_protected(server: SMTP) -> bool:
    return server.transport is not None and server.transport.get_extra_info("sslcontext") is not None


@asynccontextmanager
async def mail_server(
    *,
    answers: Sequence[str] = ("250 OK",),
    unknown: frozenset[str] = frozenset(),
    password: str | None = None,
    starttls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
) -> AsyncIterator[MailServer]:
    """A mail server that runs; with a password it wants a login before anything else."""
    taking = MailServer(answers, unknown, password)
    still_open: set[SMTP] = set()
    all_over = asyncio.Event()
    all_over.set()
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        made = _Connection(
            taking,
            hostname="mail.example.com",
            ident="test",
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=password is not None,
            auth_require_tls=starttls is not None,
            authenticator=taking.authenticate if password is not None else None,
        )
        made.still_open, made.all_over = still_open, all_over
        return made

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=implicit_tls)
    try:
        taking.port = server.sockets[0].getsockname()[1]
        yield taking
    finally:
        server.close()
        await server.wait_closed()
        async with asyncio.timeout(10):
            await all_over.wait()
