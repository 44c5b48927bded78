"""One delivery as it arrived. Everything in it is somebody else's word until it was verified, and a hint after that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from pydantic import JsonValue

from reconciler.ports.http.json_path import ABSENT, Found, scalar_text, value_at
from reconciler.ports.webhook.settings import Place, Source


class NotJsonError(ValueError):
    """The body is not a JSON document."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request to our call-back address.

    Attributes:
        url: absolute, as the sender called it, with the query.
        headers: names in lower case; of a header that came several times, the first.
        query: parameters of the address; of one that came several times, the first.
        body: the bytes as sent.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)

    def document(self) -> JsonValue:
        """The decoded body.

        Raises:
            NotJsonError: it is not JSON, or not UTF-8.
        """
        try:
            document: JsonValue = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            # Raised outside: the decoder's exception holds the whole body.
            document, broken = None, True
        else:
            broken = False
        if broken:
            raise NotJsonError("the body is not JSON")
        return document


def found_at(place: Place, delivery: Delivery, document: JsonValue) -> Found:
    """What is at one place; ABSENT when nothing is. `document` is the payload, or one event of it."""
    source = Source(body=place) if isinstance(place, str) else place
    if source.header is not None:
        return delivery.headers.get(source.header.lower(), ABSENT)
    if source.query is not None:
        return delivery.query.get(source.query, ABSENT)
    return value_at(document, source.body or "")


def first_text(places: Sequence[Place], delivery: Delivery, document: JsonValue) -> str | None:
    """The first scalar found at one of the places, as text; nulls, empty texts, tables and lists are passed over."""
    for place in places:
        found = found_at(place, delivery, document)
        if found is not ABSENT and found is not None and (text := scalar_text(found)):
            return text
    return None
