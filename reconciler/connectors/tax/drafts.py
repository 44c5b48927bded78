"""Taxes from an ERP that saves a draft to calculate them: saved, read, and removed again, whatever happens between.

A draft nobody removed would be taken for a real document. So its removal does not depend on whoever asked: it goes on
after the deadline, and the journal knows of every draft from before it is saved until it is surely gone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import structlog
from pydantic import JsonValue

from reconciler.connectors.record_port import RecordPort
from reconciler.connectors.tax.call import DRAFT_MARK, TaxDraft
from reconciler.connectors.tax.request import Asked
from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    ReconcilerError,
    ResponseNotUnderstoodError,
    StateError,
    SystemReadError,
    VendorFaultError,
    WrongQuoteError,
)
from reconciler.mapping.json_values import is_empty, scalar_text
from reconciler.model.taxes import OpenDraft, ReportedNote
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import label_of
from reconciler.ports.http.json_path import value_at
from reconciler.ports.http.messages import Reply
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request

T = TypeVar("T")

LONGEST_REMOVAL_S: Final = 10.0
"""Tries of the port together. What is not gone by then is left, and told."""
LONGEST_CLOSING_S: Final = 30.0
_MARK_BYTES: Final = 8
_MARK: Final = "reconciler-{}"
_log = structlog.get_logger("reconciler.taxes")


class DraftJournal(Protocol):
    """Remembers drafts beyond the life of a process. All raise StateError when they cannot."""

    async def begin(self, mark: str) -> None:
        """A draft with this mark is about to be saved."""
        ...

    async def saved(self, mark: str, draft: str) -> None:
        """It was, under this id."""
        ...

    async def ended(self, mark: str) -> None:
        """There is no such draft, or no more."""
        ...

    async def left(self, mark: str, draft: str | None) -> None:
        """It could not be removed: a person should know."""
        ...

    async def open(self) -> Sequence[OpenDraft]:
        """Those of this ERP that nobody can be working on any more."""
        ...


class NoJournal:
    """For one process that is trusted to live."""

    async def begin(self, mark: str) -> None:
        """Remember nothing."""

    async def saved(self, mark: str, draft: str) -> None:
        """Remember nothing."""

    async def ended(self, mark: str) -> None:
        """Remember nothing."""

    async def left(self, mark: str, draft: str | None) -> None:
        """Remember nothing."""

    async def open(self) -> Sequence[OpenDraft]:
        """None."""
        return ()


class Answered(Protocol):
    """Sends one request about a quote; a refusal of its customer or product becomes a WrongQuoteError."""

    async def __call__(
        self, request: Request, values: Mapping[str, Value], *, safe_to_repeat: bool = True
    ) -> Reply: ...


@dataclass(frozen=True, slots=True)
class _Saved:
    draft: str
    document: JsonValue


class Drafts:
    """The drafts of one ERP. `close` at the end waits until what was begun is removed."""

    def __init__(self, system: str, description: TaxDraft, port: RecordPort, journal: DraftJournal) -> None:
        self._system = system
        self._description = description
        self._port = port
        self._journal = journal
        self._running: set[asyncio.Task[Any]] = set()

    @staticmethod
    def new_mark() -> str:
        """A text that no other draft has."""
        return _MARK.format(secrets.token_hex(_MARK_BYTES))

    async def taxes(self, asked: Asked, mark: str, answered: Answered) -> tuple[JsonValue, tuple[ReportedNote, ...]]:
        """The document that holds the taxes, and a note where the draft is still there.

        Being cancelled breaks the reading off and not the removal.

        Args:
            mark: what the request was composed with as `draft.mark`.

        Raises:
            WrongQuoteError, SystemReadError: as `answered`.
            StateError: the journal cannot be written; nothing was saved.
        """
        saving = self._own(self._save(asked, mark, answered))
        try:
            saved = await asyncio.shield(saving)
        except asyncio.CancelledError:
            self._own(self._remove_when_saved(saving, mark))
            raise
        removed = False
        try:
            document = await self._read(saved, answered)
        finally:
            removed = await asyncio.shield(self._own(self._remove(mark, saved.draft)))
        return document, () if removed else (ReportedNote("draft_left", {"draft": saved.draft}),)

    def remove_left(self) -> None:
        """Begin to remove what earlier processes left; `close` waits for it."""
        self._own(self._remove_all_left())

    async def close(self) -> None:
        """Wait until every draft is removed or told, for a while."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + LONGEST_CLOSING_S
        while self._running and loop.time() < until_s:
            await asyncio.wait(self._running, timeout=until_s - loop.time())
        late = list(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _own(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, ReconcilerError):
            _log.error("draft_defect", error=type(error).__name__)

    async def _save(self, asked: Asked, mark: str, answered: Answered) -> _Saved:
        await self._journal.begin(mark)
        try:
            reply = await answered(asked.request, asked.values, safe_to_repeat=False)
        except (SystemReadError, WrongQuoteError) as error:
            if _refused(error):
                await self._noted(self._journal.ended(mark))
            else:
                self._own(self._search(mark, last=False))
            raise
        found = scalar_text(value_at(reply.document, self._description.id))
        if found is None or is_empty(found):
            self._own(self._search(mark, last=False))
            raise ResponseNotUnderstoodError(
                self._system,
                phrase("{request}: the answer does not say which draft was saved.", request=label_of(asked.request)),
            )
        await self._noted(self._journal.saved(mark, found))
        return _Saved(found, reply.document)

    async def _read(self, saved: _Saved, answered: Answered) -> JsonValue:
        if self._description.read is None:
            return saved.document
        return (await answered(self._description.read, _id_values(saved.draft))).document

    async def _remove_when_saved(self, saving: asyncio.Task[_Saved], mark: str) -> None:
        """What was to be saved when whoever asked went away. A failure to save it was taken care of there."""
        (result,) = await asyncio.gather(saving, return_exceptions=True)
        if isinstance(result, _Saved):
            await self._remove(mark, result.draft)

    async def _remove(self, mark: str, draft: str) -> bool:
        """Whether it is gone. The journal and the log are told where it is not."""
        try:
            async with asyncio.timeout(LONGEST_REMOVAL_S):
                await self._port.call(self._description.remove, _id_values(draft))
        except VendorFaultError as error:
            if error.vendor_code not in self._description.gone:
                return await self._left(mark, draft, error.message)
        except (SystemReadError, TimeoutError) as error:
            return await self._left(mark, draft, type(error).__name__)
        await self._noted(self._journal.ended(mark))
        return True

    async def _left(self, mark: str, draft: str | None, why: str) -> bool:
        _log.warning("draft_left", system=self._system, mark=mark, draft=draft, why=why)
        await self._noted(self._journal.left(mark, draft))
        return False

    async def _search(self, mark: str, *, last: bool) -> None:
        """Remove what was saved without an answer.

        Args:
            last: nothing can be on its way any more: what is not found now is not there.
        """
        if self._description.find is None:
            await self._left(mark, None, "nobody knows whether it was saved")
            return
        try:
            async with asyncio.timeout(LONGEST_REMOVAL_S):
                found = await self._found(mark)
        except (SystemReadError, TimeoutError) as error:
            await self._left(mark, None, type(error).__name__)
            return
        for draft in found:
            await self._remove(mark, draft)
        if last and not found:
            await self._noted(self._journal.ended(mark))

    async def _found(self, mark: str) -> list[str]:
        find = self._description.find
        if find is None:
            return []
        ids: list[str] = []
        async with aclosing(self._port.pages(find, {DRAFT_MARK: mark})) as pages:
            async for page in pages:
                found = (scalar_text(value_at(record, self._description.found)) for record in page.records)
                ids += [identity for identity in found if identity]
        return ids

    async def _remove_all_left(self) -> None:
        for each in await self._journal.open():
            if each.draft is None:
                await self._search(each.mark, last=True)
            elif await self._remove(each.mark, each.draft):
                _log.info("left_draft_removed", system=self._system, mark=each.mark, draft=each.draft)

    async def _noted(self, note: Coroutine[Any, Any, None]) -> None:
        """The draft matters more than what is written of it: an entry that stays is looked at again."""
        try:
            await note
        except StateError as error:
            _log.error("draft_not_noted", reason=error.message)


def _refused(error: ReconcilerError) -> bool:
    """Whether the ERP surely saved nothing: it answered so, or was never asked."""
    if isinstance(error, VendorFaultError):
        return not (error.vendor_code.startswith("5") and len(error.vendor_code) == 3)
    return isinstance(error, WrongQuoteError | CredentialsRefusedError | BlockedError)


def _id_values(draft: str) -> dict[str, Value]:
    number = int(draft) if draft.isascii() and draft.isdigit() else None
    return {"draft.id": draft, "draft.id.number": number}
