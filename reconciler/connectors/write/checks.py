"""What types alone cannot say about the writes of a description: requests, references, guards. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.connectors.description import Description, EntitySource
from reconciler.connectors.write.description import Companions, WriteSource
from reconciler.connectors.write.field_checks import field_problems, unsaid_lists
from reconciler.connectors.write.new_record_checks import new_record_problems, next_call_problems
from reconciler.connectors.write.request_checks import (
    never_uses,
    reading_verb,
    sign_problems,
    whole_references,
)
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names, check_path, check_references, check_request, names_of
from reconciler.ports.http.settings import Request
from reconciler.toml_file import KeyPath, Problem


def write_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `write` of every entity. What is told names paths and options of the description only."""
    if description.http is None:
        return
    names = Names.of(description.http, description.vendor.credentials, description.vendor.context)
    for name, source in description.entities.items():
        if source.write is None:
            continue
        place: KeyPath = ("entities", name, "write")
        yield from _Requests(place, source, source.write, names).problems()
        in_fields = list(field_problems(place, name, source, source.write))
        yield from in_fields
        if not in_fields:
            # With a path in doubt, the rest would only repeat the same mistake.
            yield from unsaid_lists(place, source, source.write)


@dataclass(frozen=True, slots=True)
class _Requests:
    """The requests of one entity's writes."""

    place: KeyPath
    source: EntitySource
    write: WriteSource
    names: Names

    def problems(self) -> Iterator[Problem]:
        yield from self._reading()
        yield from self._guard()
        yield from self._update()
        yield from self._create()
        yield from self._deactivate()

    def _ids(self) -> tuple[str, ...]:
        if isinstance(self.source.id, str):
            return ("id", "id.number")
        return ("id", *(f"id.{position}" for position in range(len(self.source.id))))

    def _current(self) -> tuple[str, ...]:
        return tuple(f"current.{name}" for name in self.write.current)

    def _about_record(self) -> tuple[str, ...]:
        """Names that requests about a record that is there may refer to."""
        return (*self._ids(), *self._current(), *(["guard"] if self.write.guard else []))

    def _reading(self) -> Iterator[Problem]:
        reading = self.write.read
        if reading is not None:
            place = (*self.place, "read", "request")
            yield from check_request(reading.request, self.names.and_also(*self._ids()), place)
            yield from never_uses(reading.request, self._ids(), place, phrase("would read the same record every time"))
        elif self.source.one is None and (self.write.update or self.write.deactivate or self.write.create):
            hint = phrase("Add the listing `one` to the entity, or `read` to its writes.")
            yield Problem(
                self.place, phrase("nothing says how one record is read, before and after it is written"), hint
            )

    def _guard(self) -> Iterator[Problem]:
        guard = self.write.guard
        if guard is None:
            return
        place = (*self.place, "guard")
        for name in guard.table:
            known = Names((*self._ids(), *self._current()))
            yield from check_references(name, known, (*place, "table", name))
        if guard.table and guard.at is not None:
            yield Problem(place, phrase("has both at and table, and can be only one of them"))
        elif not guard.table and guard.at is None:
            if guard.kind == "stamp":
                yield Problem(
                    place,
                    phrase("does not say where the stamp is"),
                    phrase('Add at = "…", the path of it in a record.'),
                )
            elif self.write.read is None:
                yield Problem(place, phrase("the ETag header comes with an answer to `read`, which is not described"))

    def _update(self) -> Iterator[Problem]:
        update = self.write.update
        if update is None:
            return
        place = (*self.place, "update")
        request = (*place, "request")
        names = self.names.and_also(*self._about_record(), "changes", "record")
        yield from check_request(update.request, names, request)
        yield from never_uses(update.request, self._ids(), request, phrase("would not say which record"))
        yield from never_uses(update.request, ("changes", "record"), request, phrase("would change nothing"))
        yield from self._guarded(update.request, request)
        yield from reading_verb(update.request, request)
        yield from sign_problems(place, update.done)
        yield from self._companions(place, update.companions, (*self._ids(), *self._current()))

    def _create(self) -> Iterator[Problem]:
        create = self.write.create
        if create is None:
            return
        place = (*self.place, "create")
        request = (*place, "request")
        yield from check_request(create.request, self.names.and_also("record", "idempotency"), request)
        yield from never_uses(create.request, ("record",), request, phrase("would add nothing"))
        yield from reading_verb(create.request, request)
        yield from sign_problems(place, create.done)
        yield from check_path((*place, "id"), create.id)
        yield from self._companions(place, create.companions, ())
        yield from new_record_problems(self.place, self.write, self.names)
        if self.source.find is None and "idempotency" not in names_of(create.request):
            hint = phrase("Add the listing `find`, or send $idempotency where the system recognises it.")
            yield Problem(
                place, phrase("a lost answer would lead to a second record: nothing finds the first one"), hint
            )

    def _deactivate(self) -> Iterator[Problem]:
        deactivate = self.write.deactivate
        if deactivate is None:
            return
        place = (*self.place, "deactivate")
        request = (*place, "request")
        yield from check_request(deactivate.request, self.names.and_also(*self._about_record()), request)
        yield from never_uses(deactivate.request, self._ids(), request, phrase("would not say which record"))
        yield from self._guarded(deactivate.request, request)
        yield from reading_verb(deactivate.request, request)
        yield from sign_problems(place, deactivate.done)
        calls = self.names.and_also(*self._ids(), *self._current())
        yield from next_call_problems((*place, "calls"), deactivate.calls, calls, self._ids())
        if deactivate.request.method == "DELETE":
            yield Problem(
                (*request, "method"), phrase("deactivating must not delete"), phrase("Nothing is ever deleted.")
            )

    def _guarded(self, request: Request, place: KeyPath) -> Iterator[Problem]:
        if self.write.guard is not None:
            yield from never_uses(
                request, ("guard",), place, phrase("would overwrite what somebody else changed meanwhile")
            )

    def _companions(self, place: KeyPath, companions: Sequence[Companions], known: Sequence[str]) -> Iterator[Problem]:
        for position, each in enumerate(companions):
            yield from whole_references((*place, "companions", position, "values"), each.values, known, self.names)
