"""The task that delivers changes to registered call-backs, one after another, from a bounded queue."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog

QUEUE_SIZE: Final = 1_000
"""Deliveries waiting; when that many wait, newer ones are lost, as a vendor's queue loses them."""
_TRIES: Final = 3
_FIRST_PAUSE_S: Final = 0.02
_TIMEOUT_S: Final = 10.0

log = structlog.get_logger(__name__)


def is_on_this_machine(url: object) -> bool:
    """Whether it is an http address on this machine: made-up data must not be able to leave it."""
    if isinstance(url, str):
        with suppress(ValueError):
            parts = urlsplit(url)
            host = parts.hostname or ""
            here = host == "localhost" or ipaddress.ip_address(host).is_loopback
            return parts.scheme == "http" and parts.port != 0 and here
    return False


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a delivery goes, and what goes with it."""

    url: str
    headers: Mapping[str, str]


class DeliveryQueue:
    """Delivers payloads to call-backs.

    Args:
        envelope: for the call-back of that id and this payload, at the time of delivery; None when it is not wanted
            any more.
        told: told how each delivery ended.
    """

    def __init__(
        self, envelope: Callable[[Hashable, bytes], Envelope | None], told: Callable[[Hashable, bool], None]
    ) -> None:
        self._envelope = envelope
        self._told = told
        self._queue: asyncio.Queue[tuple[Hashable, bytes]] = asyncio.Queue(QUEUE_SIZE)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start delivering. Needs a running loop."""
        self._task = asyncio.create_task(self._deliver_all(), name="sandbox webhook deliveries")

    async def stop(self) -> None:
        """Stop delivering; what waits is lost."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()

    def put(self, hook_id: Hashable, payload: bytes) -> None:
        """Queue a delivery. Never waits."""
        try:
            self._queue.put_nowait((hook_id, payload))
        except asyncio.QueueFull:
            log.warning("sandbox webhook delivery lost", hook=hook_id)

    async def _deliver_all(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                hook_id, payload = await self._queue.get()
                envelope = self._envelope(hook_id, payload)
                if envelope is not None:
                    self._told(hook_id, await self._deliver(session, hook_id, envelope, payload))

    async def _deliver(
        self, session: aiohttp.ClientSession, hook_id: Hashable, envelope: Envelope, payload: bytes
    ) -> bool:
        headers = {"Content-Type": "application/json", **envelope.headers}
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
            try:
                async with session.post(envelope.url, data=payload, headers=headers, allow_redirects=False) as response:
                    if response.ok:
                        return True
            except (aiohttp.ClientError, TimeoutError) as error:
                log.debug("sandbox webhook delivery failed", hook=hook_id, error=type(error).__name__)
        return False
