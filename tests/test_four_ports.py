"""One ERP behind every port of communication: REST, SOAP, files over FTP and webhooks give identical findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp

from reconciler.app.webhooks.opening import open_webhooks
from reconciler.app.webhooks.worker import Patience
from reconciler.app.wire import open_workspace
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, Finding
from reconciler.project import load_project
from reconciler.sandbox.project_file import project_text
from reconciler.sandbox.start import Endpoint, RunningSandbox, SandboxOptions, running_sandbox
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice
from tests.app.running import open_findings, run
from tests.connectors.conforming import COLLECTIONS, ID_MEMBERS
from tests.ports.files.file_servers import HOST, PASSWORD, USER, ftp_server

_ENTITIES = ("customers", "products", "orders", "quotes")
_DRIFT = "tax_drift"
"""Only over REST can the ERP be asked for taxes."""
_QUICK = Patience(first_s=0.0, longest_s=0.0, attempts=3, poll_s=0.01)

Told = tuple[str, str, str | None, str, str, str | None, str | None]
"""Entity, key, field, kind, cause, value of the CRM, value of the ERP."""


async def test_one_erp_behind_four_ports_gives_identical_findings(tmp_path: Path) -> None:
    async with running_sandbox(SandboxOptions(customers=25, seed=3)) as sandbox:
        over_rest = await _pulled(sandbox, sandbox.erp, tmp_path / "rest")
        over_soap = await _pulled(sandbox, sandbox.erp_soap, tmp_path / "soap")
        exported = tmp_path / "exported"
        sandbox.files.export_to(exported)
        with ftp_server(exported) as port:
            files = Endpoint("sandbox_erp_files", f"ftp://{HOST}:{port}/", {"user": USER, "password": PASSWORD})
            over_ftp = await _pulled(sandbox, files, tmp_path / "files")
        announced = await _announced(sandbox, tmp_path / "webhooks")
        planted = sorted(
            (
                (each["entity"], each["key"], each["field"], each["kind"], each["cause"])
                for each in sandbox.truth
                if each["kind"] != _DRIFT
            ),
            key=repr,
        )
    assert over_soap == over_rest
    assert over_ftp == over_rest
    assert announced == sorted(map(_without_suggestion, over_rest), key=repr)
    assert [told[:5] for told in over_rest] == planted
    assert {told[0] for told in over_rest} >= {"customers", "products", "orders", "orders.lines", "quotes"}


async def _pulled(sandbox: RunningSandbox, erp: Endpoint, folder: Path) -> list[Told]:
    """Findings of a run that reads the ERP through that port."""
    project = _project(sandbox, erp, folder)
    finished = await run(project)
    assert finished.exit_code == 1, finished.document
    return _told(await open_findings(project))


async def _announced(sandbox: RunningSandbox, folder: Path) -> list[Told]:
    """Findings of a project that never ran, and was told of every record by webhook."""
    project = _project(sandbox, sandbox.erp, folder)
    async with open_workspace(load_project(project)) as workspace, open_webhooks(workspace, _QUICK) as webhooks:
        for side, base_url in ((Side.CRM, sandbox.crm.base_url), (Side.ERP, sandbox.erp.base_url)):
            held = await _held(base_url)
            hints = [
                HintedRecord(entity, str(record[ID_MEMBERS[side][entity]]))
                for entity in _ENTITIES
                for record in held[COLLECTIONS[side][entity]]
            ]
            await workspace.state.webhooks.accept(side, [IncomingNotice(f"id:{side}", True, tuple(hints))])
        while await webhooks.worker.step():
            pass
    return _told(await open_findings(project))


async def _held(base_url: str) -> dict[str, list[dict[str, Any]]]:
    async with aiohttp.ClientSession() as session, session.post(f"{base_url}/_sandbox/state") as response:
        records: dict[str, list[dict[str, Any]]] = await response.json()
        return records


def _project(sandbox: RunningSandbox, erp: Endpoint, folder: Path) -> Path:
    folder.mkdir()
    systems = {"crm": sandbox.crm, "erp": erp}
    project = folder / "reconciler.toml"
    project.write_text(
        project_text({side: (end.vendor, end.base_url, end.credentials) for side, end in systems.items()})
    )
    return project


def _without_suggestion(told: Told) -> Told:
    """Who a record without partner may be is said only where all such records are looked at together."""
    return (*told[:4], Cause.NOT_FOUND.value, *told[5:]) if told[4] == Cause.SIMILAR_RECORD else told


def _told(findings: list[Finding]) -> list[Told]:
    return sorted(
        (
            (each.entity, each.key, each.field, each.kind.value, each.cause.value, each.crm.value, each.erp.value)
            for each in findings
            if each.kind != _DRIFT
        ),
        key=repr,
    )
