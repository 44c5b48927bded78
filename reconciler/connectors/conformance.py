"""What a connector must get right, whatever its port: tried on a live system without writing anything.

The same checks run in `reconciler check` against a customer's system and in the tests against every kind of port, where
further ones write, break the network and let sessions expire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import polars as pl
from pydantic import JsonValue

from reconciler.connectors.connector import Connector
from reconciler.errors import ConfigurationError, SystemReadError
from reconciler.mapping.encode import EncodeError, encode
from reconciler.mapping.page import map_page
from reconciler.mapping.plan import EntityMapping
from reconciler.model import staging
from reconciler.model.entities import FieldType
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.page_facts import RecordPage

_FAR_AHEAD: Final = timedelta(days=400)
_MOST_IDS: Final = 5_000
_MOVES_BY_ITSELF: Final = "updated_at"


class Outcome(StrEnum):
    """How a check ended. `absent`: the description does not offer it. `untried`: there was nothing to try it on."""

    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one check; `detail` tells what was seen. It names fields and counts, never values."""

    check: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Conformance:
    """What was seen of one entity.

    Attributes:
        first_page: None when the entity holds nothing.
        verdicts: in the order the checks ran.
    """

    first_page: RecordPage | None
    verdicts: list[Verdict]

    def passed(self, check: str) -> bool:
        """Whether a check was tried and passed."""
        return any(verdict.check == check and verdict.outcome is Outcome.PASSED for verdict in self.verdicts)

    @property
    def failures(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.outcome is Outcome.FAILED]


async def conformance(connector: Connector, mapping: EntityMapping) -> Conformance:
    """Try everything that can be tried by reading a few pages of one entity.

    Raises:
        SystemReadError: not even the first page could be read.
    """
    pages = await _first_pages(connector, mapping.entity, None, 2)
    first = pages[0] if pages else None
    trial = _Trial(connector, mapping, pages)
    verdicts = []
    for check, attempt in trial.attempts():
        try:
            verdict = await attempt()
        except (SystemReadError, ConfigurationError) as error:
            verdict = Verdict(check, Outcome.FAILED, error.message)
        verdicts.append(verdict)
    return Conformance(first, verdicts)


class _Trial:
    """The checks of one entity, each on what the first pages hold."""

    def __init__(self, connector: Connector, mapping: EntityMapping, pages: Sequence[RecordPage]) -> None:
        self._connector = connector
        self._mapping = mapping
        self._entity = mapping.entity
        self._pages = pages
        self._records = pages[0].records if pages else []
        staged = map_page(mapping, self._records, 0).records
        self._staged = staged
        self._usable = staged.filter(pl.col(staging.REJECTED).is_null())

    def attempts(self) -> list[tuple[str, Callable[[], Awaitable[Verdict]]]]:
        """Every check by name."""
        return [
            ("paging", self.paging),
            ("order", self.order),
            ("total", self.total),
            ("changed since", self.changed_since),
            ("one record", self.one_record),
            ("by key", self.by_key),
            ("ids only", self.ids_only),
            ("round trip", self.round_trip),
        ]

    async def paging(self) -> Verdict:
        """The second page holds other records than the first."""
        if len(self._pages) < 2:
            return Verdict("paging", Outcome.UNTRIED, phrase("everything came on one page"))
        first, second = (_ids(self._mapping, page.records) for page in self._pages)
        if doubles := len(set(first) & set(second)):
            return Verdict(
                "paging",
                Outcome.FAILED,
                phrase("{doubles} records of the first page came again on the second", doubles=doubles),
            )
        return Verdict(
            "paging",
            Outcome.PASSED,
            phrase("{first} and {second} different records", first=len(first), second=len(second)),
        )

    async def order(self) -> Verdict:
        """The first page asked again holds the same records in the same order."""
        if not self._records:
            return Verdict("order", Outcome.UNTRIED, phrase("there is no record"))
        again = await _first_pages(self._connector, self._entity, None, 1)
        earlier, now = _ids(self._mapping, self._records), _ids(self._mapping, again[0].records)
        if earlier == now:
            return Verdict("order", Outcome.PASSED)
        what = "other records" if set(earlier) != set(now) else phrase("the same records in another order")
        return Verdict(
            "order",
            Outcome.FAILED,
            phrase("the first page asked again gave {what}: pages cannot be relied on", what=what),
        )

    async def total(self) -> Verdict:
        """No page announces fewer records than came; after a key, a page may announce those still to come."""
        announced = [(page.total, len(page.records)) for page in self._pages if page.total is not None]
        if not announced:
            return Verdict("total", Outcome.ABSENT, phrase("the system tells no number of records"))
        together = self._connector.capabilities(self._entity).shifts
        came = sum(count for _, count in announced)
        for total, count in announced:
            if total < (came if together else count):
                return Verdict(
                    "total", Outcome.FAILED, phrase("{total} records are announced, and more came already", total=total)
                )
        return Verdict("total", Outcome.PASSED, f"{announced[0][0]} records")

    async def changed_since(self) -> Verdict:
        """What changed since a record's own stamp includes that record, and since a moment to come nothing."""
        if self._connector.description.entities[self._entity].changed is None:
            return Verdict("changed since", Outcome.ABSENT)
        ahead = await _first_pages(self._connector, self._entity, datetime.now(UTC) + _FAR_AHEAD, 1)
        if ahead and ahead[0].records:
            return Verdict(
                "changed since", Outcome.FAILED, phrase("asked for changes of next year, it gave records: not filtered")
            )
        newest = self._newest()
        if newest is None:
            return Verdict("changed since", Outcome.PASSED, phrase("no record carries a stamp to ask from"))
        identity, stamp = newest
        async with aclosing(self._connector.pull(self._entity, stamp)) as pages:
            async for page in pages:
                if identity in _ids(self._mapping, page.records):
                    return Verdict("changed since", Outcome.PASSED)
        return Verdict("changed since", Outcome.FAILED, phrase("a record is not among the changes since its own stamp"))

    async def one_record(self) -> Verdict:
        """One record by id is that record, with the values the listing gives."""
        if not self._connector.can_read_one(self._entity):
            return Verdict("one record", Outcome.ABSENT)
        if self._usable.is_empty():
            return Verdict("one record", Outcome.UNTRIED, phrase("there is no usable record"))
        listed = self._usable.head(1)
        identity = listed[staging.ID][0]
        alone = map_page(self._mapping, await self._connector.one(self._entity, identity), 0).records
        if alone[staging.ID].to_list() != [identity]:
            return Verdict(
                "one record",
                Outcome.FAILED,
                phrase("asked for one id, {height} records came or another id", height=alone.height),
            )
        other = [
            field.name
            for field in self._mapping.fields
            if field.name != _MOVES_BY_ITSELF
            and listed[staging.form_column(field.name)].to_list() != alone[staging.form_column(field.name)].to_list()
        ]
        if other:
            return Verdict(
                "one record",
                Outcome.FAILED,
                phrase("other values than in the listing: {other}", other=", ".join(other)),
            )
        return Verdict("one record", Outcome.PASSED)

    async def by_key(self) -> Verdict:
        """The records with a key include the one it was taken from."""
        if not self._connector.can_find(self._entity):
            return Verdict("by key", Outcome.ABSENT)
        if len(self._mapping.key) != 1:
            return Verdict("by key", Outcome.ABSENT, phrase("the key has several fields"))
        if self._usable.is_empty():
            return Verdict("by key", Outcome.UNTRIED, phrase("there is no usable record"))
        identity, key = self._usable[staging.ID][0], self._usable[staging.KEY][0]
        if identity in _ids(self._mapping, await self._connector.find(self._entity, key)):
            return Verdict("by key", Outcome.PASSED)
        return Verdict("by key", Outcome.FAILED, phrase("a record is not found by its own key"))

    async def ids_only(self) -> Verdict:
        """The light listing of ids knows the records of the full one, under the same ids."""
        if self._connector.description.entities[self._entity].keys is None:
            return Verdict("ids only", Outcome.ABSENT)
        total = self._pages[0].total if self._pages else 0
        if total is None or total > _MOST_IDS:
            return Verdict("ids only", Outcome.UNTRIED, phrase("there may be too many records to look at all ids now"))
        known = await self._connector.ids(self._entity)
        missing = [identity for identity in _ids(self._mapping, self._records) if identity not in known]
        if missing:
            text = phrase(
                "{missing} of {records} listed records are unknown to it: they would count as deleted",
                missing=len(missing),
                records=len(self._records),
            )
            return Verdict("ids only", Outcome.FAILED, text)
        return Verdict("ids only", Outcome.PASSED, f"{len(known)} ids")

    async def round_trip(self) -> Verdict:
        """Every value that was read can be written in the vendor's form and read back the same."""
        lost = []
        for field in self._mapping.fields:
            kind = staging.value_column if field.type is FieldType.TEXT else staging.form_column
            try:
                for value in self._usable[kind(field.name)].unique().to_list():
                    encode(field, value)
            except EncodeError:
                lost.append(field.name)
        if lost:
            return Verdict(
                "round trip", Outcome.FAILED, phrase("cannot be written back as they are: {lost}", lost=", ".join(lost))
            )
        return Verdict("round trip", Outcome.PASSED if self._usable.height else Outcome.UNTRIED)

    def _newest(self) -> tuple[str, datetime] | None:
        column = staging.form_column(_MOVES_BY_ITSELF)
        if column not in self._usable.columns:
            return None
        stamped = self._usable.filter(pl.col(column).is_not_null()).sort(column, descending=True)
        if stamped.is_empty():
            return None
        return stamped[staging.ID][0], stamped[column][0]


async def _first_pages(connector: Connector, entity: str, since: datetime | None, count: int) -> list[RecordPage]:
    """The first pages by number."""
    found: list[RecordPage] = []
    async with aclosing(connector.pull(entity, since)) as pages:
        async for page in pages:
            found.append(page)
            if {page.number for page in found} >= set(range(count)):
                break
    return sorted(found, key=lambda page: page.number)[:count]


def _ids(mapping: EntityMapping, records: Sequence[JsonValue]) -> list[str]:
    """The ids there are, as they are staged."""
    staged = map_page(mapping, records, 0).records[staging.ID]
    return [identity for identity in staged.to_list() if identity is not None]
