"""Addresses: the base URL of a system, what is appended to it, and links that must not leave it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from yarl import URL

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase

_QUERY_CHARACTERS: Final = "$'()*,:@/!-._~"
_NOT_IN_A_LINK: Final = re.compile(r"[^\x21-\x7e]|\\")


class LinkRefusedError(ValueError):
    """A link from an answer is not followed. The text says why, without the link."""


class BaseAddress:
    """The address of a system, from which every request is derived."""

    def __init__(self, base_url: str) -> None:
        """Raises ConfigurationError when it is not a plain http or https address."""
        self.url = _checked(base_url)
        self._text = str(self.url).rstrip("/")

    def at(self, path: str, query: Mapping[str, str]) -> URL:
        """The base with a percent-encoded path appended (it may carry a query of its own), and parameters encoded here.

        Spaces become `%20`, never `+`: not every OData reader takes a plus sign for a space.
        """
        text = self._text + (path if not path or path.startswith(("/", "?")) else f"/{path}")
        return URL(_with_query(text, query), encoded=True)

    def elsewhere(self, address: str) -> URL:
        """An absolute address that a description names (a token host), or a path under the base.

        Raises:
            ConfigurationError: it is neither.
        """
        return _checked(address) if "://" in address else self.at(address, {})

    def follow(self, link: str, current: URL, query: Mapping[str, str]) -> URL:
        """The address of a link, absolute or relative to `current`, with `query` added where it is missing.

        Raises:
            LinkRefusedError: it is malformed, or leaves the origin of the base: credentials travel with the request.
        """
        if _NOT_IN_A_LINK.search(link):
            raise LinkRefusedError("holds characters that no address holds")
        try:
            url = current.join(URL(link, encoded=True))
            same_origin = url.origin() == self.url.origin()
        except ValueError:
            raise LinkRefusedError("is not an address") from None
        if not same_origin or url.user is not None or url.password is not None:
            raise LinkRefusedError("leads to another system")
        missing = {name: value for name, value in query.items() if name not in url.query}
        return URL(_with_query(str(url.with_fragment(None)), missing), encoded=True) if missing else url


def redacted_url(url: str | URL) -> str:
    """Scheme, host, port and path: no user, password, query or fragment, where secrets and personal data travel."""
    parsed = URL(url) if isinstance(url, str) else url
    if not parsed.absolute:
        return parsed.path
    return str(parsed.origin()) + parsed.raw_path


def _with_query(text: str, query: Mapping[str, str]) -> str:
    if not query:
        return text
    pairs = (
        f"{quote(name, safe=_QUERY_CHARACTERS)}={quote(value, safe=_QUERY_CHARACTERS)}" for name, value in query.items()
    )
    return f"{text}{'&' if '?' in text else '?'}{'&'.join(pairs)}"


def _checked(address: str) -> URL:
    try:
        url = URL(address.strip())
        origin = url.origin()
        # The resolver does this too, and fails with an error that nothing expects.
        (origin.raw_host or "").encode("idna")
    except ValueError:
        raise ConfigurationError(
            phrase("base_url is not an address."), hint=phrase("It looks like https://erp.example:8069/api.")
        ) from None
    if origin.scheme not in {"http", "https"} or not origin.host:
        raise ConfigurationError(phrase("base_url must begin with http:// or https:// and name a host."))
    if url.user is not None or url.password is not None:
        raise ConfigurationError(
            phrase("base_url holds a user or a password."), hint=phrase("Put them under credentials.")
        )
    if url.query_string or url.fragment:
        raise ConfigurationError(
            phrase("base_url holds a query or a fragment."), hint=phrase("Keep only scheme, host, port and path.")
        )
    return url
