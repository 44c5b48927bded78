"""A port that lets somebody else act just before a write is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

from reconciler.connectors.record_port import NO_VALUES, RecordPort
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request
from reconciler.ports.listing import RecordListing


def _nothing() -> None:
    """Nobody else is at work."""


@dataclass
class SomebodyElse:
    """Passes everything on to `port`; `acts` is called once, before the next write."""

    port: RecordPort
    acts: Callable[[], None] = field(default=_nothing)

    def pages(self, listing: RecordListing, values: Mapping[str, Value] = NO_VALUES) -> AsyncGenerator[RecordPage]:
        return self.port.pages(listing, values)

    async def call(
        self, request: Request, values: Mapping[str, Value] = NO_VALUES, *, safe_to_repeat: bool = True
    ) -> Reply:
        if not safe_to_repeat:
            acts, self.acts = self.acts, _nothing
            acts()
        return await self.port.call(request, values, safe_to_repeat=safe_to_repeat)

    def forget_answers(self) -> None:
        self.port.forget_answers()
