"""The tests of `tests/compare` once more, with Spark in the place of DuckDB; all with one Spark."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Final

from tests.real.environment import ROOT

_OF_NO_ENGINE: Final = ("test_spark_start.py", "test_spark_dialect.py")
"""They need no Spark, and one says that there is none."""
_TIMEOUT_S: Final = 3600.0
_ONE_TEST_S: Final = 900
_FEWEST: Final = 300


def prove_suite(folder: Path) -> dict[str, Any]:
    """Run them; a test that was skipped proves nothing."""
    report = folder / "report.xml"
    command = [
        *(sys.executable, "-m", "pytest", str(ROOT / "tests" / "compare"), "--quiet", f"--junit-xml={report}"),
        *("-p", "no:cacheprovider", f"--basetemp={folder / 'files'}", "-o", f"timeout={_ONE_TEST_S}"),
        # PySpark leaves the sockets by which it read rows to the garbage collector.
        *("-W", "ignore::ResourceWarning"),
        *(f"--ignore={ROOT / 'tests' / 'compare' / name}" for name in _OF_NO_ENGINE),
    ]
    environment = os.environ | {"RECONCILER_TEST_ENGINE": "spark"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False, timeout=_TIMEOUT_S)
    counted = _counted(report)
    ok = ended.returncode == 0 and counted["passed"] >= _FEWEST and counted["passed"] == counted["tests"]
    return {"ok": ok, **counted}


def _counted(report: Path) -> dict[str, Any]:
    # Not from outside: pytest has written it just now.
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314
    bad = [case for case in cases if any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))]
    return {"tests": len(cases), "passed": len(cases) - len(bad), "others": [case.get("name") for case in bad][:10]}
