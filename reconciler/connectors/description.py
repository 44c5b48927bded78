"""A vendor description, typed. One strict TOML file per vendor; no code, no templates (DESIGN.md, decision 1)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from reconciler.connectors.certainty import Certainty as Certainty
from reconciler.connectors.details import Detail
from reconciler.connectors.tax.call import TaxCall
from reconciler.connectors.write.description import WriteSource
from reconciler.model.entities import FieldType
from reconciler.model.taxes import TaxKindName
from reconciler.ports.files.settings import FileListing, FileSettings
from reconciler.ports.http.settings import HttpSettings, Listing, Request, Strict
from reconciler.ports.webhook.settings import WebhookSettings

CodecName = Literal[
    "text",
    "decimal",
    "decimal_comma",
    "fraction",
    "boolean",
    "boolean_text",
    "boolean_sn",
    "date",
    "timestamp",
    "parts",
    "unix",
]


class FieldSource(Strict):
    """Where a canonical field is in a vendor record, and how it is written there.

    Attributes:
        path: a path, or several of which the first non-empty one counts; with `format` for a split date and time, the
            two parts in order are joined with a space instead (`join = true`).
        codec: how the value is written; None takes the codec that goes with the field's type (text, decimal, boolean,
            date or timestamp in ISO 8601).
            decimal: JSON number or text with a point. decimal_comma: "1.234,56". fraction: a percentage written as a
            share of one, 0.075 for 7.5. boolean: JSON true/false or 1/0.
            boolean_text: "true"/"false". boolean_sn: "S"/"N". date, timestamp: `format`, or ISO 8601.
            parts: an object with year, month, day[, hour, minute, second, microsecond] (Tryton). unix: seconds since
            1970 (Dolibarr).
        format: strptime format for date and timestamp.
        time_zone: IANA name, for instants written without an offset; None takes the project's time zone.
        written_in: IANA name, for a date that is the day of an instant: the zone it is written in, when that is not the
            one whose day counts (Odoo writes UTC).
        codes: vendor code to canonical value, used in both directions. A code that is not listed is kept and reported
            as `unmapped_code` when it makes a difference.
        type: needed for a field that is not canonical.
    """

    path: str | list[str]
    codec: CodecName | None = None
    format: str | None = None
    join: bool = False
    time_zone: str | None = None
    written_in: str | None = None
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


class LineTax(Strict):
    """Where a line of a quote carries one kind of tax.

    Attributes:
        amount: in the currency of the quote.
        rate: a percentage; with `codec = "fraction"` where the CRM keeps a share of one.
        in_price: a boolean: whether the price holds the tax.
    """

    amount: FieldEntry
    rate: FieldEntry | None = None
    base: FieldEntry | None = None
    in_price: FieldEntry | None = None


LINE_TAX_TYPES: Final = {
    "rate": FieldType.DECIMAL,
    "base": FieldType.DECIMAL,
    "amount": FieldType.DECIMAL,
    "in_price": FieldType.BOOLEAN,
}
"""Types of the members of `LineTax`."""


class Lines(Strict):
    """The lines inside a document record: where they are, and their fields.

    Attributes:
        only: as of an entity: other lines are no lines of goods (headings and notes among them).
        taxes: of quotes only, by kind of tax: where a line carries it.
    """

    path: str
    id: str | None = None
    only: dict[str, str | list[str]] = Field(default={})
    fields: dict[str, FieldEntry]
    taxes: dict[TaxKindName, LineTax] = Field(default={})


def _kind_of_listing(value: object) -> str:
    """Files are found by a pattern and have a format; everything else is asked for by a request."""
    if isinstance(value, dict):
        return "FileListing" if value.keys() & {"pattern", "format"} else "Listing"
    return type(value).__name__


AnyListing = Annotated[
    Annotated[Listing, Tag("Listing")] | Annotated[FileListing, Tag("FileListing")], Discriminator(_kind_of_listing)
]
"""A listing that is asked for, or one that arrives as files. A mistake is told of the kind that was meant."""


class EntitySource(Strict):
    """How one canonical entity is read from a vendor.

    Attributes:
        verified: how far, and `note` against what.
        id: path of the vendor's own key of a record, or several paths where it is made of several members. Then
            `{id}` is all of them with `|` between, and `{id.0}`, `{id.1}` ... are the members.
        full: the listing of all records. Of a system that exchanges files it is the only one there is.
        changed: the listing of records changed since a moment, or None: then every pull is full.
        keys: a light listing of ids only, to see deletions; None uses `full`.
        one: a listing that gives the record with `{id}` (a list of one or none), used before a finding is reported.
        find: a listing that gives the records with `{key}` (single-field keys only).
        details: further requests for each record, made in this order, where listings give summaries.
        only: record filters, path to the wanted text of the JSON scalar, or to several of which one must be there:
            other records are not part of the entity (superseded quote revisions). One that comes as changed and is no
            longer part of it leaves the snapshot, so `changed` should let records through that stopped belonging.
        link: path of the other system's id in this record, if it is kept.
        false_is_empty: JSON false stands for an empty value, in every field that is not a boolean (Odoo).
        slots: for lists of named values, path of the list to the attribute that names an element, so that
            `OtherProperties[contact_x].DecimalValue` finds the element whose `FieldKey` is `contact_x`.
        write: how the entity is written, or None: then it is only read.
    """

    verified: Certainty
    note: str = ""
    id: str | Annotated[list[str], Field(min_length=2)]
    full: AnyListing
    changed: Changed | None = None
    keys: Listing | None = None
    one: Listing | None = None
    find: Listing | None = None
    details: list[Detail] = Field(default=[])
    only: dict[str, str | Annotated[list[str], Field(min_length=1)]] = Field(default={})
    link: str | None = None
    false_is_empty: bool = False
    slots: dict[str, str] = Field(default={})
    fields: dict[str, FieldEntry]
    lines: Lines | None = None
    write: WriteSource | None = None


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
    """A whole description file. How the system is reached is told by exactly one of `http` and `files`."""

    vendor: Vendor
    http: HttpSettings | None = None
    files: FileSettings | None = None
    probe: Request | None = Field(default=None, description="a cheap call that proves the credentials, for `check`")
    entities: dict[str, EntitySource]
    webhooks: WebhookSettings | None = None
    taxes: TaxCall | None = None
    other_taxes: dict[str, TaxCall] = Field(
        default={}, description="further tax calls by name, one of which a project may choose instead of `taxes`"
    )

    @property
    def default_address(self) -> str | None:
        """Where the system is when the project does not say."""
        port = self.http or self.files
        return None if port is None else port.base_url
