"""What became of a write: plain values, which those who decide about writes know without what makes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reconciler.connectors.write.current_record import CurrentRecord
from reconciler.errors import SystemReadError

Accepted = Callable[[str], Awaitable[None]]
"""Awaited with the record's id as soon as the system accepted a write, before the record is read back."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a write that was not refused.

    Attributes:
        id: of the record; of a new one, the one it has now.
        written: False when there was nothing to write: the record was that way, or was there, already.
        verified: whether reading back gave every value as it was to be.
        differing: fields that read back otherwise; those of lines as `lines[<key>].<field>`.
        left_out: fields of a new record that the system does not take.
        before: the record before the write; None for a new one.
        after: as read back; None when it could not be read.
        problem: why it could not be read back; None when it was.
    """

    id: str
    written: bool
    verified: bool
    differing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    before: CurrentRecord | None = None
    after: CurrentRecord | None = None
    problem: SystemReadError | None = None
