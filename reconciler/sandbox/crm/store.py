"""Everything the CRM holds, and what writing does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.sandbox.answers import Refusal
from reconciler.sandbox.clock import ChangeClock
from reconciler.sandbox.collection import Collection, Record
from reconciler.sandbox.crm.filter_text import parse_instant
from reconciler.sandbox.crm.schema import (
    COLLECTIONS,
    CREATED,
    DATA_COLLECTIONS,
    DELETED,
    SHAPES,
    UPDATED,
    look_ups,
)
from reconciler.sandbox.crm.webhooks import Deliveries, hook_record
from reconciler.sandbox.crm.writing import Writer, number_lines
from reconciler.sandbox.generator.crm_records import crm_stamp
from reconciler.sandbox.generator.documents import with_check_digits
from reconciler.sandbox.generator.words import places

_FIRST_NEW_NUMBER = 1
_LINE_PARENTS = {"Quotes": "QuoteId", "Orders": "OrderId"}
_FIRST_NEW_LINE_ID = 900_000_000
"""Above the line ids of generated records."""


class CrmStore:
    """The collections of the CRM.

    Args:
        records: records by collection; look-up tables that are not given are the usual ones.
    """

    def __init__(self, records: Mapping[str, Sequence[Any]]) -> None:
        tables: dict[str, Sequence[Any]] = {**_place_tables(), **look_ups(), **records}
        self.collections = {name: Collection("Id", tables.get(name, ())) for name in COLLECTIONS}
        self.deliveries = Deliveries(self.collections["Webhooks"])
        self._writer = Writer(self.collections)
        self._clock = ChangeClock(_stamps(records), timedelta(milliseconds=1))
        self._lines_made = 0

    def state(self) -> dict[str, list[Any]]:
        """All records by collection."""
        return {name: list(collection.records) for name, collection in self.collections.items()}

    def create(self, name: str, body: Mapping[str, Any]) -> Record:
        """Add a record.

        Raises:
            Refusal: 400, the body is wrong.
        """
        members = self._writer.members(body, COLLECTIONS[name], creating=True)
        collection = self.collections[name]
        record_id = collection.next_number(_FIRST_NEW_NUMBER)
        if name == "Webhooks":
            record = hook_record(record_id, members)
            collection.add(record)
            return record
        stamp = crm_stamp(self._clock.next())
        record = {"Id": record_id, **_empty(name), **members, "CreateDate": stamp, "LastUpdateDate": stamp}
        if name == "Quotes":
            record |= {"QuoteNumber": self._next_quote_number(), "ReviewNumber": 1, "LastReview": True}
        self._number_lines(name, record)
        collection.add(record)
        self._announce(name, CREATED, None, record)
        return record

    def update(self, name: str, record_id: int, body: Mapping[str, Any]) -> Record | None:
        """Change the members that are given; None when there is no such record.

        Raises:
            Refusal: 400, the body is wrong.
        """
        collection = self.collections[name]
        record = collection.get(record_id)
        if record is None:
            return None
        members = self._writer.members(body, COLLECTIONS[name], creating=False)
        if name == "Webhooks":
            checked = hook_record(record_id, {**record, **members})
            return collection.change(record_id, checked)
        old = dict(record)
        if "Products" in members and name in _LINE_PARENTS:
            self._number_lines(name, {**members, "Id": record_id})
        collection.change(record_id, {**members, "LastUpdateDate": crm_stamp(self._clock.next())})
        self._announce(name, UPDATED, old, record)
        return record

    def delete(self, name: str, record_id: int) -> bool:
        """Take a record out; False when there is none."""
        record = self.collections[name].remove(record_id)
        if record is not None and name in DATA_COLLECTIONS:
            self._announce(name, DELETED, record, None)
        return record is not None

    def review(self, quote_id: int) -> Record | None:
        """Make the next revision of a quote: a new row with the same number, which is the last review from now on.

        Raises:
            Refusal: 400, the row is superseded already.
        """
        quotes = self.collections["Quotes"]
        former = quotes.get(quote_id)
        if former is None:
            return None
        if not former.get("LastReview"):
            raise Refusal(400, "Only the last review of a quote can be reviewed.")
        stamp = crm_stamp(self._clock.next())
        row = {
            **former,
            "Id": quotes.next_number(_FIRST_NEW_NUMBER),
            "ReviewNumber": former.get("ReviewNumber", 0) + 1,
            "Products": [dict(line) for line in former.get("Products", ())],
            "OtherProperties": list(former.get("OtherProperties", ())),
            "CreateDate": stamp,
            "LastUpdateDate": stamp,
        }
        self._number_lines("Quotes", row)
        old = dict(former)
        quotes.change(quote_id, {"LastReview": False, "LastUpdateDate": stamp})
        quotes.add(row)
        self._announce("Quotes", UPDATED, old, former)
        self._announce("Quotes", CREATED, None, row)
        return row

    def _number_lines(self, name: str, record: Record) -> None:
        if name in _LINE_PARENTS:
            number_lines(record, _LINE_PARENTS[name], record["Id"], _FIRST_NEW_LINE_ID + self._lines_made)
            self._lines_made += len(record.get("Products", ()))

    def _next_quote_number(self) -> int:
        numbers = self.collections["Quotes"].view("numbers", _quote_numbers)
        return max(numbers, default=0) + 1

    def _announce(self, name: str, action: int, old: Record | None, new: Record | None) -> None:
        entity_id = SHAPES[COLLECTIONS[name]].entity_id
        if entity_id is not None:
            self.deliveries.announce(name, entity_id, action, old, new)


def phantom(name: str, collection: Collection) -> Record | None:
    """A record that sorts first by id and by change stamp: the first one's copy, under numbers nobody has."""
    first = collection.records[0] if collection.records else None
    if name not in DATA_COLLECTIONS or not isinstance(first, dict) or not isinstance(first.get("Id"), int):
        return None
    keys: dict[str, Record] = {
        "Contacts": {"CNPJ": with_check_digits("ZZZZZZZZ0001"), "CPF": None, "TypeId": 1, "OtherProperties": []},
        "Products": {"Code": "P0000"},
        "Quotes": {"QuoteNumber": 999_999_999, "LastReview": True},
        "Orders": {"OrderNumber": 999_999_999},
    }
    stamp = "2000-01-01T00:00:00-03:00"
    return {**first, **keys[name], "Id": first["Id"] - 1, "CreateDate": stamp, "LastUpdateDate": stamp}


def _empty(name: str) -> Record:
    """Every property of a shape, empty."""
    shape = SHAPES[COLLECTIONS[name]]
    inner: dict[str, Any] = {link: [] for link, target in shape.links.items() if target.key is None}
    plain: dict[str, Any] = dict.fromkeys(property_ for property_ in shape.properties if property_ != "Id")
    return {**plain, **inner}


def _place_tables() -> dict[str, list[Record]]:
    return {
        "Cities": [
            {
                "Id": city.id,
                "Name": city.name,
                "StateId": places().state_ids[city.state],
                "IBGECode": city.ibge,
            }
            for city in places().cities
        ],
        "Cities@Countries@States": [
            {"Id": state.id, "Short": state.short, "Name": state.name} for state in places().states
        ],
    }


def _stamps(records: Mapping[str, Sequence[Any]]) -> list[datetime]:
    texts = [record.get("LastUpdateDate") for rows in records.values() for record in rows if isinstance(record, dict)]
    moments = (parse_instant(text) for text in texts if isinstance(text, str))
    return [moment for moment in moments if moment is not None]


def _quote_numbers(records: Sequence[Any]) -> list[int]:
    found = (record.get("QuoteNumber") for record in records if isinstance(record, dict))
    return [number for number in found if isinstance(number, int)]
