"""The texts that the cells of an `.xlsx` workbook share, held as compactly as Python can."""

from __future__ import annotations

import re
from array import array
from typing import Final

from lxml import etree

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.package import Package
from reconciler.ports.files.workbooks.sheet_values import whole

_MOST_BYTES: Final = 256 * 1024 * 1024
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


class SharedTexts:
    """Texts by their number in the file.

    All in one buffer of UTF-8: several million objects of text would need some hundred megabytes more.

    Raises (when made):
        FileLayoutError: they are damaged, or more than 256 MiB.
    """

    def __init__(self, package: Package, part: str | None) -> None:
        self._content = bytearray()
        self._ends = array("Q", [0])
        if part is None or part not in package:
            return
        for _, element in package.elements(part, "{*}si"):
            self._content += text_of(element).encode()
            self._ends.append(len(self._content))
            if len(self._content) > _MOST_BYTES:
                raise FileLayoutError(
                    f"the workbook has more than {_MOST_BYTES} bytes of text", hint="Split it, or export it as CSV."
                )

    def __getitem__(self, written: str) -> str:
        """The text whose number is written so.

        Raises:
            FileLayoutError: there is none.
        """
        number = whole(written)
        if number is None or number >= len(self._ends) - 1:
            raise FileLayoutError("the workbook is damaged: a cell refers to a text that is not there")
        return self._content[self._ends[number] : self._ends[number + 1]].decode()


def text_of(element: etree._Element) -> str:
    """The text of an element with plain or formatted text in it, without its phonetic reading."""
    if len(element) == 1 and str(element[0].tag).endswith("}t"):
        return unescaped(element[0].text or "")
    runs = (run for run in element.iterfind("{*}r/{*}t"))
    parts = [part.text or "" for part in (*element.iterfind("{*}t"), *runs)]
    return unescaped("".join(parts))


def unescaped(text: str) -> str:
    """Text in which characters that XML does not allow, or would change, were written as `_x000D_`."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    # Half of a surrogate pair is no character.
    return escaped[0] if 0xD800 <= code <= 0xDFFF else chr(code)
