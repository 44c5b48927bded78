"""The end of a session."""

from __future__ import annotations

import asyncio

LONGEST_S = 10.0


async def at_rest(longest_s: float = LONGEST_S) -> None:
    """Return when nothing that the application began is under way any more; call it before the state is closed.

    Textual cancels workers at the end and does not wait for them. One that was reading gives its connection back as it
    goes, which it could never do once the state is closed: the process would hang.
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=longest_s)
