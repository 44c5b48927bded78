"""The first Ctrl-C, or SIGTERM, asks a command to finish what it has begun; the second ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from reconciler.cli.output import say

_INTERRUPTED = 130


@contextmanager
def stop_on_signal() -> Iterator[asyncio.Event]:
    """An event that is set when somebody asks to stop. Only inside a running loop.

    Raises:
        typer.Exit: somebody asked twice.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    task = asyncio.current_task()

    def asked() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
            return
        stop.set()
        say("Stopping: what is under way is finished first. Once more to end at once.")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    try:
        yield stop
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        raise typer.Exit(_INTERRUPTED) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
