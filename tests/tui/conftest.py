"""The application over a real state; screens compared with baselines that must be there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from tests.tui.rig import Fill, Rig, States
from tui.app import ReconcilerApp

_RUN_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{4}")


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    """Filled states, each made once."""
    return States(tmp_path_factory.mktemp("states"))


@pytest.fixture
def rig_of(states: States, tmp_path: Path) -> Callable[..., Rig]:
    """Makes a project folder with a state filled in some way."""

    def make(fill: Fill | None = None) -> Rig:
        return Rig(tmp_path, states.copy_to(tmp_path, fill))

    return make


@pytest.fixture
def looks_as_before(snapshot: SnapshotAssertion, tmp_path: Path) -> Callable[[ReconcilerApp], None]:
    """Compares the screen with its baseline. One that is missing fails: `--snapshot-update` makes it, after a look.

    Await `settled` before. What is random in the id of a run is left out.
    """
    baseline = snapshot.use_extension(SVGImageExtension)

    def compare(app: ReconcilerApp) -> None:
        actual = _RUN_ID.sub(r"\1-0000", app.export_screenshot(title=""))
        seen = tmp_path / "seen.svg"
        seen.write_text(actual, encoding="utf-8")
        assert baseline == actual, f"the screen is not its baseline; it is {seen}"

    return compare
