"""A bar on stderr while corrections are written or checked, only where someone is watching."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from reconciler.corrections.progress import Progress, ReportProgress


@contextmanager
def progress_bar(what: str) -> Iterator[ReportProgress]:
    """What to call after each correction. `what` stands before the bar."""
    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with bars:
        task = bars.add_task(what, total=None)

        def report(step: Progress) -> None:
            bars.update(task, completed=step.done, total=step.total)

        yield report
