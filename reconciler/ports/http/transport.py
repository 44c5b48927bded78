"""Sends one request and reads its whole answer: connection, time limits, size limit, certificate checks."""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import aiohttp
import structlog
from aiohttp import hdrs
from structlog.typing import FilteringBoundLogger

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import Answer, Outgoing, Traffic
from reconciler.ports.http.outcome import Fail
from reconciler.ports.http.settings import HttpSettings
from reconciler.ports.http.trace import Exchanged, watch_of_this_task

_BYTES_PER_MIB: Final = 1024 * 1024
_READ_BUFFER_BYTES: Final = 256 * 1024
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF8_NAMES: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii", ""})

_log = structlog.get_logger("reconciler.http")


@dataclass(frozen=True, slots=True)
class Broken:
    """No whole answer came.

    Attributes:
        fail: what to report when it is not tried again, or not with success.
        sent: whether the system may have received the request.
        again: whether another try can help.
    """

    fail: Fail
    sent: bool
    again: bool = True


class _DroppedError(aiohttp.ClientError):
    """The connection was lost after the request may have been sent."""


async def _no_silent_repetition(
    request: aiohttp.ClientRequest, handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself: that call would escape the throttle, and may be a write."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        dropped = _DroppedError()
    raise dropped


class Transport:
    """One aiohttp session. `open` before use and `close` after."""

    def __init__(self, settings: HttpSettings, traffic: Traffic, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._traffic = traffic
        self._clock = clock
        self._limit_bytes = settings.max_body_mib * _BYTES_PER_MIB
        self._session: aiohttp.ClientSession | None = None
        self._log: FilteringBoundLogger = _log.bind()

    async def open(self) -> None:
        """Create the session. No connection is made yet."""
        # Bound once: to find out in every call what to log, and where, takes longer than to log nothing.
        self._log = _log.bind()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency + 1),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s, connect=self._settings.connect_timeout_s),
            headers={
                # Always offered: where it is not, Tryton 8.2 labels long answers as gzip and sends them plain.
                hdrs.ACCEPT_ENCODING: "gzip, deflate",
                hdrs.ACCEPT: "application/json",
                hdrs.USER_AGENT: self._settings.user_agent,
            },
            # Sessions of systems reached by an IP address live in cookies too; only this one system is ever asked.
            cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False)
            if self._settings.auth.kind == "login"
            else aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER_BYTES,
            middlewares=(_no_silent_repetition,),
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def forget_cookies(self) -> None:
        """Drop the cookies of a session that is over."""
        if self._session is not None:
            self._session.cookie_jar.clear()

    async def send(self, outgoing: Outgoing, answer_began: Callable[[], Awaitable[None]]) -> Answer | Broken:
        """Send and read everything. `answer_began` is called when status and headers are there.

        Failures are values and not exceptions: those of aiohttp hold the address with its query, where secrets travel.
        """
        began_s = time.monotonic()
        watch = watch_of_this_task()
        began_at = None if watch is None else self._clock()
        self._traffic.requests += 1
        result = await self._exchange(outgoing, answer_began)
        elapsed_ms = round((time.monotonic() - began_s) * 1000)
        answer, failure = (result, "") if isinstance(result, Answer) else (None, result.fail.code)
        if watch is not None and began_at is not None:
            watch(Exchanged(outgoing, answer, failure, began_at, elapsed_ms))
        self._log.debug(
            "http_call",
            request=outgoing.label,
            status=failure if answer is None else answer.status,
            elapsed_ms=elapsed_ms,
        )
        return result

    async def _exchange(self, outgoing: Outgoing, answer_began: Callable[[], Awaitable[None]]) -> Answer | Broken:
        if self._session is None:
            raise RuntimeError("the port is used outside its context")
        try:
            async with self._session.request(
                outgoing.method,
                outgoing.url,
                data=outgoing.body,
                headers=outgoing.headers,
                allow_redirects=False,
            ) as response:
                await answer_began()
                body = await self._body(response)
                if body is None:
                    return _too_large(self._settings.max_body_mib)
                self._traffic.received_bytes += len(body)
                utf8 = _utf8(body, response)
                return Answer(
                    response.status,
                    response.headers,
                    utf8,
                    self._clock(),
                    outgoing.url,
                    _next_link(response),
                    outgoing.format,
                    outgoing.check,
                )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return _broken(error, self._settings)

    async def _body(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The decompressed body, or None as soon as it is larger than allowed."""
        chunks: list[bytes] = []
        size_bytes = 0
        async for chunk in response.content.iter_any():
            size_bytes += len(chunk)
            if size_bytes > self._limit_bytes:
                return None
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _utf8(body: bytes, response: aiohttp.ClientResponse) -> bytes:
    charset = (response.charset or "").lower()
    if charset not in _UTF8_NAMES:
        try:
            body = body.decode(charset).encode()
        except (LookupError, UnicodeDecodeError):
            # Left as it is: decoding the JSON tells what is wrong, in one place for every answer.
            return body
    return body[len(_UTF8_MARK) :] if body.startswith(_UTF8_MARK) else body


def _next_link(response: aiohttp.ClientResponse) -> str | None:
    if hdrs.LINK not in response.headers:
        return None
    try:
        link = response.links.get("next")
    except ValueError:
        return None
    return str(link["url"]) if link is not None else None


def _too_large(limit_mib: int) -> Broken:
    fail = Fail(
        "too_large",
        phrase("answered with more than {limit_mib} MiB", limit_mib=limit_mib),
        "not_understood",
        phrase("Ask for smaller pages (size in the description), or raise max_body_mib."),
    )
    return Broken(fail, sent=True, again=False)


def _broken(error: Exception, settings: HttpSettings) -> Broken:
    """What a failure of aiohttp means, in words that hold nothing of the address but what the label says."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            text = phrase(
                "no connection within {connect_timeout_s} s", connect_timeout_s=f"{settings.connect_timeout_s:g}"
            )
            return _not_connected(text, phrase("Check base_url, the network and the firewall."))
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or phrase("not valid for this host")
            return _not_connected(
                phrase("the certificate is refused ({reason})", reason=reason),
                phrase("Install the issuer's certificate on this machine; checks are never turned off."),
                again=False,
            )
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return _not_connected(
                phrase("no secure connection (TLS) could be made"), phrase("Check whether the port speaks https.")
            )
        case aiohttp.ClientConnectorDNSError():
            return _not_connected(phrase("the host name is not known"), phrase("Check the spelling of base_url."))
        case aiohttp.ClientConnectorError():
            reason = _reason(error.os_error)
            return _not_connected(
                phrase("no connection ({reason})", reason=reason),
                phrase("Check base_url and that the system is running."),
            )
        case TimeoutError():
            text = phrase("no whole answer within {timeout_s} s", timeout_s=f"{settings.timeout_s:g}")
            return Broken(
                Fail("timeout", text, "timeout", phrase("Ask for smaller pages, or raise timeout_s.")), sent=True
            )
        case aiohttp.ClientPayloadError() if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
            text = phrase("answered with a body that cannot be decompressed")
            return Broken(Fail("encoding", text, "not_understood"), sent=True)
        case aiohttp.InvalidURL():
            return _not_connected(phrase("the address cannot be used"), "Check base_url.", again=False)
        case aiohttp.ClientResponseError():
            return Broken(Fail("protocol", phrase("answered something that is not HTTP"), "not_understood"), sent=True)
        case _:
            text = phrase("the connection was lost before the answer was complete")
            return Broken(Fail("dropped", text, "unreachable"), sent=True)


def _not_connected(text: str, hint: str, *, again: bool = True) -> Broken:
    return Broken(Fail("unreachable", text, "unreachable", hint), sent=False, again=again)


def _reason(error: OSError) -> str:
    match error:
        case ConnectionRefusedError():
            return "refused"
        case _:
            return (
                phrase("the network says: unreachable")
                if error.errno is not None
                else phrase("several addresses, none answered")
            )
