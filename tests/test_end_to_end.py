"""The whole product as a user runs it: two systems over HTTP, one command, exactly the planted discrepancies."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Sandbox, run_command

Planted = tuple[str, str, str | None, str, str]
"""Entity, key, field, kind, cause."""


def _planted(findings: list[dict[str, Any]]) -> list[Planted]:
    return sorted(
        ((each["entity"], each["key"], each["field"], each["kind"], each["cause"]) for each in findings), key=repr
    )


def _findings(project: Path) -> list[dict[str, Any]]:
    done = run_command("--project", project, "findings", "list", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _run(project: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    done = run_command("--project", project, "run", "--json", *options)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


@pytest.mark.parametrize(("customers", "seed"), [(120, 1), (1000, 7)], ids=["120 customers", "1000 customers"])
@pytest.mark.timeout(120)
def test_a_run_finds_exactly_what_was_planted(tmp_path: Path, customers: int, seed: int) -> None:
    with Sandbox(tmp_path / "box", "--customers", str(customers), "--seed", str(seed)) as sandbox:
        code, document, narration = _run(sandbox.project)
        assert code == 1, narration
        assert document["status"] == "complete"
        assert _planted(_findings(sandbox.project)) == _planted(sandbox.truth)
        for counts in document["entities"].values():
            for side in ("crm", "erp"):
                count = dict(counts[side])
                assert count.pop("pulled") == sum(count.values())
        reports = document["reports"]
        assert all((sandbox.project.parent / reports[kind]).is_file() for kind in ("html", "json", "xlsx"))


@pytest.mark.timeout(120)
def test_a_second_run_reads_only_changes_and_finds_the_same(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "box") as sandbox:
        _run(sandbox.project)
        first = _planted(_findings(sandbox.project))
        code, document, narration = _run(sandbox.project)
        assert code == 0, narration
        assert all(counts["findings"]["new"] == 0 for counts in document["entities"].values())
        assert _planted(_findings(sandbox.project)) == first


def _confirm_quickly(project: Path) -> None:
    """The CRM's description with two seconds less between an empty page and the same question once more."""
    text = (files("reconciler.connectors") / "vendors" / "ploomes.toml").read_text(encoding="utf-8")
    assert "confirm_empty_s = 2" in text
    (project.parent / "crm.toml").write_text(text.replace("confirm_empty_s = 2", "confirm_empty_s = 0.05"))
    project.write_text(project.read_text().replace('vendor = "ploomes"', 'vendor = "./crm.toml"'))


_MISBEHAVIOURS = ("429", "empty200", "slow", "drop", "truncate", "html502", "shift", "expire")
_AT_ONCE = 4


@pytest.mark.timeout(280)
def test_a_misbehaving_system_never_changes_the_findings(tmp_path: Path) -> None:
    """Side by side, because most of a run against such systems is waiting."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        wrong = threads.map(lambda kind: _what_went_wrong(tmp_path / kind, kind), _MISBEHAVIOURS)
        assert {kind: words for kind, words in zip(_MISBEHAVIOURS, wrong, strict=True) if words} == {}


def _what_went_wrong(folder: Path, kind: str) -> str:
    """Nothing where the findings are those planted, or some of them and the run says that it is not whole."""
    with Sandbox(folder, "--customers", "40", "--misbehave", kind) as sandbox:
        _confirm_quickly(sandbox.project)
        code, document, narration = _run(sandbox.project)
        found, truth = _planted(_findings(sandbox.project)), _planted(sandbox.truth)
        if "Traceback" in narration:
            return narration
        if code != 3:
            return "" if code == 1 and found == truth else f"exit code {code}, {found} {narration}"
        is_honest = document["status"] in ("partial", "failed") and document["warnings"] and set(found) <= set(truth)
        return "" if is_honest else f"{document} {found}"
