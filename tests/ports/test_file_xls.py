"""`.xls`: what cells become, errors that the library hides, and workbooks that are refused."""

from __future__ import annotations

import contextlib
import random
import struct
from pathlib import Path

import pytest

from reconciler.ports.files.layout_error import FileLayoutError
from tests.ports.layout_reading import records, refusal
from tests.ports.xls_file import compound, flag_cell, formula_cell, number_cell, record, text_cell, xls

_MONEY, _DAY, _MOMENT, _TIME = range(4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clientes.xls"


def _result(kind: int, code: int = 0) -> bytes:
    """The result of a formula that is no number."""
    return bytes((kind, 0, code, 0, 0, 0, 0xFF, 0xFF))


def _sheet(*cells: bytes) -> bytes:
    return text_cell(0, 0, "x") + text_cell(0, 1, "y") + b"".join(cells)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (text_cell(1, 0, "00012 Ação"), "00012 Ação"),
        (number_cell(1, 0, 15.0), 15),
        (number_cell(1, 0, 1.37), 1.37),
        (number_cell(1, 0, 1e300), 1e300),
        (number_cell(1, 0, 46173, _DAY), "2026-05-31"),
        (number_cell(1, 0, 46173.5, _MOMENT), "2026-05-31T12:00:00"),
        (number_cell(1, 0, 0.25, _TIME), "06:00:00"),
        (flag_cell(1, 0, 1), True),
        (flag_cell(1, 0, 0x17, is_error=True), {"#error": "#REF!"}),
        (formula_cell(1, 0, struct.pack("<d", 7.5)), 7.5),
        (formula_cell(1, 0, _result(2, 0x07)), {"#error": "#DIV/0!"}),
        (formula_cell(1, 0, _result(3)), None),
        (b"", None),
    ],
)
@pytest.mark.parametrize("few", [False, True], ids=["own sectors", "short stream"])
def test_cell(path: Path, cell: bytes, value: object, few: bool) -> None:
    found = records(path, xls({"Plan1": _sheet(cell, number_cell(1, 1, 1))}, few=few), kind="workbook")[0]["x"]
    assert (found, type(found)) == (value, type(value))


def test_error_in_the_last_column_and_rows_that_begin_aside(path: Path) -> None:
    cells = text_cell(4, 2, "a") + text_cell(4, 3, "b") + number_cell(5, 2, 1) + flag_cell(5, 3, 0x2A, is_error=True)
    content = xls({"Plan1": cells})
    assert records(path, content, kind="workbook", header_row=5) == [{"a": 1, "b": {"#error": "#N/A"}}]


def test_sheet_by_name_or_position_with_its_own_errors(path: Path) -> None:
    error = flag_cell(1, 0, 0x17, is_error=True)
    content = xls({"Capa": _sheet(error), "Peças": _sheet(text_cell(1, 0, "two"), flag_cell(1, 1, 0))})
    assert records(path, content, kind="workbook") == [{"x": {"#error": "#REF!"}, "y": None}]
    for sheet in (2, "Peças"):
        assert records(path, content, kind="workbook", sheet=sheet) == [{"x": "two", "y": False}]
    assert "it has 'Capa', 'Peças'" in str(refusal(path, content, kind="workbook", sheet="Outra"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (xls({"Plan1": b""}, head=record(0x002F, b"\0" * 6)), "password"),
        (compound({"EncryptedPackage": b"x"}), "password"),
        (compound({"WordDocument": b"x"}), "another kind of document"),
        (xls({"Plan1": _sheet()})[:1000], "damaged"),
        (xls({"Plan1": _sheet()})[:100], "damaged"),
    ],
    ids=["xls", "xlsx with password", "other document", "cut off", "cut in its head"],
)
def test_unusable_workbook_is_named_for_what_it_is(path: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(path, content, kind="workbook"))


@pytest.mark.parametrize(
    "extent",
    [
        struct.pack("<IIHHH", 0, 65_536, 0, 256, 0),
        struct.pack("<HHHHH", 0, 2, 0, 2, 0),
        struct.pack("<IIHHH", *[0] * 5),
    ],
    ids=["largest", "older version", "empty"],
)
def test_announced_extent_is_no_hindrance(path: Path, extent: bytes) -> None:
    content = xls({"Plan1": record(0x0200, extent) + _sheet(number_cell(1, 0, 1))})
    assert records(path, content, kind="workbook") == [{"x": 1, "y": None}]


def test_numbers_in_one_record_count_to_their_last_column(path: Path) -> None:
    several = struct.pack("<HHHIHIHIH", 0, 0, 0, 0x02, 0, 0x06, 0, 0x0A, 2)
    content = xls({"Plan1": record(0x00BD, several) + number_cell(1, 0, 1)})
    assert records(path, content, kind="workbook", header_row=0, columns=["a", "b", "c"]) == [
        {"a": 0, "b": 1, "c": 2},
        {"a": 1, "b": None, "c": None},
    ]
    far = struct.pack("<HH", 60_000, 0) + struct.pack("<HI", 0, 0x02) * 200 + struct.pack("<H", 199)
    content = xls({"Plan1": record(0x00BD, far) + number_cell(0, 0, 1)})
    assert "too far apart" in str(refusal(path, content, kind="workbook"))


_FAR = number_cell(60_000, 200, 1)
_EXTENT = record(0x0200, struct.pack("<IIHHH", 0, 0x7FFF_FFFF, 0, 0x7FFF, 0))
_TEXTS = record(0x00FC, struct.pack("<II", 0x7FFF_FFFF, 0x7FFF_FFFF))
_BAD_FORMULA = record(0x0006, struct.pack("<HHH8sHIH", 1, 0, 0, b"", 0, 0, 517) + b"\x1e\x01\x00")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (xls({"Plan1": _sheet(_FAR)}), "too far apart"),
        (xls({"Plan1": _sheet(), "Other": _sheet(_FAR)}), "too far apart"),
        (xls({"Plan1": _sheet(_EXTENT)}), "damaged"),
        (xls({"Plan1": _sheet(number_cell(1, 256, 1))}), "damaged"),
        (xls({"Plan1": _sheet()}, head=_TEXTS), "damaged"),
        (xls({"Plan1": _sheet(_BAD_FORMULA)}), "damaged"),
        (xls({"Plan1": _sheet(record(0x0203, b"\0"))}), "damaged"),
    ],
    ids=["sparse", "sparse elsewhere", "extent", "column", "texts", "formula", "short record"],
)
def test_what_would_fill_the_memory_or_end_the_process_is_an_error(path: Path, content: bytes, said: str) -> None:
    """The library reserves memory for what is announced, and panics at some damage."""
    assert said in str(refusal(path, content, kind="workbook"))


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_an_error_or_read_and_never_a_crash(path: Path, seed: int) -> None:
    """Chains that go in circles, sizes beyond the file, records cut short."""
    chance = random.Random(seed)
    content = bytearray(xls({"Plan1": _sheet(*(number_cell(row, 0, row) for row in range(1, 50)))}, few=seed % 2 == 0))
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(8, len(content))] = chance.choice((0, 1, 2, 0xFE, 0xFF, chance.randrange(256)))
    with contextlib.suppress(FileLayoutError):
        assert len(records(path, bytes(content), kind="workbook")) < 65_536
