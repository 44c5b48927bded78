"""Laws of the chain: what was written is whole, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.correction_records import NO_DIGEST, TrailCheck
from reconciler.store.state.audit_chain import Act, Chain, ChainedRow, digest_after, digest_of, entry_of, storable
from reconciler.store.state.audit_check import TrailReader
from tests.store.state_cases import START

_texts = st.text(alphabet=st.characters(codec=None), max_size=6)
_acts = st.lists(
    st.builds(Act, _texts, st.sampled_from(["plan.made", "correction.proposed"]), _texts, st.text(max_size=6)),
    min_size=1,
    max_size=6,
)


def _chained(acts: list[Act]) -> list[ChainedRow]:
    chain = Chain(0, NO_DIGEST)
    return [row for place, act in enumerate(acts) for row in chain.link(START + timedelta(microseconds=place), [act])]


def _check(rows: list[ChainedRow], head: tuple[int, str], noted: str | None = None) -> TrailCheck:
    reader = TrailReader(noted)
    for row in rows:
        reader.read([row])
    return reader.finish([head])


def _head(rows: list[ChainedRow]) -> tuple[int, str]:
    return rows[-1].number, rows[-1].digest


@given(_acts)
def test_what_was_written_is_whole_and_every_digest_in_it_can_be_noted(acts: list[Act]) -> None:
    rows = _chained(acts)
    for noted in (None, *(row.digest for row in rows)):
        assert _check(rows, _head(rows), noted) == TrailCheck(len(rows), rows[-1].digest)
    assert [(row.person, row.act, row.subject, row.details) for row in rows] == [
        (storable(act.person), act.act, storable(act.subject), act.details) for act in acts
    ]
    assert [digest_of(entry_of(row)) for row in rows] == [row.digest for row in rows]


_columns = st.integers(0, len(ChainedRow._fields) - 1)
_values = st.one_of(_texts, st.integers(-3, 9), st.binary(max_size=3), st.none())


@st.composite
def _tampered(draw: st.DrawFn) -> tuple[list[ChainedRow], list[ChainedRow]]:
    """A trail, and what somebody made of it without knowing how digests are made."""
    rows = _chained(draw(_acts))
    kept = [*rows]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(kept)))
        other = draw(st.integers(0, len(kept)))
        kind = draw(st.sampled_from(["edit", "remove", "swap", "repeat"]))
        if kind == "edit" and place < len(kept):
            parts: list[Any] = list(kept[place])
            column = draw(_columns)
            # The database keeps its primary key a number.
            parts[column] = draw(_values) if column else draw(st.integers(-3, 9))
            kept[place] = ChainedRow(*parts)
        elif kind == "remove":
            del kept[min(place, other) : max(place, other)]
        elif kind == "swap" and max(place, other) < len(kept):
            kept[place], kept[other] = kept[other], kept[place]
        elif kind == "repeat" and place < len(kept):
            kept.insert(other, kept[place])
    if draw(st.booleans()):
        kept = [row._replace(number=number) for number, row in enumerate(kept, 1)]
    return rows, kept


@given(_tampered())
@settings(max_examples=300)
def test_nothing_but_what_was_written_is_whole(trails: tuple[list[ChainedRow], list[ChainedRow]]) -> None:
    written, found = trails
    assert _check(found, _head(written)).is_whole == (found == written)


@given(_acts, st.data())
def test_a_trail_chained_anew_lacks_every_digest_from_the_change_on(acts: list[Act], data: st.DataObject) -> None:
    rows = _chained(acts)
    place = data.draw(st.integers(0, len(rows) - 1))
    forged = _chained([*acts[:place], acts[place]._replace(act="plan.claimed"), *acts[place + 1 :]])
    assert _check(forged, _head(forged)).is_whole
    for number, row in enumerate(rows):
        assert _check(forged, _head(forged), row.digest).is_whole == (number < place)


@given(_texts, _texts)
def test_the_borders_between_parts_of_an_entry_are_part_of_its_digest(first: str, second: str) -> None:
    one, other = storable(first), storable(second)
    together = digest_after(NO_DIGEST, 1, 0, one + other, "", "", "")
    assert (digest_after(NO_DIGEST, 1, 0, one, other, "", "") == together) == (other == "")
