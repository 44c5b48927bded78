"""The whole command against the sandbox, once with each engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import orjson

from tests.processes import Sandbox, run_command

_TIMEOUT_S: Final = 900.0


def same_run(folder: Path, spark: str, *, customers: int) -> dict[str, Any]:
    """The same findings in the state, and clean streams.

    Args:
        spark: what stands under `[compare.spark]`.
    """
    found, runs = {}, {}
    with Sandbox(folder / "box", "--customers", str(customers)) as sandbox:
        written = sandbox.project.read_text()
        for engine in ("duckdb", "spark"):
            project = folder / engine / "reconciler.toml"
            project.parent.mkdir()
            project.write_text(f'{written}\n[compare]\nengine = "{engine}"\n[compare.spark]\n{spark}')
            runs[engine] = command(project, "run", "--json")
            found[engine] = [_lasting(finding) for finding in command(project, "findings", "list", "--json")]
    entities = {
        engine: {name: _counted(each) for name, each in run["entities"].items()} for engine, run in runs.items()
    }
    same = found["duckdb"] == found["spark"] and entities["duckdb"] == entities["spark"]
    left = [str(path) for path in (folder / "spark").rglob("spark-*")]
    complete = {run["status"] for run in runs.values()} == {"complete"}
    return {
        "ok": same and complete and len(found["spark"]) > 0 and left == [],
        "findings": len(found["spark"]),
        "left_behind": left,
        "seconds": {engine: run["seconds"] for engine, run in runs.items()},
    }


def command(project: Path, *arguments: str) -> Any:
    """Its JSON document."""
    ended = run_command("--project", project, *arguments, environment=os.environ, timeout_s=_TIMEOUT_S)
    if ended.returncode not in (0, 1):
        raise RuntimeError(f"{arguments}: exit code {ended.returncode}: {ended.stderr}")
    return orjson.loads(ended.stdout)


def _lasting(finding: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finding.items() if not name.endswith(("_seen", "_at"))}


def _counted(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: entity[name] for name in ("crm", "erp", "findings")}
