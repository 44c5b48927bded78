"""What was done in this session, each with the command that does the same; for learning, scripts and reports."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MOST_ENTRIES: Final = 500


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that was done.

    Attributes:
        what: a sentence.
        command: the command that does the same, or None.
    """

    at: datetime
    what: str
    command: str | None = None


class ActivityLog:
    """The latest activities, oldest first; older ones are forgotten.

    Attributes:
        on_added: told of each new one.
    """

    def __init__(self) -> None:
        self._entries: deque[Activity] = deque(maxlen=MOST_ENTRIES)
        self.on_added: Callable[[Activity], None] | None = None

    def add(self, activity: Activity) -> None:
        """Keep one."""
        self._entries.append(activity)
        if self.on_added is not None:
            self.on_added(activity)

    def __iter__(self) -> Iterator[Activity]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
