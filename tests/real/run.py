"""`make test-real`: the product against servers that nobody here wrote.

A Tryton ERP from PyPI is reconciled with a sandbox CRM, the file port talks to vsftpd and OpenSSH from Debian, and a
local Apache Spark from PyPI compares what DuckDB compares.
Everything runs on loopback, in temporary folders and in `.venv-real`, and is stopped at the end. Progress goes to
stderr, one JSON document to stdout. Exit code 0: everything was as planted and as promised; 1: something was not.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from reconciler.logs import configure_logging
from tests.real.compare_spark import DEFAULT_RECORDS, compare_on_spark
from tests.real.correct_tryton import prove_corrections
from tests.real.debian_file_servers import FileServersMissingError, running_file_servers
from tests.real.environment import tryton_programs
from tests.real.file_runs import reconcile_through_files
from tests.real.file_transfers import check_doors
from tests.real.prove_taxes import prove_taxes
from tests.real.reconcile_tryton import reconcile
from tests.real.tryton_records import Size
from tests.real.tryton_server import add_size_options, running_tryton, size_of
from tests.real.write_tryton import prove_writes

_TERMINATED: Final = 143
_FEW: Final = Size(customers=30, products=12, sales=10)


def main() -> int:
    """Run the parts that were asked for, all of them by default."""
    options = _options()
    configure_logging(debug=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    parts: dict[str, Callable[[Path], dict[str, Any]]] = {
        "tryton": lambda folder: _tryton(folder, size_of(options)),
        "files": _files,
        "spark": lambda folder: compare_on_spark(folder, options.records),
        # The last steps of the first part, each on a small server of its own.
        "corrections": _corrections,
        "taxes": _taxes,
    }
    wanted: Sequence[str] = options.only or ["tryton", "files", "spark"]
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="reconciler-real-") as name:
        # The file servers run without rights and must reach their own folder in it.
        Path(name).chmod(0o711)
        for part in wanted:
            folder = Path(name) / part
            folder.mkdir()
            results[part] = _told(part, parts[part], folder)
    ok = all(result["ok"] for result in results.values())
    print(orjson.dumps({"ok": ok, **results}, option=orjson.OPT_INDENT_2).decode())
    return 0 if ok else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only",
        choices=["tryton", "files", "spark", "corrections", "taxes"],
        action="append",
        help="this part (repeat for several)",
    )
    add_size_options(parser)
    parser.add_argument(
        "--records", type=int, default=DEFAULT_RECORDS, help=f"compared by Spark, a side; {DEFAULT_RECORDS} by default"
    )
    return parser.parse_args()


def _told(part: str, work: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    """The result of a part. What keeps it from being done at all is a result, too: it was not shown to work."""
    print(f"{part}: begins …", file=sys.stderr, flush=True)
    started = time.monotonic()
    try:
        result = work(folder)
    except (FileServersMissingError, subprocess.SubprocessError, OSError, RuntimeError, LookupError) as error:
        result = {"ok": False, "problem": f"{type(error).__name__}: {error}"}
    return {**result, "total_seconds": round(time.monotonic() - started, 1)}


def _tryton(folder: Path, size: Size) -> dict[str, Any]:
    started = time.monotonic()
    tryton_programs()
    installed = time.monotonic()
    for name in ("server", "project", "corrections", "taxes"):
        (folder / name).mkdir(mode=0o700)
    with running_tryton(folder / "server", size) as server:
        filled = time.monotonic()
        result = reconcile(server, folder / "project")
        steps = prove_writes(server.url, *server.integration)
        corrections = prove_corrections(server, folder / "corrections")
        taxes = prove_taxes(server, folder / "taxes")
    ok = result["ok"] and all(steps.values()) and corrections["ok"] and taxes["ok"]
    result |= {"ok": ok, "writes": steps, "corrections": corrections, "taxes": taxes}
    result["seconds"] |= {"install": round(installed - started, 1), "start_and_fill": round(filled - installed, 1)}
    return result


def _corrections(folder: Path) -> dict[str, Any]:
    tryton_programs()
    for name in ("server", "corrections"):
        (folder / name).mkdir(mode=0o700)
    with running_tryton(folder / "server", _FEW) as server:
        return prove_corrections(server, folder / "corrections")


def _taxes(folder: Path) -> dict[str, Any]:
    tryton_programs()
    for name in ("server", "taxes"):
        (folder / name).mkdir(mode=0o700)
    with running_tryton(folder / "server", Size(customers=0, products=0, sales=0)) as server:
        return prove_taxes(server, folder / "taxes")


def _files(folder: Path) -> dict[str, Any]:
    own = folder / "own"
    own.mkdir(mode=0o700)
    served = folder / "servers"
    served.mkdir()
    with running_file_servers(served) as servers:
        checked = asyncio.run(check_doors(servers, own))
        runs = reconcile_through_files(servers, own)
    outcomes = [told for door in checked.values() for told in door.values() if isinstance(told, str)]
    ok = all(told == "ok" for told in outcomes) and all(run["ok"] for run in runs.values())
    return {"ok": ok, "servers": servers.greetings, "doors": checked, "runs": runs}


if __name__ == "__main__":
    sys.exit(main())
