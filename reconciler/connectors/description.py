"""A vendor description, typed. One strict TOML file per vendor; no code, no templates (DESIGN.md, decision 1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.model.entities import FieldType
from reconciler.ports.http.settings import HttpSettings, Listing, Request, Strict

Certainty = Literal["live", "sandbox", "documentation", "third-party notes"]
"""How far a part of a description was verified, best first. `sandbox` is our own stand-in, never the vendor."""

CodecName = Literal[
    "text", "decimal", "decimal_comma", "boolean", "boolean_text", "boolean_sn", "date", "timestamp", "parts"
]


class FieldSource(Strict):
    """Where a canonical field is in a vendor record, and how it is written there.

    Attributes:
        path: a path, or several of which the first non-empty one counts; with `format` for a split date and time, the
            two parts in order are joined with a space instead (`join = true`).
        codec: how the value is written; None takes the codec that goes with the field's type (text, decimal, boolean,
            date or timestamp in ISO 8601).
            decimal: JSON number or text with a point. decimal_comma: "1.234,56". boolean: JSON true/false or 1/0.
            boolean_text: "true"/"false". boolean_sn: "S"/"N". date, timestamp: `format`, or ISO 8601.
            parts: an object with year, month, day[, hour, minute, second, microsecond] (Tryton).
        format: strptime format for date and timestamp.
        time_zone: IANA name, for instants written without an offset; None takes the project's time zone.
        codes: vendor code to canonical value, used in both directions. A code that is not listed is kept and reported
            as `unmapped_code` when it makes a difference.
        type: needed for a field that is not canonical.
    """

    path: str | list[str]
    codec: CodecName | None = None
    format: str | None = None
    join: bool = False
    time_zone: str | None = None
    codes: dict[str, str | bool] = Field(default={})
    type: FieldType | None = None


FieldEntry = str | FieldSource
"""In TOML a plain string is short for `{ path = "…" }`."""


class Changed(Strict):
    """How changed records are asked for.

    Attributes:
        listing: the request, with references to `since`.
        format: how `{since}` is written, see `moments.MOMENT_FORMATS`.
        time_zone: IANA name, for formats without an offset; None takes the project's time zone.
        overlap_s: seconds taken off the last mark, for stamps taken at the start of a transaction.
    """

    listing: Listing
    format: str = "iso"
    time_zone: str | None = None
    overlap_s: Annotated[int, Field(ge=0)] = 120


class Lines(Strict):
    """The lines inside a document record: where they are, and their fields."""

    path: str
    id: str | None = None
    fields: dict[str, FieldEntry]


class EntitySource(Strict):
    """How one canonical entity is read from a vendor.

    Attributes:
        verified: how far, and `note` against what.
        id: path of the vendor's own key of a record.
        full: the listing of all records.
        changed: the listing of records changed since a moment, or None: then every pull is full.
        keys: a light listing of ids only, to see deletions; None uses `full`.
        one: a listing that gives the record with `{id}` (a list of one or none), used before a finding is reported.
        find: a listing that gives the records with `{key}` (single-field keys only).
        only: record filters, path to wanted text of the JSON scalar: other records are not part of the entity
            (superseded quote revisions).
        link: path of the other system's id in this record, if it is kept.
        slots: for lists of named values, path of the list to the attribute that names an element, so that
            `OtherProperties[contact_x].DecimalValue` finds the element whose `FieldKey` is `contact_x`.
    """

    verified: Certainty
    note: str = ""
    id: str
    full: Listing
    changed: Changed | None = None
    keys: Listing | None = None
    one: Listing | None = None
    find: Listing | None = None
    only: dict[str, str] = Field(default={})
    link: str | None = None
    slots: dict[str, str] = Field(default={})
    fields: dict[str, FieldEntry]
    lines: Lines | None = None


class Vendor(Strict):
    """Head of a description."""

    name: str
    title: str
    roles: Annotated[list[Literal["crm", "erp"]], Field(min_length=1)]
    ports: list[Literal["webhook", "rest", "soap", "files"]] = Field(default=["rest"])
    documentation: str = ""
    credentials: dict[str, str] = Field(default={}, description="credential name to what it is, for `init`")
    context: dict[str, str] = Field(default={}, description="context name to what it is")


class Description(Strict):
    """A whole description file."""

    vendor: Vendor
    http: HttpSettings
    probe: Request | None = Field(default=None, description="a cheap call that proves the credentials, for `check`")
    entities: dict[str, EntitySource]
