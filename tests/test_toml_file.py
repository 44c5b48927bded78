"""Strict TOML: what a person is told about a mistake."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from reconciler.errors import ConfigurationError, TomlError
from reconciler.toml_file import (
    MAX_SIZE_BYTES,
    Problem,
    TomlFile,
    nearest,
    parse_toml,
    raise_problems,
    read_toml,
    shown_key,
    validate,
)
from reconciler.toml_lines import Lines


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Car(_Strict):
    kind: Literal["car"]
    doors: int
    seats: list[str] = []


class Boat(_Strict):
    kind: Literal["boat"]
    sail_area: Decimal = Decimal(0)


class Part(_Strict):
    path: str | list[str]
    codes: dict[str, str | bool] = {}
    colour: Colour | None = None


class Options(_Strict):
    name: str
    size: Annotated[int, Field(gt=0)] = 1
    ratio: float = 0.5
    secret: SecretStr | None = None
    vehicle: Annotated[Car | Boat, Field(discriminator="kind")] | None = None
    parts: dict[str, str | Part] = {}
    fleet: list[Annotated[Car | Boat, Field(discriminator="kind")]] = []

    @field_validator("name")
    @classmethod
    def _not_shouted(cls, name: str) -> str:
        if name.isupper():
            raise ValueError("must not be shouted")
        return name


def _file(text: str) -> TomlFile:
    return parse_toml(dedent(text).encode(), Path("my.toml"), "my.toml")


def _error(text: str) -> TomlError:
    with pytest.raises(TomlError) as caught:
        validate(Options, _file(text))
    return caught.value


MISTAKES = {
    "unknown key, near": ("name = 'a'\nsiez = 3\n", 2, "siez", "unknown key", "`size`"),
    "unknown key, far": ("name = 'a'\nzzzzzz = 3\n", 2, "zzzzzz", "unknown key", "Valid here: name, size"),
    "missing key of the file": ("# nothing\nsize = 2\n", 1, "name", "is missing", ""),
    "missing key of a table": ("name = 'a'\n\n[vehicle]\nkind = 'car'\n", 3, "vehicle.doors", "is missing", ""),
    "number for text": ("\nname = 3\n", 2, "name", "must be text, not a number", ""),
    "text for number": ("name = 'a'\nsize = '3'\n", 2, "size", "must be a whole number, not text", ""),
    "fraction for a whole number": ("name = 'a'\nsize = 3.5\n", 2, "size", "must be a whole number", ""),
    "boolean for number": ("name = 'a'\nsize = true\n", 2, "size", "a whole number, not true or false", ""),
    "out of range": ("name = 'a'\nsize = 0\n", 2, "size", "must be greater than 0", ""),
    "own rule": ("name = 'AAA'\n", 1, "name", "must not be shouted", ""),
    "infinite": ("name = 'a'\nratio = inf\n", 2, "ratio", "must be a finite number", ""),
    "date": ("name = 2026-11-22\n", 1, "name", "not a TOML date", "quotes"),
    "huge integer": ("name = 'a'\nsize = 99999999999999999999\n", 2, "size", "too large", ""),
    "array for table": ("name = 'a'\nparts = []\n", 2, "parts", "must be a table, not an array", ""),
    "no discriminator": ("name = 'a'\nvehicle = {}\n", 2, "vehicle.kind", "is missing", ""),
    "wrong discriminator": (
        "name = 'a'\n[vehicle]\n\nkind = 'bat'\n",
        4,
        "vehicle.kind",
        "unknown value 'bat'",
        "`boat`",
    ),
    "key of the other union member": (
        "name = 'a'\n[vehicle]\nkind = 'boat'\nsail_aera = '1'\n",
        4,
        "vehicle.sail_aera",
        "unknown key",
        "`sail_area`",
    ),
    "inside an inline table": (
        "name = 'a'\nvehicle = { kind = 'car', dors = 3 }\n",
        2,
        "vehicle.dors",
        "unknown key",
        "`doors`",
    ),
    "short form or table": (
        "name = 'a'\n[parts]\nx = 'p'\ny = 3\n",
        4,
        "parts.y",
        "must be text or a table, not a number",
        "",
    ),
    "misspelt in a dict value": ("name = 'a'\n[parts.x]\npth = 'q'\n", 3, "parts.x.pth", "unknown key", "`path`"),
    "inside an array": ("name = 'a'\n[parts.x]\npath = [\n  'q',\n  3,\n]\n", 5, "parts.x.path[1]", "must be text", ""),
    "neither member": ("name = 'a'\nparts.x.path = 3\n", 2, "parts.x.path", "must be text or an array", ""),
    "dotted keys": (
        "name = 'a'\nparts.x.path = 'p'\nparts.x.codes.A = 3\n",
        3,
        "parts.x.codes.A",
        "must be text or true",
        "",
    ),
    "quoted keys": (
        "name = 'a'\n[parts.\"a b\"]\n'colour' = 'gren'\npath = 'x'\n",
        3,
        'parts."a b".colour',
        "unknown value",
        "`green`",
    ),
    "second of an array of tables": (
        "name = 'a'\n[[fleet]]\nkind = 'car'\ndoors = 3\n[[fleet]]\nkind = 'car'\ndoors = 'x'\n",
        7,
        "fleet[1].doors",
        "must be a whole number",
        "",
    ),
    "missing in an array of tables": (
        "name = 'a'\n[[fleet]]\nkind = 'boat'\n[[fleet]]\nkind = 'car'\n",
        4,
        "fleet[1].doors",
        "is missing",
        "",
    ),
    "array of inline tables": (
        "name = 'a'\nfleet = [\n  { kind = 'boat' }, # one\n  { kind = 'car', doors = 2, seats = [1] },\n]\n",
        4,
        "fleet[1].seats[0]",
        "must be text",
        "",
    ),
}


@pytest.mark.parametrize(("text", "line", "key", "problem", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_line_key_and_what_is_valid(
    text: str, line: int, key: str, problem: str, hint: str
) -> None:
    error = _error(text)
    assert (error.line, error.key) == (line, key)
    assert str(error).startswith(f"my.toml:{line}: {key}: ")
    assert problem in error.message
    assert hint in error.hint
    assert "more problem" not in error.hint


def test_a_good_file_is_read_with_its_types() -> None:
    options = validate(
        Options,
        _file(
            """
            name = "a"
            parts = { x = "p", y = { path = ["p", "q"], codes = { A = true, B = "b" }, colour = "red" } }
            [vehicle]
            kind = "boat"
            sail_area = "12.50"
            """
        ),
    )
    assert options.vehicle == Boat(kind="boat", sail_area=Decimal("12.50"))
    assert options.parts["y"] == Part(path=["p", "q"], codes={"A": True, "B": "b"}, colour=Colour.RED)


def test_the_first_problem_by_line_is_told_and_the_others_are_counted_and_listed() -> None:
    error = _error("size = 'x'\nname = 3\nratio = 'y'\n")
    assert (error.line, error.key) == (1, "size")
    assert "2 more problems" in error.hint
    assert [line.split(": ")[1] for line in error.detail.splitlines()] == ["name", "ratio"]


def test_a_wrong_value_is_not_shown_because_it_may_be_a_secret() -> None:
    error = _error("name = 'a'\nsecret = ['hunter2-hunter2']\n")
    told = f"{error} {error.detail} {error.__cause__!r} {error.__context__!r}"
    assert error.line == 2
    assert "hunter2" not in told


SYNTAX = {
    "no value": (b"a = 1\nb =\n", 2),
    "key twice": (b"a = 1\n\na = 2\n", 3),
    "table twice": (b"[a]\nx=1\n[b]\n[a]\n", 4),
    "unclosed text": (b'a = 1\nb = "x\n', 2),
    "unclosed array at the end": (b"a = 1\nb = [1,\n2\n", 3),
    "not UTF-8": (b"a = 1\nb = '\xe3o'\n", 2),
}


@pytest.mark.parametrize(("content", "line"), SYNTAX.values(), ids=SYNTAX)
def test_a_file_that_is_not_toml_is_refused_with_its_line(content: bytes, line: int) -> None:
    with pytest.raises(TomlError) as caught:
        parse_toml(content, Path("my.toml"), "my.toml")
    assert caught.value.line == line
    assert "(at " not in str(caught.value)


def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    with pytest.raises(TomlError, match="deeply"):
        parse_toml(b"a = " + b"[" * 100_000, Path("my.toml"), "my.toml")


def test_a_file_larger_than_any_configuration_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_bytes(b"#" * (MAX_SIZE_BYTES + 1))
    with pytest.raises(ConfigurationError, match="larger than"):
        read_toml(path)


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.toml: cannot be read"):
        read_toml(tmp_path / "gone.toml", "gone.toml")


def test_a_byte_order_mark_and_windows_line_ends_do_not_move_lines(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'a'\r\n\r\nsiez = 3\r\n")
    with pytest.raises(TomlError) as caught:
        validate(Options, read_toml(path, "windows.toml"))
    assert caught.value.line == 3


def test_an_error_can_be_made_for_any_key_of_a_file() -> None:
    file = _file("[a]\n[a.b]\nc = 1\n")
    error = file.error(("a", "b", "c"), "is odd", hint="Change it.")
    assert str(error) == "my.toml:3: a.b.c: is odd Change it."
    assert file.error(("a", "b", "absent"), "is odd").line == 2


def test_data_from_elsewhere_keep_the_lines_of_the_text() -> None:
    file = _file("name = 'a'\nsize = 1\n").replaced({"name": "a", "size": -1})
    with pytest.raises(TomlError) as caught:
        validate(Options, file)
    assert caught.value.line == 2


def test_problems_found_elsewhere_are_raised_by_line() -> None:
    file = _file("a = 1\nb = 2\n")
    raise_problems(file, [])
    with pytest.raises(TomlError) as caught:
        raise_problems(file, [Problem(("b",), "is late"), Problem(("a",), "is early")])
    assert caught.value.line == 1
    assert "one more problem" in caught.value.hint


LINES = {
    "header, not the table it implies": ("[a.b]\nx = 1\n[a]\ny = 1\n", ("a",), 3),
    "implied table": ("\n[a.b]\nx = 1\n", ("a",), 2),
    "table below an array of tables": ("[[a]]\n[a.b]\nx = 1\n[[a]]\n[a.b]\nx = 1\n", ("a", 1, "b", "x"), 6),
    "array of tables below an array of tables": (
        "[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[[a.b]]\nx = 1\n",
        ("a", 1, "b", 1, "x"),
        6,
    ),
    "after a text of several lines": ('a = """\nb = 1\n"""\nb = 2\n', ("b",), 4),
    "spaced dotted key": ("a . \"b\" . 'c' = 1\n", ("a", "b", "c"), 1),
    "escaped key": ('x = 1\n"\\u00e3" = 1\n', ("ã",), 2),
    "nothing there": ("x = 1\n", ("y", 3, "z"), 1),
}


@pytest.mark.parametrize(("text", "path", "line"), LINES.values(), ids=LINES)
def test_lines_of_keys(text: str, path: tuple[str | int, ...], line: int) -> None:
    assert Lines(text).of(path) == line


_KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)


@given(st.lists(_KEYS, min_size=1, max_size=12, unique=True), st.lists(_KEYS, min_size=1, max_size=3))
def test_every_key_however_it_is_quoted_is_found_on_its_line(names: list[str], table: list[str]) -> None:
    """Law: a document of one key a line under a header tells each key's own line."""
    header = ".".join(map(_basic_string, table))
    text = "\n".join([f"[{header}]", *(f"{_basic_string(name)} = 1" for name in names)])
    lines = Lines(text)
    assert [lines.of((*table, name)) for name in names] == list(range(2, len(names) + 2))


def _basic_string(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" if character in '"\\' else character for character in text) + '"'


SHOWN = {
    "plain": (("a", "b-c"), "a.b-c"),
    "position": (("a", 0, "b"), "a[0].b"),
    "quoted": (("a b", 'c"d'), '"a b"."c\\"d"'),
    "empty": ((), ""),
}


@pytest.mark.parametrize(("path", "shown"), SHOWN.values(), ids=SHOWN)
def test_keys_are_shown_as_people_write_them(path: tuple[str | int, ...], shown: str) -> None:
    assert shown_key(path) == shown


def test_the_nearest_word_ignores_case_and_is_none_when_nothing_is_alike() -> None:
    assert nearest("USER_KYE", ["password", "user_key"]) == "user_key"
    assert nearest("qqqq", ["password", "user_key"]) is None


def test_reading_toml_loads_no_parser_of_lines_and_no_models() -> None:
    """Start-up time: both are loaded only when a mistake is reported, or a model is validated."""
    code = "import sys, reconciler.toml_file; print({'pydantic', 'tree_sitter', 'difflib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
