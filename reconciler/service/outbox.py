"""Answers that are ready within one round of the event loop leave together.

Each piece that is sent by itself wakes whoever waits for it, which takes the machine as long as looking an answer up.
Where the next piece follows at once, one waking serves for many.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

_TOGETHER_WITHIN_S: Final = 0.0005
"""Nothing waits longer than this for more, once anything else is ready."""

_LARGE_BYTES: Final = 64 * 1024
"""More is handed over as it comes: who takes it slowly is for the transport to tell."""

Piece = bytes | bytearray | memoryview


class Outbox:
    """What waits to be sent, of all connections of one event loop.

    Attributes:
        connections: open ones. The only one waits for nobody.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.connections = 0
        self._monotonic_s = monotonic_s
        self._waiting: list[GatheringTransport] = []
        self._since_s = 0.0

    def add(self, transport: GatheringTransport) -> None:
        """Send it, at the end of this round at the latest."""
        if self.connections == 1:
            transport.send()
            return
        now_s = self._monotonic_s()
        if not self._waiting:
            self._since_s = now_s
            asyncio.get_running_loop().call_soon(self.send)
        self._waiting.append(transport)
        if now_s - self._since_s > _TOGETHER_WITHIN_S:
            self.send()

    def send(self) -> None:
        """Send everything now."""
        waiting, self._waiting = self._waiting, []
        for transport in waiting:
            transport.send()


class GatheringTransport(asyncio.Transport):
    """A connection whose pieces wait in an outbox. Everything else is the affair of the transport behind it.

    Attributes:
        stopped: nothing is read at the moment.
    """

    def __init__(self, transport: asyncio.Transport, outbox: Outbox) -> None:
        super().__init__()
        self._transport = transport
        self._outbox = outbox
        self._pieces: list[Piece] = []
        self.stopped = False
        self.is_closing = transport.is_closing  # type: ignore[method-assign]  # asked before each piece: not twice

    def write(self, data: Piece) -> None:
        """Let it wait, unless it is large."""
        self._pieces.append(data)
        if len(data) > _LARGE_BYTES:
            self.send()
        elif len(self._pieces) == 1:
            self._outbox.add(self)

    def writelines(self, list_of_data: Iterable[Piece]) -> None:
        """Let them wait."""
        for data in list_of_data:
            self.write(data)

    def send(self) -> None:
        """Hand over what waits."""
        pieces, self._pieces = self._pieces, []
        if pieces and not self._transport.is_closing():
            self._transport.write(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def close(self) -> None:
        """Send what waits, and close."""
        self.send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._pieces.clear()
        self._transport.abort()

    def can_write_eof(self) -> bool:
        """As the transport has it."""
        return self._transport.can_write_eof()

    def write_eof(self) -> None:
        """Send what waits, and no more."""
        self.send()
        self._transport.write_eof()

    def get_write_buffer_size(self) -> int:
        """What was not taken yet, in bytes."""
        return self._transport.get_write_buffer_size() + sum(map(len, self._pieces))

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """As the transport has them."""
        return self._transport.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """As the transport has them."""
        self._transport.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As the transport has it."""
        return self._transport.get_extra_info(name, default)

    def is_reading(self) -> bool:
        """As the transport has it."""
        return self._transport.is_reading()

    def pause_reading(self) -> None:
        """As the transport does."""
        self.stopped = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """As the transport does."""
        self.stopped = False
        self._transport.resume_reading()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """As the transport has it."""
        return self._transport.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """As the transport does."""
        self._transport.set_protocol(protocol)
