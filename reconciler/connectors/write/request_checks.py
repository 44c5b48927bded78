"""Mistakes in one request of a write, in the signs of its success and in values that are sent along. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from reconciler.connectors.write.description import Sign
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_path, check_references, names_of
from reconciler.ports.http.references import pieces_of, whole_reference
from reconciler.ports.http.settings import Request
from reconciler.toml_file import KeyPath, Problem

_CONTEXT = "context."


def whole_references(
    place: KeyPath, values: Mapping[str, JsonValue], known: Sequence[str], names: Names
) -> Iterator[Problem]:
    """Problems of values that are composed before the request is: a reference is all of a value there, or no part.

    Args:
        known: names they may refer to beside `context.*`.
        names: those of the whole description.
    """
    in_context = (name for name in names.known if name.startswith(_CONTEXT))
    yield from check_references(values, Names((*known, *in_context)), place)
    for path, text in _texts(values, place):
        if whole_reference(text) is None and any(piece.name is not None for piece in pieces_of(text)):
            yield Problem(
                path, phrase("holds a reference inside a text; here it must be the whole value, as in $current.name")
            )


def never_uses(request: Request, names: Sequence[str], place: KeyPath, consequence: str) -> Iterator[Problem]:
    """A request that refers to none of these names."""
    used = names_of(request)
    if not any(name == each or name.startswith(f"{each}.") for name in used for each in names):
        yield Problem(place, phrase("never uses {name}, and {consequence}", name=names[0], consequence=consequence))


def reading_verb(request: Request, place: KeyPath) -> Iterator[Problem]:
    """A write that is a GET."""
    if request.method == "GET":
        yield Problem(place, phrase("a GET writes nothing"), phrase('Add method = "POST", or what the system wants.'))


def sign_problems(place: KeyPath, signs: Sequence[Sign]) -> Iterator[Problem]:
    """Signs of success that nothing can show."""
    for position, sign in enumerate(signs):
        at = (*place, "done", position)
        yield from check_path((*at, "at"), sign.at)
        yield from check_path((*at, "message"), sign.message)
        if sign.missing and sign.equals:
            yield Problem(
                (*at, "missing"), phrase("nothing cannot equal something: missing and equals exclude each other")
            )


def _texts(value: JsonValue | Mapping[str, JsonValue], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for name, each in value.items():
                yield from _texts(each, (*path, name))
        case list():
            for position, each in enumerate(value):
                yield from _texts(each, (*path, position))
        case _:
            return
