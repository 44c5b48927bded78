"""A Tryton 8.2 server of our own on loopback: database, modules, a Brazilian company with customers and sales.

    python -m tests.real.tryton_server --customers 1000 --products 500 --sales 200

prints one JSON line with address and users when everything is there, and serves until SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.environment import tryton_programs
from tests.real.tryton_company import set_up_company
from tests.real.tryton_records import Size, fill
from tests.real.tryton_rpc import TrytonRpc

_DATABASE = "industria"
_MODULES = (
    "account_credit_limit",
    "account_tax_rule_country",
    "customs",
    "sale",
    "sale_discount",
    "sale_price_list",
)
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 20.0
_POLL_S = 0.1
_LOG_CHARACTERS = 3_000


@dataclass(frozen=True, slots=True)
class TrytonServer:
    """A running server.

    Attributes:
        url: address with the database, as a project's `base_url`.
        administrator, integration: log-in and password; the second may read and write what an integration needs.
    """

    url: str
    administrator: tuple[str, str]
    integration: tuple[str, str]
    database: Path

    def age(self, days: int) -> None:
        """Make every record look as if it had been written so many days earlier.

        What was filled in a moment ago would be inside the overlap of the next incremental pull, and a change that is
        not asked for would be seen by luck.
        """
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}
                for column in columns & {"create_date", "write_date"}:
                    moved = f"strftime('%Y-%m-%d %H:%M:%f000', \"{column}\", '-{days} days')"
                    connection.execute(f'UPDATE "{table}" SET "{column}" = {moved} WHERE "{column}" IS NOT NULL')


@contextmanager
def running_tryton(folder: Path, size: Size) -> Iterator[TrytonServer]:
    """Make a database in `folder`, start the server and fill it through its own API; stop it at the end."""
    programs = tryton_programs()
    administrator, integration = ("admin", secrets.token_hex(16)), ("integration", secrets.token_hex(16))
    port = _free_port()
    configuration = _configured(folder / "trytond.conf", folder, port)
    database = folder / f"{_DATABASE}.sqlite"
    database.touch(mode=0o600)
    with _log_told_on_failure(folder / "trytond.log") as log:
        _activate(programs, configuration, administrator[1], log)
        with _serving(programs, configuration, port, log):
            server = TrytonServer(f"http://127.0.0.1:{port}/{_DATABASE}", administrator, integration, database)
            _fill(server, size)
            yield server


@contextmanager
def leaving_work_to_others(server: TrytonServer) -> Iterator[str]:
    """The address of a second server on the same database, set up as one that has workers: what is confirmed waits for
    one, and there is none. The first server does at once what it is asked for."""
    folder, port = server.database.parent, _free_port()
    configuration = _configured(folder / "waiting.conf", folder, port, "[queue]\nworker = True\n")
    with (
        _log_told_on_failure(folder / "waiting.log") as log,
        _serving(tryton_programs(), configuration, port, log),
    ):
        yield f"http://127.0.0.1:{port}/{_DATABASE}"


def _configured(file: Path, folder: Path, port: int, more: str = "") -> Path:
    file.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\nroot =\n{more}")
    return file


@contextmanager
def _serving(programs: Path, configuration: Path, port: int, log: int) -> Iterator[None]:
    """A server that answers; stopped at the end."""
    process = subprocess.Popen(
        [str(programs / "trytond"), "-c", str(configuration), "-d", _DATABASE],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        _wait_until_it_answers(port, process)
        yield
    finally:
        _stop(process)


@contextmanager
def _log_told_on_failure(path: Path) -> Iterator[int]:
    """A file to write to. Its end goes to stderr when something fails, since the folder is gone afterwards."""
    with path.open("wb") as log:
        try:
            yield log.fileno()
        except Exception:
            sys.stderr.write(f"… {path.read_text(errors='replace')[-_LOG_CHARACTERS:]}\n")
            raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _activate(programs: Path, configuration: Path, password: str, log: int) -> None:
    secret = configuration.with_name("administrator")
    secret.write_text(password)
    command = [str(programs / "trytond-admin"), "-c", str(configuration), "-d", _DATABASE]
    subprocess.run(
        [*command, "--email", "admin@example.com", "--activate-dependencies", "-u", *_MODULES],
        check=True,
        env={**os.environ, "TRYTONPASSFILE": str(secret)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        timeout=_START_TIMEOUT_S * 3,
    )
    secret.unlink()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"trytond ended with {process.returncode}; see trytond.log")
        try:
            TrytonRpc(f"http://127.0.0.1:{port}", "", "").raw("common.server.version")
        except OSError:
            time.sleep(_POLL_S)
        else:
            return
    raise TimeoutError("trytond does not answer")


def _fill(server: TrytonServer, size: Size) -> None:
    with TrytonRpc(server.url, *server.administrator) as administrator:
        fill(administrator, set_up_company(administrator, server.integration), size)


def add_size_options(parser: argparse.ArgumentParser) -> None:
    """Options for how many records there are."""
    for name, count in (("customers", 1000), ("products", 500), ("sales", 200)):
        parser.add_argument(f"--{name}", type=int, default=count, help=f"{count} by default")


def size_of(options: argparse.Namespace) -> Size:
    """What these options say."""
    return Size(options.customers, options.products, options.sales)


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_size_options(parser)
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with tempfile.TemporaryDirectory() as folder, running_tryton(Path(folder), size_of(options)) as server:
        users = {name: {"login": user[0], "password": user[1]} for name, user in _users(server).items()}
        print(json.dumps({"url": server.url, **users}), flush=True)
        stopped.wait()
    return 0


def _users(server: TrytonServer) -> dict[str, tuple[str, str]]:
    return {"administrator": server.administrator, "integration": server.integration}


if __name__ == "__main__":
    sys.exit(main())
