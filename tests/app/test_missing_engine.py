"""What a run says when the engine that the project names is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import EngineMissingError
from tests.app.running import run

_PROJECT = """\
[project]
name = "acme"
[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = { user_key = { env = "NOT_THERE" } }
[erp]
vendor = "tryton"
base_url = "http://127.0.0.1:9"
[compare]
engine = "spark"
[scope.customers]
key = ["tax_id"]
"""


async def test_it_is_noticed_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a secret is asked for, too: hours of reading would be lost otherwise. With PySpark, Java is missing."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    project = tmp_path / "reconciler.toml"
    project.write_text(_PROJECT)
    with pytest.raises(EngineMissingError, match="Comparison on Spark is asked for"):
        await run(project, "customers")
