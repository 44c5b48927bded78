"""From a payload to hints: which records to read again. Values are never taken from it (trap 15)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from reconciler.ports.http.json_path import ABSENT, scalar_text, value_at
from reconciler.ports.webhook.delivery import Delivery, first_text, found_at
from reconciler.ports.webhook.settings import Events, Place, Source, StandardVerification, WebhookSettings

MAX_EVENTS: Final = 1_000
"""Events one delivery may hold. Vendors bundle up to some hundreds."""

_LONGEST_ID_CHARACTERS: Final = 200
_WILDCARD: Final = "*"


class PayloadNotUnderstoodError(ValueError):
    """The payload does not have the described form. The message names paths of the description, never a value."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may have changed.

    Attributes:
        entity: canonical.
        record_id: the vendor's own key, as text.
        action: `created`, `updated`, `deleted` or "" when nothing says it. Never relied on.
    """

    entity: str
    record_id: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one event of a delivery says.

    Attributes:
        identity: equal for repetitions of the same event.
        told: the vendor gave the identity. Otherwise it is a digest of the body: an equal one may be a repetition, or
            the same thing that happened once more.
        hints: empty when the event is about nothing we know.
    """

    identity: str
    told: bool
    hints: tuple[Hint, ...]


def is_ping(settings: WebhookSettings, delivery: Delivery, document: JsonValue) -> bool:
    """Whether the delivery only asks whether somebody is there."""
    if settings.ping is None:
        return False
    found = found_at(settings.ping.at, delivery, document)
    if found is ABSENT or found is None:
        return False
    return not settings.ping.equals or scalar_text(found) in settings.ping.equals


def notices_of(settings: WebhookSettings, delivery: Delivery, document: JsonValue) -> list[Notice]:
    """What a genuine delivery says, event by event.

    Raises:
        PayloadNotUnderstoodError: there is no list of events where one should be, more than `MAX_EVENTS` events, or no
            event says what it is about.
    """
    events = settings.events
    found = list(_events(events, document))
    named = [(event, first_text(events.entity, delivery, event)) for event in found]
    if found and not any(name for _, name in named):
        raise PayloadNotUnderstoodError(f"nothing is found at {_shown(events.entity)}")
    places = _delivery_id_places(settings)
    notices: list[Notice] = []
    for event, name in named:
        told = first_text(places, delivery, event)
        if told is not None and len(found) > 1 and not _is_in_event(places, event):
            # One id for the whole bundle: every event of it would else be a repetition of the first.
            told = f"{told}#{len(notices)}"
        identity = _identity(told) if told else f"body:{hashlib.sha256(delivery.body).hexdigest()}#{len(notices)}"
        notices.append(Notice(identity, told is not None, tuple(_hints(events, delivery, event, name))))
    return notices


def _events(events: Events, document: JsonValue) -> Sequence[JsonValue]:
    if events.items is None:
        return [document]
    found = value_at(document, events.items)
    if not isinstance(found, list):
        raise PayloadNotUnderstoodError(f"there is no list at {events.items or 'the top'}")
    if len(found) > MAX_EVENTS:
        raise PayloadNotUnderstoodError(f"there are more than {MAX_EVENTS} events")
    return found


def _hints(events: Events, delivery: Delivery, event: JsonValue, name: str | None) -> Iterator[Hint]:
    entity = None if name is None else translated(events.entities, name)
    if entity is None:
        return
    code = first_text(events.action, delivery, event)
    action = "" if code is None else translated(events.actions, code) or ""
    for record_id in _ids(events.id, delivery, event):
        yield Hint(entity, record_id, action)


def _ids(places: Sequence[Place], delivery: Delivery, event: JsonValue) -> list[str]:
    for place in places:
        found = found_at(place, delivery, event)
        candidates = found if isinstance(found, list) else [None if found is ABSENT else found]
        ids = [text for candidate in candidates[:MAX_EVENTS] if (text := _id_text(candidate))]
        if ids:
            return list(dict.fromkeys(ids))
    return []


def _id_text(value: JsonValue) -> str | None:
    """An id as records carry it; None for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if text and len(text) <= _LONGEST_ID_CHARACTERS and text.isprintable() else None


def translated(codes: Mapping[str, str], code: str) -> str | None:
    """What a code stands for: by its exact name, or by the longest beginning that is listed with `*` after it."""
    if code in codes:
        return codes[code]
    beginnings = [name for name in codes if name.endswith(_WILDCARD) and code.startswith(name[:-1])]
    return codes[max(beginnings, key=len)] if beginnings else None


def _delivery_id_places(settings: WebhookSettings) -> list[Place]:
    if isinstance(settings.verification, StandardVerification):
        return [Source(header=f"{settings.verification.header_prefix}id")]
    return settings.events.delivery_id


def _is_in_event(places: Sequence[Place], event: JsonValue) -> bool:
    nowhere = Delivery("", "", {}, {}, b"")
    return first_text(places, nowhere, event) is not None


def _identity(told: str) -> str:
    if len(told) <= _LONGEST_ID_CHARACTERS and told.isprintable():
        return f"id:{told}"
    return f"id:{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _shown(places: Sequence[Place]) -> str:
    return " or ".join(
        place if isinstance(place, str) else place.body or place.header or place.query or "?" for place in places
    )
