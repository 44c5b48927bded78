"""Answers that are given again: exact ones only, for a while, and until something they depend on changes."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import orjson

from reconciler.model.taxes import TaxQuestion, plain_number
from reconciler.model.value import value
from reconciler.taxes.answer import Calculated

KEPT_LINES: Final = 50_000
"""Lines of all answers that are kept; those not asked for longest go first."""

KEPT_STALE_S: Final = 24 * 3600.0
"""How long an answer is kept for callers that accept an old one."""

RecordName = tuple[str, str]
"""Entity, and the id or key of a record of it."""


@value
class Kept:
    """An answer and when it was given.

    Attributes:
        as_of: aware; `as_of_s` the same moment on the clock that never goes back.
        expires_at: until when it is given again without asking.
        records: names of the records it depends on.
    """

    result: Calculated
    as_of: datetime
    as_of_s: float
    expires_at: datetime
    records: frozenset[RecordName]


def question_key(question: TaxQuestion, fingerprint: str) -> bytes:
    """Equal for questions that must have equal answers, and for no others.

    Args:
        fingerprint: of everything beside the question that can change an answer: system, description, ERP context.
    """
    customer, ship_to = question.customer, question.ship_to
    parts = [
        fingerprint,
        [customer.tax_id, customer.prospect, customer.final_consumer, customer.taxpayer],
        [ship_to.state, ship_to.city_ibge],
        question.date.isoformat(),
        [
            [line.sku, plain_number(line.quantity), plain_number(line.unit_price), plain_number(line.discount)]
            for line in question.lines
        ],
    ]
    return hashlib.sha256(orjson.dumps(parts)).digest()


class AnswerCache:
    """Bounded in size and time.

    Args:
        ttl_s: how long an answer counts as fresh; 0 keeps none.
        monotonic_s: clock that never goes back.
    """

    def __init__(
        self,
        ttl_s: float,
        monotonic_s: Callable[[], float],
        *,
        kept_lines: int = KEPT_LINES,
        kept_stale_s: float = KEPT_STALE_S,
    ) -> None:
        self._ttl_s = ttl_s
        self._monotonic_s = monotonic_s
        self._kept_lines = kept_lines
        self._kept_stale_s = kept_stale_s
        self._answers: OrderedDict[bytes, Kept] = OrderedDict()
        self._by_record: dict[RecordName, set[bytes]] = {}
        self._lines = 0

    @property
    def answers(self) -> int:
        """How many are kept."""
        return len(self._answers)

    @property
    def lines(self) -> int:
        """How many lines these have together."""
        return self._lines

    def fresh(self, key: bytes) -> Kept | None:
        """The answer, if it is not older than it may be."""
        kept = self._answers.get(key)
        if kept is None or self.age_s(kept) >= self._ttl_s:
            return None
        self._answers.move_to_end(key)
        return kept

    def stale(self, key: bytes) -> Kept | None:
        """The answer, even an old one. Whoever gives it away says so."""
        kept = self._answers.get(key)
        return None if kept is None or self.age_s(kept) >= self._kept_stale_s else kept

    def age_s(self, kept: Kept) -> float:
        """How long ago the ERP gave the answer."""
        return self._monotonic_s() - kept.as_of_s

    def keep(self, key: bytes, kept: Kept) -> None:
        """Keep an answer, in the place of an earlier one."""
        if self._ttl_s <= 0:
            return
        self._drop(key)
        self._answers[key] = kept
        self._lines += len(kept.result.lines)
        for record in kept.records:
            self._by_record.setdefault(record, set()).add(key)
        while self._lines > self._kept_lines:
            self._drop(next(iter(self._answers)))

    def forget(self, records: Iterable[RecordName]) -> None:
        """Drop every answer that depends on one of these records: they changed."""
        for record in records:
            for key in list(self._by_record.get(record, ())):
                self._drop(key)

    def forget_all(self) -> None:
        """Drop every answer: anything may have changed."""
        self._answers.clear()
        self._by_record.clear()
        self._lines = 0

    def _drop(self, key: bytes) -> None:
        dropped = self._answers.pop(key, None)
        if dropped is None:
            return
        self._lines -= len(dropped.result.lines)
        for record in dropped.records:
            keys = self._by_record[record]
            keys.discard(key)
            if not keys:
                del self._by_record[record]
