"""Answers of a SOAP system, as a test tells them."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from lxml import etree

from reconciler.ports.soap.envelope import NAMESPACES
from tests.ports.stand_in import Asked

ELEVEN, TWELVE = NAMESPACES["1.1"], NAMESPACES["1.2"]
Response = Callable[[], web.StreamResponse]


def said(inner: str, *, status: int = 200, namespace: str = ELEVEN, **headers: str) -> Response:
    """An envelope with that in its Body. Underscores in header names stand for hyphens."""
    body = f'<?xml version="1.0"?><s:Envelope xmlns:s="{namespace}"><s:Body>{inner}</s:Body></s:Envelope>'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.Response(body=body.encode(), content_type="text/xml", status=status, headers=named)


def fault(code: str, text: str = "no", detail: str = "", *, status: int = 500, **headers: str) -> Response:
    """A fault of SOAP 1.1."""
    inner = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
    return said(f"<s:Fault>{inner}</s:Fault>", status=status, **headers)


def fault_12(code: str, text: str, subcode: str = "", *, status: int = 500) -> Response:
    """A fault of SOAP 1.2, in two languages."""
    exact = f"<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode>" if subcode else ""
    reason = f'<s:Text xml:lang="en">{text}</s:Text><s:Text xml:lang="pt">outro</s:Text>'
    inner = f"<s:Code><s:Value>{code}</s:Value>{exact}</s:Code><s:Reason>{reason}</s:Reason>"
    return said(f"<s:Fault>{inner}</s:Fault>", status=status, namespace=TWELVE)


def sent(asked: Asked) -> etree._Element:
    """The envelope of a request."""
    return etree.fromstring(asked.body)
