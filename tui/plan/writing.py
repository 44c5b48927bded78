"""Work that reads or writes the systems: in a thread of its own, one at a time, watched and stopped from the screen.

Stopping is asked for, never forced: the engine finishes the records it has begun and begins no other. The thread has a
loop and a state of its own, so that no page of records and no sealed plan ever holds up a key.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from textual.message import Message
from textual.timer import Timer

from reconciler.app.workspace import open_workspace
from reconciler.model.corrections import CorrectionState

if TYPE_CHECKING:
    from reconciler.app.correct import Acting
    from reconciler.corrections.progress import Progress
    from tui.app import ReconcilerApp

_SHOWN_EVERY_S: Final = 0.2
T = TypeVar("T")


class Work(StrEnum):
    """What is done. The title while it goes on is the text `plans.work.<value>`."""

    SEAL = "seal"
    DRY_RUN = "dry_run"
    APPLY = "apply"
    RETRY = "retry"
    SETTLE = "settle"
    UNDO = "undo"
    PILOT = "pilot"
    SCENARIO = "scenario"
    REPORT = "report"


@dataclass(slots=True)
class WritingProgress:
    """Told by the thread, looked at by the screen. Every value is replaced whole: no lock is needed.

    Attributes:
        total: None until the engine tells.
        held_back: records that were not touched.
        last: the record that just got through: its key.
    """

    work: Work
    monotonic_s: Callable[[], float] = monotonic
    done: int = 0
    total: int | None = None
    counts: Counter[CorrectionState] = field(default_factory=Counter)
    held_back: int = 0
    last: str = ""
    began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.began_s = self.monotonic_s()

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return self.monotonic_s() - self.began_s

    @property
    def rate_per_s(self) -> float | None:
        """Records a second so far; None while there is none."""
        elapsed_s = self.elapsed_s
        return self.done / elapsed_s if self.done and elapsed_s > 0 else None

    @property
    def left_s(self) -> float | None:
        """How long it still takes at this rate; None where that is not known."""
        rate = self.rate_per_s
        return None if rate is None or self.total is None else max(0.0, (self.total - self.done) / rate)

    def step(self, step: Progress) -> None:
        """One record got through."""
        outcome = step.last.outcome
        if outcome is None:
            self.held_back += 1
        else:
            counts = self.counts.copy()
            counts[outcome.state] += 1
            self.counts = counts
        self.last = step.last.correction.key
        self.total, self.done = step.total, step.done


class WritingMoved(Message):
    """The work has progressed, or has ended. Every open place is told."""


Task = Callable[["Acting", WritingProgress, asyncio.Event], Awaitable[T]]
"""What is to be done: by whom, where to tell of progress, and what is set when it is to stop."""


class WritingControl:
    """At most one work at a time.

    Attributes:
        progress: of the work going on, or of the last one; None before the first.
    """

    def __init__(self, app: ReconcilerApp) -> None:
        self._app = app
        self._ended: asyncio.Event | None = None
        self._stop: Callable[[], None] | None = None
        self._stopping = False
        self._timer: Timer | None = None
        self.progress: WritingProgress | None = None

    @property
    def is_running(self) -> bool:
        """Whether work that was begun here has not ended."""
        return self._ended is not None and not self._ended.is_set()

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self.is_running and self._stopping

    def ask_to_stop(self) -> None:
        """Let what is under way be finished, and nothing more be begun."""
        self._stopping = True
        if self._stop is not None:
            self._stop()
        self._moved()

    async def stop(self) -> None:
        """Ask to stop, and wait until it has."""
        self.ask_to_stop()
        if self._ended is not None:
            await self._ended.wait()

    async def carry_out(self, work: Work, acting: Acting, task: Task[T]) -> T:
        """Do it, and give what it came to.

        Args:
            acting: the person; the task gets the same one at work in a workspace of the thread.

        Raises:
            RuntimeError: other work is going on.
            ReconcilerError: as the task raises.
        """
        if self.is_running:
            raise RuntimeError("other work is going on")
        progress = self.progress = WritingProgress(work)
        self._stopping, self._ended = False, asyncio.Event()
        self._timer = self._app.set_interval(_SHOWN_EVERY_S, self._moved)
        self._moved()
        thread = asyncio.ensure_future(asyncio.to_thread(self._in_thread, acting, task, progress))
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            # The application goes away. What is being written is finished: a record is never left in the middle.
            self.ask_to_stop()
            await asyncio.wait([thread])
            raise
        finally:
            self._end()

    def _in_thread(self, acting: Acting, task: Task[T], progress: WritingProgress) -> T:
        async def whole() -> T:
            loop, stop = asyncio.get_running_loop(), asyncio.Event()
            self._stop = lambda: _set(loop, stop)
            if self._stopping:
                stop.set()
            async with open_workspace(acting.workspace.project) as workspace:
                return await task(replace(acting, workspace=workspace), progress, stop)

        try:
            return asyncio.run(whole())
        finally:
            self._stop = None

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        if self._ended is not None:
            self._ended.set()
        self._moved()

    def _moved(self) -> None:
        for place in self._app.places():
            place.post_message(WritingMoved())


def _set(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)


async def unless_stopped(work: Awaitable[T], stop: asyncio.Event) -> T | None:
    """What reading only comes to; None when it was stopped before its end."""
    doing = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait(), name="stop reading")
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        doing.cancel()
        await asyncio.wait({doing})
        return None if doing.cancelled() else doing.result()
    finally:
        stopping.cancel()
        doing.cancel()
