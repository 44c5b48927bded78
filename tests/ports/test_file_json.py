"""JSON documents and lines of JSON: places, exact numbers, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ports.layout_reading import records, refusal

_LINES: dict[str, Any] = {"kind": "jsonl"}
_LIST: dict[str, Any] = {"kind": "json"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.json"


def test_list_at_the_top_or_at_a_path(path: Path) -> None:
    nested = b'{"meta": {"items": "x"}, "data": {"total": 1, "items": [{"id": 1}], "more": [{"id": 2}]}, "items": []}'
    assert records(path, b' [{"id": 1}, {"id": 2}] ', **_LIST) == [{"id": 1}, {"id": 2}]
    assert records(path, nested, **_LIST, records="data.items") == [{"id": 1}]
    assert records(path, nested, **_LIST, records="items") == []
    assert records(path, b'{"@odata.list": [{"id": 1}]}', **_LIST, records="@odata.list") == [{"id": 1}]


def test_values_of_every_kind(path: Path) -> None:
    record = {"t": "Ação \U0001f600", "n": None, "b": [True, False], "o": {"e": {}, "l": [[], [1, "a", {"x": None}]]}}
    content = orjson.dumps([record])
    assert records(path, content, **_LIST) == [record]
    assert records(path, content[1:-1], **_LINES) == [record]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("1.50", 1.5),
        ("0.1", 0.1),
        ("1e2", 100.0),
        ("18446744073709551615", 18446744073709551615),
        ("-9223372036854775808", -9223372036854775808),
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("1234567890.123456", 1234567890.123456),
        ("1e-400", "1E-400"),
    ],
)
def test_numbers_keep_every_digit(path: Path, written: str, value: object) -> None:
    for found in (
        records(path, f'[{{"v": {written}, "w": [{written}]}}]'.encode(), **_LIST),
        records(path, f'{{"v": {written}, "w": [{written}]}}'.encode(), **_LINES),
    ):
        assert found == [{"v": value, "w": [value]}]
        assert type(found[0]["v"]) is type(value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_declared_encoding(path: Path, encoding: str) -> None:
    content = '{"nome": "Ação"}\n'.encode(encoding)
    assert records(path, content, **_LINES, encoding=encoding) == [{"nome": "Ação"}]
    content = '[{"nome": "Ação"}]\n'.encode(encoding)
    assert records(path, content, **_LIST, encoding=encoding) == [{"nome": "Ação"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cut off"),
        (b'[{"a": 1}, {"a"', "row 2: not JSON, or cut off"),
        (b'[{"a": 1}', "cut off"),
        (b'[{"a": 1}, {"a": NaN}]', "row 2: NaN or Infinity"),
        (b'[{"a": -Infinity}]', "row 1: NaN or Infinity"),
        (b'[{"a": 1e99999999999999999999}]', "not JSON"),
        (b'[{"a": ' + b"9" * 5000 + b"}]", "not JSON"),
        (b'[{"a": 1},]', "not JSON"),
        (b'[{"a": 1}] x', "something follows"),
        (b"<html>", "not a list"),
        (b'[{"a": "\xff"}]', "0xFF cannot be read as utf-8"),
        (b'[{"a": "\\ud800"}]', "surrogate"),
        (b'[{"a": "\\\\\\udc00"}]', "surrogate"),
        (b'[{"a": 1}, 5]', "row 2: not an object"),
        (b'[{"a": 1}, [{}]]', "row 2: not an object"),
        (b'{"items": []}', "not a list"),
        (b'[{"a": ' + b"[" * 120 + b"]" * 120 + b"}]", "100 levels"),
        (b'[{"a": ' + b'{"a":' * 120 + b"1" + b"}" * 121 + b"]", "100 levels"),
        (b"[" * 1_000_000, "row 1: lists and objects nested"),
    ],
    ids=[
        "empty", "cut in a record", "cut between", "NaN", "infinity", "exponent", "endless number", "comma", "surplus",
        "web page", "bytes", "half a pair", "half behind a backslash", "number", "list", "object", "deep lists",
        "deep objects", "deep document",
    ],
)  # fmt: skip
def test_document_that_cannot_be_read_is_an_error(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, **_LIST))


@pytest.mark.parametrize("where", ["items", "data.list", "data.items.x"])
def test_missing_list_is_an_error_and_not_an_empty_one(path: Path, where: str) -> None:
    content = b'{"data": {"items": [{"x": []}], "list": {"items": []}}, "items": null}'
    assert f"no list at {where}" in str(refusal(path, content, **_LIST, records=where))


def test_what_surrounds_the_list_is_checked_too(path: Path) -> None:
    """What is cut off after the list, or too deep beside it, was not skipped over."""
    for content, said in (
        (b'{"data": {"items": [{}]}', "cut off"),
        (b'{"data": {"items": [{}], "x": tru}}', "not JSON"),
        (b'{"x": ' + b"[" * 1_000_000, "100 levels"),
        (b'{x: 1, "data": {"items": [{}]}}', "not JSON"),
        (b'{1: 1, "data": {"items": [{}]}}', "no text"),
        (b'{"data": {"items": [{}]}}}', "something follows"),
    ):
        assert said in str(refusal(path, content, **_LIST, records="data.items"))


def test_names_with_dots_are_names_of_a_path(path: Path) -> None:
    content = b'{"a": {"c": []}, "a.b": [{"id": 1}]}'
    assert records(path, content, **_LIST, records="a.b") == [{"id": 1}]


@pytest.mark.parametrize("shift", range(12))
def test_a_number_is_not_cut_at_the_end_of_a_piece(path: Path, shift: int) -> None:
    """The document is one number beside the list, read where a piece of the file ends."""
    padding = "x" * (64 * 1024 - 14 - shift)
    content = f'{{"p": "{padding}", "n": 1234567890, "l": [{{"id": 12345}}]}}'.encode()
    assert records(path, content, **_LIST, records="l") == [{"id": 12345}]


def test_escaped_characters_are_read_wherever_pieces_of_the_file_are_cut(path: Path) -> None:
    text = "\\" * 2 + "\U0001f600" + "\\ud800" + "\U0001f600\u00e7"
    escaped = '"' + "\\\\" * 2 + "\\ud83d\\ude00" + "\\\\ud800" + "\\uD83D\\uDE00\\u00e7" + '"'
    for shift in range(45):
        padding = "x" * (64 * 1024 - shift)
        content = f'[{{"p": "{padding}", "t": {escaped}}}]'.encode()
        assert records(path, content, **_LIST)[0]["t"] == text


def test_endless_record_does_not_fill_the_memory(path: Path) -> None:
    content = b'[{"a": [' + b"1," * 200_000
    assert "row 1: a record of more than 65536 characters" in str(refusal(path, content, **_LIST, max_record_kib=64))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1]", "not a JSON object"),
        (b'{"a": 1', "not a JSON object"),
        (b'{"a": NaN}', "NaN or Infinity"),
        (b'{"a": 1e99999999999999999999}', "not a JSON object"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": ' + b"[" * 120 + b"]" * 120 + b"}", "100 levels"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "not a JSON object"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "more than 65536 characters"),
    ],
    ids=["list", "cut off", "NaN", "exponent", "half a pair", "deep", "deeper", "long"],
)
def test_line_that_cannot_be_read_is_an_error_with_its_row(path: Path, line: bytes, said: str) -> None:
    error = refusal(path, b'{"a": 1}\n\n' + line + b"\n", **_LINES, max_record_kib=64)
    assert (error.row, said in str(error)) == (3, True)


def test_errors_hold_nothing_of_the_file(path: Path) -> None:
    """Neither they nor what a log would print of their causes."""
    for content, options in ((b'[{"a": "secret" x}]', _LIST), (b'{"a": "secret" x}', _LINES)):
        error = refusal(path, content, **options)
        assert "secret" not in f"{error!r} {error.__cause__!r} {error.__context__!r}"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3), max_size=5))
def test_both_layouts_give_what_was_written(path: Path, written: list[dict[str, Any]]) -> None:
    assert records(path, orjson.dumps(written), **_LIST) == written
    assert records(path, b"\n".join(map(orjson.dumps, written)), **_LINES) == written
