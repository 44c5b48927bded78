"""Keeping the garbage collector from walking, again and again, what stays as long as the process."""

from __future__ import annotations

import atexit
import gc
from functools import cache


@cache
def spare_what_stays() -> None:
    """Let the collector forget what is there now: modules, styles, the screens. Once in a process.

    Walking these quarter of a million objects takes longer than a frame may, and it happens while somebody scrolls.
    """
    gc.freeze()
    # Libraries look at the end whether everything of theirs was collected, and complain if not.
    atexit.register(gc.unfreeze)
