"""`make demo`, `make serve`, `make tui`: the commands a user would type, one after another, on the sandbox systems."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = Path("demo")
_COMMAND = (sys.executable, "-m", "reconciler")
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 10
_FINDINGS = 1
_QUOTE = "1202"


@contextmanager
def _sandbox() -> Iterator[dict[str, object]]:
    """The sandbox in a process of its own; stopped at the end whatever happens."""
    process = subprocess.Popen(
        [*_COMMAND, "sandbox", "--dir", str(_FOLDER)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SystemExit("the sandbox did not start; see: python -m reconciler sandbox --dir demo")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(arguments: list[str]) -> int:
    """Reconcile once and ask taxes once, 0 when both went well; then `serve` or `tui` until it ends."""
    with _sandbox() as systems:
        for side in ("crm", "erp"):
            described = systems[side]
            if isinstance(described, dict):
                print(f"{side.upper()}: {described['vendor']} at {described['base_url']}", flush=True)
        project = ("--project", str(systems["project"]))
        code = subprocess.run([*_COMMAND, *project, "run", "--full"], check=False).returncode
        print(f"\nTaxes of quote {_QUOTE}, asked from the ERP now:", flush=True)
        taxes = subprocess.run([*_COMMAND, *project, "taxes", "quote", _QUOTE], check=False).returncode
        if arguments == ["tui"]:
            return subprocess.run([*_COMMAND, *project, "tui"], check=False).returncode
        if arguments == ["serve"]:
            return _serve(project)
    print("\nThe stand-in systems are stopped. To keep them running: make sandbox", flush=True)
    return (0 if code in (0, _FINDINGS) else code) or taxes


def _serve(project: tuple[str, str]) -> int:
    """The service over the running sandbox, until Ctrl-C."""
    with subprocess.Popen([*_COMMAND, *project, "serve"]) as service:
        try:
            return service.wait()
        except KeyboardInterrupt:
            service.send_signal(signal.SIGTERM)
            return service.wait(_STOP_TIMEOUT_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
