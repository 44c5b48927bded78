"""Records that come and go while pages are read, so that windows over the rest move. What lasts stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.sandbox.collection import Collection, Record

APPEARANCES: Final = 4
"""A collection shifts this many times, then stays still: a reader that tries again gets a stable scan in the end."""
_REQUESTS_PRESENT: Final = 2


@dataclass(slots=True)
class _Watched:
    requests: int = 0
    appearances: int = 0
    phantom_id: Any = None
    requests_left: int = 0


class Shifting:
    """Puts a phantom in front of a collection on every N-th read of it, and takes it out two reads later.

    Args:
        collections: by name; only those named in `phantom` are shifted.
        phantom: makes, for a collection, a valid record whose id and change stamp sort first; None when it cannot.
    """

    def __init__(
        self, collections: Mapping[str, Collection], phantom: Callable[[str, Collection], Record | None], every: int
    ) -> None:
        self._collections = collections
        self._phantom = phantom
        self._every = every
        self._watched: dict[str, _Watched] = {}

    def before_read(self, name: str) -> None:
        """To be called before every read of the collection is served."""
        watched = self._watched.setdefault(name, _Watched())
        watched.requests += 1
        if watched.phantom_id is not None:
            watched.requests_left -= 1
            if watched.requests_left == 0:
                self._remove(name, watched)
        elif watched.requests % self._every == 0 and watched.appearances < APPEARANCES:
            self._insert(name, watched)

    def clear(self) -> None:
        """Take every phantom out."""
        for name, watched in self._watched.items():
            if watched.phantom_id is not None:
                self._remove(name, watched)

    def _insert(self, name: str, watched: _Watched) -> None:
        collection = self._collections[name]
        record = self._phantom(name, collection)
        if record is not None:
            collection.add(record)
            watched.phantom_id = record[collection.id_member]
            watched.appearances += 1
            watched.requests_left = _REQUESTS_PRESENT

    def _remove(self, name: str, watched: _Watched) -> None:
        self._collections[name].remove(watched.phantom_id)
        watched.phantom_id = None
