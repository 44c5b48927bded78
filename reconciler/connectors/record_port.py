"""What a connector needs of a port, whichever way its bytes move."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from reconciler.ports.http.messages import Reply
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request
from reconciler.ports.listing import RecordListing

NO_VALUES: Final[Mapping[str, Value]] = MappingProxyType({})


class RecordPort(Protocol):
    """One system, open. Calls may run concurrently."""

    def pages(self, listing: RecordListing, values: Mapping[str, Value] = NO_VALUES) -> AsyncGenerator[RecordPage]:
        """Read a listing of the kind this port reads. Close the generator to stop early.

        The body of a page is a UTF-8 JSON document in which the records are found at the listing's `records`, whatever
        travelled. The first page comes even when it is empty.

        Raises:
            SystemReadError: the system could not be read.
        """
        ...

    async def call(
        self, request: Request, values: Mapping[str, Value] = NO_VALUES, *, safe_to_repeat: bool = True
    ) -> Reply:
        """Send one request and return the answer that was accepted.

        Raises:
            SystemReadError: the system did not answer, or not with what was asked for.
            ConfigurationError: a reference has no value, or this port knows no single requests.
        """
        ...

    def forget_answers(self) -> None:
        """Ask the system itself from now on, also what it answered a moment ago."""
        ...
