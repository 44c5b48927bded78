"""Starting, watching and stopping a run, for the places that offer it."""

from __future__ import annotations

from typing import Final

from tui.running import RunProgress, Step
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.widgets.confirm import Question
from tui.widgets.sections import columns

_BAR_CELLS: Final = 20


class RunActions(PlaceScreen):
    """A place with the actions on runs."""

    def do_runs_start(self) -> None:
        """Read what changed, and compare."""
        self._start(full=False)

    def do_runs_start_full(self) -> None:
        """Read everything, and compare."""
        self._start(full=True)

    async def do_runs_cancel(self) -> None:
        """Stop the run that was started here, after a yes."""
        texts = self.texts
        progress = self.house.running.progress
        done = len([step for step in progress.steps if step.done]) if progress is not None else 0
        facts = [texts.counted("running.stop_done", done), texts("running.stop_kept")]
        if await self.house.confirmed(Question(texts("running.stop_title"), facts, texts("running.stop_verb"))):
            await self.house.running.stop()

    def _start(self, *, full: bool) -> None:
        self.house.running.start(full=full)
        self.refresh_bindings()


def progress_lines(progress: RunProgress, session: Session, room: int) -> list[str]:
    """How far a run is: a line for each step, with count, rate and what is left where the total is known."""
    rows = [_step(step, progress.elapsed_s, session) for step in progress.steps]
    elapsed = session.texts("running.elapsed", seconds=f"{progress.elapsed_s:.0f}")
    return [*columns(rows, right=frozenset({2}), room=room), elapsed]


def _step(step: Step, elapsed_s: float, session: Session) -> tuple[str, str, str, str]:
    texts = session.texts
    entity = session.words.entity_label(step.entity)
    if step.what == "compare":
        return texts("running.compare"), entity, "", texts("running.done" if step.done else "running.working")
    count = texts.number(step.records)
    if step.done:
        return step.what.upper(), entity, count, texts("running.done")
    rate = step.records / elapsed_s if elapsed_s > 0 else 0
    if step.total is None or rate <= 0:
        return step.what.upper(), entity, count, texts("running.reading")
    left_s = max(0.0, (step.total - step.records) / rate)
    known = texts("running.of", total=texts.number(step.total), rate=f"{rate:.0f}", left=f"{left_s:.0f}")
    return step.what.upper(), entity, count, f"{_bar(step, session)} {known}"


def _bar(step: Step, session: Session) -> str:
    filled = _BAR_CELLS * min(step.records, step.total or 0) // (step.total or 1)
    full, empty = ("#", ".") if session.ascii_only else ("█", "░")
    return full * filled + empty * (_BAR_CELLS - filled)
