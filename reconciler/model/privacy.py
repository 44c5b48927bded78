"""What is kept of one person: what to look for, and what was found. LGPD (Law 13.709/2018), articles 16 and 18."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.entities import Side

Row = dict[str, Any]
"""A row as it is exported: plain values that JSON has a form for."""


@dataclass(frozen=True, slots=True)
class RecordTrace:
    """A record of a system that holds an identifier, in one snapshot.

    Attributes:
        id, key: as staged; None where the record was rejected, or is in a page that is kept only as received.
        record: as received.
    """

    snapshot: str
    side: Side
    entity: str
    id: str | None
    key: str | None
    record: object


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for in the state.

    Attributes:
        texts: the identifiers, in every form they are usually written in.
        names_them: whether an identifier stands in a text as a word of its own.
        keys: of the records found, as shown, by entity.
        ids: of the records found, by entity and side.
    """

    texts: tuple[str, ...]
    names_them: Callable[[object], bool]
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ids: Mapping[tuple[str, Side], frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateTraces:
    """What the state keeps: rows by table, each with what tells it apart.

    Attributes:
        live: ids of corrections that may still be written.
        plans_going_on: digests of plans among them of which something may still be written, whoever's.
    """

    findings: tuple[Row, ...] = ()
    corrections: tuple[Row, ...] = ()
    journal: tuple[Row, ...] = ()
    plans: tuple[Row, ...] = ()
    feedback: tuple[Row, ...] = ()
    webhooks: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()
    audit: tuple[Row, ...] = ()
    live: tuple[str, ...] = ()
    plans_going_on: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {
            "findings": len(self.findings),
            "corrections": len(self.corrections),
            "journal": len(self.journal),
            "plans": len(self.plans),
            "feedback": len(self.feedback),
            "webhooks": len(self.webhooks),
            "changes": len(self.changes),
            "audit": len(self.audit),
        }
