"""What the queue of webhooks takes and gives: plain frozen values. This module loads no database library."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.entities import Side


@dataclass(frozen=True, slots=True)
class HintedRecord:
    """A record that may have changed.

    Attributes:
        action: what the vendor says happened; "" when it says nothing.
    """

    entity: str
    record_id: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class IncomingNotice:
    """One event of a delivery, verified.

    Attributes:
        identity: equal for repetitions of the same event.
        told: the vendor gave the identity, so that an equal one is surely a repetition. Otherwise it is made from the
            body, and the same thing may have happened once more.
    """

    identity: str
    told: bool
    hints: tuple[HintedRecord, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What taking a delivery did.

    Attributes:
        queued: records that wait to be read again because of it; those that were waiting already included.
        repeated: events that had been delivered before.
    """

    queued: int
    repeated: int


@dataclass(frozen=True, slots=True)
class PendingHint:
    """A record that waits to be read again.

    Attributes:
        deliveries: how many notices asked for it; it also tells whether another one came in the meantime.
        attempts: readings that failed.
        due_at: not before.
        problem: why the last attempt failed, or "".
    """

    number: int
    side: Side
    entity: str
    record_id: str
    action: str
    first_at: datetime
    last_at: datetime
    deliveries: int
    attempts: int
    due_at: datetime
    problem: str
    dead: bool


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How much waits. `oldest_at` is when the oldest waiting record was first noticed."""

    pending: int
    dead: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyScope:
    """The findings of an entity that a check of some records speaks for: by `keys`, or for lines by `parents`.

    Attributes:
        keys: exactly these keys, as shown.
        parents: every key below these, as shown; `separators` is how many `|` such a key has.
    """

    keys: frozenset[str] = field(default_factory=frozenset)
    parents: frozenset[str] = field(default_factory=frozenset)
    separators: int = 0


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A finding's key, and the records it names on each side."""

    key: str
    crm_ids: tuple[str, ...]
    erp_ids: tuple[str, ...]

    def ids(self, side: Side) -> tuple[str, ...]:
        """The records it names on a side."""
        return self.crm_ids if side is Side.CRM else self.erp_ids
