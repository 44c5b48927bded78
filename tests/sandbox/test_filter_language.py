"""Laws of the `$filter` language: what it means, and that any other text is refused and nothing worse."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.collection import Collection
from reconciler.sandbox.crm.filter_text import QueryError, parse_filter
from reconciler.sandbox.crm.query import BY_ID, Order, Query, kind_of
from reconciler.sandbox.crm.reading import Reader
from reconciler.sandbox.crm.schema import COLLECTIONS

MEANING = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
STAMPS = [datetime(2026, 5, day, tzinfo=UTC).isoformat() for day in range(1, 5)]

texts = st.text(st.sampled_from("aB'ç 1"), max_size=3)
record_lists = st.lists(
    st.fixed_dictionaries(
        {
            "TypeId": st.none() | st.integers(0, 3),
            "Name": st.none() | texts,
            "LastUpdateDate": st.none() | st.sampled_from(STAMPS),
        }
    ),
    max_size=12,
)
comparisons = st.one_of(
    st.tuples(st.just("TypeId"), st.sampled_from(sorted(MEANING)), st.integers(-1, 4)),
    st.tuples(st.just("Id"), st.sampled_from(sorted(MEANING)), st.integers(-1, 14)),
    st.tuples(st.just("Name"), st.sampled_from(sorted(MEANING)), texts),
    st.tuples(st.just("LastUpdateDate"), st.sampled_from(sorted(MEANING)), st.sampled_from(STAMPS)),
)
expressions = st.recursive(
    comparisons, lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner), max_leaves=6
)


def written(expression: Any) -> str:
    left, word, right = expression
    if word in ("and", "or"):
        return f"({written(left)}) {word} ({written(right)})"
    if left == "Name":
        return f"Name {word} '{right.replace(chr(39), chr(39) * 2)}'"
    return f"{left} {word} {right}"


def holds(expression: Any, record: dict[str, Any]) -> bool:
    """The meaning of an expression for one record, straight from OData: nothing equals only nothing."""
    left, word, right = expression
    if word == "and":
        return holds(left, record) and holds(right, record)
    if word == "or":
        return holds(left, record) or holds(right, record)
    value = record[left]
    if value is None:
        return bool(word == "ne")
    return bool(MEANING[word](value, right))


@given(
    records=record_lists,
    expression=expressions,
    order=st.sampled_from(["Id", "TypeId", "Name", "LastUpdateDate"]),
    descending=st.booleans(),
)
def test_a_filter_means_what_it_says_in_every_order(
    records: list[dict[str, Any]], expression: Any, order: str, descending: bool
) -> None:
    """However a read is served (by an index, from a kept view, cut at a bound), it gives what a plain loop gives."""
    rows = [{"Id": number, **record} for number, record in enumerate(records, start=1)]
    collections = {name: Collection("Id", rows if name == "Contacts" else ()) for name in COLLECTIONS}
    node = parse_filter(written(expression), lambda path: kind_of("Contacts", path))
    query = Query(filter=node, orderby=(Order((order,), descending), *BY_ID), count=True)
    found, total = Reader(collections).rows("Contacts", query)
    wanted = [row for row in rows if holds(expression, row)]
    filled = [row for row in wanted if row[order] is not None]
    filled.sort(key=lambda row: row[order], reverse=descending)
    empty = [row for row in wanted if row[order] is None]
    expected = [*filled, *empty] if descending else [*empty, *filled]
    assert [row["Id"] for row in found] == [row["Id"] for row in expected]
    assert total == len(wanted)


@given(st.text() | st.text(st.sampled_from("Id eq1'()andorN ame2026-05:T.Znul/")))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(QueryError):
        parse_filter(text, lambda path: kind_of("Contacts", path))


@pytest.mark.parametrize(
    "text", ["Id eq 1 Id eq 2", "Id eq 1and Id eq 2", "Id eq 1 andId eq 2", "Id eq 01x", "eq eq eq"]
)
def test_words_must_be_apart(text: str) -> None:
    with pytest.raises(QueryError):
        parse_filter(text, lambda path: kind_of("Contacts", path))


def test_a_long_condition_is_not_a_deep_one() -> None:
    text = " or ".join(f"Id eq {number}" for number in range(2_000))
    node = parse_filter(text, lambda path: kind_of("Contacts", path))
    assert len(re.findall("Comparison", repr(node))) == 2_000
