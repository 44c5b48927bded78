"""What became of a write: done, refused in the system's words, too late, or nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.description import Guard, Sign
from reconciler.errors import (
    OutcomeUnknownError,
    SupersededError,
    SystemReadError,
    VendorFaultError,
    WriteError,
    WriteRefusedError,
)
from reconciler.logs import masked
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.json_path import ABSENT, scalar_text, value_at
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request

_WORDS_CHARACTERS = 240


@dataclass(frozen=True, slots=True)
class Target:
    """The record a write is about.

    Attributes:
        identity: None for one that is to be created.
        check: what to look at when the outcome is unknown, one sentence.
    """

    system: str
    entity: str
    identity: str | None
    check: str

    def unknown(self, why: str) -> OutcomeUnknownError:
        """The error for a write of which nobody knows whether it was done."""
        return OutcomeUnknownError(
            self.system, self.entity, self.identity, phrase("sent, and {why}", why=why), self.check
        )


async def send(
    port: RecordPort,
    request: Request,
    values: Mapping[str, Value],
    target: Target,
    done: Sequence[Sign],
    guard: Guard | None,
) -> Reply:
    """Send a write, once, and return the answer of a system that did it.

    Raises:
        SupersededError: the system refused because the record changed.
        WriteRefusedError: the system refused.
        OutcomeUnknownError: nobody knows whether it was done.
        SystemReadError: surely nothing was done: no connection, no valid credentials, calls forbidden for now.
    """
    try:
        reply = await port.call(request, values, safe_to_repeat=False)
    except SystemReadError as error:
        failure = _failure(error, target, guard)
        if failure is None:
            raise
        raise failure from error
    for sign in done:
        if not _shows(sign, reply):
            raise _not_done(sign, reply, target)
    return reply


def _failure(error: SystemReadError, target: Target, guard: Guard | None) -> WriteError | None:
    """What the error of a call means for a write; None when it simply did not take place."""
    words = error.message.removeprefix(f"{error.system}: ")
    if isinstance(error, VendorFaultError):
        if guard is not None and error.vendor_code in guard.conflict:
            text = phrase("somebody changed the record since it was read; nothing was written")
            return SupersededError(target.system, target.entity, target.identity, text)
        if not error.may_have_acted:
            return WriteRefusedError(
                target.system, target.entity, target.identity, words, error.vendor_code, hint=error.hint
            )
    return target.unknown(phrase("the outcome is not known: {words}", words=words)) if error.may_have_acted else None


def _shows(sign: Sign, reply: Reply) -> bool:
    found = ABSENT if reply.empty else value_at(reply.document, sign.at)
    nothing = found is ABSENT or found in (None, "", [], {})
    if sign.missing:
        return nothing
    return scalar_text(found) in sign.equals if sign.equals else not nothing


def _not_done(sign: Sign, reply: Reply, target: Target) -> WriteError:
    said = None if reply.empty or sign.message is None else scalar_text(value_at(reply.document, sign.message))
    shown = masked("".join(character if character.isprintable() else " " for character in said or ""))
    words = f": {shown[:_WORDS_CHARACTERS]}" if shown.strip() else ""
    text = phrase("the answer lacks the sign of success at `{at}`{words}", at=sign.at, words=words)
    if sign.otherwise == "unknown":
        return target.unknown(text)
    code = None if reply.empty else scalar_text(value_at(reply.document, sign.at))
    return WriteRefusedError(target.system, target.entity, target.identity, text, code or str(reply.status))
