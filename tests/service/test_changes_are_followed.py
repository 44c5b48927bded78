"""What the service remembers of taxes follows the ERP: by its webhooks, by runs, and never for longer than it may."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import JsonValue

from reconciler.app.following import ChangeFollower
from reconciler.app.tax_records import RecordNames, StagedNames
from reconciler.app.webhooks.registration import callback_address, open_registrar
from reconciler.app.wire import load_descriptions, open_workspace
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.sandbox.start import SandboxOptions, running_sandbox
from reconciler.store.state.records import RunStatus
from tests.app.running import run
from tests.service.running_service import Service, running_service, until
from tests.taxes.asking import line, quote
from tests.taxes.engine import Clock, engine
from tests.taxes.engine import Source as Erp


def quick(text: str) -> str:
    return text + "\n[taxes]\ndeadline_s = 20\n\n[service]\naccess_log = false\n"


async def a_quote(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """A would-be quote that says no destination, and the customer of the ERP whose address therefore decides."""
    state = await service._erp("POST", "/_sandbox/state", {}, "")
    customer = next(each for each in state["clientes"] if each["cpf_cnpj"])
    lines = [{"sku": state["produtos"][0]["codigo"], "quantity": "1", "unit_price": "100.00"}]
    return {"customer": {"tax_id": customer["cpf_cnpj"]}, "lines": lines}, customer


async def test_a_webhook_about_the_customer_makes_the_next_answer_a_live_one(tmp_path: Path) -> None:
    """It is forgotten when the delivery is taken: while a run is going on nothing can be checked."""
    async with running_service(tmp_path / "box", quick) as service:
        asked, customer = await a_quote(service)
        async with open_registrar(service.workspace, Side.ERP) as (registrar, secret):
            await registrar.register(callback_address(service.url, Side.ERP), secret, renew=False)
        run_id = await service.workspace.state.runs.start(["orders"], full=False)
        assert [(await service.taxes(asked))["source"] for _ in range(2)] == ["live", "cached"]
        answers = [await service.taxes(asked)]
        moved = {**customer["endereco"], "uf": "BA" if customer["endereco"]["uf"] == "SP" else "SP"}
        await service.erp("PATCH", f"/clientes/{customer['codigo']}", {"endereco": moved})

        async def is_live() -> bool:
            answers.append(await service.taxes(asked))
            return bool(answers[-1]["source"] == "live")

        await until(is_live)
        assert answers[-1]["lines"] != answers[0]["lines"]
        assert (await service.metrics())['reconciler_webhook_records{state="pending"}'] == 1
        await service.workspace.state.runs.finish(run_id, RunStatus.COMPLETE, {})


async def test_a_run_tells_exactly_which_records_of_the_erp_changed(tmp_path: Path) -> None:
    """Also by what is not compared, and whether all is read again or only what changed."""
    async with running_sandbox(SandboxOptions(customers=6)) as sandbox, aiohttp.ClientSession() as session:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        async with open_workspace(load_project(project_file)) as workspace:
            service = Service("", workspace, sandbox, session)
            asked, _ = await a_quote(service)
            sku = asked["lines"][0]["sku"]
            changes = workspace.state.changes
            begun = await changes.position()
            await run(project_file, "products")
            first = await changes.since(begun)
            # What the origin of a product is decides about its taxes, and is not among what this project compares.
            for full, origin in ((False, "5"), (True, "6")):
                await service.erp("PATCH", f"/produtos/{sku}", {"origem": origin})
                position = await changes.position()
                await run(project_file, "products", full=full)
                assert (await changes.since(position)).records == {("products", sku)}
            assert first.everything


async def test_records_are_named_by_their_id_and_by_what_quotes_call_them(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        # The project tells records apart by something else than quotes do.
        text = project_file.read_text().replace('key = ["tax_id"]', 'key = ["legal_name"]')
        project_file.write_text(text)
        project = load_project(project_file)
        names = RecordNames(project, load_descriptions(project)[Side.ERP])
    client: JsonValue = {"codigo": "000007", "cpf_cnpj": "11.222.333/0001-81", "razao_social": "Acme"}
    assert names.of("customers", [client]) == {("customers", "000007"), ("customers", "11222333000181")}
    assert names.of("orders", [client]) == set()


async def test_an_id_that_a_webhook_tells_is_named_as_the_last_run_read_it(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=3)) as sandbox, aiohttp.ClientSession() as session:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        async with open_workspace(load_project(project_file)) as workspace:
            _, customer = await a_quote(Service("", workspace, sandbox, session))
            names, code = StagedNames(workspace), customer["codigo"]
            assert await names.of({"customers": {code}}) is None
            await run(project_file, "customers")
            document = "".join(letter for letter in customer["cpf_cnpj"] if letter.isalnum())
            assert await names.of({"customers": {code}}) == {("customers", code), ("customers", document)}
            assert await names.of({"customers": {code, "999999"}}) is None
            assert await names.of({"products": {"P0001"}}) is None
            assert await names.of({}) == set()


async def test_a_process_forgets_what_another_one_told_of_and_everything_when_it_cannot_hear(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=1)) as sandbox:
        project_file, _ = sandbox.write_files(tmp_path / "box")
        project = load_project(project_file)
        lookup = engine(Erp(), Clock())
        question = quote(line("P1"), tax_id="11222333000181")
        async with open_workspace(project) as here, open_workspace(project) as there:
            follower = ChangeFollower(here.state.changes, lookup)
            await there.state.changes.tell({("products", "P1")})
            await follower.begin()
            await lookup.taxes_of(question)
            await there.state.changes.tell({("products", "P2")})
            await follower.step()
            assert lookup.load.answers == 1
            await there.state.changes.tell({("products", "P1")})
            await follower.step()
            assert lookup.load.answers == 0
            await lookup.taxes_of(question)
            with closing(sqlite3.connect(tmp_path / "box" / "state.db")) as other:
                other.execute("DROP TABLE record_change_head")
            await follower.step()
            assert lookup.load.answers == 0
