"""Telling a page of this service from a page of another site that makes its visitor's browser call us.

Nothing here believes a forwarding header. They are looked at once: whoever comes with one is not on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from reconciler.loopback import is_loopback

_FETCH_SITE: Final = "Sec-Fetch-Site"
_OURS: Final = frozenset({"same-origin", "none"})
"""A page of this origin, or the person themselves (address bar, bookmark). `same-site` may be another port."""

_FORWARDED: Final = (hdrs.FORWARDED, hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.VIA, "X-Real-IP")


@dataclass(frozen=True, slots=True)
class BrowserGuard:
    """What a browser says of where a request comes from. Pages cannot forge it.

    Attributes:
        public_url: how others call this service, where a proxy stands before it that changes `Host`.
    """

    public_url: str | None = None

    def is_own_page(self, request: web.Request, *, or_no_page: bool = False) -> bool:
        """Whether a page of this service sent the request.

        Args:
            or_no_page: what says nothing of where it comes from is no browser, and counts too.
        """
        headers = request.headers
        site = headers.get(_FETCH_SITE)
        if site is not None:
            return site in _OURS
        origin = headers.get(hdrs.ORIGIN)
        if origin is None:
            # Browsers name the origin of everything that may change something; an older one, of nothing else.
            return or_no_page or request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
        return self._is_ours(origin, headers.get(hdrs.HOST, ""))

    def is_for_this_machine(self, request: web.Request) -> bool:
        """Whether it was sent to a name of this machine, not to one that somebody made lead here, and by no proxy."""
        headers = request.headers
        if any(name in headers for name in _FORWARDED):
            return False
        return _names_this_machine(headers.get(hdrs.HOST, ""))

    def _is_ours(self, origin: str, host: str) -> bool:
        found = _place(origin)
        if found is None:
            return False
        if self.public_url is not None and found == _place(self.public_url):
            return True
        # The scheme is not compared: a proxy that ends TLS leaves us another one than the browser used.
        return found[1] == host.lower()


def _place(url: str) -> tuple[str, str] | None:
    """Scheme and `host[:port]` of an address; None for `null` and what is none."""
    try:
        parts = urlsplit(url.lower())
    except ValueError:
        return None
    return (parts.scheme, parts.netloc) if parts.scheme in ("http", "https") and parts.netloc else None


@lru_cache(maxsize=64)
def _names_this_machine(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
