"""Topics of a correction: which fields it changes and what causes are behind. Many corrections share a combination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.corrections import FieldChange
from reconciler.store.state import schema

_TOPICS: Final = schema.correction_topics.c

Causes = Mapping[str, str]
"""Causes by the id of their finding."""


async def read_topics(connection: AsyncConnection) -> dict[str, int]:
    """The numbers of the combinations there are."""
    return {text: number for number, text in await connection.execute(select(_TOPICS.id, _TOPICS.topics))}


def matching(topics: Mapping[str, int], fields: frozenset[str] | None, causes: frozenset[str] | None) -> list[int]:
    """Numbers of the combinations in which some change is of one of the fields and has one of the causes."""
    return [
        number
        for text, number in topics.items()
        if any(
            (fields is None or field in fields) and (causes is None or cause in causes)
            for field, cause in orjson.loads(text)
        )
    ]


class TopicNumbers:
    """Numbers of combinations; one that was not met before gets the next free number.

    Only within a transaction that writes: two processes must not give out the same number.
    """

    def __init__(self, topics: dict[str, int]) -> None:
        self._numbers = topics
        self._next = max(topics.values(), default=0) + 1
        self._added: dict[str, int] = {}

    def number(self, changes: Sequence[FieldChange], causes: Causes) -> int:
        """The number for these changes."""
        text = _text((each.field, causes.get(each.finding or "", "")) for each in changes)
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers[text] = self._added[text] = self._next
            self._next += 1
        return known

    async def store(self, connection: AsyncConnection) -> None:
        """Keep those that are new."""
        if self._added:
            rows = [{"id": number, "topics": text} for text, number in self._added.items()]
            await connection.execute(insert(schema.correction_topics), rows)


def _text(topics: Iterable[tuple[str, str]]) -> str:
    return orjson.dumps(sorted(set(topics))).decode()
