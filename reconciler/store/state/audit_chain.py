"""How audit entries are chained: pure, and the only place that knows what a digest is over.

The digest of an entry is the SHA-256, in hexadecimal, of the digest of the entry before, in hexadecimal too, followed
by a JSON object of everything else: `{"act":…,"at":…,"details":…,"number":…,"person":…,"subject":…}`, in UTF-8, keys
in this order and no spaces. `at` is whole microseconds since 1970-01-01 UTC; `details` is a text, though it holds JSON.
The first entry follows `NO_DIGEST`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from reconciler.model.corrections import AuditEntry
from reconciler.store.state.instant import from_microseconds, to_microseconds

LONGEST_ACT_CHARACTERS: Final = 64
_NUL_SHOWN: Final = "\u2400"


class Act(NamedTuple):
    """What somebody did, on its way into the trail. `details` is a JSON object (`details_text`)."""

    person: str
    act: str
    subject: str
    details: str


class ChainedRow(NamedTuple):
    """An entry as it is stored, in the order of the columns of `audit_entries`."""

    number: int
    at: int
    person: str
    act: str
    subject: str
    details: str
    previous: str
    digest: str


def details_text(details: Mapping[str, object]) -> str:
    """The details of an act as they are kept.

    Raises:
        TypeError: they hold something that JSON has no form for.
    """
    return orjson.dumps(details, option=orjson.OPT_SORT_KEYS).decode()


def storable(text: str) -> str:
    """The text without what a database cannot hold: halves of characters, and NUL, which is shown as a symbol."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", _NUL_SHOWN)


def digest_after(previous: str, number: int, at: int, person: str, act: str, subject: str, details: str) -> str:
    """The digest of an entry; `at` in microseconds since 1970-01-01 UTC.

    Raises:
        TypeError: a part is not what an entry is made of.
    """
    content = orjson.dumps(
        {"act": act, "at": at, "details": details, "number": number, "person": person, "subject": subject}
    )
    return hashlib.sha256(previous.encode() + content).hexdigest()


def digest_of(entry: AuditEntry) -> str:
    """What the digest of an entry must be, for those who read an export."""
    at = to_microseconds(entry.at)
    return digest_after(entry.previous, entry.number, at, entry.person, entry.act, entry.subject, entry.details)


def entry_of(row: Iterable[Any]) -> AuditEntry:
    """A stored row as an entry.

    Raises:
        TypeError: it holds what no entry holds.
        OverflowError: its time is beyond the calendar.
    """
    number, at, *others = row
    if set(map(type, others)) != {str}:
        raise TypeError("an entry is made of texts")
    return AuditEntry(number, from_microseconds(at), *others)


class Chain:
    """The end of a trail, which grows by what is linked to it.

    Attributes:
        number: of the last entry, 0 when there is none.
        digest: of the last entry.
    """

    def __init__(self, number: int, digest: str) -> None:
        self.number = number
        self.digest = digest

    def link(self, at: datetime, acts: Iterable[Act]) -> Iterator[ChainedRow]:
        """The acts as rows, one after the other; the chain has grown by those that were taken."""
        moment = to_microseconds(at)
        for each in acts:
            number, previous = self.number + 1, self.digest
            person, act, subject, details = storable(each.person), each.act, storable(each.subject), each.details
            digest = digest_after(previous, number, moment, person, act, subject, details)
            self.number, self.digest = number, digest
            yield ChainedRow(number, moment, person, act, subject, details, previous, digest)
