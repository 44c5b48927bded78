"""What a mapping says: where each canonical field is in a vendor record and how it is written there.

These are plain data, checked when they are made; a vendor description is turned into them by the connectors.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.mapping.composite import IdPath
from reconciler.mapping.path import Path
from reconciler.model.entities import FieldType

PROJECT_TIME_ZONE: Final = "America/Sao_Paulo"

_TEXTUAL = frozenset(
    {
        FieldType.TEXT,
        FieldType.CODE,
        FieldType.DOCUMENT,
        FieldType.REGISTRATION,
        FieldType.EMAIL,
        FieldType.DIGITS,
    }
)
_CODECS: Final[Mapping[FieldType, tuple[str, ...]]] = {
    **dict.fromkeys(_TEXTUAL, ("text",)),
    FieldType.DECIMAL: ("decimal", "decimal_comma", "fraction"),
    FieldType.BOOLEAN: ("boolean", "boolean_text", "boolean_sn"),
    FieldType.DATE: ("date", "timestamp", "parts", "unix"),
    FieldType.TIMESTAMP: ("timestamp", "parts", "unix"),
}
_DIRECTIVE = re.compile("%(.?)")
_DIRECTIVES = frozenset("dmYyHMSfz%")
"""Locale-free ones: `%b` or `%p` would read differently on another machine."""
_DAY_DIRECTIVES = (("d",), ("m",), ("Y", "y"))


class MappingPlanError(ValueError):
    """A mapping asks for something that cannot be: the message names the field and the reason."""


def default_codec(kind: FieldType) -> str:
    """The codec of a field whose description names none."""
    return _CODECS[kind][0]


def codecs_of(kind: FieldType) -> tuple[str, ...]:
    """Every codec a field of that type may have, the default first."""
    return _CODECS[kind]


@dataclass(frozen=True)
class FieldMapping:
    """Where one canonical field is, and how it is written there.

    Attributes:
        name: canonical field name.
        type: how its canonical form reads.
        paths: tried in order; the first value that is not empty counts. With `join` all that are not empty are joined
            with one space instead.
        codec: one of `codecs_of(type)`.
        format: strptime format of dates and timestamps, of `%d %m %Y %y %H %M %S %f %z` only; None reads ISO 8601.
        join: see `paths`.
        time_zone: IANA name, of instants written without an offset, and of the day of an instant.
        codes: vendor text to canonical value; looked up before the codec, exactly, without outer spaces. Booleans for
            BOOLEAN fields; for the others the canonical text (a decimal with a point, an ISO date).
        written_in: IANA name, of instants that are written without an offset while their day in `time_zone` counts. Of
            DATE fields with codec `timestamp` only; None: they are written in `time_zone`.
        false_is_empty: JSON false stands for an empty value, as Odoo writes it. Never of a BOOLEAN field.

    Raises:
        MappingPlanError: the parts do not go together.
    """

    name: str
    type: FieldType
    paths: tuple[Path, ...]
    codec: str
    format: str | None = None
    join: bool = False
    time_zone: str = PROJECT_TIME_ZONE
    codes: Mapping[str, str | bool] = field(default_factory=dict, hash=False)
    false_is_empty: bool = False
    written_in: str | None = None

    def __post_init__(self) -> None:
        if not self.paths:
            raise MappingPlanError(f"{self.name}: at least one path is needed")
        if self.codec not in _CODECS[self.type]:
            allowed = " or ".join(_CODECS[self.type])
            raise MappingPlanError(f"{self.name}: a {self.type} field is written as {allowed}, not {self.codec}")
        if self.format is not None:
            self._check_format(self.format)
        for code, value in self.codes.items():
            if isinstance(value, bool) is not (self.type is FieldType.BOOLEAN):
                wanted = "true or false" if self.type is FieldType.BOOLEAN else "a text"
                raise MappingPlanError(f"{self.name}: code {code!r} must stand for {wanted}")
        if self.written_in is not None and (self.type, self.codec) != (FieldType.DATE, "timestamp"):
            raise MappingPlanError(f"{self.name}: written_in is for the day of a timestamp; time_zone says it here")
        for zone in (self.time_zone, self.written_in or self.time_zone):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise MappingPlanError(f"{self.name}: {zone!r} is not an IANA time zone") from error

    def _check_format(self, text: str) -> None:
        if self.codec not in ("date", "timestamp"):
            raise MappingPlanError(f"{self.name}: codec {self.codec} takes no format")
        directives = _DIRECTIVE.findall(text)
        for directive in directives:
            if directive not in _DIRECTIVES:
                raise MappingPlanError(f"{self.name}: format directive %{directive} is not supported")
        if not all(any(part in directives for part in day) for day in _DAY_DIRECTIVES):
            raise MappingPlanError(f"{self.name}: format {text!r} must hold a day, a month and a year")
        if len(set(directives)) != len(directives):
            raise MappingPlanError(f"{self.name}: format {text!r} repeats a directive")


@dataclass(frozen=True)
class LinesMapping:
    """The lines inside a record.

    Attributes:
        entity: name of the line entity, such as `orders.lines`.
        path: the list of lines in the parent record; one object counts as a list of one.
        id: path of the line's own id in a line; None numbers the lines `<parent id>#<position from 0>`.
        fields: paths are relative to a line.
        key: fields of a line that identify it within its parent.
        only: path and the JSON scalar texts it may hold; lines with any other are not lines of goods (headings).
    """

    entity: str
    path: Path
    id: Path | None
    fields: tuple[FieldMapping, ...]
    key: tuple[str, ...]
    only: tuple[tuple[Path, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        _check_fields(self.entity, self.fields, self.key)


@dataclass(frozen=True)
class EntityMapping:
    """One canonical entity of one vendor.

    Attributes:
        entity: name, such as `customers`.
        id: path of the vendor's own key, or of its members.
        key: fields that together identify a record on both sides.
        fields: in the order of the staged columns.
        link: path of the other system's id, where the vendor keeps one.
        only: path and the JSON scalar texts it may hold; records with any other are not part of the entity.
        lines: the lines inside a record, if it has any.
    """

    entity: str
    id: IdPath
    key: tuple[str, ...]
    fields: tuple[FieldMapping, ...]
    link: Path | None = None
    only: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    lines: LinesMapping | None = None

    def __post_init__(self) -> None:
        _check_fields(self.entity, self.fields, self.key)

    @property
    def digest(self) -> str:
        """Changes whenever records would be staged differently."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def _check_fields(entity: str, fields: tuple[FieldMapping, ...], key: tuple[str, ...]) -> None:
    names = [mapped.name for mapped in fields]
    if len(set(names)) != len(names):
        raise MappingPlanError(f"{entity}: a field is mapped twice")
    if not key:
        raise MappingPlanError(f"{entity}: at least one key field is needed")
    for name in key:
        if name not in names:
            raise MappingPlanError(f"{entity}: key field {name!r} is not mapped")
