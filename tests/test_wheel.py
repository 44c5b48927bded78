"""The built wheel carries everything: vendor files, migrations and fixtures, and runs from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Sandbox, run_command

_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked as an installation would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(_ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    wheel = next(folder.glob("*.whl"))
    target = folder / "installed"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True, timeout=120)
    return target


@pytest.mark.timeout(240)
def test_the_wheel_reconciles_the_sandbox_from_an_empty_folder(unpacked_wheel: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked_wheel)}
    where = [sys.executable, "-c", "import reconciler; print(reconciler.__file__)"]
    place = subprocess.run(where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert place.stdout.startswith(str(unpacked_wheel))
    with Sandbox(tmp_path / "systems", environment=environment) as sandbox:
        done = run_command("--project", sandbox.project, "run", "--json", cwd=tmp_path, environment=environment)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["status"] == "complete"


def test_the_wheel_has_no_tests_and_no_state(unpacked_wheel: Path) -> None:
    names = {path.name for path in unpacked_wheel.iterdir()}
    assert "tests" not in names
    assert not list(unpacked_wheel.rglob("*.db"))
