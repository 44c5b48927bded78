"""One canonical value as the assignments that write it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import orjson

from reconciler.connectors.write.current_record import FieldValue, Unreadable, canonical
from reconciler.connectors.write.description import WriteField
from reconciler.mapping.encode import EncodeError, encode
from reconciler.mapping.fragment import Assignment
from reconciler.mapping.json_values import is_empty
from reconciler.mapping.path import Path, parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import Form, read_value
from reconciler.model.entities import FieldType
from reconciler.phrases.phrase import phrase

_CPF_DIGITS = 11
AS_READ = WriteField()


class CompositionError(ValueError):
    """A value cannot be written. The message names field and reason, never a value."""


@dataclass(frozen=True, slots=True)
class FieldWriting:
    """How one field is written in one kind of call.

    Attributes:
        mapped: how it is read.
        options: where writing differs from that.
        slots: for the paths in `options`.
    """

    mapped: FieldMapping
    options: WriteField
    slots: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.options.codes is not None:
            object.__setattr__(self, "mapped", replace(self.mapped, codes=self.options.codes))

    def own_paths(self) -> tuple[Path, ...]:
        """Where the description says it is written; empty where that is the path it is read from."""
        named = self.options.path
        return tuple(parse_path(path, self.slots) for path in ([named] if isinstance(named, str) else named or []))

    def assignments(self, value: FieldValue, present: object) -> Iterator[Assignment]:
        """What writes the value, but for the places it goes to only if nothing else does.

        Args:
            present: the record or line as it is now; an empty object for a new one. Of several paths a field is read
                from, the one that counts now is written.

        Raises:
            CompositionError: the value cannot be written.
        """
        value = self._checked(value)
        if value is None:
            yield from (Assignment(path, self.options.empty) for path in self._paths_to_empty(present))
        elif self._is_cpf(value):
            yield from self._cpf(value)
        elif own := self.own_paths():
            yield Assignment(own[0], self._written(replace(self.mapped, paths=own[:1], join=False), value))
        elif self.mapped.join and len(self.mapped.paths) > 1:
            written = self._written(self.mapped, value)
            parts = written if isinstance(written, tuple) else (written,)
            yield from (Assignment(path, part) for path, part in zip(self.mapped.paths, parts, strict=True))
        else:
            filled = [path for path in self.mapped.paths if not is_empty(path.read(present))]
            yield Assignment((filled or self.mapped.paths)[0], self._written(self.mapped, value))

    def further_assignments(self, value: FieldValue) -> Iterator[Assignment]:
        """Where the value goes as well, unless another field is written there. Raises as `assignments`."""
        value = self._checked(value)
        own = self.own_paths()
        if value is not None and len(own) > 1 and not self._is_cpf(value):
            written = self._written(replace(self.mapped, paths=own[:1], join=False), value)
            yield from (Assignment(path, written) for path in own[1:])

    def _checked(self, value: FieldValue) -> Form | None:
        value = canonical(self.mapped, value)
        name, longest = self.mapped.name, self.options.max_characters
        if isinstance(value, Unreadable):
            raise CompositionError(phrase("{name}: the value is not a {type} value", name=name, type=self.mapped.type))
        if isinstance(value, str) and longest is not None and len(value) > longest:
            raise CompositionError(
                phrase("{name}: the system takes at most {longest} characters", name=name, longest=longest)
            )
        codes = self.mapped.codes
        if codes and value is not None and not any(self._stands_for(code, value) for code in codes):
            raise CompositionError(phrase("{name}: the value has no code in the system", name=name))
        return value

    def _stands_for(self, code: str, value: Form) -> bool:
        reading = read_value(self.mapped, code)
        return value == (reading.value if self.mapped.type is FieldType.TEXT else reading.form)

    def _is_cpf(self, value: Form) -> bool:
        return self.options.cpf_path is not None and isinstance(value, str) and len(value) == _CPF_DIGITS

    def _cpf(self, value: Form) -> Iterator[Assignment]:
        yield Assignment(parse_path(self.options.cpf_path or "", self.slots), self._written(self.mapped, value))
        for path, also in self.options.cpf_values.items():
            yield Assignment(parse_path(path, self.slots), also)

    def _paths_to_empty(self, present: object) -> tuple[Path, ...]:
        """All that hold something: the next of several paths would show through an emptied one."""
        filled = tuple(path for path in self.mapped.paths if not is_empty(path.read(present)))
        return self.own_paths()[:1] or filled or self.mapped.paths[:1]

    def _written(self, mapped: FieldMapping, value: Form) -> object:
        try:
            if self.options.send == "text" and mapped.type is FieldType.DECIMAL:
                # A JSON number is a double to most readers, and Tryton would keep its binary digits.
                number = value / 100 if isinstance(value, Decimal) and mapped.codec == "fraction" else value
                return str(encode(replace(mapped, codec="decimal_comma", codes={}), number)).replace(",", ".")
            written = encode(mapped, value)
        except EncodeError as error:
            raise CompositionError(str(error)) from error
        return _spelled(mapped.name, written) if self.options.send == "json" else written


def _spelled(name: str, written: object) -> object:
    """A code as the JSON value it spells; what is no text is one already."""
    if not isinstance(written, str):
        return written
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:
        raise CompositionError(phrase("{name}: its code does not spell a JSON value", name=name)) from None
