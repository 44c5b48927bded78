"""Tables in a terminal: aligned, cut with an ellipsis, never wider than the room there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.output import fitted, plain, print_table, width


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(20, 200))
def test_columns_fit_the_room_or_cannot_give_more(widths: list[int], room: int) -> None:
    narrowed = fitted(widths, room)
    assert all(new <= old for new, old in zip(narrowed, widths, strict=True))
    assert sum(narrowed) + 2 * (len(narrowed) - 1) <= room or max(narrowed) <= 6


def test_columns_that_fit_stay_as_they_are() -> None:
    assert fitted([10, 20, 30], 80) == [10, 20, 30]


def test_a_table_is_aligned_and_a_long_cell_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "n"), [("São João", 7), ("x" * 90, 12), ("日本", None)], right=(1,))
    heading, rule, *rows = capsys.readouterr().out.splitlines()
    assert {width(line) for line in (rule, rows[0], rows[1])} == {width(rule)}
    assert heading.startswith("name")
    assert rows[1].split()[0].endswith("…")
    assert rows[2] == "日本"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b[31mred", "\\x1b[31mred"), ("a\u202eb", "a\\u202eb"), ("a\nb", "a\\nb"), ("São 1", "São 1")],
    ids=["escape", "bidirectional", "line break", "plain"],
)
def test_outside_text_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown
