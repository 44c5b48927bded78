"""From a request to the queue: verified, understood, and durable before anybody is told that it was accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import structlog
from pydantic import JsonValue

from reconciler.app.tax_records import BEHIND_TAXES, StagedNames
from reconciler.app.webhooks.secrets import KeptRegistrations, valid_secrets
from reconciler.model.entities import Side
from reconciler.ports.webhook.delivery import Delivery, NotJsonError
from reconciler.ports.webhook.hints import Notice, PayloadNotUnderstoodError, is_ping, notices_of
from reconciler.ports.webhook.settings import WebhookSettings
from reconciler.ports.webhook.verification import Secrets, Verdict, verify
from reconciler.store.state.record_changes import RecordName
from reconciler.store.state.state import State
from reconciler.store.state.webhook_records import HintedRecord, IncomingNotice

_log = structlog.get_logger("reconciler.webhooks")


class Refusal(StrEnum):
    """Why a delivery is not taken. The values are part of the published contract."""

    SIGNATURE_MISSING = Verdict.UNSIGNED.value
    SIGNATURE_WRONG = Verdict.FORGED.value
    TIMESTAMP = Verdict.UNTIMELY.value
    NOT_JSON = "body_not_json"
    NOT_UNDERSTOOD = "payload_not_understood"


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that was taken. `answer` is the JSON body of the answer."""

    answer: JsonValue


@dataclass(frozen=True, slots=True)
class Receiver:
    """What one side's deliveries are read with.

    Attributes:
        named: the secrets of the project.
        entities: canonical entities in scope; hints about others are not queued.
    """

    side: Side
    settings: WebhookSettings
    named: Secrets
    entities: Collection[str]


@dataclass(frozen=True, slots=True)
class WebhookIntake:
    """Takes deliveries.

    Attributes:
        receivers: the sides that have webhooks.
        wake: set when something was queued.
        behind_taxes: gives the names of records that answers about taxes may depend on; None where there are none.
    """

    state: State
    receivers: Mapping[Side, Receiver]
    wake: asyncio.Event
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    behind_taxes: StagedNames | None = None

    async def take(self, side: Side, delivery: Delivery) -> Taken | Refusal:
        """Verify, understand and queue a delivery of a side that has a receiver.

        When this returns `Taken`, what has to be done survives a loss of power.

        Raises:
            StateError: the state cannot be used; nothing was taken.
        """
        receiver = self.receivers[side]
        document = _decoded(delivery)
        pinged = document is not None and is_ping(receiver.settings, delivery, document)
        ping = receiver.settings.ping
        if pinged and ping is not None and not ping.signed:
            return Taken(ping.answer if ping.answer is not None else {})
        refusal = await self._unproven(receiver, delivery)
        if refusal is not None:
            _log.warning("delivery_refused", side=side.value, code=refusal.value)
            return refusal
        if pinged and ping is not None:
            return Taken(ping.answer if ping.answer is not None else {})
        if document is None:
            return Refusal.NOT_JSON
        try:
            notices = notices_of(receiver.settings, delivery, document)
        except PayloadNotUnderstoodError as error:
            _log.warning("delivery_not_understood", side=side.value, problem=str(error))
            return Refusal.NOT_UNDERSTOOD
        return await self._queue(receiver, notices)

    async def _unproven(self, receiver: Receiver, delivery: Delivery) -> Refusal | None:
        secrets = await valid_secrets(receiver.named, KeptRegistrations(self.state, receiver.side))
        settings = receiver.settings
        verdict = verify(settings.verification, settings.events, delivery, secrets, self.clock())
        return None if verdict is Verdict.GENUINE else Refusal(verdict.value)

    async def _queue(self, receiver: Receiver, notices: list[Notice]) -> Taken:
        incoming = [
            IncomingNotice(
                notice.identity,
                notice.told,
                tuple(
                    HintedRecord(hint.entity, hint.record_id, hint.action)
                    for hint in notice.hints
                    if hint.entity in receiver.entities
                ),
            )
            for notice in notices
        ]
        relevant = [notice for notice in incoming if notice.hints]
        changed = await self._changed(receiver.side, notices)
        if not relevant:
            await self.state.changes.tell(changed)
            return Taken({"queued": 0, "repeated": 0})
        accepted = await self.state.webhooks.accept(receiver.side, relevant, changed=changed)
        if accepted.queued:
            self.wake.set()
        return Taken({"queued": accepted.queued, "repeated": accepted.repeated})

    async def _changed(self, side: Side, notices: Collection[Notice]) -> set[RecordName] | None:
        """What answers about taxes may depend on, in scope or not: it is forgotten now, however long checks may wait.

        Ids of the CRM name nothing in the ERP: which of its records are meant, the check finds out.
        """
        if side is not Side.ERP or self.behind_taxes is None:
            return set()
        ids: dict[str, set[str]] = {}
        for hint in (hint for notice in notices for hint in notice.hints if hint.entity in BEHIND_TAXES):
            ids.setdefault(hint.entity, set()).add(hint.record_id)
        return await self.behind_taxes.of(ids)


def _decoded(delivery: Delivery) -> JsonValue:
    """The payload; None where it is not JSON, or the JSON null, which says nothing either."""
    try:
        return delivery.document()
    except NotJsonError:
        return None
