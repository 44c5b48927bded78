"""Finds what a system wants to be told of a new record and no field holds: ids of others, defaults, taxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.write.description import Gathered, LookUp
from reconciler.connectors.write.fields import CompositionError
from reconciler.connectors.write.plan import Found, Values, WritePlan
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import names_of
from reconciler.ports.http.json_path import ABSENT, value_at
from reconciler.ports.http.references import Value

_FOUND = "found."
_NEW = "new."


async def look_up_all(
    port: RecordPort, plan: WritePlan, values: Values, lines: Sequence[Values], known: Mapping[str, JsonValue]
) -> Found:
    """Make every look-up of a new record and of its lines, one after the other: each may need what was found before.

    Args:
        known: what is known beside what is found.

    Raises:
        CompositionError: the record cannot be composed, lacks what a look-up asks with, or the system has not exactly
            one record of what is asked for.
        SystemReadError: the system could not be read.
    """
    create, writing = plan.write.create, plan.write.lines
    found: dict[str, JsonValue] = {}
    described = [] if create is None else create.look_ups
    # An answer of a minute ago may lack what was added since.
    port.forget_answers()
    await _follow(port, described, plan.new_record(values, lines).record, found)
    of_lines: list[Mapping[str, JsonValue]] = []
    for position, line in enumerate(lines, 1):
        of_line = dict(found)
        if writing is not None:
            await _follow(port, writing.look_ups, plan.new_line(line, position), of_line)
        of_lines.append(of_line)
    return Found({**found, **known}, of_lines)


async def _follow(
    port: RecordPort, look_ups: Iterable[LookUp], new: Mapping[str, object], found: dict[str, JsonValue]
) -> None:
    for each in look_ups:
        values: dict[str, Value] = {"new": cast("JsonValue", dict(new)), **found}
        _check_known(each, values)
        reply = await port.call(each.request, values)
        answer = None if reply.empty else reply.document
        found |= _taken(each, answer)


def _check_known(look_up: LookUp, values: Mapping[str, Value]) -> None:
    """Nothing is asked without what it is asked by: an empty filter would let through everything."""
    for name in sorted(names_of(look_up.request)):
        if name.startswith(_NEW) and value_at(cast("JsonValue", values["new"]), name.removeprefix(_NEW)) is ABSENT:
            raise CompositionError(
                phrase("{about}: nothing is given to look it up in the system", about=_about(look_up))
            )


def _taken(look_up: LookUp, answer: JsonValue) -> dict[str, JsonValue]:
    place = answer
    if look_up.records is not None:
        listed = value_at(answer, look_up.records)
        if not isinstance(listed, list) or len(listed) != 1:
            count = len(listed) if isinstance(listed, list) else 0
            raise CompositionError(
                phrase(
                    "{about}: the system has {count} records of that, and needs one",
                    about=_about(look_up),
                    count=count or "no",
                )
            )
        place = listed[0]
    taken = {}
    for name, path in look_up.take.items():
        value = _gathered(place, path) if isinstance(path, Gathered) else value_at(place, path)
        if value is ABSENT or value in (None, "", []):
            if name not in look_up.optional:
                raise CompositionError(
                    phrase("{about}: the system names no {name} for it", about=_about(look_up), name=name)
                )
            value = None
        taken[f"{_FOUND}{name}"] = value
    return taken


def _gathered(place: JsonValue, described: Gathered) -> JsonValue:
    """The values in the elements of a list; None where it is none, or an element lacks its value."""
    listed = value_at(place, described.list)
    if not isinstance(listed, list):
        return None
    values = [value_at(each, described.each) for each in listed]
    if any(value is ABSENT or value is None for value in values):
        return None
    return cast("list[JsonValue]", values)


def _about(look_up: LookUp) -> str:
    return ", ".join(look_up.about)
