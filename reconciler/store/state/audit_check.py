"""Whether a stored trail is the one that was written: rows in, breaks out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from reconciler.model.correction_records import NO_DIGEST, TrailBreak, TrailCheck
from reconciler.store.state.audit_chain import digest_after

_MOST_BREAKS: Final = 100
"""Kept of those found: after the first the trail is known to be false, the others only show how far."""


class TrailReader:
    """Reads the rows of a trail in the order of their numbers."""

    def __init__(self, noted: str | None) -> None:
        """Begin.

        Args:
            noted: a digest that must be in the trail, or None.
        """
        self._noted = noted
        self._noted_seen = noted is None or noted == NO_DIGEST
        self._number = 0
        self._digest = NO_DIGEST
        self._entries = 0
        self._breaks: list[TrailBreak] = []

    def read(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take the next rows: number, at, person, act, subject, details, previous, digest."""
        expected, last, noted, entries = self._number, self._digest, self._noted, 0
        for number, at, person, act, subject, details, previous, digest in rows:
            entries += 1
            if number < 1:
                self._break(number, f"entry {number} stands before the first.")
                continue
            expected += 1
            if number != expected:
                self._break(expected, f"{_entries(expected, number - 1)} gone.")
                expected = number
            if previous != last:
                self._break(number, f"entry {number} does not follow the entry that stands before it.")
            if not _is_untouched(previous, number, at, person, act, subject, details, digest):
                self._break(number, f"entry {number} was changed.")
            if digest == noted:
                self._noted_seen = True
            last = digest
        self._number, self._digest = expected, last
        self._entries += entries

    def finish(self, heads: Sequence[Sequence[Any]]) -> TrailCheck:
        """Compare with the head that is kept apart.

        Args:
            heads: number and digest; one pair, if nobody touched it.
        """
        if len(heads) != 1:
            self._break(self._number, "the head of the trail is gone.")
        else:
            self._check_head(*heads[0])
        if not self._noted_seen:
            self._break(0, "no entry has the digest that was noted: the trail was shortened or chained anew.")
        return TrailCheck(self._entries, str(self._digest), tuple(self._breaks))

    def _check_head(self, number: int, digest: str) -> None:
        if number > self._number:
            self._break(self._number + 1, f"{_entries(self._number + 1, number)} gone from the end.")
        elif number < self._number:
            self._break(number + 1, f"{_entries(number + 1, self._number)} not written by the reconciler.")
        elif digest != self._digest:
            self._break(number, "the last entry is not the one the head of the trail names.")

    def _break(self, number: int, problem: str) -> None:
        if len(self._breaks) < _MOST_BREAKS:
            self._breaks.append(TrailBreak(number, problem))


def _is_untouched(
    previous: Any, number: Any, at: Any, person: Any, act: Any, subject: Any, details: Any, digest: Any
) -> bool:
    try:
        return bool(digest_after(previous, number, at, person, act, subject, details) == digest)
    except (TypeError, ValueError, AttributeError):
        # SQLite takes anything anywhere: bytes where text belongs, or halves of characters.
        return False


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
