"""An ERP that only exports files: explained from them, taken in once, and no mass of findings when one is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from reconciler.app.check import check_systems
from reconciler.app.findings import explained_finding, finding_documents
from reconciler.app.wire import open_workspace
from reconciler.model.findings import FindingKind, FindingStatus
from reconciler.project import load_project
from reconciler.sandbox.start import ERP_PASSWORD, ERP_USER, RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.state.records import FindingFilter
from tests.app.running import run
from tests.ports.files.file_servers import HOST, PASSWORD, USER, ftp_server

_ENTITIES = ("customers", "products", "orders")


@dataclass(frozen=True)
class Box:
    """A running sandbox, its project, and the folder its ERP exports into."""

    running: RunningSandbox
    project: Path
    exported: Path

    async def export(self) -> None:
        """Have the ERP export again."""
        url = f"{self.running.erp.base_url}/_sandbox/export"
        async with aiohttp.ClientSession() as session, session.post(url) as answer:
            assert "clientes.csv" in (await answer.json())["files"]

    def through_files(self, folder: Path, address: str) -> Path:
        """The project with its ERP behind another port, in a folder of its own."""
        text = self.project.read_text()
        for old, new in (
            ('vendor = "sandbox_erp"', 'vendor = "sandbox_erp_files"'),
            (self.running.erp.base_url, address),
            (f'user = "{ERP_USER}"', f'user = "{USER}"'),
            (ERP_PASSWORD, PASSWORD),
        ):
            assert old in text
            text = text.replace(old, new)
        folder.mkdir()
        (folder / "reconciler.toml").write_text(text)
        return folder / "reconciler.toml"


@asynccontextmanager
async def boxed(folder: Path, customers: int) -> AsyncIterator[Box]:
    async with running_sandbox(SandboxOptions(customers=customers, seed=3)) as running:
        project, _ = running.write_files(folder)
        yield Box(running, project, Path(running.erp_files(folder).base_url))


async def _findings(project: Path, chosen: FindingFilter | None = None) -> list[dict[str, Any]]:
    async with open_workspace(load_project(project)) as workspace:
        return await finding_documents(workspace, chosen or FindingFilter(status=FindingStatus.OPEN), None)


async def test_findings_of_an_erp_behind_ftp_are_explained_from_its_files(tmp_path: Path) -> None:
    async with boxed(tmp_path / "box", 25) as box:
        with ftp_server(box.exported) as port:
            project = box.through_files(tmp_path / "files", f"ftp://{HOST}:{port}")
            assert (await run(project, *_ENTITIES)).outcome.status == "complete"
            await _check_what_is_told_of_files(project)


async def _check_what_is_told_of_files(project: Path) -> None:
    """Findings are explained from the file, and the port is graded as what it is."""
    differing = await _findings(project, FindingFilter(kind=FindingKind.DIFFERS, field="credit_limit"))
    one = next(each for each in differing if each["erp"]["value"])
    assert "," in one["erp"]["raw"], "as the file writes it"
    async with open_workspace(load_project(project)) as workspace:
        explained = await explained_finding(workspace, one["id"])
        erp = (await check_systems(workspace))[1]
    assert one["erp"]["raw"] in repr(explained.records) + repr(explained.traces)
    assert erp.grade == "D"
    assert {name: entity.failure for name, entity in erp.entities.items()} == dict.fromkeys(erp.entities)
    assert all(entity.read for entity in erp.entities.values())


async def test_check_names_the_encoding_of_a_file_that_is_declared_wrongly(tmp_path: Path) -> None:
    async with boxed(tmp_path / "box", 20) as box:
        project = box.through_files(tmp_path / "files", "../box/erp_files")
        for file in box.exported.glob("*.csv"):
            file.write_bytes(file.read_text(encoding="cp1252").encode("utf-8"))
        async with open_workspace(load_project(project)) as workspace:
            erp = (await check_systems(workspace))[1]
    assert erp.failure is not None
    assert "looks like utf-8" in erp.failure
    assert 'encoding = "utf-8"' in erp.failure


async def test_a_second_run_takes_in_only_what_was_exported_anew(tmp_path: Path) -> None:
    async with boxed(tmp_path / "box", 20) as box:
        project = box.through_files(tmp_path / "files", "../box/erp_files")
        copies = tmp_path / "files" / "data" / "files" / "erp"
        first = await run(project, "customers")
        second = await run(project, "customers")
        assert (first.exit_code, second.exit_code) == (1, 0)
        assert len(list(copies.glob("*.csv"))) == 1
        server = await _delete_a_customer(box)
        await box.export()
        third = await run(project, "customers")
    pulled = [done.document["entities"]["customers"]["erp"]["pulled"] for done in (first, second, third)]
    assert pulled == [server, server, server - 1]
    assert len(list(copies.glob("*.csv"))) == 2


async def _delete_a_customer(box: Box) -> int:
    """How many there were before."""
    login = {"usuario": ERP_USER, "senha": ERP_PASSWORD}
    async with aiohttp.ClientSession(f"{box.running.erp.base_url}/") as session:
        async with session.post("sessao", json=login) as answer:
            session.headers["X-Sessao"] = (await answer.json())["sessao"]
        async with session.get("clientes", params={"tamanho": 1}) as answer:
            page = await answer.json()
        async with session.delete(f"clientes/{page['clientes'][0]['codigo']}") as answer:
            assert answer.status == 204
    return int(page["total_registros"])


async def test_an_export_that_is_missing_is_a_failed_entity_and_no_mass_of_findings(tmp_path: Path) -> None:
    async with boxed(tmp_path / "box", 20) as box:
        project = box.through_files(tmp_path / "files", "exported")
        (tmp_path / "files" / "exported").mkdir()
        done = await run(project, "customers")
        assert done.exit_code == 3
        (failure,) = [entity.failure for entity in done.outcome.entities.values()]
        assert "no file clientes*.csv has ever arrived" in str(failure)
        assert await _findings(project) == []
