"""Reads XML files in which a repeated element is a record (`XmlFormat`)."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Final

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.files.formats import TextEncoding, XmlFormat
from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.metered import Metered
from reconciler.ports.xml.parsing import safe_parser
from reconciler.ports.xml.tree import DEEPEST_LEVEL, TreeBuilder, TreeRefusedError

_CHUNK_BYTES: Final = 64 * 1024
_LIBXML_NAMES: Final[dict[TextEncoding, str]] = {
    "utf-8-sig": "utf-8",
    "cp1252": "windows-1252",
    "latin-1": "iso-8859-1",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
}


def read_xml(path: Path, file_format: XmlFormat) -> Generator[dict[str, JsonValue], None, None]:
    """The records of a file, in order, each as the tree of its element.

    An element with neither attributes nor children is the record `{"$": text}`. No record at all is fine where the
    elements around them are there.

    Raises:
        FileLayoutError: not well-formed, cut off, with a document type (entities come with it), nested too deeply, or
            without the elements that `records` names. Records before that place have been given by then.
        OSError: it cannot be read.
    """
    target = _Records(file_format.records.split("."), file_format.lists)
    encoding = file_format.encoding
    parser = safe_parser(target, _LIBXML_NAMES.get(encoding, encoding) if encoding else None)
    with path.open("rb") as stream:
        source = Metered(stream, file_format.max_record_kib * 1024)
        while data := source.read(_CHUNK_BYTES):
            _feed(parser, data)
            if target.records:
                source.record_ended()
                yield from target.taken()
    _feed(parser, None)
    target.check_found()


def _feed(parser: etree.XMLParser, data: bytes | None) -> None:
    """Give the parser more, or tell it with None that there is no more."""
    try:
        if data is None:
            parser.close()
        else:
            parser.feed(data)
    except TreeRefusedError as error:
        raise FileLayoutError(f"the file {error}") from None
    except etree.XMLSyntaxError as error:
        # Its message quotes the document, so it must not travel further.
        row = error.lineno or None
    else:
        return
    if data is None:
        raise FileLayoutError("the file ends before its XML does: it is empty or was cut off", row=row)
    raise FileLayoutError("not well-formed XML, or not in the encoding it declares", row=row)


class _Records:
    """Target of an lxml parser that builds a tree of every element at a path, and forgets all others.

    Args:
        path: local names from the root on.
        lists: local names that are always lists in the trees.

    Attributes:
        records: complete ones that were not taken yet.
    """

    def __init__(self, path: list[str], lists: list[str]) -> None:
        self._path = path
        self._lists = lists
        self._open: list[str] = []
        self._around_found = len(path) == 1
        self._builder: TreeBuilder | None = None
        self._depth_in_record = 0
        self.records: list[dict[str, JsonValue]] = []

    def taken(self) -> list[dict[str, JsonValue]]:
        """The complete records, which are forgotten here."""
        records, self.records = self.records, []
        return records

    def check_found(self) -> None:
        """Raises FileLayoutError when the elements around the records never came."""
        if not self._around_found:
            raise FileLayoutError(f"there is no element {'.'.join(self._path[:-1])}, which holds the records")

    def doctype(self, name: str, public_id: str | None, system_url: str | None) -> None:
        """Refused, as everywhere."""
        TreeBuilder().doctype(name, public_id, system_url)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if self._builder is None:
            self._open.append(tag.rpartition("}")[2])
            if len(self._open) > DEEPEST_LEVEL:
                raise TreeRefusedError(f"nests elements more than {DEEPEST_LEVEL} levels deep")
            if len(self._open) == len(self._path) - 1:
                self._around_found = self._around_found or self._open == self._path[:-1]
            if self._open != self._path:
                return
            self._builder = TreeBuilder(self._lists)
        self._depth_in_record += 1
        self._builder.start(tag, attributes)

    def data(self, text: str) -> None:
        """A piece of text."""
        if self._builder is not None:
            self._builder.data(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._builder is not None:
            self._builder.end(tag)
            self._depth_in_record -= 1
            if self._depth_in_record:
                return
            record = self._builder.tree[self._path[-1]]
            self.records.append(record if isinstance(record, dict) else {"$": record})
            self._builder = None
        self._open.pop()

    def close(self) -> None:
        """Part of the interface of a target: everything was read."""
