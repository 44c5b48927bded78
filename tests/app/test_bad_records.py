"""Records no mapping can make sense of: each is told with its reason, and none of them disturbs the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.findings import Cause, FindingKind
from tests.app.running import open_findings, run
from tests.processes import Sandbox

pytestmark = pytest.mark.timeout(120)

_GOOD = "11222333000181"


def _contact(number: int, **members: Any) -> dict[str, Any]:
    return {"Id": number, "LegalName": "Aço Forte Ltda", "Name": "Aço Forte", "OtherProperties": [], **members}


def _customer(code: str, document: str, **members: Any) -> dict[str, Any]:
    base = {"codigo": code, "razao_social": "Aço Forte Ltda", "nome_fantasia": "Aço Forte", "cpf_cnpj": document}
    return {**base, "endereco": {}, **members}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    contacts: list[Any] = [
        _contact(1, CNPJ=_GOOD),
        _contact(2, CNPJ="11222333000182"),
        _contact(3, CNPJ=None),
        _contact(4, CNPJ="45997418000153", LegalName="x" * 10_000_000),
        _contact(
            5, CNPJ="33000167000101", OtherProperties=[{"FieldKey": "contact_credit_limit", "DecimalValue": "abc"}]
        ),
        _contact(6, CNPJ="60746948000112", LegalName="Aço\x00 Forte\x1b[31m Ltda"),
    ]
    customers = [
        _customer("000001", "11.222.333/0001-81"),
        _customer("000004", "45.997.418/0001-53"),
        _customer("000005", "33.000.167/0001-01", limite_credito="10,00"),
        _customer("000006", "60.746.948/0001-12"),
        _customer("000007", "00.000.000/0000-00"),
    ]
    load = tmp_path / "load.json"
    load.write_text(json.dumps({"crm": {"Contacts": contacts}, "erp": {"clientes": customers}}))
    with Sandbox(tmp_path / "box", "--load", str(load)) as running:
        yield running


async def test_every_bad_record_is_told_and_the_rest_is_compared(sandbox: Sandbox) -> None:
    finished = await run(sandbox.project, "customers")
    assert finished.exit_code == 1
    counts = finished.document["entities"]["customers"]
    assert counts["crm"] == {"pulled": 6, "matched": 4, "only_here": 0, "duplicate": 0, "rejected": 2}
    assert counts["erp"] == {"pulled": 5, "matched": 4, "only_here": 0, "duplicate": 0, "rejected": 1}
    found = {
        (each.kind, each.field, each.cause, each.crm.id or each.erp.id) for each in await open_findings(sandbox.project)
    }
    assert found >= {
        (FindingKind.INVALID, "tax_id", Cause.INVALID_DOCUMENT, "2"),
        (FindingKind.INVALID, "tax_id", Cause.MISSING_KEY, "3"),
        (FindingKind.INVALID, "legal_name", Cause.UNREADABLE_VALUE, "4"),
        (FindingKind.INVALID, "credit_limit", Cause.UNREADABLE_VALUE, "5"),
        (FindingKind.INVALID, "tax_id", Cause.INVALID_DOCUMENT, "000007"),
    }
    assert not any(each.crm.id == "1" for each in await open_findings(sandbox.project))


async def test_control_characters_reach_neither_findings_nor_reports(sandbox: Sandbox) -> None:
    finished = await run(sandbox.project, "customers")
    shown = [each for each in await open_findings(sandbox.project) if each.crm.id == "6"]
    assert not any("\x1b" in (each.crm.value or "") or "\x00" in (each.crm.value or "") for each in shown)
    page = (sandbox.project.parent / finished.document["reports"]["html"]).read_bytes()
    assert b"\x1b" not in page
    assert b"\x00" not in page
    assert len(page) < 1_000_000
