"""Reads a sheet of an `.ods` workbook as a stream: python-calamine needs the whole sheet in memory, and does not tell
formulas without value from empty cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree
from pydantic import JsonValue

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.choosing import no_such_sheet
from reconciler.ports.files.workbooks.package import Package
from reconciler.ports.files.workbooks.sheet_values import Row, error_value, formula_without_value, number_value, whole

CONTENT_PART: Final = "content.xml"
MANIFEST_PART: Final = "META-INF/manifest.xml"

_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_EXTENSION: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_MOST_SPACES: Final = 32_767
_ERROR: Final = re.compile(r"#(?:[A-Z/0]+[!?]?)|#N/A|Err:[0-9]{3}")
_TIME: Final = re.compile(r"PT([0-9]{1,6})H([0-9]{1,2})M([0-9]{1,2})(?:[.,]([0-9]{1,9}))?S")
_SPACES: Final = re.compile("[ \t\r\n]+")


def ods_rows(package: Package, sheet: str | int) -> Iterator[Row]:
    """The rows of a sheet that hold something; repeated ones are given as often.

    Args:
        sheet: name, or position from 1, hidden ones included.

    Raises:
        FileLayoutError: no such sheet, a password, or the workbook is damaged.
    """
    if MANIFEST_PART in package and package.root(MANIFEST_PART).find(".//{*}encryption-data") is not None:
        raise FileLayoutError("the workbook is protected by a password", hint="Save it without one.")
    names: list[str] = []
    inside = False
    number = 0
    for event, element in package.elements(CONTENT_PART, f"{_TABLE}table", f"{_TABLE}table-row", starts=True):
        if element.tag == f"{_TABLE}table":
            if inside and event == "end":
                return
            if event == "start":
                names.append(element.get(f"{_TABLE}name", ""))
                inside = sheet in (len(names), names[-1])
        elif inside and event == "end":
            times = _repeated(element, f"{_TABLE}number-rows-repeated", _MOST_ROWS)
            if number + times > _MOST_ROWS:
                raise FileLayoutError("the workbook is damaged: it has more rows than a sheet can", row=number + 1)
            cells = _cells(element, number + 1)
            if cells:
                yield from (Row(number + repetition, list(cells)) for repetition in range(1, times + 1))
            number += times
    raise no_such_sheet(sheet, names)


def _repeated(element: etree._Element, attribute: str, most: int) -> int:
    times = whole(element.get(attribute, "1"))
    if times is None:
        raise FileLayoutError("the workbook is damaged: something is repeated an unknown number of times")
    return min(times, most)


def _cells(row: etree._Element, number: int) -> list[JsonValue]:
    """The cells of a row up to the last that is not empty."""
    cells: list[JsonValue] = []
    empty = 0
    for element in row:
        tag = str(element.tag)
        if not tag.endswith(("}table-cell", "}covered-table-cell")):
            continue
        times = _repeated(element, f"{_TABLE}number-columns-repeated", _MOST_COLUMNS)
        value = _value(element, number, len(cells) + empty + 1) if tag.endswith("}table-cell") else None
        if value is None:
            empty += times
        else:
            cells += [None] * empty + [value] * times
            empty = 0
        if len(cells) + empty > _MOST_COLUMNS + 1:
            break
    return cells[:_MOST_COLUMNS]


def _value(cell: etree._Element, row: int, column: int) -> JsonValue:
    kind = cell.get(f"{_OFFICE}value-type")
    formula = cell.get(f"{_TABLE}formula") is not None
    if cell.get(f"{_EXTENSION}value-type") == "error":
        return error_value(_text(cell))
    if kind is None:
        return formula_without_value() if formula else None
    if kind == "string":
        text = _string(cell)
        return error_value(text) if formula and _ERROR.fullmatch(text) else text
    written = cell.get(f"{_OFFICE}{_VALUE_ATTRIBUTES.get(kind, 'value')}")
    if written is None:
        return formula_without_value() if formula else None
    value = _typed(kind, written)
    if value is None:
        raise FileLayoutError("the workbook is damaged: a cell that is not written as one", row=row, column=column)
    return value


_VALUE_ATTRIBUTES: Final = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}


def _typed(kind: str, written: str) -> JsonValue:
    """The value of a cell that is no text; None when it is not written as its kind is."""
    match kind:
        case "date":
            return written
        case "time":
            return _time(written)
        case "boolean":
            return {"true": True, "false": False}.get(written)
        case "float" | "percentage" | "currency":
            return number_value(written)
        case _:
            return None


def _time(written: str) -> str | None:
    found = _TIME.fullmatch(written)
    if found is None:
        return None
    hours, minutes, seconds, fraction = found.groups()
    text = f"{int(hours):02}:{int(minutes):02}:{int(seconds):02}"
    fraction = (fraction or "").rstrip("0")
    return f"{text}.{fraction}" if fraction else text


def _string(cell: etree._Element) -> str:
    written = cell.get(f"{_OFFICE}string-value")
    return written if written is not None else _text(cell)


def _text(cell: etree._Element) -> str:
    """The paragraphs of a cell, one per line. A comment on the cell is none of them."""
    return "\n".join(_paragraph(element) for element in cell if element.tag == f"{_TEXT}p")


def _paragraph(element: etree._Element) -> str:
    parts = [_SPACES.sub(" ", element.text or "")]
    for child in element:
        match str(child.tag):
            case tag if tag == f"{_TEXT}s":
                parts.append(" " * _repeated(child, f"{_TEXT}c", _MOST_SPACES))
            case tag if tag == f"{_TEXT}tab":
                parts.append("\t")
            case tag if tag == f"{_TEXT}line-break":
                parts.append("\n")
            case tag if tag.endswith(("}annotation", "}note")):
                pass
            case _:
                parts.append(_paragraph(child))
        parts.append(_SPACES.sub(" ", child.tail or ""))
    return "".join(parts)
