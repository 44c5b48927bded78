"""Turns a described request into one that can be sent: values, address, signature, body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from yarl import URL

from reconciler.ports.http.address import BaseAddress
from reconciler.ports.http.contents import Contents
from reconciler.ports.http.messages import Outgoing
from reconciler.ports.http.references import Values, resolve_headers, resolve_request
from reconciler.ports.http.settings import HttpSettings, Request


@dataclass(frozen=True, slots=True)
class Signature:
    """What makes a request ours.

    Attributes:
        generation: which session or token this is.
        session: values that requests may refer to as `session.<name>`.
        fields: added to JSON object bodies.
    """

    generation: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    session: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Following:
    """A link of an answer, and the address it was found at."""

    link: str
    found_at: URL


def label_of(request: Request) -> str:
    """How messages name a request: verb and path as described, or the SOAP operation. Values are left out."""
    if request.soap is not None:
        return f"SOAP {request.soap.operation}"
    return f"{request.method} {request.path.partition('?')[0] or '/'}"


class Composer:
    """Composes the requests to one system.

    Attributes:
        address: base of the system.
        values: credentials and context, for references.
    """

    def __init__(
        self,
        settings: HttpSettings,
        address: BaseAddress,
        credentials: Mapping[str, str],
        context: Mapping[str, JsonValue],
    ) -> None:
        self.address = address
        self.values: Values = {"credentials": dict(credentials), "context": dict(context)}
        self._headers = resolve_headers(settings.headers, self.values)
        self._contents = Contents(settings)
        self._format = settings.format

    async def open(self) -> None:
        """Get ready to compose. Raises ConfigurationError when the WSDL of the description cannot be used."""
        await self._contents.open()

    def compose(
        self,
        request: Request,
        values: Values,
        signature: Signature,
        *,
        headers: Mapping[str, str] | None = None,
        following: Following | None = None,
    ) -> Outgoing:
        """One request to send.

        Args:
            values: beside credentials, context and session.
            headers: of this one request, such as `Range`; they win over all others.
            following: go there, instead of to the path and query of the request.

        Raises:
            ConfigurationError: a reference has no value or one that cannot be used there, or its format cannot carry
                the body.
            LinkRefusedError: the link leaves the system.
        """
        known = {**values, **self.values, "session": dict(signature.session)}
        resolved = resolve_request(request, known)
        if following is None:
            url = self.address.at(resolved.path, {**resolved.query, **signature.query})
        else:
            url = self.address.follow(following.link, following.found_at, signature.query)
        label = label_of(request)
        content = self._contents.of(request, resolved, known, signature.fields, label)
        all_headers = {**content.headers, **self._headers, **signature.headers, **resolved.headers, **(headers or {})}
        return Outgoing(request.method, url, all_headers, content.body, label, self._format, content.check)
