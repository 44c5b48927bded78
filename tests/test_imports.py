"""What is loaded when: the rooms stay apart, and the command line starts without the heavy parts."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("textual", "duckdb", "polars", "aiohttp", "sqlalchemy", "pydantic", "rich", "xlsxwriter", "rapidfuzz")


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_importing_the_package_loads_no_other_library() -> None:
    assert _loaded_by("import reconciler").isdisjoint(_HEAVY)


def test_the_help_loads_nothing_heavy() -> None:
    """`reconciler --help` stays under 300 ms only while this holds; `make bench` measures it."""
    statement = (
        "import sys\nsys.argv = ['reconciler', '--help']\nfrom reconciler.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    assert _loaded_by(statement).isdisjoint(_HEAVY)


@pytest.mark.parametrize("room", ["app.reconcile", "app.check", "app.findings", "reports.workbook", "sandbox.start"])
def test_no_room_reaches_the_terminal_ui(room: str) -> None:
    assert _loaded_by(f"import reconciler.{room}").isdisjoint({"textual", "tui"})
