"""What a comparison says: findings, their kinds and causes (DESIGN.md 6 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from reconciler.model.entities import FieldType


class FindingKind(StrEnum):
    """What kind of mismatch a finding is."""

    DIFFERS = "differs"
    ONLY_IN_CRM = "only_in_crm"
    ONLY_IN_ERP = "only_in_erp"
    DUPLICATE = "duplicate"
    """Several records of one side share a key, or the same link. They are reported, never paired by position."""
    AMBIGUOUS = "ambiguous"
    """Key and external id point to different records of the other side."""
    INVALID = "invalid"
    """A record or one of its fields could not be mapped; the explanation says why."""
    TAX_DRIFT = "tax_drift"


class FindingStatus(StrEnum):
    """Life of a finding. It is opened by a run and closed by a run; a person may accept it in between."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    CLOSED = "closed"


class Cause(StrEnum):
    """Why two values differ, where it can be explained. The order is the order in which they are tried."""

    MISSING_VALUE = "missing_value"
    """One side is empty."""
    CASE = "case"
    """Equal but for upper and lower case."""
    SPACING = "spacing"
    """Equal but for spaces (and case)."""
    ACCENTS = "accents"
    """Equal but for accents and compatibility characters (and case and spaces)."""
    MOJIBAKE = "mojibake"
    """One value is the other's UTF-8 bytes read as Windows-1252 or Latin-1, or has lost characters to `?`/U+FFFD."""
    PUNCTUATION = "punctuation"
    """Equal letters and digits; other characters differ."""
    TRUNCATED = "truncated"
    """One value is the beginning of the other; the explanation gives the length."""
    LEADING_ZEROS = "leading_zeros"
    """Equal but for zeros at the left."""
    SIGN = "sign"
    """Same amount with the opposite sign."""
    SCALE = "scale"
    """One amount is the other times a power of ten."""
    ROUNDING = "rounding"
    """One amount is the other rounded to fewer decimals."""
    TIME_ZONE = "time_zone"
    """Same moment or day, shifted by whole hours (a day, for dates) as a time zone error does."""
    DAY_MONTH_SWAPPED = "day_month_swapped"
    SWAPPED_FIELDS = "swapped_fields"
    """Two fields of the record hold each other's value."""
    UNMAPPED_CODE = "unmapped_code"
    """One value is a code without a translation in the description."""
    STALE_SIDE = "stale_side"
    """Nothing else explains it and one side was changed more than a day after the other."""
    UNEXPLAINED = "unexplained"

    SIMILAR_RECORD = "similar_record"
    """Only on one side, and a similar record without a partner exists on the other (a suggestion, never a match)."""
    NOT_FOUND = "not_found"
    """Only on one side, and nothing similar was found."""
    SAME_KEY = "same_key"
    """Duplicate: several records of a side share the key."""
    SAME_LINK = "same_link"
    """Duplicate: several records of a side link to the same record of the other."""
    KEY_AND_LINK_DISAGREE = "key_and_link_disagree"
    """Ambiguous: the key says one record, the external id another."""
    INVALID_DOCUMENT = "invalid_document"
    """CNPJ or CPF with wrong check digits or shape."""
    MISSING_KEY = "missing_key"
    """A key field is empty."""
    UNREADABLE_VALUE = "unreadable_value"
    """The value does not have the described form."""
    UNREADABLE_RECORD = "unreadable_record"
    """The record is not an object, or carries no id."""

    TAXES_NOT_CARRIED = "taxes_not_carried"
    """Tax drift, as the following: the quote carries no taxes at all."""
    TAX_MISSING = "tax_missing"
    """The quote lacks a tax that the ERP charges."""
    TAX_NOT_DUE = "tax_not_due"
    """The quote carries a tax that the ERP does not charge."""
    STALE_RATE = "stale_rate"
    """The ERP's rate is another one than the quote's."""
    OTHER_BASE = "other_base"
    """The ERP calculates with the same rate on another base."""
    OTHER_CHARGE = "other_charge"
    """Quote and ERP disagree whether the price holds the tax."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of one entity is compared.

    Attributes:
        name: canonical field name.
        type: how its canonical form reads.
        exact: TEXT only. True compares values as written (NFC); False compares folded forms.
        tolerance: DECIMAL only, absolute, inclusive: a difference of exactly this much is not a finding. Text of a
            decimal number, or None for exact equality.
        compared: False when the field is staged for keys and explanations only.
        owner: "crm", "erp" or None: which side is right. Carried to findings; never decides a match.
        known_codes: CODE only: the canonical values that codes translate to; a value outside is an `unmapped_code`.
            None when the field has no code list.
    """

    name: str
    type: FieldType
    exact: bool = True
    tolerance: str | None = None
    compared: bool = True
    owner: str | None = None
    known_codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class EntityRule:
    """How one entity is matched and compared.

    Attributes:
        entity: name, such as `customers` or `orders.lines`.
        fields: every staged field, key fields included, in order.
        key: field names that together identify a record; for lines the parent's key fields, prefixed `parent_`, first.
    """

    entity: str
    fields: tuple[FieldRule, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SideValue:
    """One side of a finding: the record's own id, the typed value as text, and the value as the system sent it."""

    id: str | None = None
    value: str | None = None
    raw: str | None = None


class FindingRow(NamedTuple):
    """One mismatch as a comparison gives it and the store takes it. Every leaf is a plain SQLite/PostgreSQL value.

    `id` is the fingerprint of (entity, stored key, field, kind): the first 16 hexadecimal digits of the MD5 of the
    four joined with U+001F, with "" for no field; `key` is the key as shown. `detail` is a JSON object of texts for
    the explanation sentence (`{"length": "40"}`). Pages and positions say where the raw records are in the snapshots
    the comparison read; null where there is none. For duplicates `crm_id` and `erp_id` hold every id, joined with ", "
    (at most 20, then "…").
    """

    id: str
    entity: str
    key: str
    kind: str
    field: str | None
    cause: str
    detail: str
    owner: str | None
    crm_id: str | None
    crm_value: str | None
    crm_page: int | None
    crm_position: int | None
    erp_id: str | None
    erp_value: str | None
    erp_page: int | None
    erp_position: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A long-lived mismatch (DESIGN.md 6). Times are aware, UTC. `accepted_until` is inclusive."""

    id: str
    entity: str
    key: str
    kind: FindingKind
    field: str | None
    crm: SideValue
    erp: SideValue
    cause: Cause
    detail: dict[str, str]
    status: FindingStatus
    owner: str | None
    first_seen: datetime
    last_seen: datetime
    occurrences: int
    accepted_reason: str | None = None
    accepted_by: str | None = None
    accepted_until: date | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Findings of one entity that one decision covers now.

    Attributes:
        at: when it was decided; aware, UTC.
        until: the last day it holds; None for as long as the values stay.
    """

    entity: str
    findings: int
    person: str
    reason: str
    at: datetime
    until: date | None


@dataclass(frozen=True, slots=True)
class SideCount:
    """The accounting of one side of one entity: `pulled = matched + only_here + duplicate + rejected` (DESIGN.md 7)."""

    pulled: int
    matched: int
    only_here: int
    duplicate: int
    rejected: int

    @property
    def balances(self) -> bool:
        """Whether every pulled record is accounted for, exactly once."""
        return self.pulled == self.matched + self.only_here + self.duplicate + self.rejected


@dataclass(frozen=True, slots=True)
class EntityCount:
    """Accounting and findings of one entity in one run."""

    crm: SideCount
    erp: SideCount
    compared_fields: int
    new: int = 0
    open: int = 0
    closed: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_cause: dict[str, int] = field(default_factory=dict)
