"""What is loaded when: the rooms stay apart, and the command line starts without the heavy parts."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

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


def test_deciding_and_planning_load_nothing_that_talks_to_a_system_or_reads_snapshots() -> None:
    """A second of every `corrections` command is at stake."""
    loaded = _loaded_by("import reconciler.app.correct, reconciler.app.correction_documents")
    assert loaded.isdisjoint({"aiohttp", "duckdb", "numpy", "polars", "structlog", "xlsxwriter"})


def test_no_room_reaches_the_terminal_ui() -> None:
    rooms = ("app.reconcile", "app.check", "app.findings", "reports.workbook", "sandbox.start")
    loaded = _loaded_by("\n".join(f"import reconciler.{room}" for room in rooms))
    assert loaded.isdisjoint({"textual", "tui"})


def test_one_place_says_what_the_fork_server_of_tests_imports() -> None:
    """It is one for all of them, and the last word holds: a second one would make every command import everything."""
    word = "set_forkserver" + "_preload"
    saying = [file.name for file in Path(__file__).parent.rglob("*.py") if word in file.read_text(encoding="utf-8")]
    assert saying == ["processes.py"]
    # The server passes over what it cannot import, without a word.
    import_module("tests.preloaded")
