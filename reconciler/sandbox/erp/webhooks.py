"""Call-backs of the ERP: it chooses the secret, tells it once, and signs moment, delivery number and body with it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import time
from collections.abc import Hashable, Mapping
from typing import Any, Final

import orjson

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.deliveries import DeliveryQueue, Envelope, is_on_this_machine

SIGNATURE_HEADER: Final = "X-Assinatura"
MOMENT_HEADER: Final = "X-Momento"
DELIVERY_HEADER: Final = "X-Entrega"
_SECRET_BYTES: Final = 24
_MOST: Final = 100


class ErpWebhooks:
    """The registered call-backs.

    Args:
        events: names of the collections that changes of can be asked for.
    """

    def __init__(self, events: Mapping[str, str]) -> None:
        self._events = events
        self._hooks = Collection("id", ())
        self._numbers = itertools.count(1)
        self._queue = DeliveryQueue(self._envelope, lambda hook_id, delivered: None)

    def start(self) -> None:
        """Start delivering. Needs a running loop."""
        self._queue.start()

    async def stop(self) -> None:
        """Stop delivering; what waits is lost."""
        await self._queue.stop()

    def listed(self) -> dict[str, Any]:
        """Every call-back, without its secret."""
        return {"webhooks": [_public(hook) for hook in self._hooks.records]}

    def create(self, body: Mapping[str, Any]) -> Record:
        """Add a call-back; the answer is the only place where its secret is told.

        Raises:
            Refusal: 422, the event or the address is wrong.
        """
        event, url = body.get("evento"), body.get("url")
        if event not in self._events:
            raise Refusal(422, "Não há eventos com este nome.", code="EVENTO_DESCONHECIDO", member="evento")
        if not isinstance(url, str) or not is_on_this_machine(url):
            raise Refusal(422, "A url deve ser um endereço http desta máquina.", code="URL_INVALIDA", member="url")
        if len(self._hooks.records) >= _MOST:
            raise Refusal(422, "Há webhooks demais.", code="LIMITE_DE_WEBHOOKS")
        hook = {"id": self._hooks.next_number(1), "evento": event, "url": url}
        self._hooks.add({**hook, "segredo": secrets.token_hex(_SECRET_BYTES)})
        return dict(self._hooks.get(hook["id"]) or {})

    def delete(self, hook_id: str) -> bool:
        """Take a call-back out; False when there is none."""
        return hook_id.isdecimal() and self._hooks.remove(int(hook_id)) is not None

    def announce(self, name: str, record_id: str, action: str) -> None:
        """Queue one change for every call-back that asked for its collection. Only the id travels."""
        change = {"evento": f"{name}.{action}", "registro": {self._events[name]: record_id}}
        for hook in self._hooks.records:
            if hook["evento"] == name:
                self._queue.put(hook["id"], orjson.dumps(change))

    def _envelope(self, hook_id: Hashable, payload: bytes) -> Envelope | None:
        hook = self._hooks.get(hook_id)
        if hook is None:
            return None
        moment, delivery = str(int(time.time())), f"{hook_id}-{next(self._numbers)}"
        message = f"{moment}.{delivery}.".encode() + payload
        signature = hmac.new(hook["segredo"].encode(), message, hashlib.sha256).hexdigest()
        return Envelope(
            hook["url"],
            {SIGNATURE_HEADER: f"sha256={signature}", MOMENT_HEADER: moment, DELIVERY_HEADER: delivery},
        )


def _public(hook: Record) -> Record:
    return {name: value for name, value in hook.items() if name != "segredo"}
