"""`scope`: the data dictionary for the scope meetings."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.output import plain, print_json, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.data_dictionary import DictionaryRow


class Format(StrEnum):
    """How the dictionary is written."""

    MD = "md"
    XLSX = "xlsx"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="scope")(scope)


def scope(
    context: typer.Context,
    format_: Annotated[Format, typer.Option("--format", help="md and json go to stdout.")] = Format.MD,
    json: Annotated[bool, typer.Option("--json", help="Same as --format json.")] = False,
    out: Annotated[Path, typer.Option(help="File of --format xlsx.")] = Path("scope.xlsx"),
) -> None:
    """Print the data dictionary: entity, field, type, owner, direction, both places, sample values."""
    from reconciler.app.data_dictionary import data_dictionary

    rows = with_workspace(context, data_dictionary)
    if json or format_ is Format.JSON:
        print_json([asdict(row) for row in rows])
    elif format_ is Format.XLSX:
        _write_workbook(rows, out)
        say(f"Wrote {len(rows)} fields to {out}.")
    else:
        sys.stdout.write(_markdown(rows))


def _headings() -> list[str]:
    from reconciler.app.data_dictionary import DictionaryRow

    return [field.name.replace("_", " ") for field in fields(DictionaryRow)]


def _cells(row: DictionaryRow) -> list[str]:
    values: list[str] = []
    for value in asdict(row).values():
        if isinstance(value, bool):
            values.append("yes" if value else "")
        elif isinstance(value, tuple):
            values.append("; ".join(value))
        else:
            values.append(str(value))
    return values


def _markdown(rows: list[DictionaryRow]) -> str:
    lines = [_headings(), ["---"] * len(_headings()), *(_cells(row) for row in rows)]
    return "".join("| " + " | ".join(plain(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _write_workbook(rows: list[DictionaryRow], path: Path) -> None:
    import xlsxwriter

    from reconciler.reports.cells import safe_cell

    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("scope")
        for number, line in enumerate([_headings(), *(_cells(row) for row in rows)]):
            for column, cell in enumerate(line):
                sheet.write_string(number, column, safe_cell(cell))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(_headings()) - 1)
        sheet.autofit()
