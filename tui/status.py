"""Status is a glyph, a word and a colour together: any one of them alone is enough to read it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from textual.content import Content

from tui.i18n import Texts
from tui.text import plain


class Tone(StrEnum):
    """What a colour says. The value is a Textual style."""

    NEUTRAL = ""
    MUTED = "$text-muted"
    INFORM = "$text-primary"
    GOOD = "$text-success"
    CAUTION = "$text-warning"
    BAD = "$text-error"


@dataclass(frozen=True, slots=True)
class Look:
    """How a status looks. `ascii` is one to three ASCII characters."""

    glyph: str
    ascii: str
    tone: Tone


class Status(StrEnum):
    """Everything that has a status on a screen. The word is the text `status.<value>`."""

    EQUAL = "equal"
    DIFFERS = "differs"
    ONLY_LEFT = "only_left"
    ONLY_RIGHT = "only_right"
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    DRIFTED = "drifted"
    OPEN = "open"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    VERIFIED = "verified"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    UNDONE = "undone"
    UNKNOWN = "unknown"
    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"
    HEALTHY = "healthy"
    LIMITED = "limited"
    DOWN = "down"
    NOT_ASKED = "not_asked"
    STALE = "stale"


LOOKS: Final[dict[Status, Look]] = {
    Status.EQUAL: Look("=", "=", Tone.MUTED),
    Status.DIFFERS: Look("≠", "!=", Tone.CAUTION),
    Status.ONLY_LEFT: Look("◁", "<", Tone.INFORM),
    Status.ONLY_RIGHT: Look("▷", ">", Tone.INFORM),
    Status.AMBIGUOUS: Look("?", "?", Tone.CAUTION),
    Status.DUPLICATE: Look("⧉", "##", Tone.CAUTION),
    Status.INVALID: Look("⊘", "/!", Tone.BAD),
    Status.DRIFTED: Look("≈", "~", Tone.CAUTION),
    Status.OPEN: Look("○", "o", Tone.CAUTION),
    Status.ACCEPTED: Look("◇", "=ok", Tone.MUTED),
    Status.CLOSED: Look("·", ".", Tone.MUTED),
    Status.PROPOSED: Look("◌", "p", Tone.INFORM),
    Status.APPROVED: Look("✓", "ok", Tone.GOOD),
    Status.REJECTED: Look("✗", "x", Tone.BAD),
    Status.PLANNED: Look("▤", "P", Tone.INFORM),
    Status.APPLYING: Look("…", "..", Tone.INFORM),
    Status.APPLIED: Look("●", "*", Tone.INFORM),
    Status.VERIFIED: Look("◉", "**", Tone.GOOD),
    Status.SUPERSEDED: Look("⤳", "~>", Tone.CAUTION),
    Status.REFUSED: Look("⊗", "(x)", Tone.BAD),
    Status.FAILED: Look("!", "!", Tone.BAD),
    Status.UNDONE: Look("↺", "<-", Tone.MUTED),
    Status.UNKNOWN: Look("‼", "!!", Tone.BAD),
    Status.RUNNING: Look("▶", "|>", Tone.INFORM),
    Status.COMPLETE: Look("✔", "OK", Tone.GOOD),
    Status.PARTIAL: Look("◐", "1/2", Tone.CAUTION),
    Status.INTERRUPTED: Look("■", "[]", Tone.BAD),
    Status.HEALTHY: Look("◆", "+", Tone.GOOD),
    Status.LIMITED: Look("▲", "^", Tone.CAUTION),
    Status.DOWN: Look("▼", "v", Tone.BAD),
    Status.NOT_ASKED: Look("-", "-", Tone.MUTED),
    Status.STALE: Look("◷", "(t)", Tone.CAUTION),
}
"""No two statuses share a glyph, so that a screen without colour and words can still be told apart."""


def glyph(status: Status, *, ascii_only: bool) -> str:
    """The sign of a status."""
    look = LOOKS[status]
    return look.ascii if ascii_only else look.glyph


def word(status: Status, texts: Texts) -> str:
    """The word of a status."""
    return texts(f"status.{status}")


def shown(status: Status, texts: Texts, *, ascii_only: bool) -> Content:
    """Glyph and word in the colour of the status."""
    return plain(f"{glyph(status, ascii_only=ascii_only)} {word(status, texts)}", LOOKS[status].tone)
