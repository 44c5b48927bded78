"""Envelopes, and the HTTP headers that go with them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.soap.settings import Version
from reconciler.ports.xml.writing import append, declarations, serialised

PREFIX: Final = "soapenv"
"""Prefix of the envelope's own namespace; descriptions may use it, for `@soapenv:mustUnderstand`."""

NAMESPACES: Final[Mapping[Version, str]] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
ACCEPTED: Final[Mapping[Version, str]] = {"1.1": "text/xml", "1.2": "application/soap+xml, text/xml"}


def envelope(
    version: Version, header: Mapping[str, JsonValue], body: Mapping[str, JsonValue], namespaces: Mapping[str, str]
) -> bytes:
    """A whole envelope. Without content the Header is left out.

    Raises:
        XmlValueError: a name or a value cannot be written as XML.
    """
    own = NAMESPACES[version]
    known = {**namespaces, PREFIX: own}
    root = etree.Element(etree.QName(own, "Envelope"), nsmap=declarations(known))
    if header:
        append(etree.SubElement(root, etree.QName(own, "Header")), header, known)
    append(etree.SubElement(root, etree.QName(own, "Body")), body, known)
    return serialised(root)


def http_headers(version: Version, action: str) -> dict[str, str]:
    """The headers of a request: SOAP 1.1 has SOAPAction, always quoted; 1.2 a parameter of the content type."""
    if version == "1.1":
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    parameter = f'; action="{action}"' if action else ""
    return {"Content-Type": f"application/soap+xml; charset=utf-8{parameter}"}
