"""The end of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from typing import Any

LONGEST_S = 10.0


async def at_rest(longest_s: float = LONGEST_S, *, besides: Set[asyncio.Task[Any]] = frozenset()) -> None:
    """Return when nothing that the application began is under way any more; call it before the state is closed.

    Textual cancels workers at the end and does not wait for them. One that was reading gives its connection back as it
    goes, which it could never do once the state is closed: the process would hang.

    Args:
        besides: tasks of others, which are not waited for.
    """
    others = asyncio.all_tasks() - {asyncio.current_task(), *besides}
    if others:
        await asyncio.wait(others, timeout=longest_s)
