"""A run that is started on a screen: carried out in a thread of its own, watched from here, stopped on request.

Reading, mapping and comparing take the processor for longer than a frame. On the loop of the screen every page of
records would be a stall.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message
from textual.timer import Timer

from reconciler.app.workspace import open_workspace
from reconciler.model.entities import Side
from tui.action import Action
from tui.status import Status, word

if TYPE_CHECKING:
    from tui.app import ReconcilerApp

_SHOWN_EVERY_S: Final = 0.2
_COMPARE: Final = "compare"
_START: Final = ("runs.start", "runs.start_full")
_CANCEL: Final = "runs.cancel"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes:
        what: `crm`, `erp` or `compare`.
        records: read so far; 0 for a comparison.
        total: as far as the system tells.
    """

    what: str
    entity: str
    records: int = 0
    total: int | None = None
    done: bool = False


@dataclass(slots=True)
class RunProgress:
    """Told by the thread of the run, looked at by the screen. Each step is replaced whole: no lock is needed."""

    monotonic_s: Callable[[], float] = monotonic
    began_s: float = field(init=False)
    warnings: list[str] = field(default_factory=list)
    _steps: dict[tuple[str, str], Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began_s = self.monotonic_s()

    @property
    def steps(self) -> list[Step]:
        """In the order they began."""
        return list(self._steps.values())

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return self.monotonic_s() - self.began_s

    def pulling(self, side: Side, entity: str, records: int, total: int | None) -> None:
        """Records read so far."""
        self._steps[side.value, entity] = Step(side.value, entity, records, total)

    def pulled(self, side: Side, entity: str, records: int) -> None:
        """All records of this side and entity are read."""
        self._steps[side.value, entity] = Step(side.value, entity, records, records, done=True)

    def comparing(self, entity: str) -> None:
        """The comparison of an entity begins."""
        self._steps[_COMPARE, entity] = Step(_COMPARE, entity)

    def compared(self, entity: str) -> None:
        """The findings of an entity are stored."""
        self._steps[_COMPARE, entity] = Step(_COMPARE, entity, done=True)


class RunMoved(Message):
    """The run that was started here has progressed, or has ended. Every open place is told."""


class RunControl:
    """At most one run at a time.

    Attributes:
        progress: of the run going on, or of the last one; None before the first.
        document: what the last run left behind, as `run --json` has it; None while it goes on or when it failed.
    """

    def __init__(self, app: ReconcilerApp) -> None:
        self._app = app
        self._ended: asyncio.Event | None = None
        self._cancel: Callable[[], None] | None = None
        self._stopping = False
        self._timer: Timer | None = None
        self.progress: RunProgress | None = None
        self.document: dict[str, Any] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run that was started here has not ended."""
        return self._ended is not None and not self._ended.is_set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self.is_running and self._stopping

    def disabled_reason(self, action: Action) -> str | None:
        """Why an action on runs cannot be done now."""
        if action.id in _START and self.is_running:
            return self._app.texts("refusal.run_going_on")
        if action.id == _CANCEL and not self.is_running:
            return self._app.texts("refusal.no_run_here")
        if action.id == _CANCEL and self._stopping:
            return self._app.texts("refusal.run_stopping")
        return None

    def start(self, *, full: bool) -> None:
        """Begin a run.

        Args:
            full: read everything, whatever was read before.
        """
        self.progress, self.document, self._stopping = RunProgress(), None, False
        self._ended = asyncio.Event()
        self._app.run_worker(self._carry_out(full, self.progress), group="run", exit_on_error=False)
        self._timer = self._app.set_interval(_SHOWN_EVERY_S, self._moved)
        self._moved()

    async def stop(self) -> None:
        """Ask the run to stop, and wait until it has: what it stored is kept, the rest is as before."""
        self._stopping = True
        if self._cancel is not None:
            self._cancel()
        if self._ended is not None:
            await self._ended.wait()

    async def _carry_out(self, full: bool, progress: RunProgress) -> None:
        thread = asyncio.ensure_future(asyncio.to_thread(self._in_thread, full, progress))
        try:
            self.document = await asyncio.shield(thread)
        except asyncio.CancelledError:
            # The application goes away, and the thread must not outlive it: nobody could stop it any more.
            self._stopping = True
            if self._cancel is not None:
                self._cancel()
            await asyncio.wait([thread])
            raise
        finally:
            self._end()
        self._tell(progress)
        await self._app.store_moved()

    def _tell(self, progress: RunProgress) -> None:
        texts, document = self._app.texts, self.document
        for warning in progress.warnings:
            self._app.tell(texts.said(warning), severity="warning")
        if document is None:
            self._app.tell(texts("running.stopped"), severity="warning")
            return
        found = [each["findings"] for each in document["entities"].values() if each["findings"]]
        counts = {name: texts.number(sum(each[name] for each in found)) for name in ("new", "open", "closed")}
        status = word(Status(document["status"]), texts)
        self._app.tell(texts("running.ended", status=status, **counts))

    def _in_thread(self, full: bool, progress: RunProgress) -> dict[str, Any] | None:
        # Here and not above: what reads and compares takes a second to load, in which no key would be answered.
        from reconciler.app.run import run_once
        from reconciler.app.run_options import RunOptions

        async def whole() -> dict[str, Any]:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()

            def cancel() -> None:
                if task is not None:
                    loop.call_soon_threadsafe(task.cancel)

            self._cancel = cancel
            if self._stopping:
                raise asyncio.CancelledError
            async with open_workspace(self._app.session.workspace.project) as workspace:
                finished = await run_once(workspace, RunOptions(full=full), progress, warn=progress.warnings.append)
            return dict(finished.document)

        try:
            return asyncio.run(whole())
        except asyncio.CancelledError:
            return None
        finally:
            self._cancel = None

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        if self._ended is not None:
            self._ended.set()
        self._moved()

    def _moved(self) -> None:
        for place in self._app.places():
            place.post_message(RunMoved())
