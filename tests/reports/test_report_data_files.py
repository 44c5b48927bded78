"""JSON, JSON lines and CSV files."""

from __future__ import annotations

import csv
import json
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reconciler.model.findings import Finding, SideValue
from reconciler.reports.cells import COLUMNS
from reconciler.reports.data_files import Delimiter, json_chunks, write_csv, write_json, write_jsonl
from reconciler.reports.documents import finding_document, run_document
from reconciler.reports.files import BATCH_FINDINGS
from tests.reports.report_samples import (
    CUSTOMERS,
    FINDING,
    PRODUCTS,
    entity_of,
    explain,
    report_of,
    stream_of,
    usual_report,
)


async def test_the_json_report_is_the_run_document_and_every_finding(tmp_path: Path) -> None:
    report = usual_report()
    await write_json(report, tmp_path / "report.json", explain)
    document = json.loads((tmp_path / "report.json").read_bytes())
    expected = json.loads(json.dumps(run_document(report)))
    assert {name: document[name] for name in expected} == expected
    assert document["findings"] == [finding_document(each, explain) for each in (*CUSTOMERS, *PRODUCTS)]
    assert document["systems"]["erp"] == {"vendor": "sandbox_erp", "host": "erp.example:8069"}


async def test_the_json_report_groups_findings_into_decisions(tmp_path: Path) -> None:
    await write_json(usual_report(), tmp_path / "report.json", explain)
    first = json.loads((tmp_path / "report.json").read_bytes())["decisions"][0]
    assert first == {
        "entity": "customers",
        "kind": "differs",
        "field": "legal_name",
        "cause": "accents",
        "count": 2,
        "owner": "erp",
        "explanation": "Explained: accents of legal_name.",
        "examples": ["00000000000000a1", "00000000000000a2"],
    }


@pytest.mark.parametrize("count", [0, 1, BATCH_FINDINGS, BATCH_FINDINGS + 1], ids=["none", "one", "batch", "over"])
async def test_the_json_report_is_well_formed_for_any_number_of_findings(tmp_path: Path, count: int) -> None:
    report = report_of(entity_of("customers", (FINDING,) * count), entity_of("products", PRODUCTS))
    await write_json(report, tmp_path / "report.json", explain)
    assert len(json.loads((tmp_path / "report.json").read_bytes())["findings"]) == count + 1


async def test_data_is_the_same_in_every_language(tmp_path: Path) -> None:
    for locale in ("pt-BR", "en"):
        await write_json(usual_report(locale), tmp_path / locale, explain)
    assert (tmp_path / "pt-BR").read_bytes() == (tmp_path / "en").read_bytes()


async def test_json_lines_hold_one_finding_each(tmp_path: Path) -> None:
    await write_jsonl(stream_of(CUSTOMERS)(), tmp_path / "findings.jsonl", explain)
    lines = (tmp_path / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [finding_document(each, explain) for each in CUSTOMERS]


@pytest.mark.parametrize("delimiter", [",", ";"])
async def test_csv_gives_back_exactly_what_was_found(tmp_path: Path, delimiter: Delimiter) -> None:
    crm = SideValue("007", 'Silva; "Filhos", Ltda\nfilial', "00123")
    finding = replace(FINDING, key="0012", crm=crm, erp=SideValue("2", "-4928.840", None))
    path = tmp_path / "findings.csv"
    await write_csv(stream_of([finding])(), path, explain, delimiter=delimiter)
    with path.open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file, delimiter=delimiter)
    assert tuple(header) == COLUMNS
    cells = dict(zip(header, row, strict=True))
    assert cells["key"] == "0012"
    assert (cells["crm_id"], cells["crm_value"], cells["crm_raw"]) == ("007", crm.value, "00123")
    assert (cells["erp_value"], cells["erp_raw"]) == ("-4928.840", "")


async def test_csv_cells_are_made_safe(tmp_path: Path) -> None:
    finding = replace(FINDING, key="=1+1", crm=SideValue("@x", "+1 2", "\t3"))
    await write_csv(stream_of([finding])(), tmp_path / "findings.csv", lambda _: "=cmd|' /C calc'!A0")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        _, row = csv.reader(file)
    cells = dict(zip(COLUMNS, row, strict=True))
    assert [cells[name] for name in ("key", "explanation", "crm_id", "crm_value", "crm_raw")] == [
        "'=1+1",
        "'=cmd|' /C calc'!A0",
        "'@x",
        "'+1 2",
        "'\t3",
    ]


@pytest.mark.parametrize(("bom", "start"), [(False, b"id,"), (True, b"\xef\xbb\xbfid,")], ids=["plain", "bom"])
async def test_csv_begins_with_a_byte_order_mark_only_when_asked(tmp_path: Path, bom: bool, start: bytes) -> None:
    await write_csv(stream_of([FINDING])(), tmp_path / "findings.csv", explain, bom=bom)
    assert (tmp_path / "findings.csv").read_bytes().startswith(start)


@dataclass(frozen=True)
class _Watched:
    """What a stream handed out, and how much of it was still held at any time."""

    alive: weakref.WeakSet[_Text]
    most: list[int]


class _Text(str):
    """A key that can be watched."""

    __slots__ = ("__weakref__",)


async def test_fifty_thousand_findings_are_never_held_together() -> None:
    watched = _Watched(weakref.WeakSet(), [0])

    async def stream() -> AsyncIterator[Finding]:
        for number in range(50_000):
            key = _Text(f"{number:014}")
            watched.alive.add(key)
            watched.most[0] = max(watched.most[0], len(watched.alive))
            yield replace(FINDING, key=key)

    report = report_of(replace(entity_of("customers", ()), findings=stream))
    total = 0
    async for chunk in json_chunks(report, explain):
        total += chunk.count(b'"first_seen"')
    assert total == 50_000
    assert watched.most[0] <= 2 * BATCH_FINDINGS
