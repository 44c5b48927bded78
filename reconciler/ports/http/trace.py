"""Lets a caller see every exchange of its own calls, as it goes over the wire: logins, repetitions and failures too.

What is seen holds secrets and personal data; whoever looks redacts it before it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reconciler.ports.http.messages import Answer, Outgoing


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request that was sent, and what came of it.

    Attributes:
        answer: None where no whole answer came.
        failure: code of why none came, else "".
        began_at: aware, our clock.
    """

    outgoing: Outgoing
    answer: Answer | None
    failure: str
    began_at: datetime
    elapsed_ms: int


Watch = Callable[[Exchanged], None]
_watch: Final[ContextVar[Watch | None]] = ContextVar("watch of HTTP exchanges", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Show `watch` every exchange of what is called inside the block, tasks that are begun there included."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def watch_of_this_task() -> Watch | None:
    """Who is shown the exchanges of the task that runs now, or None."""
    return _watch.get()
