"""What any listing of records tells a reader, whichever port reads it."""

from __future__ import annotations

from typing import Protocol

from reconciler.ports.http.settings import Paging, Stop


class RecordListing(Protocol):
    """The part of a listing that does not depend on how bytes move. Its meaning is that of `http.settings.Listing`."""

    @property
    def records(self) -> str:
        """Path of the list in the body of a page; "" when the body is the list."""
        ...

    @property
    def paging(self) -> Paging:
        """How pages follow one another."""
        ...

    @property
    def stop(self) -> Stop:
        """How pages end."""
        ...

    @property
    def confirm_empty_s(self) -> float | None:
        """Whether the port has made sure of an empty page; None when it has not."""
        ...

    @property
    def ceiling(self) -> int | None:
        """More records than this are never given; None when there is no such limit."""
        ...
