"""Open quotes of a CRM against its ERP: which are asked about, what they carry, and what changes meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.propose import ProposeOptions, propose_corrections
from reconciler.app.quote_reading import Quote, QuoteReader, UnusableQuote
from reconciler.app.tax_drift import ComparedQuotes, compare_quotes, quote_taxes
from reconciler.app.tax_run import drift_now
from reconciler.app.taxes import TaxDesk, taxes_nobody_waits_for
from reconciler.app.wire import Workspace, load_descriptions, open_connectors, open_workspace
from reconciler.errors import ConfigurationError, TomlError
from reconciler.model.corrections import Person
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.start import CRM_USER_KEY, SandboxOptions, running_sandbox
from reconciler.store.state.records import FindingFilter
from tests.app.running import run

CNPJ = with_check_digits("12ABC3450001")
RIGHT = {
    "icms": (12, 100, 12),
    "ipi": (5, 100, 5),
    "pis": (1.65, 100, 1.65),
    "cofins": (7.6, 100, 7.6),
}
"""Rate in percent, base and amount of what the ERP charges on a machine for 100.00 that goes to Paraná."""


def line(quantity: float = 1, price: float = 100.0, **taxes: tuple[float, float, float]) -> dict[str, Any]:
    """One line that carries the right taxes for 100.00, and others where they are given."""
    return {"ProductId": 1, "Quantity": quantity, "UnitPrice": price, "OtherProperties": properties(**taxes)}


def properties(**taxes: tuple[float, float, float]) -> list[dict[str, Any]]:
    found = []
    for kind, (rate, base, amount) in {**RIGHT, **taxes}.items():
        name = f"quote_product_{kind}"
        values = {name: amount, f"{name}_rate": rate, f"{name}_base": base}
        found += [{"FieldKey": key, "DecimalValue": value} for key, value in values.items()]
    return [*found, {"FieldKey": "quote_product_ipi_in_price", "BoolValue": False}]


def quote(
    identity: int, number: int, *lines: dict[str, Any], status: str | None = "open", **more: Any
) -> dict[str, Any]:
    own = [] if status is None else [{"FieldKey": "quote_status", "StringValue": status}]
    return {
        "Id": identity,
        "QuoteNumber": number,
        "ReviewNumber": 1,
        "LastReview": True,
        "ContactId": 401,
        "OtherProperties": own,
        "Products": list(lines or [line()]),
        **more,
    }


STALE = line(icms=(7, 100, 7))
QUOTES = [
    quote(71, 1, STALE),
    quote(72, 2, STALE, status="invoiced"),
    quote(73, 3, status=None),
    quote(74, 4, STALE, LastReview=False),
    quote(75, 4, ReviewNumber=2),
    quote(76, 5),
    quote(77, 5),
    quote(
        78, 6, line(icms=(12, 100, 12)) | {"OtherProperties": [{"FieldKey": "quote_product_icms", "DecimalValue": "?"}]}
    ),
    quote(79, 7, line() | {"ProductId": 2}),
]


@dataclass(frozen=True)
class Here:
    """A sandbox with these quotes, and everything that asks it."""

    workspace: Workspace
    quotes: QuoteReader
    desk: TaxDesk
    crm_url: str
    erp_url: str

    async def compared(self, chosen: list[Quote | UnusableQuote]) -> ComparedQuotes:
        return await compare_quotes(self.desk, self.quotes, chosen, at_once=4)

    async def patch(self, identity: int, **members: Any) -> None:
        """Change a quote in the CRM, as somebody at work there would."""
        address, headers = f"{self.crm_url}/Quotes({identity})", {"User-Key": CRM_USER_KEY}
        async with aiohttp.ClientSession() as session, session.patch(address, json=members, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def here(folder: Path, quotes: list[dict[str, Any]]) -> AsyncIterator[Here]:
    held = folder / "records.json"
    address = {"uf": "PR", "logradouro": "", "cidade": "Curitiba", "cep": ""}
    records = {
        "crm": {
            "Contacts": [{"Id": 401, "TypeId": 1, "Name": "Acme", "CNPJ": CNPJ}],
            "Products": [{"Id": 1, "Code": "A-1"}, {"Id": 2, "Code": "NOBODY-KNOWS"}],
            "Quotes": quotes,
        },
        "erp": {
            "clientes": [{"codigo": "17", "cpf_cnpj": CNPJ, "razao_social": "Acme Ltda", "endereco": address}],
            "produtos": [{"codigo": "A-1", "classe": "maquinas", "origem": "0"}],
        },
    }
    held.write_text(json.dumps(records))
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(SandboxOptions(load=held)))
        project, _ = sandbox.write_files(folder / "box")
        workspace = await stack.enter_async_context(open_workspace(load_project(project)))
        descriptions = load_descriptions(workspace.project)
        connectors = await stack.enter_async_context(open_connectors(workspace.project, descriptions, workspace.state))
        desk = await stack.enter_async_context(taxes_nobody_waits_for(workspace, connectors[Side.ERP]))
        yield Here(
            workspace,
            QuoteReader(workspace.project, connectors[Side.CRM]),
            desk,
            sandbox.crm.base_url,
            sandbox.erp.base_url.removesuffix("/api"),
        )


async def test_open_quotes_are_asked_about_and_every_one_is_accounted_for(tmp_path: Path) -> None:
    """The latest review counts (trap 14), a quote without a status is open, and what cannot be asked says why."""
    async with here(tmp_path, QUOTES) as it:
        chosen = await it.quotes.all_open()
        compared = await it.compared(chosen)
    assert [(each.id, type(each)) for each in chosen] == [
        ("71", Quote),
        ("73", Quote),
        ("75", Quote),
        ("76", UnusableQuote),
        ("77", UnusableQuote),
        ("78", Quote),
        ("79", Quote),
    ]
    told = {each.quote.id: (each.drifted, each.reason) for each in compared.quotes}
    assert told == {
        "71": (True, None),
        "73": (False, None),
        "75": (False, None),
        "76": (False, "wrong_quote"),
        "77": (False, "wrong_quote"),
        "78": (False, "wrong_quote"),
        "79": (False, "unknown_product"),
    }
    assert (compared.calculated, compared.unavailable, compared.drifted, compared.systems_failed) == (3, 4, 1, 0)
    assert compared.at_stake == 5


async def test_what_changes_between_two_readings_is_no_drift(tmp_path: Path) -> None:
    """Mended, closed, or asked for something else: each quote is judged as it is when it is read once more."""
    stale = [quote(identity, identity, STALE) for identity in (1, 2, 3, 4)]
    async with here(tmp_path, stale) as it:
        chosen = await it.quotes.all_open()
        await it.patch(1, Products=[line()])
        await it.patch(2, OtherProperties=[{"FieldKey": "quote_status", "StringValue": "invoiced"}])
        doubled: Any = {kind: (rate, base * 2, amount * 2) for kind, (rate, base, amount) in RIGHT.items()}
        await it.patch(3, Products=[line(quantity=2, **doubled)])
        compared = await it.compared(chosen)
    assert {each.quote.id: each.drifted for each in compared.quotes} == {"1": False, "3": False, "4": True}


async def test_one_quote_is_told_with_what_it_carries(tmp_path: Path) -> None:
    async with here(tmp_path, QUOTES) as it:
        told = (await quote_taxes(it.desk, it.quotes, "1")).document
        unreadable = (await quote_taxes(it.desk, it.quotes, "6")).document
        invoiced = await drift_now(it.workspace, "2", lambda done, total: None)
    assert (told["status"], told["quote"]) == ("calculated", {"number": "1", "revision": "1", "id": "71"})
    (carried,) = told["carried"]["lines"]
    assert carried["taxes"][0] == {"kind": "icms", "rate": "0.07", "base": "100.00", "amount": "7.00", "in_price": None}
    assert told["drift"]["value_at_stake"] == "5.00"
    (difference,) = told["drift"]["lines"][0]["differences"]
    assert (difference["kind"], difference["cause"]) == ("icms", "stale_rate")
    assert (invoiced.exit_code, invoiced.document["value_at_stake"]) == (1, "5.00")
    assert (unreadable["status"], unreadable["carried"], unreadable["drift"]) == ("calculated", None, None)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("base =", "basis =", "unknown key"),
        ('"OtherProperties[quote_product_icms].DecimalValue"', '"OtherProperties["', "icms"),
    ],
    ids=["an unknown member", "a path that is none"],
)
async def test_a_mistake_in_where_taxes_are_is_told_before_anything_is_read(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    async with here(tmp_path, []):
        project = tmp_path / "box" / "reconciler.toml"
        text = project.read_text()
        assert old in text
        project.write_text(text.replace(old, new))
        with pytest.raises(TomlError, match=words) as wrong:
            await run(project, "quotes")
    assert wrong.value.exit_code == 2


async def test_an_erp_that_cannot_be_asked_costs_a_warning_and_no_run(tmp_path: Path) -> None:
    async with here(tmp_path, []) as it:
        project = tmp_path / "box" / "reconciler.toml"
        text = project.read_text().replace('vendor = "sandbox_erp"', 'vendor = "sandbox_erp_soap"')
        project.write_text(text.replace(f"{it.erp_url}/api", f"{it.erp_url}/soap"))
        finished = await run(project, "quotes")
        async with open_workspace(load_project(project)) as workspace:
            with pytest.raises(TomlError, match="no tax call"):
                await drift_now(workspace, None, lambda done, total: None)
    assert (finished.exit_code, finished.document["status"]) == (0, "complete")
    assert "taxes" not in finished.document
    assert finished.document["warnings"] == [
        "taxes of quotes were not compared: “sandbox_erp_soap” describes no tax call."
    ]


def without_quotes(shipped: str) -> str:
    """The sandbox ERP's description, as of an ERP that holds none."""
    kept = shipped.partition("[entities.quotes]")[0] + "[taxes]" + shipped.partition("\n[taxes]")[2]
    return kept.replace('"webhook", ', "")


async def test_an_erp_without_quotes_of_its_own_is_asked_for_their_taxes_and_mends_them(tmp_path: Path) -> None:
    async with here(tmp_path, [quote(1, 1, STALE)]):
        project = tmp_path / "box" / "reconciler.toml"
        shipped = (files("reconciler.connectors") / "vendors" / "sandbox_erp.toml").read_text(encoding="utf-8")
        (tmp_path / "box" / "erp.toml").write_text(without_quotes(shipped))
        project.write_text(project.read_text().replace('vendor = "sandbox_erp"', 'vendor = "./erp.toml"'))
        finished = await run(project, "quotes")
        async with open_workspace(load_project(project)) as workspace:
            acting = Acting.begin(workspace, Person("ana", frozenset({"admin"})))
            proposed = await propose_corrections(acting, FindingFilter(), ProposeOptions(everything=True))
    assert (finished.exit_code, finished.document["status"]) == (1, "complete")
    assert list(finished.document["entities"]) == ["quotes.taxes"]
    assert finished.document["taxes"]["drifted"] == 1
    (correction,) = proposed.corrections
    written = [(change.field, change.new) for change in correction.changes if change.old != change.new]
    assert written == [("icms_rate", "12"), ("icms_amount", "12")]
    assert correction.problems == ()


async def test_a_crm_that_keeps_no_taxes_of_lines_is_told(tmp_path: Path) -> None:
    """The sum of a line's taxes is enough; nothing at all is not."""
    async with here(tmp_path, [quote(1, 1, line() | {"OtherProperties": []})]):
        project = tmp_path / "box" / "reconciler.toml"
        text = project.read_text()
        sums = text.partition("[scope.quotes.lines.taxes]")[0]
        project.write_text(sums)
        async with open_workspace(load_project(project)) as workspace:
            found = await drift_now(workspace, None, lambda done, total: None)
        project.write_text(sums.partition("[scope.quotes.lines.fields]")[0])
        async with open_workspace(load_project(project)) as workspace:
            with pytest.raises(ConfigurationError, match="nothing says where lines of quotes carry taxes"):
                await drift_now(workspace, None, lambda done, total: None)
    (difference,) = found.document["drift"][0]["lines"][0]["differences"]
    assert (difference["kind"], difference["cause"], difference["erp"]["amount"]) == (
        None,
        "taxes_not_carried",
        "26.25",
    )
