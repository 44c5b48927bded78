"""Python's search for garbage, held back while very many objects without cycles are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CONTAINERS_BETWEEN_COLLECTIONS: Final = 1_000_000


@contextmanager
def few_garbage_collections() -> Iterator[None]:
    """While records are read and mapped: they are millions of containers without cycles, and looking for cycles among
    them at Python's usual pace costs a third of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_CONTAINERS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
