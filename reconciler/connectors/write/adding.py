"""Adds one record: finds what it refers to, sends it, finishes it. A lost answer never leads to a second one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from reconciler.connectors.record_id import id_values
from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.answers import Target, send
from reconciler.connectors.write.description import CreateCall, Finishing, NextCall
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.look_ups import look_up_all
from reconciler.connectors.write.plan import Values, WritePlan
from reconciler.errors import NotWritableError, ReconcilerError, WriteRefusedError
from reconciler.mapping.identifiers import identifier_of
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.json_path import ABSENT, value_at
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.references import Value


@dataclass(frozen=True, slots=True)
class NewRecords:
    """Adds records of one entity.

    Attributes:
        described: how the id of a record is made up (`EntitySource.id`).
    """

    port: RecordPort
    plan: WritePlan
    create: CreateCall
    described: str | Sequence[str]

    async def add(
        self,
        values: Values,
        lines: Sequence[Values],
        idempotency: str,
        target: Target,
        find: Callable[[], Awaitable[str | None]],
    ) -> str:
        """Add a record of which it is known that there is none with its key, and return its id.

        One that an earlier attempt with the same `idempotency` added and did not finish is finished.

        Args:
            find: looks for the record by its key, where the answer names no id.

        Raises:
            NotWritableError: nothing was sent.
            WriteRefusedError: the system refused; what was added before it did is out of use again.
            OutcomeUnknownError: nobody knows whether it was done.
            SystemReadError: the system could not be reached or read. What may have been added is found by
                `idempotency` the next time.
        """
        finishing = self.create.finishing
        begun = None if finishing is None else await self._begun(finishing, idempotency, target)
        identity = None if begun is None else identifier_of(self.plan.mapping.id.read(begun))
        if not isinstance(identity, str):
            identity = await self._added(values, lines, idempotency, target, find)
        if finishing is not None:
            await self._finish(finishing, identity, begun or {}, target)
        return identity

    async def _added(
        self,
        values: Values,
        lines: Sequence[Values],
        idempotency: str,
        target: Target,
        find: Callable[[], Awaitable[str | None]],
    ) -> str:
        try:
            found = await look_up_all(self.port, self.plan, values, lines, {"idempotency": idempotency})
            new = self.plan.new_record(values, lines, found)
        except CompositionError as error:
            raise NotWritableError(
                target.system, target.entity, None, phrase("{error}; nothing was sent", error=error)
            ) from error
        sent: dict[str, Value] = {"record": _as_json(new.record), "idempotency": idempotency}
        reply = await send(self.port, self.create.request, sent, target, self.create.done, None)
        identity = _id_at(self.create.id, reply) or await find()
        if identity is None:
            raise target.unknown(phrase("the answer names no id, and no record with its key was found"))
        return identity

    async def _begun(self, finishing: Finishing, idempotency: str, target: Target) -> dict[str, JsonValue] | None:
        """The record that an earlier attempt at this very create added and did not finish."""
        self.port.forget_answers()
        reply = await self.port.call(finishing.begun.request, {"idempotency": idempotency})
        found = None if reply.empty else value_at(reply.document, finishing.begun.record)
        listed = [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]
        if len(listed) > 1:
            why = phrase("{listed} records were begun by this very create; nothing was sent", listed=len(listed))
            raise NotWritableError(target.system, target.entity, None, why)
        return next(iter(listed), None)

    async def _finish(self, finishing: Finishing, identity: str, begun: dict[str, JsonValue], target: Target) -> None:
        known = Target(target.system, target.entity, identity, target.check)
        left = [call for call in finishing.calls if not self.plan.holds(call.shown_by, begun)]
        try:
            await follow(self.port, left, id_values(identity, self.described), known)
        except WriteRefusedError as refused:
            await self._give_up(finishing, identity, known, refused)
            raise

    async def _give_up(self, finishing: Finishing, identity: str, target: Target, refused: WriteRefusedError) -> None:
        """What cannot be finished is not left lying about: a person would take it for one of their own."""
        try:
            await send(self.port, finishing.give_up, id_values(identity, self.described), target, [], None)
        except ReconcilerError as error:
            why = phrase(
                "the record was added and could not be finished ({problem}), nor taken back", problem=refused.message
            )
            raise target.unknown(why) from error


async def follow(port: RecordPort, calls: Sequence[NextCall], values: dict[str, Value], target: Target) -> None:
    """Make calls one after the other. Raises as `send`."""
    for call in calls:
        await send(port, call.request, values, target, call.done, None)


def _id_at(path: str | None, reply: Reply) -> str | None:
    """The id that an answer names, if it does."""
    if path is None or reply.empty:
        return None
    found = value_at(reply.document, path)
    identity = None if found is ABSENT else identifier_of(found)
    return identity if isinstance(identity, str) else None


def _as_json(record: dict[str, object]) -> JsonValue:
    return cast("JsonValue", record)
