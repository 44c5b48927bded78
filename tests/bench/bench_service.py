"""The service under load: against bare handlers, with an ERP that answers, and with one in trouble.

Client, service and ERP are processes of their own. What is compared runs in turns, and medians of three are told.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from tests.bench.load_client import PLACE_OF_DAY
from tests.bench.service_rig import CONCURRENCY, DEADLINE_S, Client, Erp, Result, Service, call, quote, service_before

_CONNECTIONS = (1, 16, 64)
_SECONDS = float(os.environ.get("RECONCILER_BENCH_S", "1"))
_LIVE_S = 4 * _SECONDS
"""A thousand answers: of three hundred, the third slowest is the 99th percentile, and all begin in one instant."""
_REPEATS = 3
_GRACE_MS = 100.0
_IDENTICAL = 1000
_ERP_S = 0.05
_LATE_ERP_S = 0.1
_OVERLOAD = 4
_SOAK_S = float(os.environ.get("RECONCILER_SOAK_S", "20"))
"""600 is the whole proof."""
_TAXES = "/v1/taxes"
_ERP_TAXES = "/api/simulacao-impostos"
_A_DAY = "2026-11-22"
_EVER_ANOTHER_DAY = quote(PLACE_OF_DAY.decode())


def _in_turns(*measured: Callable[[], Result]) -> list[Result]:
    """Of each the run with the median rate."""
    for measure in measured:
        measure()
    runs = [[measure() for measure in measured] for _ in range(_REPEATS)]
    return [sorted(same, key=lambda run: run["per_s"])[_REPEATS // 2] for same in zip(*runs, strict=True)]


def _measured(client: Client, server: Erp | Service, path: str, body: str, **task: Any) -> Result:
    """One run, with the processor time that the server used for each request."""
    before_s = server.cpu_s
    done = client.ask(server.port, path, body, **task)
    return {**done, "cpu_us": round(1e6 * (server.cpu_s - before_s) / done["requests"], 1)}


def _cached(client: Client, service: Service, bare: Erp) -> Result:
    """The same bytes, from the cache behind authentication and validation, and from a handler that does nothing."""
    body = quote(_A_DAY)
    call(service.port, "POST", _TAXES, body.encode())
    bare.call("PUT", "/bare", call(service.port, "POST", _TAXES, body.encode()))
    found: Result = {}
    for connections in _CONNECTIONS:

        def ask(server: Erp | Service, path: str, connections: int = connections) -> Result:
            return _measured(client, server, path, body, connections=connections, seconds=_SECONDS)

        theirs, ours = _in_turns(lambda: ask(bare, "/bare"), lambda: ask(service, _TAXES))
        assert ours["calculated"] == ours["requests"], ours
        found[f"{connections} connections"] = _compared(ours, theirs, 0.5)
    found["16 connections"] |= {"p99_limit_ms": 10.0}
    return found


def _live(client: Client, service: Service, bare: Erp, erp: Erp) -> Result:
    """One call to the ERP for each request, through us and through a handler that passes it on.

    With an ERP that takes as long as a fast one does; and with one that costs nothing, where every check of the twenty
    taxes counts.
    """
    call(service.port, "POST", _TAXES, quote("2026-11-21").encode())
    asked = erp.call("GET", "/last").decode()
    at_once: dict[str, Any] = {"connections": CONCURRENCY, "seconds": _LIVE_S}

    def forwarded() -> Result:
        return _measured(client, bare, "/forward", asked, **at_once)

    def through() -> Result:
        return _measured(client, service, _TAXES, _EVER_ANOTHER_DAY, **at_once)

    erp.behaves(delay_s=_ERP_S)
    theirs, ours, direct = _in_turns(forwarded, through, lambda: client.ask(erp.port, _ERP_TAXES, asked, **at_once))
    assert ours["calculated"] == ours["requests"], ours
    overhead = {name: round(ours[name] - direct[name], 2) for name in ("p50_ms", "p99_ms")}
    erp.behaves()
    theirs_at_once, ours_at_once = _in_turns(forwarded, through)
    return {
        "erp_ms": 1000 * _ERP_S,
        **_compared(ours, theirs, 0.7),
        "overhead": {**overhead, "limits": {"p50_ms": 5.0, "p99_ms": 15.0}, "direct": direct},
        "erp_that_costs_nothing": _compared(ours_at_once, theirs_at_once, 0.7),
    }


def _identical(client: Client, service: Service, erp: Erp) -> Result:
    """As many callers at once as ask the same."""
    erp.behaves(delay_s=0.5)
    done = client.ask(
        service.port, _TAXES, quote("2026-11-20"), connections=_IDENTICAL, requests=_IDENTICAL, seconds=30
    )
    return {"requests": done["requests"], "calculated": done["calculated"], "erp_conversations": erp.asked, "limit": 1}


def _in_trouble(client: Client, folder: Path) -> Result:
    """Whatever the ERP does, everybody is answered by the deadline."""
    found: Result = {}
    limit_ms = 1000 * DEADLINE_S + _GRACE_MS
    modes: dict[str, dict[str, Any] | None] = {"slow": {"delay_s": 5.0}, "garbage": {"kind": "garbage"}, "dead": None}
    for trouble, mode in modes.items():
        with Erp() as erp, service_before(erp, folder / trouble) as service:
            call(service.port, "POST", _TAXES, quote(_A_DAY).encode())
            if mode is None:
                erp.end()
            else:
                erp.behaves(**mode)
            done = client.ask(service.port, _TAXES, _EVER_ANOTHER_DAY, connections=64, requests=640, seconds=20)
            assert done["calculated"] == 0, done
            found[trouble] = {**done, "limit_ms": limit_ms, "in_time": done["max_ms"] <= limit_ms}
    return found


def _overload(client: Client, folder: Path) -> Result:
    """Four times what the ERP can answer. Long soaks keep answers, which fills the cache before memory is compared."""
    ttl_s = 900 if _SOAK_S >= 300 else 0
    with Erp() as erp, service_before(erp, folder / "overload", cache_ttl_s=ttl_s) as service:
        erp.behaves(delay_s=_LATE_ERP_S)
        capacity = CONCURRENCY / _LATE_ERP_S
        client.begin(
            service.port, _TAXES, _EVER_ANOTHER_DAY, connections=512, rate=_OVERLOAD * capacity, seconds=_SOAK_S
        )
        rss_mib = []
        ends_s = time.monotonic() + _SOAK_S
        while time.monotonic() < ends_s:
            time.sleep(_SOAK_S / 40)
            rss_mib.append(service.rss_mib)
        done = client.result()
    half = len(rss_mib) // 2
    early, late = statistics.median(rss_mib[half : half + half // 2]), statistics.median(rss_mib[-half // 2 :])
    return {
        **done,
        "seconds": _SOAK_S,
        "capacity_per_s": capacity,
        "rss_mib": {"third_quarter": round(early, 1), "last_quarter": round(late, 1), "most": round(max(rss_mib), 1)},
        "limit_ms": 1000 * DEADLINE_S + _GRACE_MS,
    }


def _compared(ours: Result, theirs: Result, limit: float) -> Result:
    found = {"ratio": round(ours["per_s"] / theirs["per_s"], 3), "limit": limit, "service": ours, "bare": theirs}
    if "cpu_us" in ours:
        found["ratio_of_cpu"] = round(theirs["cpu_us"] / ours["cpu_us"], 3)
    return found


def run(wanted: list[str]) -> Result:
    """Those parts, or all: cached, live, identical, trouble, overload."""
    found: Result = {}
    with tempfile.TemporaryDirectory() as name, Client() as client:
        folder = Path(name)
        with Erp() as erp, Erp(erp.port) as bare, service_before(erp, folder / "box") as service:
            parts: dict[str, Callable[[], Result]] = {
                "cached": lambda: _cached(client, service, bare),
                "live": lambda: _live(client, service, bare, erp),
                "identical": lambda: _identical(client, service, erp),
                "trouble": lambda: _in_trouble(client, folder),
                "overload": lambda: _overload(client, folder),
            }
            for part in wanted or list(parts):
                print(f"  {part} …", file=sys.stderr, flush=True)
                found[part] = parts[part]()
    return found


if __name__ == "__main__":
    print(orjson.dumps(run(sys.argv[1:]), option=orjson.OPT_INDENT_2).decode())
