"""What types alone cannot say about the webhooks of a description. Pure; each problem names its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_listing, check_references, check_request
from reconciler.ports.http.json_path import is_path
from reconciler.ports.http.references import pieces_of
from reconciler.ports.webhook.settings import (
    MESSAGE_NAMES,
    HmacVerification,
    HmacWithIdVerification,
    KeyVerification,
    NoVerification,
    Place,
    RegisteredEvent,
    Registration,
    Source,
    StandardVerification,
    WebhookSettings,
)
from reconciler.toml_file import KeyPath, Problem, suggestion

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WEBHOOK_NAMES: Final = ("webhook.url", "webhook.secret", "webhook.entity")


def check_webhooks(
    settings: WebhookSettings, names: Names, credentials: Collection[str], path: KeyPath
) -> list[Problem]:
    """Problems of a `webhooks` table. Paths begin with `path`.

    Args:
        names: what requests of this system may refer to.
        credentials: names of the credentials that calls use.
    """
    return [
        *_secret_problems(settings, credentials, path),
        *_verification_problems(settings, (*path, "verification")),
        *_event_problems(settings, (*path, "events")),
        *([] if settings.ping is None else _place_problems(settings.ping.at, (*path, "ping", "at"))),
        *(
            []
            if settings.registration is None
            else _registration_problems(settings.registration, names, (*path, "registration"))
        ),
    ]


def _secret_problems(settings: WebhookSettings, credentials: Collection[str], path: KeyPath) -> Iterator[Problem]:
    for name in settings.secrets:
        if name in credentials:
            text = phrase("is a credential of calls already; a secret that only webhooks need has a name of its own")
            yield Problem((*path, "secrets", name), text, phrase("One that calls need too is named as signed_with."))
    if settings.signed_with is not None and settings.signed_with not in credentials:
        hint = suggestion(settings.signed_with, credentials)
        yield Problem(
            (*path, "signed_with"),
            phrase("names no credential of calls: {signed_with}", signed_with=settings.signed_with),
            hint,
        )
    verification = settings.verification
    registers = settings.registration is not None
    if isinstance(verification, KeyVerification):
        known = [*settings.secrets, *credentials]
        for position, place in enumerate(verification.places):
            where: KeyPath = (*path, "verification", "places", position)
            if place.secret is not None and place.secret not in known:
                hint = suggestion(place.secret, known)
                yield Problem((*where, "secret"), phrase("names no credential: {secret}", secret=place.secret), hint)
            elif place.secret is None and not (settings.proving or registers):
                yield Problem(
                    where,
                    phrase("has nothing to be compared with"),
                    phrase("List a credential under webhooks.secrets."),
                )
    elif not isinstance(verification, NoVerification) and not (settings.proving or registers):
        hint = phrase("List a credential under webhooks.secrets.")
        yield Problem((*path, "verification"), phrase("needs a secret, and none is listed"), hint)


def _verification_problems(settings: WebhookSettings, path: KeyPath) -> Iterator[Problem]:
    match settings.verification:
        case HmacVerification() as verification:
            yield from _header_problems(verification.header, (*path, "header"))
            yield from _message_problems(verification, settings.events.delivery_id, path)
        case HmacWithIdVerification(header=header):
            yield from _header_problems(header, (*path, "header"))
        case StandardVerification(header_prefix=prefix):
            yield from _header_problems(f"{prefix}id", (*path, "header_prefix"))
        case KeyVerification(places=places):
            for position, place in enumerate(places):
                yield from _place_problems(place, (*path, "places", position))
        case NoVerification():
            return


def _message_problems(verification: HmacVerification, delivery_id: Sequence[Place], path: KeyPath) -> Iterator[Problem]:
    place: KeyPath = (*path, "message")
    used = [piece.name for piece in pieces_of(verification.message) if piece.name is not None]
    for name in used:
        if name not in MESSAGE_NAMES:
            yield Problem(
                place, phrase("refers to {name}, which is not known here", name=name), suggestion(name, MESSAGE_NAMES)
            )
    if "body" not in used:
        yield Problem(place, phrase("never holds {{body}}: anybody could send another one with an old signature"))
    if ("timestamp" in used) != (verification.timestamp is not None):
        text = phrase("the timestamp must be declared, and be a part of what is signed, or neither")
        yield Problem(path, text, phrase("Anybody could write a new one if it is not signed."))
    if verification.timestamp is not None:
        yield from _header_problems(verification.timestamp.header, (*path, "timestamp", "header"))
    if "delivery_id" in used and not any(isinstance(each, Source) and each.body is None for each in delivery_id):
        yield Problem(place, phrase("refers to delivery_id, and webhooks.events.delivery_id names no header"))


def _event_problems(settings: WebhookSettings, path: KeyPath) -> Iterator[Problem]:
    events = settings.events
    for option in ("entity", "id", "action", "delivery_id"):
        for position, place in enumerate(getattr(events, option)):
            yield from _place_problems(place, (*path, option, position))
    if events.items:
        yield from _body_path_problems(events.items, (*path, "items"))


def _place_problems(place: Place, path: KeyPath) -> Iterator[Problem]:
    if isinstance(place, str):
        yield from _body_path_problems(place, path)
        return
    given = [each for each in (place.header, place.body, place.query) if each is not None]
    if len(given) != 1:
        yield Problem(path, phrase("give exactly one of header, body and query"))
    elif place.body is not None:
        yield from _body_path_problems(place.body, (*path, "body"))
    elif place.header is not None:
        yield from _header_problems(place.header, (*path, "header"))
    elif not place.query:
        yield Problem((*path, "query"), phrase("is empty"))


def _header_problems(name: str, path: KeyPath) -> Iterator[Problem]:
    if not _HEADER_NAME.fullmatch(name):
        yield Problem(path, phrase("is not the name of a header"))


def _body_path_problems(path_text: str, path: KeyPath) -> Iterator[Problem]:
    if not is_path(path_text):
        yield Problem(
            path, phrase("is not a path into the payload: names and positions with dots between, as in `data.0.id`")
        )


def _registration_problems(registration: Registration, names: Names, path: KeyPath) -> Iterator[Problem]:
    shared = {name for event in registration.events for name in event.values}
    own = names.and_also(*_WEBHOOK_NAMES, *(f"webhook.{name}" for name in sorted(shared)))
    yield from check_listing(registration.listing, names, (*path, "listing"))
    yield from check_request(registration.create, own, (*path, "create"))
    yield from check_request(registration.delete, own.and_also("id"), (*path, "delete"))
    yield from check_references(registration.query, own, (*path, "query"))
    for option in ("id", "url", "created", "active", "secret"):
        if text := getattr(registration, option):
            yield from _body_path_problems(text, (*path, option))
    for position, event in enumerate(registration.events):
        yield from _registered_event_problems(event, shared, (*path, "events", position))


def _registered_event_problems(event: RegisteredEvent, shared: set[str], path: KeyPath) -> Iterator[Problem]:
    missing = sorted(shared - event.values.keys())
    if missing:
        yield Problem((*path, "values"), phrase("lacks {missing}, which another event has", missing=", ".join(missing)))
