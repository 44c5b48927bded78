"""What types alone cannot say about the requests of a description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from reconciler.connectors.description import Changed, Description, EntitySource
from reconciler.connectors.details import RECORD, Detail
from reconciler.connectors.moments import MOMENT_FORMATS, format_problem, zone_problem
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import SINCE, Names, check_http, check_listing, check_path, check_request, names_of
from reconciler.ports.http.format_checks import format_problems
from reconciler.ports.http.references import pieces_of, whole_reference
from reconciler.ports.http.settings import CursorPaging, KeysetPaging, LinkPaging, Listing, Outcome, Request
from reconciler.toml_file import KeyPath, Problem, suggestion

_ROOTS: Final = "page|since|id|key|record|credentials|session|context|customer|ship_to|line"
_ALMOST_WHOLE: Final = re.compile(rf"\$(?:{_ROOTS})\.\w")
_ALMOST_IN_TEXT: Final = re.compile(rf"\{{\s*(?:{_ROOTS})\b[^{{}}]*\}}")


def http_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `http`, `probe`, the listings of every entity, and credentials that nothing uses."""
    vendor, http = description.vendor, description.http
    if http is None:
        return
    names = Names.of(http, vendor.credentials, vendor.context)
    yield from check_http(http, names, ("http",))
    yield from format_problems(http, description, names)
    yield from _address_problems(http.base_url)
    for position, outcome in enumerate(http.outcomes):
        yield from _outcome_problems(("http", "outcomes", position), outcome)
    if description.probe is not None:
        yield from check_request(description.probe, names, ("probe",))
    for name, source in description.entities.items():
        yield from _entity_problems(("entities", name), source, names)
    yield from text_problems(description)


def _address_problems(address: str | None) -> Iterator[Problem]:
    if address is None:
        return
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Problem(("http", "base_url"), phrase("must be an address that begins with https:// or http://"))


def _outcome_problems(place: KeyPath, outcome: Outcome) -> Iterator[Problem]:
    if not (outcome.status or outcome.headers or outcome.contains or outcome.at):
        yield Problem(place, phrase("has no condition, and would decide about every answer"))
    for status in outcome.status:
        if not 100 <= status <= 599:
            yield Problem((*place, "status"), phrase("{status} is not an HTTP status", status=status))
    for option in ("at", "wait_path", "message", "code"):
        yield from check_path((*place, option), getattr(outcome, option))


def _own_outcome_problems(place: KeyPath, request: Request) -> Iterator[Problem]:
    for position, outcome in enumerate(request.outcomes):
        yield from _outcome_problems((*place, "outcomes", position), outcome)


def _entity_problems(place: KeyPath, source: EntitySource, names: Names) -> Iterator[Problem]:
    if isinstance(source.full, Listing):
        yield from _listing_problems((*place, "full"), source.full, names)
    if source.changed is not None:
        yield from _changed_problems((*place, "changed"), source.changed, names)
    for option, listing, given in (
        ("keys", source.keys, ()),
        ("one", source.one, _id_names(source)),
        ("find", source.find, ("key",)),
    ):
        if listing is not None:
            yield from _listing_problems((*place, option), listing, names, *given)
    for position, detail in enumerate(source.details):
        yield from _detail_problems((*place, "details", position), detail, names)


def _id_names(source: EntitySource) -> tuple[str, ...]:
    if isinstance(source.id, str):
        return ("id", "id.number")
    return ("id", *(f"id.{position}" for position in range(len(source.id))))


def _detail_problems(place: KeyPath, detail: Detail, names: Names) -> Iterator[Problem]:
    yield from check_request(detail.request, names.and_also(RECORD), (*place, "request"))
    yield from _own_outcome_problems((*place, "request"), detail.request)
    if not any(name.startswith(f"{RECORD}.") for name in names_of(detail.request)):
        yield Problem(
            (*place, "request"), phrase("never uses record.*, and would give the same detail for every record")
        )
    yield from check_path((*place, "answer"), detail.answer)


def _changed_problems(place: KeyPath, changed: Changed, names: Names) -> Iterator[Problem]:
    problem = format_problem(changed.format)
    if problem is not None:
        yield Problem((*place, "format"), problem, suggestion(changed.format, MOMENT_FORMATS))
    if changed.time_zone is not None and (problem := zone_problem(changed.time_zone)) is not None:
        yield Problem((*place, "time_zone"), problem)
    yield from _listing_problems((*place, "listing"), changed.listing, names, *SINCE)


def _listing_problems(place: KeyPath, listing: Listing, names: Names, *given: str) -> Iterator[Problem]:
    """Problems of a listing; `given` are names of its own, of which it must use at least one."""
    yield from check_listing(listing, names.and_also(*given), place)
    yield from _own_outcome_problems((*place, "request"), listing.request)
    used = {name for _, text in _texts(listing.request.model_dump(), ()) for name in _names_in(text)}
    if given and used.isdisjoint(given):
        yield Problem(
            (*place, "request"),
            phrase("never uses {given}, and would give the same records for every one", given=given[0]),
        )
    yield from check_path((*place, "records"), listing.records)
    for position, path in enumerate(listing.required):
        yield from check_path((*place, "required", position), path)
    for option in ("more", "total", "pages"):
        yield from check_path((*place, "stop", option), getattr(listing.stop, option))
    match listing.paging:
        case KeysetPaging(after=path):
            yield from check_path((*place, "paging", "after"), path)
        case CursorPaging(cursor=path):
            yield from check_path((*place, "paging", "cursor"), path)
        case LinkPaging(link=str() as path):
            yield from check_path((*place, "paging", "link"), path)
        case _:
            pass


def text_problems(description: Description) -> Iterator[Problem]:
    """Names in any text of the description that look like references and are none, and declared names nothing uses."""
    used: set[str] = set()
    for place, text in _texts(description.model_dump(exclude={"vendor"}), ()):
        used.update(_names_in(text))
        literal = "" if whole_reference(text) else "".join(piece.literal for piece in pieces_of(text))
        if _ALMOST_WHOLE.search(literal):
            yield Problem(
                place,
                phrase("holds a `$` name inside a text"),
                phrase("Inside a text a reference is written {{name}}."),
            )
        elif found := _ALMOST_IN_TEXT.search(literal):
            yield Problem(
                place,
                phrase("`{found}` is not a reference", found=found[0]),
                phrase("A reference is written {{name}}, without spaces."),
            )
    for call in (description.taxes, *description.other_taxes.values()):
        if call is not None:
            used -= {f"context.{name}" for name in (*call.context, *call.optional_context)}
    for root, declared in (
        ("credentials", description.vendor.credentials),
        ("context", description.vendor.context),
    ):
        used_here = {name.split(".")[1] for name in used if name.startswith(f"{root}.")}
        if used_here <= declared.keys():
            # Otherwise a reference is misspelt, which is told already.
            for name in declared.keys() - used_here:
                yield Problem(("vendor", root, name), phrase("is asked for, and no request uses it"))


def _texts(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _texts(entry, (*path, name))
    elif isinstance(value, list):
        for position, entry in enumerate(value):
            yield from _texts(entry, (*path, position))


def _names_in(text: str) -> Iterator[str]:
    whole = whole_reference(text)
    if whole is not None:
        yield whole
        return
    for piece in pieces_of(text):
        if piece.name is not None:
            yield piece.name
