"""Names of the columns of a staged snapshot: the one agreement between mapping, comparison and snapshots.

A staged table has one row per record that was read, and these columns:

| column | type | meaning |
|---|---|---|
| `_id` | text, null only if rejected | the side's own key of the record |
| `_key` | text, null only if rejected | canonical forms of the key fields, joined with `KEY_SEPARATOR` |
| `_link` | text, null | id of the other side's record, where this side keeps one |
| `_parent` | text, null | `_id` of the parent record, for lines |
| `_page`, `_position` | int32 | where the raw record is: page, position in it from 0 (lines: the parent's) |
| `_rejected` | text, null | JSON `{"field","cause","reason","value"}` of a record that cannot be used |
| `_invalid` | text, null | JSON `{field: {"cause","reason","value"}}` of fields that could not be read |
| `value.<field>` | text | TEXT fields only: the value as written, NFC, null when blank |
| `form.<field>` | by type | canonical comparison form: text, Decimal(28, 10), boolean, date, or datetime[us, UTC] |

The fields of a rejected record are null, and so is a field that could not be read.
`_id` is unique in a finished snapshot. `_key` is not: duplicates are the comparison's to report.
"""

from __future__ import annotations

from typing import Final

from reconciler.model.entities import FieldType

ID: Final = "_id"
KEY: Final = "_key"
LINK: Final = "_link"
PARENT: Final = "_parent"
PAGE: Final = "_page"
POSITION: Final = "_position"
REJECTED: Final = "_rejected"
INVALID: Final = "_invalid"
FIXED_COLUMNS: Final = (ID, KEY, LINK, PARENT, PAGE, POSITION, REJECTED, INVALID)

KEY_SEPARATOR: Final = "\x1f"
"""Between the parts of a composite key. Control characters never survive mapping, so it cannot occur in a part."""

DECIMAL_PRECISION: Final = 28
DECIMAL_SCALE: Final = 10
MAX_TEXT_CHARACTERS: Final = 65_536
"""A longer text value makes its field invalid."""

PARENT_PREFIX: Final = "parent_"


def value_column(field: str) -> str:
    """Column of the value as written. TEXT fields only."""
    return f"value.{field}"


def form_column(field: str) -> str:
    """Column of the canonical comparison form."""
    return f"form.{field}"


def has_value_column(kind: FieldType) -> bool:
    """Whether fields of this type keep the value as written beside the form."""
    return kind is FieldType.TEXT


def shown_key(key: str) -> str:
    """A stored key as people read it: parts joined by `|`."""
    return key.replace(KEY_SEPARATOR, "|")
