"""`make bench`: every benchmark in a process of its own, one JSON document. Ratios are against a bare baseline."""

from __future__ import annotations

import subprocess
import sys

import orjson

_BENCHMARKS: dict[str, list[str]] = {
    "start": ["tests.bench.bench_start"],
    "pull": ["tests.bench.bench_pull"],
    "compare": ["tests.bench.bench_compare", "1000000", "3"],
    "store": ["tests.bench.bench_store", "1000000", "3"],
    "files": ["tests.bench.bench_files"],
    "plan": ["tests.bench.bench_plan"],
    "apply": ["tests.bench.bench_apply"],
    "tui": ["tests.bench.bench_tui", "1000000"],
    "service": ["tests.bench.bench_service"],
    "audit": ["tests.bench.bench_audit", "1000000", "1"],
}


def main() -> None:
    """Run those named on the command line, or all."""
    wanted = sys.argv[1:] or list(_BENCHMARKS)
    results: dict[str, object] = {}
    for name in wanted:
        print(f"{name} …", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-m", *_BENCHMARKS[name]], check=True, stdout=subprocess.PIPE)
        results[name] = orjson.loads(done.stdout)
    print(orjson.dumps(results, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
