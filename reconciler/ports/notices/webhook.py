"""Telling by a signed POST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from reconciler import __version__
from reconciler.ports.notices.delivery import Message, NotDeliveredError
from reconciler.ports.webhook.signing import signed_headers

_WORTH_ANOTHER_TRY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """POSTs messages to one address.

    Attributes:
        key: signs every try (`ports.webhook.signing`).
    """

    url: str
    key: bytes = field(repr=False)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    name: str = "webhook"

    @property
    def host(self) -> str:
        """The host alone: the path of such an address is often a secret."""
        return urlsplit(self.url).hostname or ""

    async def attempt(self, message: Message) -> str:
        """POST once; delivered is what is answered with 2xx. Redirects are not followed.

        Raises:
            NotDeliveredError: anything else.
        """
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"reconciler/{__version__}",
            **signed_headers(self.key, message.identity, self.clock(), message.document),
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(), cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.post(self.url, data=message.document, headers=headers, allow_redirects=False) as response,
            ):
                status = response.status
        except aiohttp.ClientConnectorCertificateError as error:
            raise NotDeliveredError("its certificate is not trusted", again=False) from error
        except aiohttp.ClientSSLError as error:
            raise NotDeliveredError("no protected connection could be made", again=False) from error
        except aiohttp.ClientConnectionError as error:
            raise NotDeliveredError("it cannot be reached, or ended the connection", again=True) from error
        except aiohttp.ClientError as error:
            raise NotDeliveredError(f"its answer is not HTTP ({type(error).__name__})", again=True) from error
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            again = status in _WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise NotDeliveredError(f"it answered with status {status}", again=again)
        return ""
