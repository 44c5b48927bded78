"""SOAP 1.1 envelopes of the stand-in ERP: what callers send, and what they get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web
from lxml import etree

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.erp.soap_records import NAMESPACE, Element, element

_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_OWN: Final = f"{{{NAMESPACE}}}"
_KEPT_STATUS: Final = frozenset({405, 429})
"""Everything else that is refused comes with 500, as SOAP 1.1 demands."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call.

    Attributes:
        operation: its name.
        options: texts of its children, by name; empty ones are left out.
        session: the key in its header, or None.
    """

    operation: str
    options: dict[str, str]
    session: str | None

    @property
    def name(self) -> str:
        """Tells the call from others, whoever makes it."""
        return f"SOAP {self.operation} {sorted(self.options.items())}"


def read_call(body: bytes) -> Called:
    """The call in an envelope.

    Raises:
        Refusal: 400, it is none.
    """
    root = _root(body)
    content = root.find(f"{{{_ENVELOPE}}}Body")
    if root.tag != f"{{{_ENVELOPE}}}Envelope" or content is None or len(content) != 1:
        raise _malformed("Envie um envelope SOAP 1.1 com uma operação.")
    operation = content[0]
    if not str(operation.tag).startswith(_OWN):
        raise _malformed(f"As operações são do espaço de nomes {NAMESPACE}.")
    session = root.findtext(f"{{{_ENVELOPE}}}Header/{_OWN}Sessao/{_OWN}chave")
    options = {_local(child): (child.text or "").strip() for child in operation}
    return Called(_local(operation), {name: text for name, text in options.items() if text}, session)


def answer(operation: str) -> tuple[Element, Element]:
    """An envelope, and the element in it that takes the result of an operation."""
    envelope = etree.Element(f"{{{_ENVELOPE}}}Envelope", nsmap={"soap": _ENVELOPE})
    body = etree.SubElement(envelope, f"{{{_ENVELOPE}}}Body")
    result = element(f"{operation}Resposta")
    body.append(result)
    return envelope, result


def response(envelope: Element, status: int = 200) -> web.Response:
    """The answer that carries an envelope."""
    content = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return web.Response(body=content, status=status, content_type="text/xml", charset="utf-8")


def fault(refusal: Refusal) -> web.Response:
    """A refusal as a fault: the code of the ERP in faultcode, all it says in detail."""
    envelope = etree.Element(f"{{{_ENVELOPE}}}Envelope", nsmap={"soap": _ENVELOPE})
    made = etree.SubElement(etree.SubElement(envelope, f"{{{_ENVELOPE}}}Body"), f"{{{_ENVELOPE}}}Fault")
    code = "".join(part.capitalize() for part in refusal.code.split("_"))
    etree.SubElement(made, "faultcode").text = f"soap:Client.{code}"
    etree.SubElement(made, "faultstring").text = refusal.message
    said = element("erro")
    etree.SubElement(made, "detail").append(said)
    element("codigo", said).text = refusal.code
    if refusal.member is not None:
        element("campo", said).text = refusal.member
    return response(envelope, refusal.status if refusal.status in _KEPT_STATUS else 500)


def _root(body: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _malformed("O corpo não é XML bem formado.") from error
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise _malformed("Um DTD não é aceito.")
    return root


def _local(found: Element) -> str:
    return etree.QName(found).localname


def _malformed(message: str) -> Refusal:
    return Refusal(400, message, code="XML_INVALIDO")
