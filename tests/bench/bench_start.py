"""How long `reconciler --help` takes as a process, against the bare interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import orjson

_HELP = [sys.executable, "-m", "reconciler", "--help"]
_BARE = [sys.executable, "-c", "pass"]


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def run(repeats: int = 9) -> dict[str, object]:
    """Medians in milliseconds, the two measured in turn after one warm-up each."""
    for command in (_HELP, _BARE):
        _seconds(command)
    pairs = [(_seconds(_HELP), _seconds(_BARE)) for _ in range(repeats)]
    return {
        "help_ms": round(1000 * statistics.median(pair[0] for pair in pairs)),
        "bare_interpreter_ms": round(1000 * statistics.median(pair[1] for pair in pairs)),
        "limit_ms": 300,
    }


if __name__ == "__main__":
    print(orjson.dumps(run(), option=orjson.OPT_INDENT_2).decode())
