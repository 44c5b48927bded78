"""A request for each record, where a listing gives only a summary or a part of the record is a resource of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal, cast

import orjson
from pydantic import Field, JsonValue

from reconciler.connectors.record_port import RecordPort
from reconciler.errors import ResponseNotUnderstoodError
from reconciler.mapping.json_values import is_empty, unwrap
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of
from reconciler.ports.http.composing import label_of
from reconciler.ports.http.json_path import ABSENT, value_at
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request, Strict

RECORD: Final = "record"
"""What references to the record begin with."""

_CALLS_AT_ONCE: Final = 16
"""Asked of the port at once; what the system allows is the port's own affair."""

_REMEMBERED: Final = 5_000
"""Parts kept during one reading, for records that share them (the customer of several orders)."""

ListingName = Literal["full", "changed", "one", "find"]

_Key = tuple[JsonValue, ...]
_GONE: Final = None
"""There is no such detail (any more)."""


class Detail(Strict):
    """One request for each record of a listing.

    Attributes:
        request: with references to `record.<path>`, a path into the record as the listing gives it. A record without a
            value there is left as it is. What the answer must look like when there is no such detail is told by
            `request.outcomes`, with `then = "empty"`.
        answer: path of the detail in the answer; "" when it is the answer. A list of one counts as its element.
        into: name under which the detail becomes a part of the record. None: it takes the place of the record, and a
            record without one was deleted meanwhile and is left out.
        listings: those whose records need it.
    """

    request: Request
    answer: str = ""
    into: str | None = None
    listings: list[ListingName] = Field(default=["full", "changed", "find"])


class DetailReader:
    """Completes the records of one reading of a listing."""

    def __init__(self, system: str, port: RecordPort, details: Sequence[Detail], listing: ListingName) -> None:
        self._steps = [_Step(system, port, detail) for detail in details if listing in detail.listings]

    async def completed(self, records: list[JsonValue]) -> list[JsonValue]:
        """The records with their details, in the same order. Those that are gone are left out.

        Raises:
            SystemReadError: a detail could not be read.
            ConfigurationError: a value of a record cannot be put into the request.
        """
        for step in self._steps:
            records = await step.completed(records)
        return records

    async def page(self, page: RecordPage, records_path: str) -> RecordPage:
        """A page with completed records, and a body in which they are found at the same path. Raises as `completed`."""
        if not self._steps or not page.records:
            return page
        records = await self.completed(page.records)
        return replace(page, records=records, body=orjson.dumps(_at(records_path, records)))


class _Step:
    """One detail of every record."""

    def __init__(self, system: str, port: RecordPort, detail: Detail) -> None:
        self._system = system
        self._port = port
        self._detail = detail
        self._names = sorted(name for name in names_of(detail.request) if name.startswith(f"{RECORD}."))
        self._known: dict[_Key, JsonValue] = {}

    async def completed(self, records: Sequence[JsonValue]) -> list[JsonValue]:
        keys = [self._key(record) for record in records]
        found = await self._found(dict.fromkeys(key for key in keys if key is not None))
        completed = (
            record if key is None else self._with(record, found[key]) for record, key in zip(records, keys, strict=True)
        )
        return [record for record in completed if record is not _GONE]

    def _with(self, record: JsonValue, detail: JsonValue) -> JsonValue:
        if self._detail.into is None:
            return detail
        return record if detail is _GONE else {**cast("dict[str, JsonValue]", record), self._detail.into: detail}

    def _key(self, record: JsonValue) -> _Key | None:
        """The values of the references; None when one is missing, or is no value that could be asked for."""
        if not isinstance(record, dict):
            return None
        values = [unwrap(value_at(record, name.partition(".")[2])) for name in self._names]
        if any(is_empty(value) or not isinstance(value, str | int | float) for value in values):
            return None
        return cast("_Key", tuple(values))

    async def _found(self, wanted: Mapping[_Key, None]) -> dict[_Key, JsonValue]:
        unknown = [key for key in wanted if key not in self._known]
        gate = asyncio.Semaphore(_CALLS_AT_ONCE)
        calls = [asyncio.create_task(self._asked(key, gate)) for key in unknown]
        try:
            found = dict(zip(unknown, await asyncio.gather(*calls), strict=True))
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        found |= {key: self._known[key] for key in wanted if key in self._known}
        self._remember(found)
        return found

    def _remember(self, found: Mapping[_Key, JsonValue]) -> None:
        """Keep parts that other records may share. A detail in the place of a record is wanted once."""
        if self._detail.into is None:
            return
        self._known |= found
        for key in list(self._known)[: max(0, len(self._known) - _REMEMBERED)]:
            del self._known[key]

    async def _asked(self, key: _Key, gate: asyncio.Semaphore) -> JsonValue:
        values: dict[str, Value] = dict(zip(self._names, key, strict=True))
        async with gate:
            reply = await self._port.call(self._detail.request, values)
        if reply.empty:
            return _GONE
        detail = value_at(reply.document, self._detail.answer)
        if isinstance(detail, list) and len(detail) < 2:
            return detail[0] if detail else _GONE
        if isinstance(detail, dict):
            return detail
        what = "nothing" if detail is ABSENT else "no record"
        where = f"at `{self._detail.answer}`" if self._detail.answer else "as the whole answer"
        raise ResponseNotUnderstoodError(
            self._system,
            phrase(
                "{request}: there is {what} {where}, where the detail should be.",
                request=label_of(self._detail.request),
                what=what,
                where=where,
            ),
        )


def _at(path: str, records: list[JsonValue]) -> JsonValue:
    document: JsonValue = records
    for name in reversed(path.split(".") if path else []):
        document = {name: document}
    return document
