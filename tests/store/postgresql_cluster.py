"""A private PostgreSQL server on loopback, made for the tests and gone after them."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STOP_TIMEOUT_S = 30
_USER = "postgres"
_CHEAP = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c jit=off"
"""Nothing here has to survive a loss of power."""


def programs() -> Path | None:
    """The folder of `initdb`, `pg_ctl` and `postgres`, or None where they are not installed."""
    on_path = shutil.which("initdb")
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path is not None:
        places.insert(0, Path(on_path).resolve().parent)
    for place in places:
        if all((place / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return place
    return None


@contextmanager
def running_cluster() -> Iterator[str]:
    """Start a server with a folder of its own; gives the URL of its first database."""
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed")
    # Not under the folder of pytest, which only its own user may enter: the server refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as home:
        if os.geteuid() == 0:
            shutil.chown(home, _USER)
        data, port = Path(home, "data"), _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' {_CHEAP}"
        _run(found / "initdb", "-D", data, "-A", "trust", "-U", _USER, "-E", "UTF8", "--no-sync")
        _run(found / "pg_ctl", "-D", data, "-l", Path(home, "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            _run(found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: str | Path) -> None:
    user = pwd.getpwnam(_USER) if os.geteuid() == 0 else None
    subprocess.run(
        command,
        check=True,
        timeout=_STOP_TIMEOUT_S,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
