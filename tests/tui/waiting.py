"""Waiting for what is to be seen, never for time to pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

_LONGEST_WAIT_S = 45.0
_LOOK_AFTER_S = 0.01
_LOOK_LONGEST_S = 0.15


async def wait_for(
    pilot: Pilot[Any], predicate: Callable[[], object], description: str, timeout_s: float = _LONGEST_WAIT_S
) -> None:
    """Return as soon as the predicate holds.

    Raises:
        AssertionError: it never did; the message has the description and what was on the screen.
    """
    deadline_s = time.monotonic() + timeout_s
    wait_s = _LOOK_AFTER_S
    while not predicate():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"waited {timeout_s} s for: {description}\n{screen_text(pilot)}")
        await asyncio.sleep(wait_s)
        # A look at the whole screen takes milliseconds: what takes long is looked at less often.
        wait_s = min(1.3 * wait_s, _LOOK_LONGEST_S)


def screen_text(pilot: Pilot[Any]) -> str:
    """What is on the screen, line by line, without colours."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def shown(pilot: Pilot[Any], text: str) -> None:
    """Return as soon as that text is on the screen."""
    await wait_for(pilot, lambda: text in screen_text(pilot), f"“{text}” on the screen")


async def settled(pilot: Pilot[Any]) -> None:
    """Return when every message so far was handled, every layout made, and two looks show the same."""
    seen = [""]

    def same() -> bool:
        screen = pilot.app.screen
        before, seen[0] = seen[0], screen_text(pilot)
        return before == seen[0] and not screen._layout_required and not screen._callbacks

    for _ in range(2):
        await pilot._wait_for_screen()
        await wait_for(pilot, same, "a screen that stays as it is")
