"""Reads a sheet of an `.xlsx` workbook as a stream: python-calamine needs the whole sheet in memory, and tells neither
error cells nor formulas without value from empty cells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final, NamedTuple

from lxml import etree

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.workbooks.choosing import position_of
from reconciler.ports.files.workbooks.package import Package
from reconciler.ports.files.workbooks.shared_texts import SharedTexts
from reconciler.ports.files.workbooks.sheet_values import Row, Shown, shown_by, shown_by_built_in, whole
from reconciler.ports.files.workbooks.xlsx_cells import CellFacts, CellReader

ROOT_RELATIONS: Final = "_rels/.rels"
_XML_TRUE: Final = frozenset({"1", "true"})


class _Relation(NamedTuple):
    """Another part that a part refers to: what it is, and its name."""

    kind: str
    part: str


def xlsx_rows(package: Package, sheet: str | int) -> Iterator[Row]:
    """The rows of a sheet that are written in the file.

    Args:
        sheet: name, or position from 1, hidden ones included.

    Raises:
        FileLayoutError: no such sheet, or the workbook is damaged or is not what its kind allows.
    """
    workbook_part = next(
        (relation.part for relation in _relations(package, "").values() if relation.kind == "officeDocument"), None
    )
    if workbook_part is None:
        raise FileLayoutError("the workbook is damaged: it names no main part")
    if workbook_part.endswith(".bin"):
        raise FileLayoutError("a binary workbook (.xlsb), which is not read", hint="Save it as .xlsx.")
    workbook = package.root(workbook_part)
    relations = _relations(package, workbook_part)
    sheet_part = _sheet_part(workbook, relations, sheet)
    parts = {relation.kind: relation.part for relation in relations.values()}
    facts = CellFacts(
        texts=SharedTexts(package, parts.get("sharedStrings")),
        formats=_formats(package, parts.get("styles")),
        from_1904=_flag(workbook, "workbookPr", "date1904"),
        uncalculated=_flag(workbook, "calcPr", "fullCalcOnLoad"),
    )
    yield from _rows(package, sheet_part, facts)


def _relations(package: Package, part: str) -> dict[str, _Relation]:
    """The relations of a part by their id; "" is the package. Links to something outside are left out."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    found = {}
    for element in package.root(relations):
        if element.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
            found[element.get("Id", "")] = _Relation(element.get("Type", "").rpartition("/")[2], target)
    return found


def _sheet_part(workbook: etree._Element, relations: dict[str, _Relation], sheet: str | int) -> str:
    sheets = list(workbook.iterfind("{*}sheets/{*}sheet"))
    chosen = sheets[position_of(sheet, [element.get("name", "") for element in sheets])]
    # The attribute is `r:id`, in one of two namespaces.
    id_ = next((str(value) for name, value in chosen.attrib.items() if str(name).endswith("}id")), "")
    relation = relations.get(id_)
    if relation is None or relation.kind != "worksheet":
        raise FileLayoutError("the sheet holds no cells: it is a chart or a macro", sheet=str(sheet))
    return relation.part


def _flag(workbook: etree._Element, tag: str, attribute: str) -> bool:
    element = workbook.find(f"{{*}}{tag}")
    return element is not None and element.get(attribute) in _XML_TRUE


def _formats(package: Package, styles_part: str | None) -> list[Shown]:
    """What each cell style makes of a number."""
    if styles_part is None:
        return []
    styles = package.root(styles_part)
    codes = {
        element.get("numFmtId"): shown_by(element.get("formatCode", ""))
        for element in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    ids = [element.get("numFmtId", "0") for element in styles.iterfind("{*}cellXfs/{*}xf")]
    return [codes.get(id_) or shown_by_built_in(whole(id_) or 0) for id_ in ids]


def _rows(package: Package, sheet_part: str, facts: CellFacts) -> Iterator[Row]:
    number = 0
    reader = CellReader(facts)
    for _, element in package.elements(sheet_part, "{*}row", "{*}sheetData"):
        if str(element.tag).endswith("}sheetData"):
            return
        written = element.get("r")
        found = number + 1 if written is None else whole(written)
        if found is None or found <= number:
            raise FileLayoutError("the workbook is damaged: its rows are not in order", row=number)
        number = found
        yield Row(number, reader.of_row(element, number))
