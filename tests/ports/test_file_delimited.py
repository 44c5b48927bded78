"""Delimited text: cells, quotes, headers, trailers, and every way in which a file is not as described."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.ports.files.layout_error import FileLayoutError
from reconciler.ports.files.layouts.lines import Lines
from reconciler.ports.files.reading import read_batches
from tests.ports.layout_reading import file_format, records, refusal

_SEMICOLON: dict[str, Any] = {"kind": "delimited", "delimiter": ";"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.txt"


def test_cells_stay_texts_so_that_leading_zeros_live(path: Path) -> None:
    content = b"cod;nome;limite\r\n00012;ACME;1.234,50\r\n"
    assert records(path, content, **_SEMICOLON) == [{"cod": "00012", "nome": "ACME", "limite": "1.234,50"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_end_of_line_is_read(path: Path, end: str) -> None:
    content = end.join(["a;b", "1;2", "", "3;4"]).encode()
    assert records(path, content, **_SEMICOLON) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Ação – €"),
        ("utf-8", "Ação – €"),
        ("utf-8-sig", "Ação"),
        ("latin-1", "Ação\x85fim"),
        ("utf-16", "Ação"),
        ("utf-16-le", "Ação\u0a0d"),
        ("utf-16-be", "Ação"),
        ("cp850", "Ação"),
    ],
)
def test_declared_encoding_is_used(path: Path, encoding: str, text: str) -> None:
    assert records(path, f"n\n{text}\n".encode(encoding), **_SEMICOLON, encoding=encoding) == [{"n": text}]


def test_utf_8_is_read_with_and_without_byte_order_mark(path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert records(path, b"\xef\xbb\xbfn\nx\n", **_SEMICOLON, encoding=encoding) == [{"n": "x"}]
        assert records(path, b"n\nx\n", **_SEMICOLON, encoding=encoding) == [{"n": "x"}]


@pytest.mark.parametrize(
    ("content", "encoding", "row"),
    [
        (b"n\nok\nok\nS\xe3o Jos\xe9\n", "utf-8", 4),
        (b"n\nok\nbad \x81\n", "cp1252", 3),
        ("n\nok\n".encode("utf-16-le") + b"\x00\xdc\x41\x00", "utf-16-le", 3),
        (b"n\nok\ncut \xc3", "utf-8", 3),
        (b"n\n" + b"x" * 70_000 + b"\nok\n\xff\n", "utf-8", 4),
        (b"n\nok\nNUL \x00\n", "utf-8", 3),
    ],
    ids=["cp1252 as UTF-8", "undefined in cp1252", "lone surrogate", "cut character", "after a long line", "NUL"],
)
def test_bytes_of_another_encoding_are_an_error_that_names_the_row(
    path: Path, content: bytes, encoding: str, row: int
) -> None:
    error = refusal(path, content, **_SEMICOLON, encoding=encoding)
    assert error.row == row
    assert "reconciler check" in str(error)


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (b"\xff\xfea\x00", "utf-8", "byte order mark of utf-16"),
        (b"\xef\xbb\xbfa", "cp1252", "byte order mark of utf-8-sig"),
        (b"\xfe\xff\x00a", "utf-16-le", "byte order mark of utf-16"),
        (b"a\x00", "utf-16", "utf-16-le"),
    ],
    ids=["UTF-16 as UTF-8", "UTF-8 as cp1252", "other byte order", "no mark"],
)
def test_byte_order_mark_that_contradicts_the_description_is_an_error(
    path: Path, content: bytes, encoding: str, said: str
) -> None:
    assert said in str(refusal(path, content, **_SEMICOLON, encoding=encoding))


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks(path: Path) -> None:
    content = b'a;b\n"x;""y""\r\nz";1\nTUBO 3/4";2\n'
    assert records(path, content, **_SEMICOLON) == [{"a": 'x;"y"\r\nz', "b": "1"}, {"a": 'TUBO 3/4"', "b": "2"}]


def test_without_quote_a_quote_is_a_character(path: Path) -> None:
    assert records(path, b'a;b\n"x;1\n', **_SEMICOLON, quote="") == [{"a": '"x', "b": "1"}]


@pytest.mark.parametrize(
    ("content", "row"),
    [(b'a;b\n1;2\n"never closed;3\n4;5\n', 3), (b'a;b\n1;"two"x\n', 2), (b'a\n"' + b"x" * 140_000 + b'"\n', 2)],
    ids=["open to the end", "text after the quote", "longer than any cell"],
)
def test_broken_quotes_are_an_error_where_the_row_begins(path: Path, content: bytes, row: int) -> None:
    assert refusal(path, content, **_SEMICOLON).row == row


def test_rows_are_numbered_by_lines_of_the_file(path: Path) -> None:
    """A cell with line breaks and blank lines before the mistake do not shift the number."""
    assert refusal(path, b'a;b\n"1\n\n1";2\n\n3\n', **_SEMICOLON).row == 6


@pytest.mark.parametrize(("row", "cells"), [(b"1", 1), (b"1;2;3", 3), (b"1;2;", 3)], ids=["few", "many", "empty more"])
def test_another_number_of_cells_is_an_error(path: Path, row: bytes, cells: int) -> None:
    error = refusal(path, b"a;b\n" + row + b"\n", **_SEMICOLON)
    assert (error.row, f"{cells} cells" in str(error)) == (2, True)


def test_ragged_end_fills_up_and_takes_off_empty_cells_only(path: Path) -> None:
    content = b"a;b\n1\n1;2; ;\n"
    assert records(path, content, **_SEMICOLON, ragged_end=True) == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]
    assert refusal(path, b"a;b\n1;2;3\n", **_SEMICOLON, ragged_end=True).row == 2


def test_header_that_ends_with_the_delimiter_has_a_nameless_empty_column(path: Path) -> None:
    assert records(path, b"a;b;\n1;2;\n", **_SEMICOLON) == [{"a": "1", "b": "2"}]
    error = refusal(path, b"a;b;\n1;2;3\n", **_SEMICOLON)
    assert (error.row, error.column) == (2, 3)


def test_blank_lines_and_rows_of_blank_cells_carry_no_record(path: Path) -> None:
    assert records(path, b"\na;b\n\n  \n;\n1;2\n\n", **_SEMICOLON) == [{"a": "1", "b": "2"}]


def test_dos_end_of_file_mark_is_no_record(path: Path) -> None:
    assert records(path, b"a\r\n1\r\n\x1a", **_SEMICOLON) == [{"a": "1"}]


def test_names_come_from_the_description_where_there_is_no_header(path: Path) -> None:
    content = b"Exported 2026-05-31\n1;2\n"
    assert records(path, content, **_SEMICOLON, skip_rows=1, columns=["x", "y"]) == [{"x": "1", "y": "2"}]


def test_header_after_skipped_rows(path: Path) -> None:
    assert records(path, b"Report\n\n a ;b\n1;2\n", **_SEMICOLON, skip_rows=2) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"a;b;a\n", {}, "columns 1 and 3 alike"),
        (b"a;b\n1;2\n", {"required_columns": ["b", "cnpj", "uf"]}, "the header lacks cnpj, uf"),
        (b"a,b\n1,2\n", {}, "delimiter"),
        (b"", {}, "no header"),
        (b"x\n", {"skip_rows": 3}, "ends before the 3 rows"),
        (b";\n", {}, "no header"),
    ],
    ids=["names alike", "required column", "other delimiter", "empty file", "fewer rows than skipped", "blank header"],
)
def test_unusable_header_is_an_error(path: Path, content: bytes, options: dict[str, Any], said: str) -> None:
    assert said in str(refusal(path, content, **_SEMICOLON, **options))


def test_an_empty_file_with_declared_columns_has_no_records(path: Path) -> None:
    assert records(path, b"", **_SEMICOLON, columns=["a"]) == []


_TRAILER = {"marker": "T", "count_cell": 2}


def test_trailer_is_checked_and_is_no_record(path: Path) -> None:
    assert records(path, b"a;b\n1;2\n3;4\nT;0002;x\n\n", **_SEMICOLON, trailer=_TRAILER) == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]


def test_trailer_may_count_every_line_of_the_file(path: Path) -> None:
    trailer = {**_TRAILER, "counts": "lines"}
    content = b'Report\na;b\n1;"2\n2"\n\nT;5\n'
    assert records(path, content, **_SEMICOLON, skip_rows=1, trailer=trailer) == [{"a": "1", "b": "2\n2"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a;b\n1;2\n", "no trailer"),
        (b"a;b\n1;2\nT;2\n", "counts 2 records, the file has 1"),
        (b"a;b\nT;0\n1;2\n", "follows the trailer of row 2"),
        (b"a;b\nT;0\nT;0\n", "follows the trailer"),
        (b"a;b\nT;x\n", "not a whole number"),
        (b"a;b\nT\n", "count is cell 2"),
    ],
    ids=["cut off", "other count", "rows after it", "two", "no number", "too short"],
)
def test_missing_or_contradicting_trailer_is_an_error(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, **_SEMICOLON, trailer=_TRAILER))


def test_a_record_of_any_length_does_not_fill_the_memory(path: Path) -> None:
    """One endless line, and one cell after another in quotes that hide the ends of lines."""
    endless = refusal(path, b"a\n" + b"x;" * 60_000, **_SEMICOLON, max_record_kib=64)
    hidden = refusal(path, b"a\n" + b'"\n";' * 30_000 + b"\n", **_SEMICOLON, max_record_kib=64)
    assert (endless.row, endless.problem) == (2, "a record of more than 65536 characters")
    assert hidden.problem == endless.problem


def test_an_endless_line_is_not_read_to_its_end() -> None:
    stream = io.BytesIO(b"x" * 1_000_000)
    with pytest.raises(FileLayoutError):
        list(Lines(stream, "utf-8", max_kib=64))
    assert stream.tell() < 200_000


def test_many_short_records_are_not_one_long_record(path: Path) -> None:
    assert len(records(path, b"a\n" + b"xyz\n" * 1000, **_SEMICOLON, max_record_kib=1)) == 1000


def test_errors_hold_nothing_of_the_file(path: Path) -> None:
    """Not even through the chain of causes, which a log would print."""
    error = refusal(path, b'a;b\nsecret;"sec"ret\n', **_SEMICOLON)
    assert "secret" not in f"{error!r} {error.__cause__!r} {error.__context__!r}"


def test_batches_have_the_wanted_size(path: Path) -> None:
    path.write_bytes(b"a\n1\n2\n3\n4\n5\n")
    batches = list(read_batches(path, file_format(**_SEMICOLON), batch_size=2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    with pytest.raises(ValueError, match="batch_size"):
        next(read_batches(path, file_format(**_SEMICOLON), batch_size=0))


_ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.tuples(_ANY_TEXT, _ANY_TEXT), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-be"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from([";", ",", "\t", "|"]),
)
def test_any_text_survives_the_trip_through_a_file(
    path: Path, rows: list[tuple[str, str]], encoding: str, end: str, delimiter: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    found = records(path, out.getvalue().encode(encoding), kind="delimited", delimiter=delimiter, encoding=encoding)
    assert found == [{"a": a, "b": b} for a, b in rows if a.strip() or b.strip()]
