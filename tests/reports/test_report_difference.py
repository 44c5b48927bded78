"""Marks inside two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.html.difference import MAX_SHOWN_CHARACTERS, Excerpt, difference, excerpt

_WORDS = st.text(st.sampled_from("aAáÁbc \u0301"), max_size=20)


def _shown(found: Excerpt) -> str:
    """The excerpt with what differs in brackets."""
    return "".join(f"[{each.text}]" if each.differs else each.text for each in found.segments)


@pytest.mark.parametrize(
    ("left", "right", "ours", "theirs"),
    [
        ("São João", "Sao Joao", "S[ã]o Jo[ã]o", "S[a]o Jo[a]o"),
        ("São João", "SAO JOAO", "S[ão] J[oão]", "S[AO] J[OAO]"),
        ("Aurora ", "Aurora", "Aurora[ ]", "Aurora"),
        ("a  b", "a b", "a [ ]b", "a b"),
        ("Vale do Itajaí", "Vale do Itaja", "Vale do Itaja[í]", "Vale do Itaja"),
        ("alfa", "4321", "[alfa]", "[4321]"),
        ("", "x", "", "[x]"),
        ("same", "same", "same", "same"),
        ("Jose\u0301", "Jose", "Jos[e\u0301]", "Jos[e]"),
        ("Silva & Filhos", "Silva e Filhos", "Silva [&] Filhos", "Silva [e] Filhos"),
    ],
    ids=["accents", "case", "end", "spaces", "cut", "whole", "empty", "same", "combining", "middle"],
)
def test_the_characters_that_differ_are_marked(left: str, right: str, ours: str, theirs: str) -> None:
    assert tuple(map(_shown, difference(left, right))) == (ours, theirs)


@given(_WORDS, _WORDS)
def test_an_excerpt_of_a_short_text_is_the_text(left: str, right: str) -> None:
    for whole, found in zip((left, right), difference(left, right), strict=True):
        assert "".join(each.text for each in found.segments) == whole
        assert (found.before, found.after) == (0, 0)


@given(_WORDS, _WORDS)
def test_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    ours, theirs = difference(left, right)
    alike = ["".join(each.text for each in found.segments if not each.differs) for found in (ours, theirs)]
    assert alike[0] == alike[1]
    assert any(each.differs for each in (*ours.segments, *theirs.segments)) is (left != right)


def test_long_texts_are_shown_around_their_first_difference() -> None:
    ours, theirs = difference("W" * 9_000 + "a" + "x" * 1_000, "W" * 9_000 + "b" + "x" * 1_000)
    assert (ours.before, theirs.before) == (8_920, 8_920)
    assert [each.text for each in ours.segments if each.differs] == ["a"]
    assert [each.text for each in theirs.segments if each.differs] == ["b"]
    for found in (ours, theirs):
        shown = sum(len(each.text) for each in found.segments)
        assert shown == MAX_SHOWN_CHARACTERS
        assert found.before + shown + found.after == 10_001


def test_the_shorter_of_two_long_texts_is_accounted_for_too() -> None:
    ours, theirs = difference("W" * 5_000, "W" * 4_990)
    assert _shown(ours).endswith("[WWWWWWWWWW]")
    for found, length in ((ours, 5_000), (theirs, 4_990)):
        assert found.before + sum(len(each.text) for each in found.segments) + found.after == length


def test_the_largest_texts_that_share_nothing_take_no_time_to_speak_of() -> None:
    """A value may have 65,536 characters; comparing all of them with each other would outlast the time limit."""
    ours, theirs = difference("ab" * 32_768, "cd" * 32_768)
    assert all(each.differs for each in (*ours.segments, *theirs.segments))


@pytest.mark.parametrize(
    ("whole", "after"),
    [("", 0), ("short", 0), ("x" * 1_000, 1_000 - MAX_SHOWN_CHARACTERS)],
    ids=["empty", "short", "long"],
)
def test_a_text_compared_with_nothing_is_shown_from_its_beginning(whole: str, after: int) -> None:
    found = excerpt(whole)
    assert "".join(each.text for each in found.segments) == whole[:MAX_SHOWN_CHARACTERS]
    assert found.after == after
