"""Findings on their way in: from the rows of a comparison to the narrow rows of the staging table."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.findings import FindingRow
from reconciler.store.state.backend import Backend, StagedRow
from reconciler.store.state.fingerprint import HALF
from reconciler.store.state.groups import GroupNumbers

Batches = Iterable[Sequence[FindingRow]] | AsyncIterable[Sequence[FindingRow]]

_SLICE_ROWS: Final = 250
"""Transposed together. Larger slices fall out of the processor's cache and wake the garbage collector."""
_LOAD_ROWS: Final = 16_000
"""Handed to the driver's thread together: a hand-over costs as much as a hundred rows."""


async def stage_findings(
    connection: AsyncConnection, backend: Backend, entity: str, groups: GroupNumbers, batches: Batches
) -> int:
    """Fill a new staging table; `groups` learns the combinations that are met. Returns how many rows were given.

    Raises:
        ValueError: a row is of another entity, or carries an id, kind or cause that there is not.
    """
    count = 0
    async with connection.begin():
        await backend.begin_staging(connection)
        async for slices in _loads(batches):
            count += sum(map(len, slices))
            encoded = (_encode(rows, entity, groups) for rows in slices)
            await backend.stage(connection, chain.from_iterable(encoded))
        await backend.end_staging(connection)
    return count


async def _loads(batches: Batches) -> AsyncIterator[list[Sequence[FindingRow]]]:
    waiting: list[Sequence[FindingRow]] = []
    count = 0
    async for batch in _asynchronous(batches):
        for start in range(0, len(batch), _SLICE_ROWS):
            rows = batch[start : start + _SLICE_ROWS]
            waiting.append(rows)
            count += len(rows)
            if count >= _LOAD_ROWS:
                yield waiting
                waiting, count = [], 0
    if waiting:
        yield waiting


async def _asynchronous(batches: Batches) -> AsyncIterator[Sequence[FindingRow]]:
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
    else:
        for batch in batches:
            yield batch


def _encode(rows: Sequence[FindingRow], entity: str, groups: GroupNumbers) -> Iterator[StagedRow]:
    """Column by column: this is the only Python that touches every finding, and the price of a run depends on it."""
    ids, entities, keys, kinds, fields, causes, details, owners, *sides = zip(*rows, strict=True)
    if entities.count(entity) != len(entities):
        raise ValueError(f"a finding of another entity was given for {entity}")
    numbers = [int(text, 16) - HALF for text in ids]
    combinations = map(groups.__getitem__, zip(kinds, fields, causes, owners, strict=True))
    return zip(numbers, combinations, keys, details, *sides, strict=True)
