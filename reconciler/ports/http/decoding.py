"""Answers into documents: JSON as it is, XML and SOAP as trees (`ports/xml/tree.py`). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from typing import Final, assert_never

import orjson
from pydantic import JsonValue

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.messages import Answer
from reconciler.ports.http.settings import HttpSettings
from reconciler.ports.soap.faults import content_of_envelope, fault_of
from reconciler.ports.xml.parsing import Trouble, XmlError, parse_tree

_NAMES: Final = {"json": "JSON", "xml": "XML", "soap": "XML"}
_WEB_PAGE_HINT: Final = phrase("Check base_url: the address may belong to a login page or a proxy.")
_HINTS: Final = {Trouble.WEB_PAGE: _WEB_PAGE_HINT}
_PASSING: Final = frozenset({Trouble.WEB_PAGE, Trouble.CUT})
"""Troubles that may be over the next time. What is complete and wrong is the same again."""


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A body that is not a document of the expected format.

    Attributes:
        text: what it is instead, to follow the name of the request. Holds nothing of the body.
        again: whether asking again may help.
        hint: what to do, one sentence, or "".
    """

    text: str
    again: bool
    hint: str = ""


Decoded = JsonValue | Undecodable


def decode(answer: Answer, settings: HttpSettings) -> Decoded:
    """The document in an answer. For SOAP that is the content of the envelope: `Header` and `Body`."""
    if not answer.body or answer.body.isspace():
        return Undecodable(
            phrase("answered with an empty body instead of {names}", names=_NAMES[answer.format]), again=True
        )
    match answer.format:
        case "json":
            return _json(answer.body)
        case "xml" | "soap":
            return _xml(answer, settings)
        case never:
            assert_never(never)


def _json(body: bytes) -> Decoded:
    try:
        document: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError:
        # The exception carries the whole body: it must not travel further than this line.
        pass
    else:
        return document
    first, last = body.lstrip()[:1], body.rstrip()[-1:]
    if first == b"<":
        return Undecodable(phrase("answered with a web page (HTML) instead of JSON"), again=True, hint=_WEB_PAGE_HINT)
    if (first, last) in {(b"{", b"}"), (b"[", b"]")} or first not in b'{["':
        return Undecodable(phrase("answered with something that is not JSON"), again=False)
    return Undecodable(phrase("answered with JSON that ends too early"), again=True)


def _xml(answer: Answer, settings: HttpSettings) -> Decoded:
    try:
        document = parse_tree(answer.body, encoding=_encoding(answer), lists=settings.xml.lists)
    except XmlError as error:
        wrong = error
    else:
        return document if answer.format == "xml" else _envelope(document, answer)
    hint = _HINTS.get(wrong.trouble, "")
    return Undecodable(phrase("sent an answer that {wrong}", wrong=wrong), again=wrong.trouble in _PASSING, hint=hint)


def _envelope(document: JsonValue, answer: Answer) -> Decoded:
    content = content_of_envelope(document)
    if content is None:
        return Undecodable(phrase("answered with XML that is no SOAP envelope"), again=False)
    if answer.check is not None and fault_of(content) is None:
        problem = answer.check(answer.body, _encoding(answer))
        if problem is not None:
            return Undecodable(
                phrase("answered something else than its WSDL says: {problem}", problem=problem), again=False
            )
    return content


def _encoding(answer: Answer) -> str | None:
    """UTF-8 where a header named a character set: the transport has translated the body, and the declaration inside it
    still names the old one. A header wins over a declaration (RFC 7303)."""
    header = Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "")
    return "utf-8" if header.get_content_charset() else None
