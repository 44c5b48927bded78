"""How an unknown system gives its records page by page, found out by asking it for small pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import JsonValue

from reconciler.connectors.guess.answer import count_at, find_records, ids_of, link_path, more_path, total_path

Ask = Callable[[Mapping[str, str]], Awaitable[JsonValue]]
"""Gives the answer to the listing with these query parameters; None when the system refuses them."""

_SIZE_NAMES: Final = ("limit", "size", "pageSize", "page_size", "per_page", "limite", "maxSize", "$top")
_NUMBER_NAMES: Final = ("page", "pagina", "pageNumber")
_OFFSET_NAMES: Final = ("offset", "skip", "$skip", "start")
_SMALL: Final = 2
_LARGE: Final = 100


@dataclass(frozen=True, slots=True)
class GuessedPaging:
    """How pages follow one another.

    Attributes:
        query: parameters with references, those of the address included.
        first: number of the first page, for `number`.
        link, total, more: paths in the answer, or None.
    """

    kind: Literal["single", "number", "offset", "link"]
    query: Mapping[str, str]
    size: int = _LARGE
    first: int = 1
    link: str | None = None
    total: str | None = None
    more: str | None = None


@dataclass(slots=True)
class PagingTrials:
    """Tries parameters on the system. `id_name` tells records apart."""

    ask: Ask
    query: Mapping[str, str]
    id_name: str
    _sized: dict[str, str] = field(default_factory=dict)

    async def find_out(self, first_answer: JsonValue) -> GuessedPaging:
        """The paging; `single` when nothing that was tried leads to other records."""
        came = len(self._ids(first_answer))
        signs = {"total": total_path(first_answer, came), "more": more_path(first_answer)}
        if (link := link_path(first_answer)) is not None:
            return GuessedPaging("link", self.query, size=came, link=link)
        size_name = await self._size_name(came)
        self._sized = dict(self.query) if size_name is None else {**self.query, size_name: str(_SMALL)}
        size = _SMALL if size_name is not None else came
        first_ids = self._ids(await self.ask(self._sized))
        found = await self._numbered(first_ids) or await self._offset(first_ids, size)
        if found is None:
            return GuessedPaging("single", self.query)
        kind, name, first = found
        query = {**self.query, name: f"$page.{'number' if kind == 'number' else 'offset'}"}
        if size_name is None:
            return GuessedPaging(kind, query, came, first, **signs)
        size = await self._largest_size(size_name, name, kind, first, signs["total"])
        return GuessedPaging(kind, {**query, size_name: "$page.size"}, size, first, **signs)

    async def _size_name(self, came: int) -> str | None:
        """The parameter that limits a page: one of the address, or the first that makes a page smaller."""
        for name in _SIZE_NAMES:
            if name in self.query:
                return name
        if came > _SMALL:
            for name in _SIZE_NAMES:
                if len(self._ids(await self.ask({**self.query, name: str(_SMALL)}))) == _SMALL:
                    return name
        return None

    async def _numbered(self, first_ids: list[str]) -> tuple[Literal["number"], str, int] | None:
        for name in _given_first(_NUMBER_NAMES, self.query):
            one = self._ids(await self.ask({**self._sized, name: "1"}))
            two = self._ids(await self.ask({**self._sized, name: "2"}))
            if one and one == first_ids and two and not set(two) & set(one):
                return "number", name, 1
            zero = self._ids(await self.ask({**self._sized, name: "0"}))
            if zero and zero == first_ids and one and not set(one) & set(zero):
                return "number", name, 0
        return None

    async def _offset(self, first_ids: list[str], size: int) -> tuple[Literal["offset"], str, int] | None:
        for name in _given_first(_OFFSET_NAMES, self.query):
            following = self._ids(await self.ask({**self._sized, name: str(size)}))
            if following and not set(following) & set(first_ids):
                overlapping = self._ids(await self.ask({**self._sized, name: str(size - 1)}))
                if overlapping[:1] == first_ids[-1:]:
                    return "offset", name, 0
        return None

    async def _largest_size(
        self, size_name: str, name: str, kind: Literal["number", "offset"], first: int, total: str | None
    ) -> int:
        """`_LARGE`, or what the system gives at most when it is asked for that many.

        A size that is silently cut would make every page look like the last one.
        """
        large = {**self.query, size_name: str(_LARGE)}
        answer = await self.ask(large)
        came = len(self._ids(answer))
        if came in (0, _LARGE):
            return _LARGE
        if total is not None and (announced := count_at(answer, total)) is not None:
            return _LARGE if announced <= came else came
        second = str(first + 1 if kind == "number" else came)
        return came if self._ids(await self.ask({**large, name: second})) else _LARGE

    def _ids(self, answer: JsonValue) -> list[str]:
        found = find_records(answer)
        return [] if found is None else ids_of(found.records, self.id_name)


def _given_first(names: tuple[str, ...], query: Mapping[str, str]) -> list[str]:
    """The names, those of the address first."""
    return sorted(names, key=lambda name: name not in query)
