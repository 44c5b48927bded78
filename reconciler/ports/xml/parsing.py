"""Parses XML from outside, safely: no entities, no document type, no network, nothing huge."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol, cast

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.xml.tree import TreeBuilder, TreeRefusedError

if TYPE_CHECKING:
    from lxml.etree import ParserTarget

_TOO_LONG: Final = 114
"""XML_ERR_RESOURCE_LIMIT of libxml2: an attribute or a name beyond 10 MB."""

_CHUNK_BYTES: Final = 64 * 1024
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


class Trouble(Enum):
    """Why a body is not read as XML."""

    WEB_PAGE = "web page"
    CUT = "ends too early"
    NOT_XML = "not XML"
    MALFORMED = "not well-formed"
    REFUSED = "refused"


class XmlError(ValueError):
    """A body is not read as XML. The text says why, to follow "an answer that …", and holds nothing of the body."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


class EventTarget(Protocol):
    """What a parser tells of a document while it reads it."""

    def doctype(self, name: str, public_id: str | None, system_url: str | None) -> None:
        """A document type is declared; raises, since entities are declared only there."""
        ...

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins. Names are `{namespace}local`."""
        ...

    def data(self, text: str) -> None:
        """A piece of text."""
        ...

    def end(self, tag: str) -> None:
        """An element ends."""
        ...

    def close(self) -> None:
        """Everything was read."""
        ...


def parse_tree(body: bytes, *, encoding: str | None = None, lists: Collection[str] = ()) -> dict[str, JsonValue]:
    """The tree of a whole document (see `tree`): one member, the root element.

    Args:
        encoding: character set, where something better than the document's own declaration knows it.
        lists: local names of elements that are always lists.

    Raises:
        XmlError: it is no XML document, or one that is refused.
    """
    builder = TreeBuilder(lists)
    parser = safe_parser(builder, encoding)
    try:
        for start in range(0, len(body), _CHUNK_BYTES):
            parser.feed(body[start : start + _CHUNK_BYTES])
    except TreeRefusedError as error:
        raise _refused(builder, str(error)) from None
    except etree.XMLSyntaxError as error:
        # Its message quotes the document, so it must not travel further than this line.
        wrong = _wrong(error, body, builder)
    else:
        return _finished(parser, builder)
    raise wrong


def safe_parser(builder: EventTarget, encoding: str | None = None) -> etree.XMLParser:
    """A parser that gives its events to `builder` and builds nothing itself."""
    return etree.XMLParser(
        # Only its methods for these events are called; comments and instructions are removed before.
        target=cast("ParserTarget", builder),
        encoding=encoding,
        # The stubs know bool only. With False, `&amp;` in an attribute arrives as `&#38;`. Entities other than the five
        # of XML come from a document type, at whose beginning the builder stops the parser.
        resolve_entities=cast("bool", "internal"),
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _finished(parser: etree.XMLParser, builder: TreeBuilder) -> dict[str, JsonValue]:
    try:
        parser.close()
    except TreeRefusedError as error:
        raise _refused(builder, str(error)) from None
    except etree.XMLSyntaxError:
        pass
    else:
        return builder.tree
    # All of it was fed without a mistake: only the rest is missing.
    if _is_web_page(builder):
        raise XmlError(Trouble.WEB_PAGE, "is a web page (HTML) instead of XML")
    raise XmlError(Trouble.CUT, "is XML that ends too early")


def _refused(builder: TreeBuilder, text: str) -> XmlError:
    if _is_web_page(builder):
        return XmlError(Trouble.WEB_PAGE, "is a web page (HTML) instead of XML")
    return XmlError(Trouble.REFUSED, text)


def _wrong(error: etree.XMLSyntaxError, body: bytes, builder: TreeBuilder) -> XmlError:
    if _is_web_page(builder):
        return XmlError(Trouble.WEB_PAGE, "is a web page (HTML) instead of XML")
    if getattr(error, "code", None) == _TOO_LONG:
        return XmlError(Trouble.REFUSED, "holds a single value of more than 10 MB")
    beginning = body.lstrip()[:1]
    if beginning in (b"{", b"["):
        return XmlError(Trouble.NOT_XML, "is JSON instead of XML")
    if beginning != b"<" and not body.startswith(_BOMS):
        return XmlError(Trouble.NOT_XML, "is something that is not XML")
    return XmlError(Trouble.MALFORMED, "is not well-formed XML, or not in the character set it declares")


def _is_web_page(builder: TreeBuilder) -> bool:
    return (builder.root_name or "").lower() == "html"
