"""What one answer of a listing says: its records, and how many more there are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

import orjson
from pydantic import JsonValue

from reconciler.errors import ResponseNotUnderstoodError
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.json_path import ABSENT, Found, count_of, value_at
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.settings import Listing, RangePaging
from reconciler.ports.xml.records import with_list_at

_CONTENT_RANGE: Final = re.compile(r"\s*[\w-]+\s+(?:\d+-\d+|\*)/(\d+)\s*")
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records of one page, as the system sent them.

    Attributes:
        number: of the page, from 0. Pages may come out of order.
        body: a JSON document with the records at the path of the listing: the answer, or the tree of one in XML. Empty
            when the system answered that there is nothing.
        records: decoded, in the order of the answer.
        total: number of records in the whole listing, when this answer says it. Nothing was checked against it: records
            that come, go or move while pages are read make it differ from what was read.
    """

    number: int
    body: bytes
    records: list[JsonValue]
    total: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Which listing an error is about."""

    system: str
    label: str

    def not_understood(self, text: str, hint: str = "") -> ResponseNotUnderstoodError:
        """The error to raise. `text` names paths of the description, never values of the answer."""
        return ResponseNotUnderstoodError(
            self.system, phrase("{label}: {text}.", label=self.label, text=text), hint=hint
        )


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page and what its answer says about the others; None where it says nothing.

    Attributes:
        pages: number of pages of the listing.
        more: whether pages remain.
    """

    page: RecordPage
    reply: Reply
    pages: int | None
    more: bool | None

    @property
    def records(self) -> list[JsonValue]:
        return self.page.records

    @property
    def total(self) -> int | None:
        return self.page.total

    def at(self, path: str) -> JsonValue:
        """The value at a path of the answer; None when there is none."""
        found = value_at(self.reply.document, path)
        return None if found is ABSENT else found


def read_page(listing: Listing, number: int, reply: Reply, place: Place) -> PageRead:
    """Find the records and the signs of the end in an answer.

    Raises:
        ResponseNotUnderstoodError: a declared path is not there, or holds something else.
    """
    if reply.empty:
        return PageRead(RecordPage(number, reply.body, [], None), reply, None, None)
    if reply.format != "json":
        reply = _as_json(reply, listing)
    records = value_at(reply.document, listing.records)
    if listing.one_as_object and isinstance(records, dict):
        records = [records]
    if not isinstance(records, list):
        what = "nothing" if records is ABSENT else "no list"
        where = f"at `{listing.records}`" if listing.records else phrase("as the whole answer")
        raise place.not_understood(
            phrase("there is {what} {where}, where the records should be", what=what, where=where)
        )
    _check_required(listing, records, place)
    stop = listing.stop
    needed = number == 0 and bool(records)
    total = _count(reply, stop.total, place, needed=needed)
    if total is None and isinstance(listing.paging, RangePaging):
        total = _range_total(reply)
    return PageRead(
        RecordPage(number, reply.body, records, total),
        reply,
        _count(reply, stop.pages, place, needed=needed),
        _flag(reply, stop.more, place, needed=bool(records)),
    )


def _as_json(reply: Reply, listing: Listing) -> Reply:
    """The answer as a JSON document, with a list where the records are: in XML one alone does not look like one."""
    # Where there are no records, some systems leave out the elements around them too, and the total tells so.
    told = None if listing.stop.total is None else count_of(value_at(reply.document, listing.stop.total))
    document = with_list_at(reply.document, listing.records, none_expected=told == 0)
    return replace(reply, document=document, body=orjson.dumps(document))


def _check_required(listing: Listing, records: list[JsonValue], place: Place) -> None:
    for path in listing.required:
        if any(value_at(record, path) is ABSENT for record in records):
            raise place.not_understood(
                phrase("a record has no `{path}`, which the description requires", path=path),
                phrase("The system may have changed; compare its answers with the description."),
            )


def _count(reply: Reply, path: str | None, place: Place, *, needed: bool) -> int | None:
    """A declared number. It may be absent after the first page, and where there are no records."""
    if path is None:
        return None
    found = value_at(reply.document, path)
    count = count_of(found)
    if count is None and (needed or not _is_nothing(found)):
        what = "nothing" if _is_nothing(found) else phrase("no whole number")
        raise place.not_understood(
            phrase("there is {what} at `{path}`, where a number should be", what=what, path=path)
        )
    return count


def _flag(reply: Reply, path: str | None, place: Place, *, needed: bool) -> bool | None:
    """A declared flag: JSON true or false, 1 or 0, or these as text (Sankhya writes "false")."""
    if path is None:
        return None
    found = value_at(reply.document, path)
    if _is_nothing(found):
        if needed:
            raise place.not_understood(
                phrase("there is nothing at `{path}`, which should say whether pages remain", path=path)
            )
        return None
    if isinstance(found, bool):
        return found
    flag = _FLAGS.get(str(found).strip().lower()) if isinstance(found, str | int) else None
    if flag is None:
        raise place.not_understood(phrase("the value at `{path}` is neither true nor false", path=path))
    return flag


def _is_nothing(found: Found) -> bool:
    # An empty text is how XML writes an element without a value.
    return found is ABSENT or found is None or found == ""


def _range_total(reply: Reply) -> int | None:
    found = _CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
    return int(found[1]) if found else None
