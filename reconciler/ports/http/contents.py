"""Bodies of requests, in the format of the system, and the headers that go with them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, assert_never

import orjson
from pydantic import JsonValue

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import AnswerCheck
from reconciler.ports.http.references import ResolvedRequest, Values, resolve_table, resolve_text
from reconciler.ports.http.settings import HttpSettings, Request
from reconciler.ports.soap import envelope
from reconciler.ports.soap.settings import SoapCall, Version
from reconciler.ports.soap.wsdl import Contract
from reconciler.ports.xml.writing import XmlValueError, document

_ACCEPT: Final = "Accept"
_CONTENT_TYPE: Final = "Content-Type"
_XML_TYPES: Final = "application/xml, text/xml"


@dataclass(frozen=True, slots=True)
class Content:
    """What a request carries.

    Attributes:
        body: None for nothing.
        headers: that belong to it; those of the description win.
        check: what is expected of the answer beside its format.
    """

    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    check: AnswerCheck | None = None


class Contents:
    """Writes the bodies of the requests to one system. `open` before use."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._contract: Contract | None = None

    async def open(self) -> None:
        """Read the WSDL, if there is one.

        Raises:
            ConfigurationError: it cannot be used, or what reads it is not installed.
        """
        wsdl = self._settings.soap.wsdl
        if wsdl is not None and self._contract is None:
            self._contract = await asyncio.to_thread(Contract.load, wsdl)

    def of(
        self, request: Request, resolved: ResolvedRequest, values: Values, fields: Mapping[str, str], label: str
    ) -> Content:
        """The content of one request.

        Args:
            resolved: the request with its values.
            values: for the references in an envelope.
            fields: added to JSON object bodies.
            label: of the request, for messages.

        Raises:
            ConfigurationError: the body holds something that its format cannot carry.
        """
        match self._settings.format:
            case "json":
                return _json(resolved.body, fields, label)
            case "xml":
                return self._xml(resolved.body, label)
            case "soap":
                return self._soap(request, values, label)
            case never:
                assert_never(never)

    def _xml(self, body: JsonValue, label: str) -> Content:
        accept: dict[str, str] = {_ACCEPT: _XML_TYPES}
        if body is None:
            return Content(None, accept)
        try:
            written = document(body if isinstance(body, dict) else {}, self._settings.xml.namespaces)
        except XmlValueError as error:
            raise _unwritable(label, error) from None
        return Content(written, {**accept, _CONTENT_TYPE: "application/xml; charset=utf-8"})

    def _soap(self, request: Request, values: Values, label: str) -> Content:
        call, soap = request.soap, self._settings.soap
        if call is None:
            raise ConfigurationError(
                phrase("{label}: the format is SOAP, and the request says nothing of an envelope.", label=label)
            )
        body = resolve_table(call.body, request, values)
        header = resolve_table(soap.header if call.header is None else call.header, request, values)
        try:
            if self._contract is not None:
                return _contracted(self._contract, body, header, self._settings.xml.namespaces)
            written = envelope.envelope(soap.version, header, body, self._settings.xml.namespaces)
        except XmlValueError as error:
            raise _unwritable(label, error) from None
        return Content(written, _soap_headers(soap.version, self._action(call, values)))

    def _action(self, call: SoapCall, values: Values) -> str:
        if call.action is not None:
            return resolve_text(call.action, values) or ""
        base = self._settings.soap.action_base
        return "" if base is None else f"{base}{call.operation}"


def _contracted(
    contract: Contract, body: Mapping[str, JsonValue], header: Mapping[str, JsonValue], namespaces: Mapping[str, str]
) -> Content:
    message = contract.message(body, header, namespaces)
    check = partial(contract.problem, next(iter(body)))
    return Content(message.content, _soap_headers(contract.version, message.action), check)


def _soap_headers(version: Version, action: str) -> dict[str, str]:
    return {_ACCEPT: envelope.ACCEPTED[version], **envelope.http_headers(version, action)}


def _json(body: JsonValue, fields: Mapping[str, str], label: str) -> Content:
    if fields and isinstance(body, dict):
        body = {**body, **fields}
    if body is None:
        return Content(None)
    try:
        return Content(orjson.dumps(body), {_CONTENT_TYPE: "application/json"})
    except orjson.JSONEncodeError:
        problem = phrase("{label}: the body holds a value that JSON cannot carry.", label=label)
    raise ConfigurationError(problem, hint=phrase("Whole numbers must fit in 64 bits and text must be Unicode."))


def _unwritable(label: str, error: XmlValueError) -> ConfigurationError:
    return ConfigurationError(
        phrase("{label}: {error}.", label=label, error=error),
        hint=phrase("Control characters cannot travel in XML; look for them in the value that is sent."),
    )
