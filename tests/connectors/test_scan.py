"""What a scan of pages tells about itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter

from reconciler.connectors.scan import ScanWatch, shifts
from reconciler.mapping.path import parse_path
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.settings import Paging

_PAGING: dict[str, dict[str, Any]] = {
    "single": {"kind": "single"},
    "offset": {"kind": "offset", "size": 3},
    "number": {"kind": "number", "size": 3},
    "range": {"kind": "range", "size": 3},
    "link": {"kind": "link", "size": 3},
    "cursor": {"kind": "cursor", "size": 3, "cursor": "next"},
    "keyset": {"kind": "keyset", "size": 3, "after": "id"},
}
_SHIFTING = ("offset", "number", "range", "link")


def _paging(kind: str) -> Paging:
    paging: Paging = TypeAdapter(Paging).validate_python(_PAGING[kind])
    return paging


def _watch(kind: str) -> ScanWatch:
    return ScanWatch(_paging(kind), parse_path("id"))


def _page(number: int, ids: list[JsonValue], total: int | None = None) -> RecordPage:
    return RecordPage(number, b"", [{"id": identity} for identity in ids], total)


def _pages(count: int, size: int, *, counts_the_rest: bool) -> list[RecordPage]:
    return [
        _page(number, list(range(first, min(first + size, count))), count - first if counts_the_rest else count)
        for number, first in enumerate(range(0, count, size))
    ]


@pytest.mark.parametrize("kind", _PAGING)
def test_which_pages_shift(kind: str) -> None:
    assert shifts(_paging(kind)) is (kind in _SHIFTING)


@pytest.mark.parametrize("kind", _PAGING)
@given(st.data())
def test_an_undisturbed_scan_is_believed_in_whatever_order_its_pages_come(kind: str, data: st.DataObject) -> None:
    pages = _pages(data.draw(st.integers(1, 30)), data.draw(st.integers(1, 7)), counts_the_rest=False)
    if kind in _SHIFTING:
        pages = pages[:1] + data.draw(st.permutations(pages[1:]))
    watch = _watch(kind)
    for page in pages:
        watch.see(page)
    watch.finish()
    assert watch.trouble is None
    assert watch.records == sum(len(page.records) for page in pages)


@given(st.data(), st.booleans())
def test_a_chain_that_breaks_off_is_not_believed_whatever_its_totals_count(
    data: st.DataObject, counts_the_rest: bool
) -> None:
    """A total may count all records, or those still to come after the key."""
    size = data.draw(st.integers(1, 7))
    pages = _pages(data.draw(st.integers(size + 1, 40)), size, counts_the_rest=counts_the_rest)
    seen = data.draw(st.integers(1, len(pages) - 1))
    watch = _watch("keyset")
    for page in pages[:seen]:
        watch.see(page)
    watch.finish()
    assert watch.trouble is not None
    whole = _watch("keyset")
    for page in pages:
        whole.see(page)
    whole.finish()
    assert whole.trouble is None


TROUBLES = {
    "same id on two pages": ("number", [_page(0, [1, 2]), _page(1, [2, 3])], "came twice"),
    "same id on one page": ("keyset", [_page(0, [1, 1])], "one page holds two"),
    "same id in another spelling": ("number", [_page(0, [1, 2]), _page(1, [" 2 "])], "came twice"),
    "total that changes": ("number", [_page(0, [1, 2], 3), _page(1, [3], 4)], "changed from 3 to 4"),
    "fewer than announced": ("offset", [_page(0, [1, 2], 4), _page(1, [3], 4)], "3 records came and 4 were announced"),
    "more than announced": ("offset", [_page(0, [1, 2], 3), _page(1, [3, 4], 3)], "4 records came and 3"),
    "one answer, cut": ("single", [_page(0, [1, 2], 5)], "2 records came and 5"),
    "cursor that ends early": ("cursor", [_page(0, [1, 2], 5), _page(1, [3], 5)], "3 records came and 5"),
}


@pytest.mark.parametrize(("kind", "pages", "told"), TROUBLES.values(), ids=TROUBLES)
def test_what_is_wrong_is_told(kind: str, pages: list[RecordPage], told: str) -> None:
    watch = _watch(kind)
    for page in pages:
        watch.see(page)
    watch.finish()
    assert told in (watch.trouble or "")


BELIEVED = {
    "no totals": ("number", [_page(0, [1, 2]), _page(1, [3])]),
    "records deleted behind a cursor": ("cursor", [_page(0, [1, 2], 5), _page(1, [3, 4], 4), _page(2, [5], 4)]),
    "records deleted behind a key": ("keyset", [_page(0, [1, 2], 5), _page(1, [3, 4], 4), _page(2, [5], 4)]),
    "records without an id": ("number", [_page(0, [1, None, None], 5), _page(1, [None, 2], 5)]),
    "bare ids": ("number", [RecordPage(0, b"", [1, "a"], 3), RecordPage(1, b"", [2], 3)]),
}


@pytest.mark.parametrize(("kind", "pages"), BELIEVED.values(), ids=BELIEVED)
def test_what_is_right_is_believed(kind: str, pages: list[RecordPage]) -> None:
    watch = _watch(kind)
    for page in pages:
        watch.see(page)
    watch.finish()
    assert watch.trouble is None


def test_ids_read_as_they_are_staged() -> None:
    watch = _watch("number")
    watch.see(_page(0, [1, "2", " 3 ", {"$": 4}, 5.0, True, ""]))
    assert watch.ids == {"1", "2", "3", "4", "5"}
    assert watch.records == 7


@pytest.mark.parametrize(("kind", "pages", "may"), [("number", 1, False), ("number", 2, True), ("keyset", 2, False)])
def test_only_several_shifting_pages_leave_a_doubt(kind: str, pages: int, may: bool) -> None:
    watch = _watch(kind)
    for number in range(pages):
        watch.see(_page(number, [number]))
    assert watch.may_have_shifted is may
