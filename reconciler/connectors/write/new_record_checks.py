"""Mistakes in how a new record is composed, looked up for and finished. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.connectors.write.description import Gathered, LookUp, NextCall, WriteSource
from reconciler.connectors.write.request_checks import (
    never_uses,
    reading_verb,
    sign_problems,
    whole_references,
)
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_path, check_request
from reconciler.toml_file import KeyPath, Problem, suggestion

_MARK = "idempotency"
_NEW_IDS = ("id", "id.number")


def new_record_problems(place: KeyPath, write: WriteSource, names: Names) -> Iterator[Problem]:
    """Mistakes in `create` beside its own request, and in what `lines` says of new ones.

    Args:
        place: of `write`, which has a `create`.
    """
    create, lines = write.create, write.lines
    if create is None:
        return
    at: KeyPath = (*place, "create")
    yield from _look_up_problems((*at, "look_ups"), create.look_ups, names, ())
    found = tuple(_names_found(create.look_ups))
    yield from whole_references((*at, "defaults"), create.defaults, (*found, _MARK), names)
    if lines is not None:
        yield from _look_up_problems((*place, "lines", "look_ups"), lines.look_ups, names, found)
        of_lines = (*found, *_names_found(lines.look_ups), "position", _MARK)
        yield from whole_references((*place, "lines", "values"), lines.values, of_lines, names)
        values = (*found, _MARK)
        yield from whole_references((*place, "lines", "record_values"), lines.record_values, values, names)
    yield from _finishing_problems((*at, "finishing"), write, names)


def next_call_problems(
    place: KeyPath, calls: Sequence[NextCall], names: Names, ids: Sequence[str]
) -> Iterator[Problem]:
    """Mistakes in calls that follow another one about the same record."""
    for position, call in enumerate(calls):
        at = (*place, position)
        request = (*at, "request")
        yield from check_request(call.request, names, request)
        yield from never_uses(call.request, ids, request, phrase("would not say which record"))
        yield from reading_verb(call.request, request)
        yield from sign_problems(at, call.done)


def _look_up_problems(
    place: KeyPath, look_ups: Sequence[LookUp], names: Names, before: Sequence[str]
) -> Iterator[Problem]:
    known = tuple(before)
    for position, each in enumerate(look_ups):
        at = (*place, position)
        yield from check_request(each.request, names.and_also("new", *known), (*at, "request"))
        yield from check_path((*at, "records"), each.records)
        for name, path in each.take.items():
            for text in (path.list, path.each) if isinstance(path, Gathered) else (path,):
                yield from check_path((*at, "take", name), text)
        for name in each.optional:
            if name not in each.take:
                yield Problem((*at, "optional"), phrase("{name} is not taken", name=name), suggestion(name, each.take))
        known = (*known, *_names_found([each]))


def _finishing_problems(place: KeyPath, write: WriteSource, names: Names) -> Iterator[Problem]:
    create = write.create
    finishing = None if create is None else create.finishing
    if create is None or finishing is None:
        return
    begun: KeyPath = (*place, "begun", "request")
    yield from check_request(finishing.begun.request, names.and_also(_MARK), begun)
    yield from never_uses(finishing.begun.request, (_MARK,), begun, phrase("would find what others began"))
    yield from next_call_problems((*place, "calls"), finishing.calls, names.and_also(*_NEW_IDS), _NEW_IDS)
    given_up: KeyPath = (*place, "give_up")
    yield from check_request(finishing.give_up, names.and_also(*_NEW_IDS), given_up)
    yield from never_uses(finishing.give_up, _NEW_IDS, given_up, phrase("would not say which record"))
    yield from reading_verb(finishing.give_up, given_up)
    if finishing.give_up.method == "DELETE":
        yield Problem((*given_up, "method"), phrase("giving up must not delete"), phrase("Nothing is ever deleted."))
    if not any(value == f"${_MARK}" for value in create.defaults.values()):
        hint = phrase('Put "$idempotency" at a field of the record under defaults, and ask for it in begun.')
        yield Problem(place, phrase("nothing of the new record says by which create it was begun"), hint)


def _names_found(look_ups: Sequence[LookUp]) -> Iterator[str]:
    yield from (f"found.{name}" for each in look_ups for name in each.take)
