"""Registered call-backs, and what is delivered to them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import orjson

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.crm.schema import CREATED, DELETED, UPDATED
from reconciler.sandbox.deliveries import QUEUE_SIZE as QUEUE_SIZE
from reconciler.sandbox.deliveries import DeliveryQueue, Envelope, is_on_this_machine

VALIDATION_HEADER: Final = "X-Ploomes-Validation-Key"
FAILURES_UNTIL_OFF: Final = 5
"""Deliveries in a row that fail before a call-back is turned off, in silence."""
_LONGEST_KEY_CHARACTERS: Final = 200
_ACTION_NAMES: Final[Mapping[int, str]] = {CREATED: "Create", UPDATED: "Update", DELETED: "Delete"}


def checked_callback(url: object) -> str:
    """The address, if it is one on this machine: made-up data must not be able to leave it.

    Raises:
        Refusal: 400, it is not.
    """
    if isinstance(url, str) and is_on_this_machine(url):
        return url
    raise Refusal(400, "CallbackUrl must be an http address on this machine.")


class Deliveries:
    """Delivers changes to the call-backs of a collection."""

    def __init__(self, hooks: Collection) -> None:
        self._hooks = hooks
        self._queue = DeliveryQueue(self._envelope, self._count)
        self._failures: dict[Hashable, int] = {}

    def start(self) -> None:
        """Start delivering. Needs a running loop."""
        self._queue.start()

    async def stop(self) -> None:
        """Stop delivering; what waits is lost."""
        await self._queue.stop()

    def announce(self, entity: str, entity_id: int, action: int, old: Record | None, new: Record | None) -> None:
        """Queue one change for every active call-back that asked for it. Never waits."""
        payload: bytes | None = None
        for hook in self._hooks.records:
            if hook.get("Active") and hook.get("EntityId") == entity_id and hook.get("ActionId") == action:
                payload = payload or orjson.dumps(
                    {"Action": _ACTION_NAMES[action], "Entity": entity, "Old": old, "New": new}
                )
                self._queue.put(hook["Id"], payload)

    def _envelope(self, hook_id: Hashable, _payload: bytes) -> Envelope | None:
        hook = self._hooks.get(hook_id)
        if hook is None or not hook["Active"]:
            return None
        key = hook.get("ValidationKey")
        return Envelope(hook["CallbackUrl"], {VALIDATION_HEADER: key} if key else {})

    def _count(self, hook_id: Hashable, delivered: bool) -> None:
        failures = 0 if delivered else self._failures.get(hook_id, 0) + 1
        self._failures[hook_id] = failures
        if failures >= FAILURES_UNTIL_OFF and self._hooks.get(hook_id) is not None:
            self._hooks.change(hook_id, {"Active": False})


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
