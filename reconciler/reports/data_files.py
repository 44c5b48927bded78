"""JSON, JSON lines and CSV: data for programs. Streamed, and the same bytes in every language."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import orjson

from reconciler.model.findings import Finding
from reconciler.reports.cells import COLUMNS, row_of, safe_cell
from reconciler.reports.documents import finding_document, report_head
from reconciler.reports.files import batches, write_chunks
from reconciler.reports.report import Explain, Report

_UTF8_BOM = b"\xef\xbb\xbf"

Delimiter = Literal[",", ";"]
"""Comma is what programs expect; semicolon is what a spreadsheet opens by double click where the comma is decimal."""


async def write_json(report: Report, path: Path, explain: Explain) -> None:
    """Write the run document of CONTRACT.md with `project`, `systems`, `decisions` and every finding, one on each line.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, json_chunks(report, explain))


async def write_jsonl(findings: AsyncIterator[Finding], path: Path, explain: Explain) -> None:
    """Write one finding document on each line.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, jsonl_chunks(findings, explain))


async def write_csv(
    findings: AsyncIterator[Finding], path: Path, explain: Explain, *, delimiter: Delimiter = ",", bom: bool = False
) -> None:
    """Write a header and one row for each finding (`COLUMNS`): RFC 4180 in UTF-8, no cell a formula.

    `bom` marks the file as UTF-8 for spreadsheets that would otherwise guess.

    Raises:
        StateError: the file cannot be written; what was there stays.
    """
    await write_chunks(path, csv_chunks(findings, explain, delimiter=delimiter, bom=bom))


async def json_chunks(report: Report, explain: Explain) -> AsyncGenerator[bytes, None]:
    """The JSON report in pieces of at most one batch of findings."""
    head = orjson.dumps(report_head(report, explain), option=orjson.OPT_INDENT_2)
    yield head.removesuffix(b"\n}") + b',\n  "findings": ['
    separator = b"\n"
    for entity in report.entities:
        async with aclosing(batches(entity.findings())) as found:
            async for batch in found:
                yield separator + b",\n".join(orjson.dumps(finding_document(each, explain)) for each in batch)
                separator = b",\n"
    yield b"\n  ]\n}\n"


async def jsonl_chunks(findings: AsyncIterator[Finding], explain: Explain) -> AsyncGenerator[bytes, None]:
    """Finding documents, one a line, in pieces of at most one batch."""
    async with aclosing(batches(findings)) as found:
        async for batch in found:
            yield b"".join(orjson.dumps(finding_document(each, explain)) + b"\n" for each in batch)


async def csv_chunks(
    findings: AsyncIterator[Finding], explain: Explain, *, delimiter: Delimiter = ",", bom: bool = False
) -> AsyncGenerator[bytes, None]:
    """The CSV in pieces of at most one batch of rows."""
    yield (_UTF8_BOM if bom else b"") + _delimited([COLUMNS], delimiter)
    async with aclosing(batches(findings)) as found:
        async for batch in found:
            yield _delimited([[safe_cell(cell) for cell in row_of(each, explain)] for each in batch], delimiter)


def _delimited(rows: Sequence[Sequence[str]], delimiter: Delimiter) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")
