"""The one door by which text becomes content."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.fills import HOSTILE, HOSTILE_SEEN
from tui.text import amount, fitted, plain, truncated, visible

_STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (HOSTILE, HOSTILE_SEEN),
        ("line\nbreak\ttab", "line\\nbreak\\ttab"),
        ("a\u00a0b\u2009c\u3000d", "a\\xa0b\\u2009c\\u3000d"),
        ("e\u0301", "e\u0301"),
        ("\u0301", "◌\u0301"),
        ("e\u0301\u0302\u0303\u0304\u0305", "e\u0301\u0302\u0303\\u0304\\u0305"),
        ("x\ufe0f", "x\\ufe0f"),
        ("\u200b\u200d\ufeff", "\\u200b\\u200d\\ufeff"),
        ("\ud800", "\\ud800"),
        ("São Paulo 東京", "São Paulo 東京"),
    ],
    ids=["hostile", "lines", "spaces", "mark", "bare-mark", "many-marks", "selector", "unseen", "surrogate", "letters"],
)
def test_nothing_that_steers_is_obeyed(text: str, seen: str) -> None:
    assert visible(text) == seen
    assert plain(text).plain == seen
    assert plain(text, "$error bold").plain == seen


@given(st.text(max_size=40))
def test_what_is_shown_can_be_seen(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in _STEERING for character in shown)
    assert "\x1b" not in shown


@given(st.text(max_size=40), st.integers(0, 30))
def test_a_cut_text_fits_and_is_a_beginning(text: str, cells: int) -> None:
    cut = truncated(text, cells)
    assert cell_len(cut) <= cells
    if cut != visible(text) and cells > 0:
        assert cut.endswith("…")
        assert visible(text).startswith(cut[:-1])
        following = visible(text)[len(cut) - 1]
        assert not unicodedata.combining(following), "a mark was torn from its letter"
    assert cell_len(fitted(text, cells)) == cells


def test_a_wide_character_is_whole_or_absent() -> None:
    assert truncated("東京都", 4) == "東…"
    assert truncated("東京都", 6) == "東京都"
    assert fitted("東京都", 4) == "東… "


@pytest.mark.parametrize(
    ("value", "cells", "seen"),
    [
        ("1234.5678", 12, "   1234.5678"),
        ("0.004", 5, "0.004"),
        ("123456789.01", 8, "########"),
        (None, 3, "   "),
        ("-1", 2, "-1"),
    ],
    ids=["right", "exact-fit", "does-not-fit", "nothing", "negative"],
)
def test_an_amount_is_whole_or_not_shown(value: str | None, cells: int, seen: str) -> None:
    assert amount(value, cells) == seen
