"""A bar on stderr while corrections are written or checked, only where someone is watching."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.corrections.progress import Progress, ReportProgress


@contextmanager
def progress_bar(what: str) -> Iterator[ReportProgress]:
    """What to call after each correction. `what` stands before the bar."""
    if not sys.stderr.isatty():
        yield _nobody_watches
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn())
    with Bars(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=None)

        def report(step: Progress) -> None:
            bars.update(task, completed=step.done, total=step.total)

        yield report


def _nobody_watches(step: Progress) -> None:
    """Where no bar is shown."""
