"""Answers that are ready together leave together, whole and in their order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reconciler.service.outbox import GatheringTransport, Outbox


class Wire(asyncio.Transport):
    """Keeps what was handed over, in one entry for each time."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(connections: int, clock: Clock | None = None) -> tuple[list[Wire], list[GatheringTransport]]:
    outbox = Outbox(clock or Clock())
    outbox.connections = connections
    wires = [Wire() for _ in range(connections)]
    return wires, [GatheringTransport(wire, outbox) for wire in wires]


async def next_round() -> None:
    passed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(passed.set_result, None)
    await passed


async def test_pieces_of_one_round_leave_at_its_end_whole_and_in_order() -> None:
    (one, other), (to_one, to_other) = opened(2)
    to_one.write(b"head ")
    to_other.write(b"answer")
    to_one.writelines([b"body ", b"end"])
    assert one.sent == other.sent == []
    await next_round()
    assert (one.sent, other.sent) == ([b"head body end"], [b"answer"])
    to_one.write(b"next")
    await next_round()
    assert one.sent == [b"head body end", b"next"]


async def test_the_only_connection_waits_for_nobody() -> None:
    (wire,), (to_wire,) = opened(1)
    to_wire.write(b"answer")
    assert wire.sent == [b"answer"]


async def test_what_is_ready_does_not_wait_for_a_long_round() -> None:
    clock = Clock()
    (one, other), (to_one, to_other) = opened(2, clock)
    to_one.write(b"early")
    clock.now_s = 0.001
    to_other.write(b"late")
    assert (one.sent, other.sent) == ([b"early"], [b"late"])
    await next_round()
    assert (one.sent, other.sent) == ([b"early"], [b"late"])


async def test_a_large_piece_is_handed_over_at_once_behind_what_waits() -> None:
    (wire, _), (to_wire, _) = opened(2)
    to_wire.write(b"head")
    to_wire.write(b"x" * 100_000)
    assert [len(sent) for sent in wire.sent] == [100_004]


@pytest.mark.parametrize(("leave", "left"), [("close", [b"answer"]), ("abort", [])])
async def test_closing_sends_what_waits_and_aborting_does_not(leave: str, left: list[bytes]) -> None:
    (wire, _), (to_wire, _) = opened(2)
    to_wire.write(b"answer")
    getattr(to_wire, leave)()
    await next_round()
    assert (wire.closed, wire.sent) == (True, left)


async def test_nothing_is_written_to_a_connection_that_was_lost_meanwhile() -> None:
    (wire, _), (to_wire, _) = opened(2)
    to_wire.write(b"answer")
    wire.close()
    await next_round()
    assert wire.sent == []
