"""The two systems as corrections are written to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.wire import writer_to
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue, Lines
from reconciler.connectors.write.result import Accepted, WriteResult
from reconciler.connectors.write.writable import Writable
from reconciler.corrections.ports import Call, RecordWrites, Values, WriteRules
from reconciler.errors import NotWritableError
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

_WHY: Final = "the system exchanges files, which are not written record by record"
_NO_LINES: Final[Lines] = {}


def described_targets(acting: Acting) -> dict[Side, WriteRules]:
    """What both systems take, as their descriptions say: nobody is asked, and no credential is needed."""
    return {
        side: ReadOnlyTarget(side)
        if description.http is None
        else Writable(side.value, description, acting.mappings(side), acting.workspace.project.system(side).context)
        for side, description in acting.descriptions.items()
    }


@asynccontextmanager
async def open_targets(acting: Acting) -> AsyncIterator[dict[Side, RecordWrites]]:
    """Connect to both systems to read and write records; sessions are opened by the first call.

    Raises:
        ConfigurationError: an address, a credential or a context value is missing.
    """
    workspace = acting.workspace
    async with AsyncExitStack() as stack:
        targets: dict[Side, RecordWrites] = {}
        for side, description in acting.descriptions.items():
            if description.http is None:
                targets[side] = ReadOnlyTarget(side)
                continue
            writer = writer_to(workspace.project, side, description, workspace.state, acting.mappings(side))
            targets[side] = await stack.enter_async_context(writer)
        yield targets


class ReadOnlyTarget:
    """A system of which no single record is read or written: a `RecordWrites` that refuses everything."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def can_create(self, entity: str) -> bool:
        return False

    def can_deactivate(self, entity: str) -> bool:
        return False

    def leaves(self, entity: str) -> bool:
        return False

    def deactivation_problem(self, entity: str, record: CurrentRecord) -> str | None:
        return _WHY

    def problem(self, entity: str, call: Call, field: str, value: FieldValue = None) -> str | None:
        return _WHY

    def line_problem(self, entity: str, field: str) -> str | None:
        return _WHY

    async def read(self, entity: str, identity: str) -> CurrentRecord | None:
        raise self._refused(entity, identity)

    async def look_up(self, entity: str, record: Values) -> str | None:
        raise self._refused(entity, None)

    async def update(
        self,
        entity: str,
        identity: str,
        changes: Values,
        expected: Values,
        *,
        lines: Lines = _NO_LINES,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        raise self._refused(entity, identity)

    async def deactivate(
        self, entity: str, identity: str, expected: Values, *, accepted: Accepted | None = None
    ) -> WriteResult:
        raise self._refused(entity, identity)

    async def create(
        self,
        entity: str,
        record: Values,
        lines: Sequence[Values] = (),
        *,
        idempotency: str | None = None,
        accepted: Accepted | None = None,
    ) -> WriteResult:
        raise self._refused(entity, None)

    def _refused(self, entity: str, identity: str | None) -> NotWritableError:
        return NotWritableError(self._side.value, entity, identity, phrase("{why}; nothing was sent", why=_WHY))
