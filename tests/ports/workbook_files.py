"""Workbooks written part by part, for what no well-behaved program writes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ODS = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
)
_MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def xlsx_parts(rows: str, *, texts: str = "", book: str = "", formats: str = "", styles: str = "") -> dict[str, str]:
    """The parts of a workbook with one sheet, `Plan1`.

    Args:
        rows: content of `sheetData`.
        texts: content of the shared texts.
        book: further elements of the workbook.
        formats, styles: number formats (`numFmt`) and cell styles (`xf`).
    """
    relation = f'<Relationship Id="{{}}" Type="{_LINKS}/{{}}" Target="{{}}"/>'
    return {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + relation.format("rId1", "officeDocument", "xl/workbook.xml")
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}">{book}'
        '<sheets><sheet name="Plan1" sheetId="1" r:id="rId7"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + relation.format("rId7", "worksheet", "/xl/worksheets/sheet1.xml")
        + relation.format("rId8", "sharedStrings", "sharedStrings.xml")
        + relation.format("rId9", "styles", "styles.xml")
        + "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{texts}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
    }


def xlsx(rows: str, **options: str) -> bytes:
    """A workbook of `xlsx_parts`."""
    return zipped(xlsx_parts(rows, **options))


def ods_parts(tables: str) -> dict[str, str]:
    """The parts of an OpenDocument workbook with these tables."""
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f"<office:document-content {_ODS} {_CALC}><office:body><office:spreadsheet>"
        f"{tables}</office:spreadsheet></office:body></office:document-content>",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_MANIFEST}"/>',
    }


def ods(tables: str) -> bytes:
    """A workbook of `ods_parts`."""
    return zipped(ods_parts(tables))
