"""What is loaded when the service answers stays loaded: the garbage collector need not look at it again."""

from __future__ import annotations

import atexit
import gc
from typing import Final

_CONTAINERS_BETWEEN_COLLECTIONS: Final = 20_000


def settle() -> None:
    """Leave everything that is there now out of collections, which would stop all requests for tenths of a second.

    A request makes short-lived containers without cycles, so that looking for cycles at Python's usual pace finds none.
    """
    gc.collect()
    gc.freeze()
    # At the end of the process it is collected after all: libraries complain of what is not.
    atexit.register(gc.unfreeze)
    gc.set_threshold(_CONTAINERS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
