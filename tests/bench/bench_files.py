"""Reading large files: rows per second and peak of the process, against the bare library that holds the whole file."""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from reconciler.ports.files.formats import FileFormat
from reconciler.ports.files.reading import read_batches

_LIMIT_MIB = 600
_NAMES = ["cnpj", "nome", "fantasia", "ie", "email", "fone", "rua", "cidade", "uf", "cep", "limite", "ativo"]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def _rows(count: int) -> Iterator[list[str]]:
    for number in range(count):
        yield [
            f"{number:014}",
            f"INDÚSTRIA E COMÉRCIO {number} LTDA",
            f"Fantasia {number}",
            f"{number:09}",
            f"compras{number}@example.com",
            f"1199{number:07}",
            f"Rua das Palmeiras, {number}",
            "São José dos Pinhais",
            "PR",
            f"{number % 100_000:05}-000",
            f"{number * 1.37:.2f}",
            "S",
        ]


def _write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="cp1252", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([_NAMES, *_rows(count)])


def _write_xlsx(path: Path, count: int) -> None:
    """As spreadsheet programs do: every text once, in a part of its own."""
    texts: dict[str, int] = {}
    relation = f'<Relationship Id="{{}}" Type="{_LINKS}/{{}}" Target="{{}}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with _part(archive, "xl/worksheets/sheet1.xml") as out:
            out.write(f'<worksheet xmlns="{_MAIN}"><sheetData>')
            for number, row in enumerate([_NAMES, *_rows(count)], 1):
                out.write(f'<row r="{number}">')
                for letter, cell in zip("ABCDEFGHIJKL", row, strict=True):
                    if letter == "K" and number > 1:
                        out.write(f'<c r="K{number}"><v>{cell}</v></c>')
                    else:
                        position = texts.setdefault(cell, len(texts))
                        out.write(f'<c r="{letter}{number}" t="s"><v>{position}</v></c>')
                out.write("</row>")
            out.write("</sheetData></worksheet>")
        with _part(archive, "xl/sharedStrings.xml") as out:
            out.write(f'<sst xmlns="{_MAIN}">{"".join(f"<si><t>{text}</t></si>" for text in texts)}</sst>')
        for name, relations in (
            ("_rels/.rels", [("rId1", "officeDocument", "xl/workbook.xml")]),
            (
                "xl/_rels/workbook.xml.rels",
                [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml")],
            ),
        ):
            links = "".join(relation.format(*link) for link in relations)
            archive.writestr(name, f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>')
        sheets = '<sheets><sheet name="Clientes" sheetId="1" r:id="rId1"/></sheets>'
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}">{sheets}</workbook>')


def _part(archive: zipfile.ZipFile, name: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(archive.open(name, "w", force_zip64=True), encoding="utf-8")


def _read(path: Path) -> int:
    settings = (
        {"kind": "delimited", "delimiter": ";", "encoding": "cp1252"} if path.suffix == ".csv" else {"kind": "workbook"}
    )
    file_format: FileFormat = TypeAdapter(FileFormat).validate_python(settings)
    return sum(map(len, read_batches(path, file_format, batch_size=1000)))


def _read_bare(path: Path) -> int:
    if path.suffix == ".csv":
        with path.open(encoding="cp1252", newline="") as stream:
            return len(list(csv.DictReader(stream, delimiter=";")))
    from python_calamine import CalamineWorkbook

    return len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()) - 1


_WRITERS: dict[str, Callable[[Path, int], None]] = {"csv": _write_csv, "xlsx": _write_xlsx}
_READERS: dict[str, Callable[[Path], int]] = {"reconciler": _read, "bare": _read_bare}


def _measure(reader: str, path: Path) -> None:
    started = time.perf_counter()
    rows = _READERS[reader](path)
    seconds = time.perf_counter() - started
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(orjson.dumps({"rows": rows, "rows_per_s": round(rows / seconds), "peak_mib": round(peak_mib)}).decode())


def run(count: int) -> dict[str, object]:
    """Every kind of file. Each step is a process of its own, since a process begins with the peak of its parent."""
    results: dict[str, object] = {"limit_mib": _LIMIT_MIB, "columns": len(_NAMES)}
    with tempfile.TemporaryDirectory() as folder:
        for name in _WRITERS:
            path = Path(folder) / f"clientes.{name}"
            _child("write", str(path), str(count))
            measured = {reader: orjson.loads(_child(reader, str(path))) for reader in _READERS}
            results[name] = {"size_mib": round(path.stat().st_size / 1024**2), **measured}
    return results


def _child(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "tests.bench.bench_files", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def main(arguments: list[str]) -> None:
    """Without arguments, or with a number of rows: measure everything."""
    match arguments:
        case ["write", path, count]:
            _WRITERS[Path(path).suffix[1:]](Path(path), int(count))
        case [reader, path]:
            _measure(reader, Path(path))
        case _:
            print(orjson.dumps(run(int(arguments[0]) if arguments else 500_000), option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
