"""What tables are made of: marks, columns, cells that fit whatever they hold, and where two values differ."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.app.review.narrowing import WrongWord, narrowed
from reconciler.model.findings import Cause, FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.tui.fills import HOSTILE, HOSTILE_SEEN
from tui.review.graphemes import content_of, differences, first_difference, graphemes, shortened
from tui.review.narrowing import option_words
from tui.widgets.marks import Marks
from tui.widgets.table_pages import MOST_PAGES, Pages
from tui.widgets.table_rows import Column, TableRow, column_widths, drawn

HUGE = 10_000_000


class TestMarks:
    def test_a_whole_section_but_for_some_rows(self) -> None:
        marks = Marks()
        marks.put("a", "one", marked=True)
        marks.put_section("one", marked=True)
        marks.put("b", "one", marked=False)
        marks.put("z", "two", marked=True)
        assert [marks.holds("a", "one"), marks.holds("b", "one"), marks.holds("new", "one")] == [True, False, True]
        assert [marks.holds("z", "two"), marks.holds("y", "two")] == [True, False]
        assert marks.count({"one": 1_000_000, "two": 5}) == 1_000_000
        assert not marks.holds_all("one")
        marks.put("b", "one", marked=True)
        assert marks.holds_all("one")
        marks.put_section("one", marked=False)
        assert (marks.single, marks.whole) == ({"z": "two"}, {})
        marks.clear()
        assert not marks

    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.booleans()), max_size=30))
    def test_marks_agree_with_a_plain_set(self, steps: list[tuple[str, bool, bool]]) -> None:
        marks, plain = Marks(), set[str]()
        for row, whole, marked in steps:
            if whole:
                marks.put_section("s", marked=marked)
                plain = set("abcdef") if marked else set()
            else:
                marks.put(row, "s", marked=marked)
                (plain.add if marked else plain.discard)(row)
            assert {each for each in "abcdef" if marks.holds(each, "s")} == plain
            assert marks.count({"s": 6}) == len(plain)


class TestCells:
    @given(st.text(max_size=60), st.integers(1, 30), st.booleans(), st.integers(0, 60))
    def test_every_text_takes_exactly_its_cells(self, text: str, cells: int, right: bool, focus: int) -> None:
        assert cell_len(drawn(text, cells, right=right, focus=focus)) == cells

    @pytest.mark.parametrize(
        "text",
        ["x" * HUGE, "\u0301" * HUGE, "[red]" * (HUGE // 5), "\x1b" * HUGE, "\u202e" * HUGE, "字" * HUGE],
        ids=["letters", "marks", "markup", "escapes", "bidi", "wide"],
    )
    @pytest.mark.timeout(5)
    def test_ten_million_characters_cost_what_can_be_seen(self, text: str) -> None:
        shown = drawn(text, 20)
        assert cell_len(shown) == 20
        assert "…" in shown
        assert set(drawn(text, 20, right=True)) == {"#"}
        assert len(shortened(text, 100)) < 1_300

    def test_nothing_from_outside_is_obeyed(self) -> None:
        assert drawn(HOSTILE, 80).rstrip() == HOSTILE_SEEN

    def test_an_amount_is_whole_or_absent(self) -> None:
        assert drawn("1234.5678", 12, right=True) == "   1234.5678"
        assert drawn("1234.5678", 6, right=True) == "######"

    def test_what_differs_is_in_sight(self) -> None:
        one, other = "Metalúrgica e Fundição Santa Rita Ltda", "Metalúrgica e Fundição Santa Rira Ltda"
        place = first_difference(one, other)
        assert one[place] == "t"
        assert "Rita" in drawn(one, 16, focus=place)
        assert "Rita" not in drawn(one, 16)

    def test_columns_give_way_in_their_order_and_fill_the_room(self) -> None:
        columns = (
            Column("a", 10),
            Column("b", 10, 1),
            Column("c", 10, 3),
            Column("d", 10, order=1),
            Column("e", 5, order=2),
        )
        assert column_widths(columns, 53) == [10, 10, 10, 10, 5]
        assert column_widths(columns, 52) == [10, 11, 15, 10, 0]
        assert column_widths(columns, 38) == [10, 11, 13, 0, 0]
        assert column_widths(columns, 4) == [4, 0, 0, 0, 0]


class TestPages:
    def test_what_is_in_sight_is_read_first_then_what_is_around(self) -> None:
        pages = Pages()
        wanted = []
        while (page := pages.wanted([4, 5], 9)) is not None:
            wanted.append(page)
            pages.keep(page, [TableRow(str(page))], [4, 5])
        assert wanted == [4, 5, 6, 3]
        assert Pages().wanted([0], 0) == 0
        assert Pages().wanted([], -1) is None

    def test_a_bounded_number_is_kept_and_never_loses_what_is_in_sight(self) -> None:
        pages = Pages()
        for page in range(10 * MOST_PAGES):
            pages.keep(page, [TableRow(str(page))], [0])
            assert len(pages) <= MOST_PAGES
        assert pages.row(0) is not None
        assert pages.row(64) is None


class TestDifferences:
    @given(st.text(max_size=50), st.text(max_size=50))
    def test_the_pieces_are_the_values_and_what_is_the_same_is_the_same(self, one: str, other: str) -> None:
        left, right = differences(one, other)
        assert "".join(piece.text for piece in left) == one
        assert "".join(piece.text for piece in right) == other
        same = ["".join(piece.text for piece in side if not piece.differs) for side in (left, right)]
        assert same[0] == same[1]
        assert any(piece.differs for piece in (*left, *right)) == (one != other)

    def test_an_accent_stays_with_its_letter(self) -> None:
        assert graphemes("a\u0301b") == ["a\u0301", "b"]
        left, _ = differences("Joa\u0303o", "Joao")
        assert [piece.text for piece in left if piece.differs] == ["a\u0303"]

    @pytest.mark.timeout(5)
    def test_of_millions_of_characters_the_first_difference_is_shown(self) -> None:
        left, right = differences("x" * HUGE + "A" + "y" * HUGE, "x" * HUGE + "B" + "y" * HUGE)
        assert [piece.text for piece in left if piece.differs] == ["A"]
        assert [piece.text for piece in right if piece.differs] == ["B"]
        assert left[0].text == "…"
        assert len(content_of(left).plain) < 1_400

    def test_what_cannot_be_seen_is_shown(self) -> None:
        left, _ = differences("Acme\u00a0Ltda", "Acme Ltda")
        assert content_of(left).plain == "Acme\\xa0Ltda"


class TestNarrowing:
    BASIS = FindingFilter(status=FindingStatus.OPEN)

    def test_words_are_looked_for_and_parts_narrow(self) -> None:
        filter_ = narrowed(self.BASIS, 'cause:accents são "rua x" field:city field:street')
        assert (filter_.text, filter_.cause, filter_.field) == ("são rua x", ("accents",), ("city", "street"))
        assert filter_.status is FindingStatus.OPEN
        assert narrowed(self.BASIS, "  ") == self.BASIS

    def test_a_cause_that_there_is_not_is_told(self) -> None:
        with pytest.raises(WrongWord) as wrong:
            narrowed(self.BASIS, "cause:nonsense")
        assert Cause.ACCENTS in wrong.value.known

    @given(st.text(max_size=80))
    def test_whatever_is_typed_is_a_filter_or_a_wrong_word(self, typed: str) -> None:
        with suppress(WrongWord):
            assert narrowed(self.BASIS, typed).status is FindingStatus.OPEN

    def test_the_same_as_options_of_a_command(self) -> None:
        filter_ = narrowed(FindingFilter(status="open", without=("b", "a")), "cause:accents 10% off")
        assert option_words(filter_) == [
            *("--cause", "accents", "--status", "open", "--without", "a", "--without", "b", "--text", "10% off")
        ]
