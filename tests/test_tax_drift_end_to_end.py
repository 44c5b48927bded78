"""Taxes that drifted, from the sandbox that planted them to a quote with the ERP's answer in it, and back again."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from reconciler.cli import commands
from reconciler.cli.main import settings
from tests.app.running import run
from tests.processes import Sandbox

KIND = "tax_drift"


def command(project: Path, *arguments: str) -> Result:
    """`reconciler --project …` in this process."""
    app = typer.Typer()
    app.callback()(settings)
    commands.register(app, arguments[0])
    return CliRunner().invoke(app, ["--project", str(project), *arguments])


def corrected(project: Path, *proposing: str) -> dict[str, Any]:
    """Propose, approve, plan and apply; what applying says."""
    plan = project.parent / "plan"
    for arguments in (
        ("corrections", *proposing),
        ("corrections", "approve", "--all"),
        ("corrections", "plan", "--out", str(plan)),
    ):
        done = command(project, *arguments, "--as", "ana")
        assert done.exit_code == 0, done.output
    applied = command(project, "corrections", "apply", str(plan), "--as", "ana", "--json")
    assert applied.exit_code == 0, applied.output
    document: dict[str, Any] = json.loads(applied.stdout)
    return document


def drift(project: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = command(project, "taxes", "drift", "--json", *options)
    return done.exit_code, json.loads(done.stdout)


def findings(project: Path, status: str) -> dict[str, dict[str, Any]]:
    done = command(project, "findings", "list", "--kind", KIND, "--status", status, "--json")
    return {each["id"]: each for each in json.loads(done.stdout)}


def misbehave(systems: dict[str, Any], side: str, kind: str) -> None:
    body = json.dumps({"kind": kind, "every": 1}).encode()
    url = f"{systems[side]['base_url']}/_sandbox/misbehave"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # loopback address
    with urllib.request.urlopen(request, timeout=20):  # noqa: S310  # as above
        pass


@pytest.mark.timeout(180)
def test_drift_is_found_kept_through_an_outage_corrected_and_taken_back(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "box", "--customers", "15") as sandbox:
        project = sandbox.project
        planted = {
            (each["entity"], each["key"], each["field"], each["cause"])
            for each in sandbox.truth
            if each["kind"] == KIND
        }

        first = asyncio.run(run(project, "quotes"))
        found = findings(project, "open")
        assert {(each["entity"], each["key"], each["field"], each["cause"]) for each in found.values()} == planted
        assert (first.exit_code, first.document["status"]) == (1, "complete")
        taxes = first.document["taxes"]
        assert taxes["drifted"] == len({key.partition("|")[0] for _, key, _, _ in planted if key is not None}) == 7
        assert taxes["quotes"] == taxes["calculated"] + taxes["unavailable"]
        code, now = drift(project)
        assert (code, now["drifted"], now["value_at_stake"]) == (1, 7, taxes["value_at_stake"])

        def outage(entity: str) -> None:
            misbehave(sandbox.systems, "erp", "lost")

        project.write_text(
            project.read_text() + "\n[run]\nrecheck = 0\n[taxes]\ndrift_deadline_s = 1.0\ndrift_concurrency = 8\n"
        )
        during = asyncio.run(run(project, "quotes", before_comparing=outage))
        misbehave(sandbox.systems, "erp", "none")
        assert (during.exit_code, during.document["status"]) == (3, "partial")
        assert during.document["taxes"]["unavailable"] == taxes["quotes"]
        assert any("taxes of" in each for each in during.document["warnings"])
        without = command(project, "run", "quotes", "--no-taxes", "--json")
        assert "taxes" not in json.loads(without.stdout)
        assert findings(project, "open") == found

        applied = corrected(project, "propose", "--kind", KIND)
        assert set(applied["states"]) == {"verified"}
        assert set(findings(project, "corrected")) == set(found)
        assert drift(project)[1]["drifted"] == 0
        after = asyncio.run(run(project, "quotes"))
        assert after.document["entities"]["quotes.taxes"]["findings"]["closed"] == len(found)
        assert set(findings(project, "closed")) == set(found)

        corrected(project, "undo", "--entity", "quotes")
        code, again = drift(project)
        assert (code, again["drift"]) == (1, now["drift"])
        number = again["drift"][0]["quote"]["number"]
        assert drift(project, "--quote", number)[1]["drift"] == again["drift"][:1]
