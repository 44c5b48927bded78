"""Reading again every record that a hint can be about: the record, those with its key, and those linked with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from pydantic import JsonValue

from reconciler.app.concurrently import all_of
from reconciler.app.scope_plan import EntityPlan
from reconciler.app.webhooks.known_records import KnownRecords
from reconciler.connectors.connector import Connector
from reconciler.mapping.page import map_page
from reconciler.model import staging
from reconciler.model.entities import Side

_CALLS_IN_FLIGHT: Final = 8
_ROUNDS: Final = 4
"""A record leads to its keys, these to other records, and these to their links. More rounds than this lead far away."""
_MOST_RECORDS: Final = 400


class EntangledError(Exception):
    """Too many records hang together to be read one by one; the next run compares them."""


@dataclass(slots=True)
class Neighbourhood:
    """Records read just now.

    Attributes:
        records: by side and id, the records as the systems gave them; only what is part of the entity.
        asked: by side, ids that were asked for one by one.
        gone: by side, those of `asked` that are not there any more, or not part of the entity.
        vanished: by side, those of `gone` that the latest snapshot still holds.
        keys: stored keys that were examined on both sides.
        undecided: of these, keys of which one side cannot tell whether it has a record.
    """

    records: dict[Side, dict[str, JsonValue]] = field(default_factory=lambda: {side: {} for side in Side})
    asked: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})
    gone: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})
    vanished: dict[Side, set[str]] = field(default_factory=lambda: {side: set() for side in Side})
    keys: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)

    def ids(self, side: Side) -> set[str]:
        """Every id that was asked for, or came."""
        return self.asked[side] | self.records[side].keys()

    @property
    def size(self) -> int:
        """How many records were read or asked for."""
        return sum(len(self.ids(side)) for side in Side)


class NeighbourhoodReader:
    """Reads neighbourhoods of one entity.

    Args:
        known: what is known of its records so far.
    """

    def __init__(self, plan: EntityPlan, connectors: Mapping[Side, Connector], known: KnownRecords) -> None:
        self._plan = plan
        self._connectors = connectors
        self._known = known
        self._gate = asyncio.Semaphore(_CALLS_IN_FLIGHT)
        self._had_key: dict[Side, dict[str, set[str]]] = {side: {} for side in Side}

    async def read(self, hinted: Mapping[Side, set[str]]) -> Neighbourhood:
        """Everything that belongs to the hinted records, by side.

        Raises:
            SystemReadError: a system could not be read.
            StateError: a snapshot cannot be read.
            EntangledError: it is too much.
        """
        for connector in self._connectors.values():
            # An answer of a minute ago is not what the record is now.
            connector.port.forget_answers()
        found = Neighbourhood()
        ids = {side: set(hinted.get(side, ())) for side in Side}
        keys: set[str] = set()
        for _ in range(_ROUNDS):
            known = await self._known.about(ids, keys)
            self._remember(known.with_key)
            for side in Side:
                ids[side] |= known.ids[side]
                found.vanished[side] |= known.staged[side]
            keys |= known.keys
            new_ids = {side: ids[side] - found.ids(side) for side in Side}
            new_keys = keys - found.keys
            if not new_keys and not any(new_ids.values()):
                break
            if found.size + sum(map(len, new_ids.values())) > _MOST_RECORDS:
                raise EntangledError
            await self._read(found, new_ids, new_keys)
            for side in Side:
                self._follow(found, side, ids, keys)
        else:
            raise EntangledError
        for side in Side:
            found.vanished[side] &= found.gone[side]
        found.undecided = {key for key in found.keys if not self._is_decided(found, key)}
        return found

    def _remember(self, with_key: Mapping[Side, Mapping[str, set[str]]]) -> None:
        for side in Side:
            for key, record_ids in with_key[side].items():
                self._had_key[side].setdefault(key, set()).update(record_ids)

    async def _read(self, found: Neighbourhood, ids: Mapping[Side, set[str]], keys: set[str]) -> None:
        await all_of(self._read_side(found, side, ids[side], keys) for side in Side)
        found.keys |= keys

    async def _read_side(self, found: Neighbourhood, side: Side, ids: set[str], keys: set[str]) -> None:
        """By id first, and what that gives wins: a search may answer from an index that lags behind."""
        entity, connector = self._plan.entity.name, self._connectors[side]
        found.asked[side] |= ids
        if ids and connector.can_read_one(entity):
            by_id = self._identified(side, await self._ask(connector.one, entity, ids))
            found.records[side].update((each, record) for each, (_, record) in by_id.items() if each in ids)
            found.gone[side] |= ids - found.records[side].keys()
        if keys and self._can_find(side):
            by_key = self._identified(side, await self._ask(connector.find, entity, keys))
            for record_id, (key, record) in by_key.items():
                # Some systems find more than what was asked for.
                if key in keys and record_id not in found.asked[side]:
                    found.records[side].setdefault(record_id, record)

    async def _ask(
        self, reader: Callable[[str, str], Awaitable[list[JsonValue]]], entity: str, names: set[str]
    ) -> list[JsonValue]:
        async def ask(name: str) -> list[JsonValue]:
            async with self._gate:
                return await reader(entity, name)

        answers = await all_of(ask(name) for name in sorted(names))
        return [record for answer in answers for record in answer]

    def _identified(self, side: Side, records: Sequence[JsonValue]) -> dict[str, tuple[str | None, JsonValue]]:
        """The records that are part of the entity, by id, each with its key."""
        frame = self._staged(side, records)
        rows = frame.select(staging.ID, staging.KEY, staging.POSITION).iter_rows()
        return {record_id: (key, records[position]) for record_id, key, position in rows if record_id is not None}

    def _follow(self, found: Neighbourhood, side: Side, ids: dict[Side, set[str]], keys: set[str]) -> None:
        """Take up the keys and links of what was read."""
        frame = self._staged(side, list(found.records[side].values()))
        for record_id, key, link in frame.select(staging.ID, staging.KEY, staging.LINK).iter_rows():
            ids[side].add(record_id)
            if key is not None:
                keys.add(key)
                self._had_key[side].setdefault(key, set()).add(record_id)
            if link is not None:
                ids[side.other].add(link)

    def _staged(self, side: Side, records: Sequence[JsonValue]) -> pl.DataFrame:
        return map_page(self._plan.mappings[side], records, 0).records

    def _can_find(self, side: Side) -> bool:
        return len(self._plan.rule.key) == 1 and self._connectors[side].can_find(self._plan.entity.name)

    def _is_decided(self, found: Neighbourhood, key: str) -> bool:
        """Whether it is known of both sides if they have a record with that key.

        A side that cannot be asked by key is believed where the records it had under that key were read again.
        """
        return all(
            self._can_find(side)
            or (self._connectors[side].can_read_one(self._plan.entity.name) and bool(self._had_key[side].get(key)))
            for side in Side
        )
