"""Registered call-backs, and the task that delivers changes to them."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson
import structlog

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.crm.schema import CREATED, DELETED, UPDATED

VALIDATION_HEADER: Final = "X-Ploomes-Validation-Key"
QUEUE_SIZE: Final = 1_000
"""Deliveries waiting; when that many wait, newer ones are lost, as a vendor's queue loses them."""
FAILURES_UNTIL_OFF: Final = 5
"""Deliveries in a row that fail before a call-back is turned off, in silence."""
_TRIES: Final = 3
_FIRST_PAUSE_S: Final = 0.02
_TIMEOUT_S: Final = 10.0
_LONGEST_KEY_CHARACTERS: Final = 200
_ACTION_NAMES: Final[Mapping[int, str]] = {CREATED: "Create", UPDATED: "Update", DELETED: "Delete"}

log = structlog.get_logger(__name__)


def checked_callback(url: object) -> str:
    """The address, if it is one on this machine: made-up data must not be able to leave it.

    Raises:
        Refusal: 400, it is not.
    """
    if isinstance(url, str):
        with suppress(ValueError):
            parts = urlsplit(url)
            host = parts.hostname or ""
            if (
                parts.scheme == "http"
                and parts.port != 0
                and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
            ):
                return url
    raise Refusal(400, "CallbackUrl must be an http address on this machine.")


class Deliveries:
    """Delivers changes to the call-backs of a collection, one after another, from a bounded queue."""

    def __init__(self, hooks: Collection) -> None:
        self._hooks = hooks
        self._queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(QUEUE_SIZE)
        self._failures: dict[int, int] = {}
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

    def announce(self, entity: str, entity_id: int, action: int, old: Record | None, new: Record | None) -> None:
        """Queue one change for every active call-back that asked for it. Never waits."""
        payload: bytes | None = None
        for hook in self._hooks.records:
            if hook.get("Active") and hook.get("EntityId") == entity_id and hook.get("ActionId") == action:
                payload = payload or orjson.dumps(
                    {"Action": _ACTION_NAMES[action], "Entity": entity, "Old": old, "New": new}
                )
                try:
                    self._queue.put_nowait((hook["Id"], payload))
                except asyncio.QueueFull:
                    log.warning("sandbox webhook delivery lost", hook=hook["Id"])

    async def _deliver_all(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                hook_id, payload = await self._queue.get()
                hook = self._hooks.get(hook_id)
                if hook is not None and hook["Active"]:
                    self._count(hook, delivered=await self._deliver(session, hook, payload))

    async def _deliver(self, session: aiohttp.ClientSession, hook: Record, payload: bytes) -> bool:
        headers = {"Content-Type": "application/json"}
        if hook.get("ValidationKey"):
            headers[VALIDATION_HEADER] = hook["ValidationKey"]
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_FIRST_PAUSE_S * 2**attempt)
            try:
                async with session.post(
                    hook["CallbackUrl"], data=payload, headers=headers, allow_redirects=False
                ) as response:
                    if response.ok:
                        return True
            except (aiohttp.ClientError, TimeoutError) as error:
                log.debug("sandbox webhook delivery failed", hook=hook["Id"], error=type(error).__name__)
        return False

    def _count(self, hook: Record, *, delivered: bool) -> None:
        failures = 0 if delivered else self._failures.get(hook["Id"], 0) + 1
        self._failures[hook["Id"]] = failures
        if failures >= FAILURES_UNTIL_OFF:
            self._hooks.change(hook["Id"], {"Active": False})


def hook_record(hook_id: int, body: Mapping[str, Any]) -> Record:
    """A registration, from a body whose types were checked.

    Raises:
        Refusal: 400, the address is not on this machine, or the key cannot be a header.
    """
    return {
        "Id": hook_id,
        "EntityId": body["EntityId"],
        "ActionId": body["ActionId"],
        "CallbackUrl": checked_callback(body["CallbackUrl"]),
        "ValidationKey": _checked_key(body.get("ValidationKey")),
        "Active": body.get("Active", True),
    }


def _checked_key(key: str | None) -> str | None:
    if key is not None and not (key.isascii() and key.isprintable() and len(key) <= _LONGEST_KEY_CHARACTERS):
        raise Refusal(400, f"ValidationKey must be printable ASCII of at most {_LONGEST_KEY_CHARACTERS} characters.")
    return key
