"""What the real servers run in: packages beside the project's own, fetched when their list changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venv-real"
"""Everything that is fetched stays in here."""
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_SPARK_REQUIREMENTS = Path(__file__).with_name("requirements-spark.txt")
_QUIET = ("-qq", "--disable-pip-version-check", "--no-deps")


def tryton_programs() -> Path:
    """The folder with `trytond` and `trytond-admin`, installed from PyPI when it is not there or out of date.

    Raises:
        CalledProcessError: the packages could not be installed.
    """
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    installed = HOME / "installed"
    if not installed.exists() or installed.read_text() != wanted:
        print("installing a Tryton server from PyPI …", file=sys.stderr, flush=True)
        venv.create(HOME, clear=True, symlinks=True, with_pip=True)
        subprocess.run(
            [HOME / "bin" / "python", "-m", "pip", "install", *_QUIET, "--requirement", _REQUIREMENTS],
            check=True,
            stdout=sys.stderr,
        )
        installed.write_text(wanted)
    return HOME / "bin"


def spark_packages() -> Path:
    """A folder with PySpark and nothing else, to be put on the path; fetched from PyPI when it is not there.

    Raises:
        CalledProcessError: the packages could not be installed.
    """
    wanted = hashlib.sha256(_SPARK_REQUIREMENTS.read_bytes()).hexdigest()
    folder = HOME / f"spark-{wanted[:16]}"
    installed = folder / "installed"
    if not installed.exists():
        print("installing Apache Spark from PyPI …", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "install", *_QUIET, "--target", folder, "--requirement", _SPARK_REQUIREMENTS],
            check=True,
            stdout=sys.stderr,
        )
        installed.touch()
    return folder
