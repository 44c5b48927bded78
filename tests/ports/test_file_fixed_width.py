"""Fixed width text: places in characters, padding, record types, lengths and trailers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ports.layout_reading import records, refusal

_TWO: dict[str, Any] = {
    "kind": "fixed_width",
    "columns": [{"name": "cod", "start": 1, "width": 5}, {"name": "nome", "start": 7, "width": 6}],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.txt"


def test_places_are_counted_in_characters_not_bytes(path: Path) -> None:
    content = "00012xAÇÃO  \n00013x  É  Í\n".encode()
    assert records(path, content, **_TWO) == [{"cod": "00012", "nome": "AÇÃO"}, {"cod": "00013", "nome": "É  Í"}]


@pytest.mark.parametrize(
    ("trim", "nome"), [("both", "A B"), ("right", "  A B"), ("none", "  A B ")], ids=["both", "right", "none"]
)
def test_padding_is_taken_off_as_described(path: Path, trim: str, nome: str) -> None:
    assert records(path, b"00012x  A B \n", **_TWO, trim=trim) == [{"cod": "00012", "nome": nome}]


def test_only_spaces_are_padding(path: Path) -> None:
    assert records(path, "00012x\u00a0A\t   \n".encode(), **_TWO) == [{"cod": "00012", "nome": "\u00a0A\t"}]


def test_only_lines_of_the_wanted_record_type_are_records(path: Path) -> None:
    content = b"0 header\n1AAA\n2BBB\n1CCC\n9\n"
    columns = [{"name": "x", "start": 2, "width": 3}]
    found = records(path, content, kind="fixed_width", columns=columns, only_lines_starting="1")
    assert found == [{"x": "AAA"}, {"x": "CCC"}]


def test_line_too_short_for_its_columns_is_an_error(path: Path) -> None:
    error = refusal(path, b"00012xABCDEF\n00013xABC\n", **_TWO)
    assert (error.row, "9 characters" in str(error)) == (2, True)


def test_short_lines_read_as_empty_where_described(path: Path) -> None:
    assert records(path, b"00012xAB\n0001\n", **_TWO, short_lines=True) == [
        {"cod": "00012", "nome": "AB"},
        {"cod": "0001", "nome": ""},
    ]


@pytest.mark.parametrize("line", [b"00012xABCDEF", b"00012xABCDEFGHI"], ids=["shorter", "longer"])
def test_line_length_is_checked(path: Path, line: bytes) -> None:
    error = refusal(path, b"00012xABCDEFGH\n" + line + b"\n", **_TWO, line_length=14)
    assert (error.row, "14" in str(error)) == (2, True)


def test_skipped_rows_blank_lines_and_dos_end_of_file(path: Path) -> None:
    assert len(records(path, b"Report\r\n\r\n00012xABCDEF\r\n   \r\n\x1a\x1a", **_TWO, skip_rows=1)) == 1


_TRAILER = {"marker": "9", "count_start": 2, "count_width": 4}


@pytest.mark.parametrize(
    ("counts", "count"), [("records", b"0001"), ("lines", b"0004")], ids=["records", "all lines but blank ones"]
)
def test_trailer_counts(path: Path, counts: str, count: bytes) -> None:
    content = b"0 header\n1AAA\n2BBB\n\n9" + count + b"   \n"
    columns = [{"name": "x", "start": 2, "width": 3}]
    trailer = {**_TRAILER, "counts": counts}
    found = records(
        path, content, kind="fixed_width", columns=columns, only_lines_starting="1", skip_rows=1, trailer=trailer
    )
    assert found == [{"x": "AAA"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"00012xABCDEF\n", "no trailer"),
        (b"00012xABCDEF\n90002\n", "counts 2 records, the file has 1"),
        (b"90000\n00012xABCDEF\n", "follows the trailer of row 1"),
        (b"9 1  \n", "counts 1 records, the file has 0"),
        (b"900\n", "count ends at 5"),
    ],
    ids=["cut off", "other count", "rows after it", "padded", "too short"],
)
def test_missing_or_contradicting_trailer_is_an_error(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, **_TWO, trailer=_TRAILER))


def test_a_line_of_any_length_does_not_fill_the_memory(path: Path) -> None:
    assert refusal(path, b"x" * 70_000, **_TWO).problem == "a record of more than 65536 characters"


_CELL = st.text(st.characters(exclude_characters="\0\r\n\x1a", exclude_categories=["Cs"]), max_size=7)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(_CELL, _CELL), max_size=4), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_any_text_survives_the_trip_through_a_file(path: Path, rows: list[tuple[str, str]], encoding: str) -> None:
    text = "".join(f"#{first:<7}{second:>7}\r\n" for first, second in rows)
    columns = [{"name": "a", "start": 2, "width": 7}, {"name": "b", "start": 9, "width": 7}]
    found = records(path, text.encode(encoding), kind="fixed_width", columns=columns, encoding=encoding)
    assert found == [{"a": first.strip(" "), "b": second.strip(" ")} for first, second in rows]
