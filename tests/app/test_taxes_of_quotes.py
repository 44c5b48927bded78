"""Taxes of quotes of the CRM and of would-be quotes, through everything a project consists of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from reconciler.app.known_ids import SnapshotIds
from reconciler.app.quote_reading import read_quote
from reconciler.app.taxes import TaxAnswer, open_taxes, taxes_of_quote, taxes_of_would_be
from reconciler.app.wire import Workspace, open_workspace
from reconciler.cli.commands import taxes
from reconciler.cli.failures import tell
from reconciler.cli.main import settings
from reconciler.errors import RefusedError, TomlError, WrongQuoteError
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.start import CRM_USER_KEY, ERP_PASSWORD, ERP_USER, SandboxOptions, running_sandbox, served
from reconciler.taxes.request import question_of
from tests.app.running import run

CNPJ = with_check_digits("12ABC3450001")


def records() -> dict[str, Any]:
    """One customer, two products, and a quote with two reviews."""
    address = {"uf": "PR", "logradouro": "", "cidade": "Curitiba", "cep": ""}
    products = [("A-1", "maquinas"), ("B-2", "materiais")]
    return {
        "crm": {
            "Contacts": [{"Id": 401, "TypeId": 1, "Name": "Acme", "CNPJ": CNPJ}],
            "Products": [{"Id": place, "Code": code} for place, (code, _) in enumerate(products, start=1)],
            "Quotes": [
                quote_row(71, 1, False, line_row(1, 1, 99.0)),
                quote_row(72, 2, True, line_row(1, 2, 4928.84), line_row(2, 10, 100.0, 5.5)),
                {**quote_row(73, 1, True, line_row(1, 1, 10.0)), "QuoteNumber": 1300},
                {**quote_row(74, 1, True, line_row(1, 1, 20.0)), "QuoteNumber": 1300},
                {**quote_row(75, 1, True, line_row(None, 1, 20.0)), "QuoteNumber": 1400},
            ],
        },
        "erp": {
            "clientes": [{"codigo": "17", "cpf_cnpj": CNPJ, "razao_social": "Acme Ltda", "endereco": address}],
            "produtos": [{"codigo": code, "classe": kind, "origem": "0"} for code, kind in products],
        },
    }


def quote_row(identity: int, review: int, last: bool, *lines: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": identity,
        "QuoteNumber": 1203,
        "ReviewNumber": review,
        "LastReview": last,
        "ContactId": 401,
        "Products": list(lines),
    }


def line_row(product: int | None, quantity: float, price: float, discount: float = 0) -> dict[str, Any]:
    return {"ProductId": product, "Quantity": quantity, "UnitPrice": price, "Discount": discount}


@asynccontextmanager
async def project_in(folder: Path, **options: Any) -> AsyncIterator[Workspace]:
    """A project on two stand-in systems that hold these records."""
    held = folder / "records.json"
    held.write_text(json.dumps(records()))
    async with running_sandbox(SandboxOptions(load=held)) as sandbox:
        project, _ = sandbox.write_files(folder / "box")
        if options:
            text = project.read_text()
            for old, new in options.items():
                text = (
                    text.replace(f"[{old}]", f"[{old}]\n{new}", 1) if f"[{old}]" in text else f"{text}\n[{old}]\n{new}"
                )
            project.write_text(text)
        async with open_workspace(load_project(project)) as workspace:
            yield workspace


async def told(workspace: Workspace, number: str) -> TaxAnswer:
    answers: list[TaxAnswer] = []
    await taxes_of_quote(workspace, number, answers.append)
    return answers[0]


async def test_the_latest_review_of_a_quote_is_asked_about(tmp_path: Path) -> None:
    """Trap 14; 2 × 4,928.84 and 10 × 100.00 less 5.5 %, to PR."""
    async with project_in(tmp_path) as workspace:
        would_be = await read_quote(workspace, " 1203 ")
        answer = (await told(workspace, "1203")).document
    assert would_be == {
        "customer": {"tax_id": CNPJ},
        "lines": [
            {"line": "1", "sku": "A-1", "quantity": "2", "unit_price": "4928.84", "discount": "0"},
            {"line": "2", "sku": "B-2", "quantity": "10", "unit_price": "100", "discount": "5.5"},
        ],
    }
    assert answer["status"] == "calculated"
    assert [each["goods"] for each in answer["lines"]] == ["9857.68", "945.00"]
    assert answer["lines"][0]["taxes_total"] == "2587.63"
    assert {tax["kind"] for tax in answer["lines"][1]["taxes"]} == {"icms", "icms_st", "ipi", "pis", "cofins"}
    assert Decimal(answer["totals"]["total"]) == Decimal("10802.68") + Decimal(answer["totals"]["taxes_added"])


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("9999", "unknown_quote", "no quote 9999"),
        ("1300", "wrong_quote", "2 quotes 1300"),
        ("1400", "wrong_quote", r"lines\[0\]\.sku"),
    ],
    ids=["unknown", "doubled", "a line without product"],
)
async def test_a_quote_that_cannot_be_asked_about_says_why(tmp_path: Path, number: str, code: str, words: str) -> None:
    async with project_in(tmp_path) as workspace:
        with pytest.raises(WrongQuoteError, match=words) as wrong:
            await told(workspace, number)
    assert (wrong.value.code, wrong.value.exit_code) == (code, 2)


async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until whoever asks has lost patience."""
    await reader.read()
    writer.close()


async def test_the_language_of_the_project_is_that_of_the_sentences_and_its_deadline_counts(tmp_path: Path) -> None:
    """Trap 16, through the whole project: the ERP listens and never answers."""
    silent = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with silent, project_in(tmp_path, taxes="deadline_s = 0.1") as workspace:
        text = (tmp_path / "box" / "reconciler.toml").read_text()
        here = workspace.project.system(Side.ERP).base_url or ""
        changed = tmp_path / "box" / "silent.toml"
        changed.write_text(text.replace(here, f"http://127.0.0.1:{port}/api"))
        answers: list[TaxAnswer] = []
        async with open_workspace(load_project(changed)) as other, asyncio.timeout(20):
            await taxes_of_would_be(other, would_be(), answers.append)
    answer = answers[0].document
    assert (answer["status"], answer["reason"]) == ("unavailable", "deadline")
    assert answer["message"] == "O ERP não respondeu em 0.1 s."
    assert not {"lines", "totals"} & answer.keys()


def would_be(sku: str = "A-1") -> dict[str, Any]:
    return {"customer": {"tax_id": CNPJ}, "lines": [{"sku": sku, "quantity": "2", "unit_price": "4928.84"}]}


async def test_the_second_answer_is_remembered_and_a_change_of_the_customer_forgets_it(tmp_path: Path) -> None:
    async with project_in(tmp_path) as workspace, open_taxes(workspace) as desk:
        answers = [(await desk.look_up(would_be())).document for _ in range(2)]
        desk.lookup.forget([("customers", CNPJ)])
        answers.append((await desk.look_up(would_be())).document)
    assert [answer["source"] for answer in answers] == ["live", "cached", "live"]
    assert answers[0]["lines"] == answers[1]["lines"]


async def test_an_erp_without_a_tax_call_and_a_missing_context_are_told(tmp_path: Path) -> None:
    async with project_in(tmp_path) as workspace:
        folder = tmp_path / "box"
        text = (folder / "reconciler.toml").read_text()
        plain = folder / "plain.toml"
        plain.write_text(text.replace('vendor = "sandbox_erp"', 'vendor = "dolibarr"'))
        bling = folder / "bling.toml"
        bling.write_text(text.replace('vendor = "sandbox_erp"', 'vendor = "bling"'))
        for project, error, words in ((plain, RefusedError, "no tax call"), (bling, TomlError, "natureza")):
            async with open_workspace(load_project(project)) as other:
                with pytest.raises(error, match=words):
                    async with open_taxes(other):
                        pass
    assert workspace.project.file.taxes.deadline_s == 2.0


async def test_ids_are_found_in_what_the_last_run_read(tmp_path: Path) -> None:
    async with project_in(tmp_path) as workspace:
        known = SnapshotIds(workspace, Side.ERP)
        assert await known.ids("customers", CNPJ) is None
        await run(tmp_path / "box" / "reconciler.toml", "customers")
        assert await known.ids("customers", CNPJ) == ["17"]
        assert await known.ids("customers", "11222333000181") == []
        assert await known.ids("products", "A-1") is None


def command(project: Path, *arguments: str, given: str | None = None) -> Result:
    """`reconciler --project … taxes …`, in this process."""
    app = typer.Typer()
    app.callback()(settings)
    taxes.register(app)
    return CliRunner().invoke(app, ["--project", str(project), "taxes", *arguments], input=given)


async def test_the_commands_print_the_answer_and_end_with_its_code(tmp_path: Path) -> None:
    async with project_in(tmp_path):
        project = tmp_path / "box" / "reconciler.toml"
        file = tmp_path / "would-be.json"
        file.write_text(json.dumps(would_be()))
        table = await asyncio.to_thread(command, project, "quote", "1203")
        from_file = await asyncio.to_thread(command, project, "lookup", str(file), "--json")
        piped = await asyncio.to_thread(command, project, "lookup", "-", "--json", given=json.dumps(would_be()))
        unknown = await asyncio.to_thread(command, project, "lookup", "-", given=json.dumps(would_be("P9999")))
        broken = await asyncio.to_thread(command, project, "lookup", "-", given="{")
    down = await asyncio.to_thread(command, project, "lookup", str(file), "--json")
    said = await asyncio.to_thread(command, project, "lookup", str(file))
    assert [each.exit_code for each in (table, from_file, piped, down, said)] == [0, 0, 0, 3, 3]
    assert [each.split() for each in table.stdout.splitlines()[2:4]] == [
        ["1", "A-1", "9857.68", "icms", "9857.68", "0.12", "1182.92", "in", "price"],
        ["ipi", "9857.68", "0.05", "492.88", "added"],
    ]
    assert "live from sandbox_erp" in table.stdout
    assert json.loads(from_file.stdout)["lines"] == json.loads(piped.stdout)["lines"]
    assert json.loads(down.stdout)["reason"] == "unreachable"
    assert said.stdout == "unavailable: Não há conexão com o ERP. (unreachable)\n"
    for failed, code in ((unknown, "unknown_product"), (broken, "wrong_quote")):
        assert isinstance(failed.exception, WrongQuoteError)
        assert (failed.exception.code, failed.exception.exit_code) == (code, 2)


def test_all_mistakes_of_a_would_be_quote_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WrongQuoteError) as refused:
        question_of({**would_be(" "), "date": "yesterday"}, date(2026, 11, 22))
    tell(refused.value)
    assert [line.split()[:2] for line in capsys.readouterr().err.splitlines()] == [
        ["error:", "date"],
        ["error:", "lines[0].sku"],
        ["(wrong_quote)"],
    ]


async def test_control_characters_of_the_erp_do_not_steer_the_terminal(tmp_path: Path) -> None:
    """The words of a refusal come from outside."""
    erp = ErpServer({"clientes": [], "produtos": []}, user=ERP_USER, password=ERP_PASSWORD)
    async with served(erp.application()) as url:
        folder = tmp_path
        (folder / "reconciler.toml").write_text(
            f"""
[project]
name = "x"
locale = "en"
[crm]
vendor = "ploomes"
base_url = "{url}"
credentials = {{ user_key = "{CRM_USER_KEY}" }}
[erp]
vendor = "sandbox_erp"
base_url = "{url}/api"
credentials = {{ user = "{ERP_USER}", password = "{ERP_PASSWORD}" }}
context = {{ natureza = "X\\u001b[2JY" }}
"""
        )
        said = await asyncio.to_thread(command, folder / "reconciler.toml", "lookup", "-", given=json.dumps(would_be()))
    assert said.exit_code == 3
    assert "\x1b" not in said.stdout
    assert "natureza" in said.stdout
