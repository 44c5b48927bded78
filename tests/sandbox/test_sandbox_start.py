"""Starting both systems, the files that go with them, and records of one's own."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from reconciler.errors import ConfigurationError, RefusedError
from reconciler.project import load_project
from reconciler.sandbox.data_files import data_file
from reconciler.sandbox.start import RunningSandbox, SandboxOptions, running_sandbox
from tests.sandbox.calling import Caller


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(SandboxOptions(customers=40)) as running:
        yield running


async def crm_caller(running: RunningSandbox, session: aiohttp.ClientSession) -> Caller:
    return Caller(session, running.crm.base_url, {"User-Key": running.crm.credentials["user_key"]})


async def erp_caller(running: RunningSandbox, session: aiohttp.ClientSession) -> Caller:
    caller = Caller(session, running.erp.base_url, {})
    credentials = {"usuario": running.erp.credentials["user"], "senha": running.erp.credentials["password"]}
    caller.headers["X-Sessao"] = (await caller.call("POST", "/sessao", credentials)).json["sessao"]
    return caller


async def test_both_systems_answer_with_the_given_credentials(sandbox: RunningSandbox) -> None:
    assert (sandbox.crm.vendor, sandbox.erp.vendor) == ("ploomes", "sandbox_erp")
    assert sandbox.erp.base_url.endswith("/api")
    async with aiohttp.ClientSession() as session:
        crm, erp = await crm_caller(sandbox, session), await erp_caller(sandbox, session)
        for name in ("Contacts", "Products", "Orders", "Quotes"):
            assert (await crm.get(f"/{name}", count="true")).json["@odata.count"] > 10
        for name in ("clientes", "produtos", "pedidos", "orcamentos"):
            assert (await erp.get(f"/{name}")).json["total_registros"] > 10


async def test_they_listen_on_loopback_only_and_stop_at_the_end() -> None:
    async with running_sandbox(SandboxOptions(customers=1)) as running:
        address = running.crm.base_url
        assert address.startswith("http://127.0.0.1:")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(address)


async def test_the_taxes_of_an_untouched_quote_are_what_the_erp_simulates(sandbox: RunningSandbox) -> None:
    touched = {each["key"] for each in sandbox.truth if (each["entity"] or "").startswith("quotes")}
    keys = {(key or "").partition("|")[0] for key in touched}
    checked = 0
    async with aiohttp.ClientSession() as session:
        erp = await erp_caller(sandbox, session)
        for quote in (await erp.get("/orcamentos")).json["orcamentos"]:
            if quote["numero"] in keys:
                continue
            items = [
                {name: item[name] for name in ("sequencia", "produto", "quantidade", "preco_unitario", "desconto")}
                for item in quote["itens"]
            ]
            body = {"cliente": {"cpf_cnpj": quote["cliente_cpf_cnpj"]}, "natureza": "VENDA", "itens": items}
            answer = (await erp.call("POST", "/simulacao-impostos", body)).json
            assert answer["totais"]["valor_impostos"] == quote["valor_impostos"]
            assert [item["valor_impostos"] for item in answer["itens"]] == [
                item["valor_impostos"] for item in quote["itens"]
            ]
            checked += 1
    assert checked > 3


async def test_the_project_file_is_ready_to_use(sandbox: RunningSandbox, tmp_path: Path) -> None:
    project_path, truth_path = sandbox.write_files(tmp_path / "new" / "box")
    project = load_project(project_path, {})
    assert project.file.project.stage == "sandbox"
    assert project.file.crm.base_url == sandbox.crm.base_url
    assert project.file.erp.base_url == sandbox.erp.base_url
    assert list(project.file.scope) == ["customers", "products", "orders", "quotes"]
    data = tomllib.loads(project_path.read_text())
    assert data["erp"]["credentials"] == sandbox.erp.credentials
    assert data["scope"]["customers"]["link"] == {"crm": "OtherProperties[contact_erp_code].StringValue"}
    owners = [field.get("owner") for scope in data["scope"].values() for field in scope["fields"].values()]
    assert set(owners) == {"crm", "erp"}
    assert orjson.loads(truth_path.read_bytes()) == sandbox.truth
    assert set(sandbox.truth[0]) == {"entity", "key", "field", "kind", "cause"}


async def test_starting_again_in_the_same_folder_writes_the_files_again(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.write_files(tmp_path)
    (tmp_path / "truth.json").write_text("old")
    sandbox.write_files(tmp_path)
    assert orjson.loads((tmp_path / "truth.json").read_bytes()) == sandbox.truth
    assert sorted(path.name for path in tmp_path.iterdir()) == ["erp_files", "reconciler.toml", "truth.json"]


async def test_a_project_file_of_somebody_else_is_left_alone(sandbox: RunningSandbox, tmp_path: Path) -> None:
    mine = tmp_path / "reconciler.toml"
    mine.write_text('[project]\nname = "acme"\n')
    with pytest.raises(RefusedError, match=r"reconciler\.toml"):
        sandbox.write_files(tmp_path)
    assert mine.read_text() == '[project]\nname = "acme"\n'
    assert not (tmp_path / "truth.json").exists()


async def test_a_folder_that_cannot_be_written_is_named(sandbox: RunningSandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="file"):
        sandbox.write_files(tmp_path / "file" / "box")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (SandboxOptions(customers=0), "customers"),
        (SandboxOptions(misbehave="fire"), "fire"),
        (SandboxOptions(misbehave="429", misbehave_every=0), "N-th"),
        (SandboxOptions(crm_calls_per_minute=0), "per minute"),
    ],
    ids=["customers", "fault", "every", "calls"],
)
async def test_a_wrong_option_is_refused_before_anything_starts(options: SandboxOptions, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        async with running_sandbox(options):
            pass


async def test_options_reach_the_servers() -> None:
    options = SandboxOptions(customers=5, misbehave="html502", misbehave_every=1, crm_calls_per_minute=2)
    async with running_sandbox(options) as running, aiohttp.ClientSession() as session:
        crm = await crm_caller(running, session)
        assert (await crm.get("/Contacts")).status == 502
        assert (await crm.get("/Contacts")).status == 200
        assert (await crm.get("/Contacts")).status == 429
        erp = await erp_caller(running, session)
        assert (await erp.get("/clientes")).status == 502


async def loaded(path: Path, content: Any) -> dict[str, Any]:
    """Both states after loading."""
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    async with running_sandbox(SandboxOptions(load=path)) as running, aiohttp.ClientSession() as session:
        assert running.truth == []
        crm, erp = await crm_caller(running, session), await erp_caller(running, session)
        return {
            **(await crm.call("POST", "/_sandbox/state")).json,
            **(await erp.call("POST", "/_sandbox/state")).json,
        }


async def test_records_come_from_a_file(tmp_path: Path) -> None:
    contact = {"Id": 7, "Name": "\x1b]0;x\x07" + "a" * 100_000, "City": {"Name": "Aldeia"}}
    content = {"crm": {"Contacts": [contact, None]}, "erp": {"clientes": [{"codigo": "1"}]}}
    state = await loaded(tmp_path / "records.json", content)
    assert state["Contacts"] == [contact, None]
    assert state["clientes"] == [{"codigo": "1"}]
    assert state["Products"] == state["pedidos"] == []
    assert state["Orders@Stages"]


async def test_a_state_can_be_loaded_again(sandbox: RunningSandbox, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        crm, erp = await crm_caller(sandbox, session), await erp_caller(sandbox, session)
        states = {
            "crm": (await crm.call("POST", "/_sandbox/state")).json,
            "erp": (await erp.call("POST", "/_sandbox/state")).json,
        }
    assert await loaded(tmp_path / "state.json", states) == {**states["crm"], **states["erp"]}


async def test_an_empty_file_of_records_gives_empty_systems(tmp_path: Path) -> None:
    state = await loaded(tmp_path / "records.json", {})
    assert [state[name] for name in ("Contacts", "Quotes", "clientes", "orcamentos")] == [[], [], [], []]


async def test_call_backs_are_never_loaded(tmp_path: Path) -> None:
    hook = {"Id": 1, "EntityId": 1, "ActionId": 2, "CallbackUrl": "http://10.0.0.1/", "Active": True}
    assert (await loaded(tmp_path / "records.json", {"crm": {"Webhooks": [hook]}}))["Webhooks"] == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "is not JSON"),
        (b'{"crm": {"Contacts": [NaN]}}', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ([], "not an object"),
        ({"crm": []}, "crm is not an object"),
        ({"CRM": {}}, "CRM"),
        ({"crm": {"Customers": []}}, "Customers"),
        ({"crm": {"Contacts": {}}}, "crm.Contacts is not a list"),
        ({"erp": {"clientes": None}}, "erp.clientes is not a list"),
    ],
    ids=str,
)
async def test_an_unusable_file_is_named_with_what_is_wrong(tmp_path: Path, content: Any, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        await loaded(tmp_path / "records.json", content)
    assert "records.json" in caught.value.message


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.json"):
        async with running_sandbox(SandboxOptions(load=tmp_path / "nothing.json")):
            pass


def test_the_fixtures_are_found() -> None:
    for name in ("words.toml", "places.toml", "products.toml", "taxes.toml", "discrepancies.toml"):
        assert data_file(name).is_file()
