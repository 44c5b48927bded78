"""Workbooks that are ZIP packages of XML parts: parts by name, bounded, parsed without entities or network."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Final

from lxml import etree

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.metered import Metered

_SMALL_PART_BYTES: Final = 32 * 1024 * 1024
"""Largest part that is read as a whole: names of sheets, relations, styles."""

_ELEMENT_BYTES: Final = 16 * 1024 * 1024
"""Longest row or text of a part that is read as a stream."""

_ENCRYPTED: Final = 0x1
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Package:
    """An open package. Nothing is written to disk and no name of a part is taken for a path.

    Args:
        archive: as opened by `opened_package`.
        max_bytes: a part that is larger when unpacked is refused.
    """

    def __init__(self, archive: zipfile.ZipFile, max_bytes: int) -> None:
        self._archive = archive
        self._max_bytes = max_bytes

    def __contains__(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    def root(self, name: str) -> etree._Element:
        """The root element of a small part.

        Raises:
            FileLayoutError: it is not there, too large, damaged, or not XML that is accepted.
        """
        with self._part(name) as part:
            if part.size_bytes > _SMALL_PART_BYTES:
                raise FileLayoutError(f"the workbook's part {name} is larger than {_SMALL_PART_BYTES} bytes")
            content = part.read()
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
        )
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError:
            # Its message quotes the document, so it must not travel further.
            pass
        else:
            _refuse_document_type(root)
            return root
        raise _not_well_formed(name)

    def elements(self, name: str, *tags: str, starts: bool = False) -> Iterator[tuple[str, etree._Element]]:
        """The elements of a large part that have one of these tags, as they end: `("end", element)`.

        With `starts` also as they begin. An element that ended, and what came before it, is gone when the next is
        asked for. Raises FileLayoutError as `root`, and for an element that is too long.
        """
        with self._part(name) as part:
            source = Metered(part, _ELEMENT_BYTES)
            found = etree.iterparse(
                source,
                events=("start", "end") if starts else ("end",),
                tag=tags,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
            yield from _cleared(found, source, name)

    def _part(self, name: str) -> AbstractContextManager[_Part]:
        return _opened_part(self._archive, name, self._max_bytes)


class _Part:
    """One part, unpacked while it is read."""

    def __init__(self, stream: IO[bytes], name: str, size_bytes: int) -> None:
        self._stream = stream
        self._name = name
        self.size_bytes = size_bytes

    def read(self, size: int = -1, /) -> bytes:
        """As a stream's. Raises FileLayoutError when it is damaged; never gives more than `size_bytes` in all."""
        try:
            return self._stream.read(size)
        except _UNREADABLE:
            raise _damaged(self._name) from None


@contextmanager
def opened_package(path: Path, max_bytes: int) -> Iterator[Package]:
    """The package at `path`.

    Raises:
        FileLayoutError: it is no ZIP archive, or cut off.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _UNREADABLE:
            raise FileLayoutError("the workbook is damaged or was cut off") from None
        with archive:
            yield Package(archive, max_bytes)


@contextmanager
def _opened_part(archive: zipfile.ZipFile, name: str, max_bytes: int) -> Iterator[_Part]:
    info = archive.NameToInfo.get(name)
    if info is None:
        raise FileLayoutError(f"the workbook has no part {name}")
    if info.flag_bits & _ENCRYPTED:
        raise FileLayoutError("the workbook is protected by a password", hint="Save it without one.")
    if info.file_size > max_bytes:
        # The size is the archive's own claim; reading stops there, and the checksum is wrong when there is more.
        raise FileLayoutError(
            f"the workbook's part {name} has {info.file_size} bytes unpacked, and {max_bytes} are allowed",
            hint="Raise max_unpacked_mib if the sheet is really that large.",
        )
    try:
        stream = archive.open(info)
    except _UNREADABLE:
        raise _damaged(name) from None
    with stream:
        yield _Part(stream, name, info.file_size)


def _cleared(
    found: Iterator[tuple[str, etree._Element]], source: Metered, name: str
) -> Iterator[tuple[str, etree._Element]]:
    first = True
    while True:
        try:
            step = next(found, None)
        except etree.XMLSyntaxError:
            # As above: its message quotes the document.
            step = None
            well_formed = False
        else:
            well_formed = True
        if not well_formed:
            raise _not_well_formed(name)
        if step is None:
            return
        event, element = step
        if first:
            _refuse_document_type(element)
            first = False
        source.record_ended()
        yield event, element
        if event == "end":
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _refuse_document_type(element: etree._Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise FileLayoutError("the workbook declares a document type (DTD), which is refused because of its entities")


def _not_well_formed(name: str) -> FileLayoutError:
    return FileLayoutError(f"the workbook is damaged: its part {name} is not well-formed XML")


def _damaged(name: str) -> FileLayoutError:
    return FileLayoutError(f"the workbook is damaged: its part {name} cannot be unpacked")
