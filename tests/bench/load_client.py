"""A client process for the benchmark of the service: so light that the server is what is measured.

It reads one task per line from stdin and prints one result per line, both JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

PLACE_OF_DAY = b"0000-00-00"
"""In a body: replaced by another day in every request, so that no two are equal."""
_FIRST_DAY = date(1900, 1, 1).toordinal()
_DAYS = 2_000_000
_TICK_S = 0.01
_PATIENCE_S = 30.0


@dataclass
class Tally:
    """What came back."""

    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    calculated: int = 0

    def count(self, sent_s: float, head: bytes, body: bytes) -> None:
        self.latencies_s.append(time.perf_counter() - sent_s)
        self.statuses[head[9:12].decode()] += 1
        self.calculated += b'"status":"calculated"' in body

    def document(self, seconds: float) -> dict[str, Any]:
        ordered = sorted(self.latencies_s) or [0.0]

        def at(share: float) -> float:
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

        return {
            "requests": len(self.latencies_s),
            "per_s": round(len(self.latencies_s) / seconds, 1),
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
            "max_ms": round(1000 * ordered[-1], 3),
            "statuses": dict(self.statuses),
            "calculated": self.calculated,
        }


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, and then `next_step`."""

    def __init__(self, tally: Tally, next_step: Callable[[Connection], None]) -> None:
        self._tally = tally
        self._next_step = next_step
        self._received = bytearray()
        self._sent_s = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: bytes) -> None:
        assert self.transport is not None
        self._sent_s = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        place = head.index(b"content-length:") + 15
        length = int(head[place:].split(b"\r\n", 1)[0])
        if len(self._received) >= end + 4 + length:
            self._tally.count(self._sent_s, head, bytes(self._received[end + 4 :]))
            self._received.clear()
            self._next_step(self)


def _requests(task: dict[str, Any]) -> Iterator[bytes]:
    body = task["body"].encode()
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json", **task.get("headers", {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    whole = f"POST {task['path']} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    if PLACE_OF_DAY not in whole:
        return itertools.repeat(whole)
    before, after = whole.split(PLACE_OF_DAY)
    return (
        before + date.fromordinal(_FIRST_DAY + number % _DAYS).isoformat().encode() + after
        for number in itertools.count(task.get("first_day", 0))
    )


async def _opened(task: dict[str, Any], tally: Tally, next_step: Callable[[Connection], None]) -> list[Connection]:
    loop = asyncio.get_running_loop()

    async def one() -> Connection:
        made = await loop.create_connection(lambda: Connection(tally, next_step), "127.0.0.1", task["port"])
        return made[1]

    return [await one() for _ in range(task["connections"])]


async def _closed_loop(task: dict[str, Any]) -> dict[str, Any]:
    """Each connection asks again as soon as it is answered: for some seconds, or so many times together."""
    tally, requests, idle = Tally(), _requests(task), asyncio.Event()
    left = task.get("requests", sys.maxsize)
    busy = 0
    until_s = 0.0

    def step(connection: Connection) -> None:
        nonlocal left, busy
        if left > 0 and time.perf_counter() < until_s:
            left -= 1
            connection.send(next(requests))
            return
        busy -= 1
        if not busy:
            idle.set()

    connections = await _opened(task, tally, step)
    busy = len(connections)
    began_s = time.perf_counter()
    until_s = began_s + task.get("seconds", _PATIENCE_S)
    for connection in connections:
        step(connection)
    await asyncio.wait_for(idle.wait(), _PATIENCE_S + task.get("seconds", _PATIENCE_S))
    seconds = time.perf_counter() - began_s
    _close(connections)
    return tally.document(seconds)


async def _paced(task: dict[str, Any]) -> dict[str, Any]:
    """So many requests a second, however they are answered."""
    tally, requests = Tally(), _requests(task)
    free: deque[Connection] = deque()
    connections = await _opened(task, tally, free.append)
    free.extend(connections)
    began_s = time.perf_counter()
    sent = without_connection = 0
    while (passed_s := time.perf_counter() - began_s) < task["seconds"]:
        for _ in range(int(passed_s * task["rate"]) - sent):
            sent += 1
            if free:
                free.popleft().send(next(requests))
            else:
                without_connection += 1
        await asyncio.sleep(_TICK_S)
    async with asyncio.timeout(_PATIENCE_S):
        while len(free) < len(connections):  # noqa: ASYNC110  # the same pace as before
            await asyncio.sleep(_TICK_S)
    _close(connections)
    return {**tally.document(task["seconds"]), "offered": sent, "without_connection": without_connection}


def _close(connections: list[Connection]) -> None:
    for connection in connections:
        if connection.transport is not None:
            connection.transport.close()


def main() -> None:
    """Work until stdin ends."""
    for line in sys.stdin:
        task = orjson.loads(line)
        done = asyncio.run(_paced(task) if "rate" in task else _closed_loop(task))
        print(orjson.dumps(done).decode(), flush=True)


if __name__ == "__main__":
    main()
