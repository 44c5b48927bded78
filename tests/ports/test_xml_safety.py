"""XML from outside: what attacks, what is cut and what is no XML is refused, quickly and without a word of the body."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from reconciler.ports.xml.parsing import Trouble, XmlError, parse_tree
from reconciler.ports.xml.tree import DEEPEST_LEVEL, MOST_NODES

_SECRET = "555.666.777-88"


def _laughs() -> bytes:
    entities = "".join(
        f'<!ENTITY l{level} "{"".join([f"&l{level - 1};"] * 10) if level else "ha"}">' for level in range(10)
    )
    return f"<!DOCTYPE lolz [{entities}]><lolz>&l9;</lolz>".encode()


def _many_nodes() -> bytes:
    attributes = " ".join(f'a{number}=""' for number in range(99))
    return b"<a>" + f"<b {attributes}/>".encode() * (MOST_NODES // 100 + 1) + b"</a>"


def _quadratic() -> bytes:
    return b'<!DOCTYPE a [<!ENTITY a "' + b"x" * 100_000 + b'">]><a>' + b"&a;" * 10_000 + b"</a>"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize(
    "body",
    [
        _laughs(),
        _laughs().decode().encode("utf-16"),
        _quadratic(),
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "default">]><a/>',
        b"<!DOCTYPE a><a/>",
    ],
    ids=["billion laughs", "in UTF-16", "quadratic", "outside DTD", "outside entity", "parameter entity",
         "default attribute", "bare"],
)  # fmt: skip
def test_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(XmlError, match="document type") as refused:
        parse_tree(body)
    assert refused.value.trouble is Trouble.REFUSED


def test_nothing_outside_is_fetched(listening: socket.socket) -> None:
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    for body in (
        f'<!DOCTYPE a SYSTEM "{address}"><a/>',
        f'<!DOCTYPE a [<!ENTITY e SYSTEM "{address}">]><a>&e;</a>',
    ):
        with pytest.raises(XmlError):
            parse_tree(body.encode())
    included = f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{address}"/></a>'
    assert parse_tree(included.encode()) == {"a": {"include": {"@href": address}}}
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_an_entity_that_nobody_declared_is_an_error() -> None:
    with pytest.raises(XmlError, match="well-formed"):
        parse_tree(b"<a>&nbsp;</a>")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<a>" * (DEEPEST_LEVEL + 1) + b"</a>" * (DEEPEST_LEVEL + 1), "levels deep"),
        (_many_nodes(), "elements and attributes"),
        (b'<a b="' + b"x" * 10_500_000 + b'"/>', "10 MB"),
    ],
    ids=["deep", "many", "one long value"],
)
def test_huge_documents_are_refused(body: bytes, problem: str) -> None:
    with pytest.raises(XmlError, match=problem) as refused:
        parse_tree(body)
    assert refused.value.trouble is Trouble.REFUSED


def test_the_deepest_level_allowed_is_read() -> None:
    tree: object = parse_tree(b"<a>" * DEEPEST_LEVEL + b"</a>" * DEEPEST_LEVEL)
    for _ in range(DEEPEST_LEVEL):
        assert isinstance(tree, dict)
        tree = tree["a"]
    assert tree == ""


_WHOLE = b'<?xml version="1.0"?><a x="1"><b>' + _SECRET.encode() + b"</b><c/></a>"


@pytest.mark.parametrize("length", range(3, len(_WHOLE)))
def test_a_document_that_was_cut_anywhere_ends_too_early(length: int) -> None:
    with pytest.raises(XmlError) as refused:
        parse_tree(_WHOLE[:length])
    assert refused.value.trouble is Trouble.CUT
    assert _SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        (f"<a><b>{_SECRET}</a></b>".encode(), Trouble.MALFORMED),
        (f"<a>{_SECRET}</a><a/>".encode(), Trouble.MALFORMED),
        (f"<a b={_SECRET}/>".encode(), Trouble.MALFORMED),
        (f"<a>{_SECRET}\x01</a>".encode(), Trouble.MALFORMED),
        (f'<?xml version="1.0" encoding="utf-8"?><a>{_SECRET}ção</a>'.encode("latin-1"), Trouble.MALFORMED),
        (f'{{"a":"{_SECRET}"}}'.encode(), Trouble.NOT_XML),
        (f'["{_SECRET}"]'.encode(), Trouble.NOT_XML),
        (f"OK {_SECRET}".encode(), Trouble.NOT_XML),
        (f"<!DOCTYPE html><html><p>{_SECRET}<br></html>".encode(), Trouble.WEB_PAGE),
        (f"<HTML><p>{_SECRET}<br></HTML>".encode(), Trouble.WEB_PAGE),
        (f"<html><body><p>{_SECRET}".encode(), Trouble.WEB_PAGE),
    ],
    ids=["crossed tags", "two roots", "no quotes", "control character", "wrong character set",
         "JSON object", "JSON list", "text", "HTML with a document type", "HTML", "cut HTML"],
)  # fmt: skip
def test_what_is_no_xml_is_told_apart_and_never_quoted(body: bytes, trouble: Trouble) -> None:
    with pytest.raises(XmlError) as refused:
        parse_tree(body)
    assert refused.value.trouble is trouble
    assert _SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("<a>Ação ß €</a>".encode(), None),
        ('<?xml version="1.0" encoding="windows-1252"?><a>Ação ß €</a>'.encode("cp1252"), None),
        ('<?xml version="1.0" encoding="utf-16"?><a>Ação ß €</a>'.encode("utf-16"), None),
        (b"\xef\xbb\xbf" + "<a>Ação ß €</a>".encode(), None),
        ('<?xml version="1.0" encoding="windows-1252"?><a>Ação ß €</a>'.encode(), "utf-8"),
    ],
    ids=["UTF-8", "declared", "UTF-16", "byte order mark", "known better"],
)
def test_character_sets(body: bytes, encoding: str | None) -> None:
    assert parse_tree(body, encoding=encoding) == {"a": "Ação ß €"}
