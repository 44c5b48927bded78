"""Progress bars on stderr, only where someone is watching."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from reconciler.model.entities import Side


class TerminalProgress:
    """One bar for each side and entity while they are pulled, and one for each comparison."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def pulling(self, side: Side, entity: str, records: int, total: int | None) -> None:
        """Records read so far."""
        self._bars.update(self._task(side.value.upper(), entity), completed=records, total=total)

    def pulled(self, side: Side, entity: str, records: int) -> None:
        """All records of this side and entity are read."""
        self._bars.update(self._task(side.value.upper(), entity), completed=records, total=records or 1)

    def comparing(self, entity: str) -> None:
        """The comparison of an entity begins."""
        self._bars.update(self._task("compare", entity), total=None)

    def compared(self, entity: str) -> None:
        """The findings of an entity are stored."""
        self._bars.update(self._task("compare", entity), completed=1, total=1)

    def _task(self, what: str, entity: str) -> TaskID:
        key = (what, entity)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(f"{what:<7} {entity}", total=None)
        return self._tasks[key]
