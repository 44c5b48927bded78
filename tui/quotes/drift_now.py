"""Comparing what every open quote carries with the ERP's answers of now, and what that came to in lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from textual.content import Content

from reconciler.app.workspace import open_workspace
from reconciler.project import Project
from tui.session import Session
from tui.status import Status, Tone, shown
from tui.text import plain
from tui.widgets.sections import columns

_MOST_LINES: Final = 200
Told = Callable[[int, int], None]
"""Told how many of all quotes are done."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """What `taxes drift` tells, as its JSON."""

    document: Mapping[str, Any]


async def drifted_now(project: Project, told: Told) -> Drifted:
    """Ask about every open quote, in a thread with a loop and a state of its own. Nothing is recorded.

    Args:
        told: called on the loop of the caller.

    Raises:
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for quotes, or the ERP for taxes.
        ConfigurationError: the project compares no taxes, or a description is wrong.
    """
    here, inner = asyncio.get_running_loop(), _Inner()
    thread = asyncio.ensure_future(
        asyncio.to_thread(inner.run, project, lambda done, total: _on(here, told, done, total))
    )
    try:
        return Drifted(await asyncio.shield(thread))
    except asyncio.CancelledError:
        # Connections are closed properly: the thread must not outlive whoever waits for it.
        inner.cancel()
        await asyncio.wait([thread])
        raise


def _on(loop: asyncio.AbstractEventLoop, told: Told, done: int, total: int) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(told, done, total)


class _Inner:
    """What goes on in the thread."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] | None = None
        self._stopping = False

    def cancel(self) -> None:
        """Give up, from another thread."""
        self._stopping = True
        if self._stop is not None:
            self._stop()

    def run(self, project: Project, told: Told) -> Mapping[str, Any]:
        """All of it."""
        from reconciler.app.tax_run import drift_now

        async def whole() -> Mapping[str, Any]:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            if task is not None:
                self._stop = lambda: _cancelled(loop, task)
            if self._stopping:
                raise asyncio.CancelledError
            async with open_workspace(project) as workspace:
                return (await drift_now(workspace, None, told)).document

        try:
            return asyncio.run(whole())
        finally:
            self._stop = None


def _cancelled(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(task.cancel)


def drifted_lines(drifted: Drifted, session: Session, room: int) -> Iterator[Content]:
    """What it came to, the quotes with the most at stake first."""
    texts, document = session.texts, drifted.document
    yield plain(texts("quotes.drift_now.title"), "bold")
    counts = {name: texts.number(document[name]) for name in ("quotes", "calculated", "unavailable", "drifted")}
    yield plain(texts("quotes.drift_now.counts", **counts))
    if not document["drift"]:
        status = Status.LIMITED if document["not_compared"] else Status.EQUAL
        text_id = "quotes.drift_now.none_known" if document["not_compared"] else "quotes.drift_now.none"
        yield shown(status, texts, ascii_only=session.ascii_only) + plain(f"  {texts(text_id)}")
    else:
        stake = texts("quotes.drift_now.stake", stake=document["value_at_stake"], currency=document["currency"])
        yield plain(stake, Tone.CAUTION)
        rows = [(each["quote"]["number"], each["value_at_stake"]) for each in document["drift"][:_MOST_LINES]]
        for row in columns(rows, right=frozenset({1}), room=room):
            yield plain(f"  {row}")
    for each in document["not_compared"][:_MOST_LINES]:
        number = each["quote"]["number"] or each["quote"]["id"]
        yield plain(f"! {number}: {texts.said(each['message'] or each['reason'])} ({each['reason']})", Tone.CAUTION)
    yield plain(texts("quotes.drift_now.means"), Tone.MUTED)
