"""The environment of the real server: a virtual environment beside the project's own, made when its list changes."""

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
        quiet = ["-qq", "--disable-pip-version-check", "--no-deps"]
        subprocess.run(
            [HOME / "bin" / "python", "-m", "pip", "install", *quiet, "--requirement", _REQUIREMENTS],
            check=True,
            stdout=sys.stderr,
        )
        installed.write_text(wanted)
    return HOME / "bin"
