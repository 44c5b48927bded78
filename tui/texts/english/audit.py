"""What the trail says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "audit.none": "The trail is empty.",
    "audit.none_to_do": "Every decision, plan and write will be in it, with who and when.",
    "audit.not_verified": "Not verified in this session: V proves the whole trail.",
    "audit.verifying": "Reading the whole trail …",
    "audit.whole.one": "{count} entry, as it was written",
    "audit.whole.other": "{count} entries, all as they were written",
    "audit.broken.one": "{count} entry, NOT as it was written",
    "audit.broken.other": "{count} entries, NOT as they were written",
    "audit.head": "head {digest}",
    "audit.digest": "digest {digest}…",
    "audit.column.number": "No.",
    "audit.column.at": "When",
    "audit.column.person": "Who",
    "audit.column.act": "Act",
    "audit.column.subject": "Subject",
}
