"""CNPJ and CPF in columns agree with python-stdnum on every input."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf

from reconciler.mapping.canonical import TEXT_COLUMNS
from reconciler.mapping.column import read_column
from reconciler.mapping.documents import invalid_documents
from reconciler.mapping.path import parse_path
from reconciler.mapping.plan import FieldMapping
from reconciler.mapping.reading import read_value
from reconciler.model.entities import FieldType

_FIELD = FieldMapping("tax_id", FieldType.DOCUMENT, (parse_path("tax_id"),), "text")
_ALPHANUMERIC = string.digits + string.ascii_uppercase

_valid_cnpj = st.text(_ALPHANUMERIC, min_size=12, max_size=12).map(lambda base: base + cnpj.calc_check_digits(base))
_valid_cpf = st.text(string.digits, min_size=9, max_size=9).map(
    lambda base: next(
        f"{base}{check:02}" for check in range(100) if cpf._calc_check_digits(f"{base}00") == f"{check:02}"
    )
)
_almost = st.builds(
    lambda number, place, char: number[: place % len(number)] + char + number[place % len(number) + 1 :],
    st.one_of(_valid_cnpj, _valid_cpf),
    st.integers(0, 13),
    st.sampled_from(_ALPHANUMERIC + string.ascii_lowercase + ".-/ é\x00"),
)
_documents = st.one_of(
    _valid_cnpj,
    _valid_cpf,
    _almost,
    st.text(_ALPHANUMERIC, min_size=14, max_size=14),
    st.text(string.digits, min_size=11, max_size=11),
    st.text(_ALPHANUMERIC + "./- ", max_size=18),
)


def _is_valid(compact: str) -> bool:
    if len(compact) == 14:
        return bool(cnpj.is_valid(compact))
    return len(compact) == 11 and bool(cpf.is_valid(compact))


@given(documents=st.lists(_documents, max_size=20))
def test_check_digits_of_a_column_agree_with_stdnum(documents: list[str]) -> None:
    compact = [number for number in map(cnpj.compact, documents) if number.isascii()]
    wrong = set(invalid_documents(compact))
    assert [place not in wrong for place in range(len(compact))] == [
        number == "" or _is_valid(number) for number in compact
    ]


@given(numbers=st.lists(_valid_cnpj, min_size=1, max_size=8))
def test_a_column_of_valid_cnpj_is_decided_without_the_plain_definition(numbers: list[str]) -> None:
    wanted = [number for number in numbers if cnpj.is_valid(number)]
    masked = [cnpj.format(number).lower() for number in wanted]
    assert TEXT_COLUMNS[FieldType.DOCUMENT](masked) == (wanted, [])


@given(text=st.one_of(_documents, st.text(max_size=20)))
def test_a_text_is_a_document_exactly_when_stdnum_says_so(text: str) -> None:
    compact = cnpj.compact(text)
    reading = read_value(_FIELD, text)
    if reading.form is not None:
        assert reading.form == compact
        assert _is_valid(compact)
    elif compact.isascii():
        assert compact == "" or text.isspace() or not _is_valid(compact)


def test_each_wrong_place_of_a_mixed_column_is_found() -> None:
    documents = ["16727230000197", "", "39053344705", "16727230000198", "39053344706", "1", "12ABC34501DE35", "0" * 14]
    assert invalid_documents(documents) == [5, 3, 7, 4]


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (16727230000197, "16727230000197"),
        (360305000104, "00360305000104"),
        (28986000108, "00028986000108"),
        (39053344705, "39053344705"),
        (272, "00000000272"),
        (16727230000197.0, "16727230000197"),
    ],
    ids=["cnpj", "cnpj without zeros", "short cnpj", "cpf", "cpf without zeros", "whole float"],
)
def test_a_number_gets_its_leading_zeros_back(number: float, form: str) -> None:
    assert read_value(_FIELD, number).form == form
    assert read_column(_FIELD, [number, None, number]).form.to_list() == [form, None, form]


def test_a_number_that_could_be_both_is_a_cpf() -> None:
    assert cpf.is_valid("00000000191")
    assert cnpj.is_valid("00000000000191")
    assert read_value(_FIELD, 191).form == "00000000191"


@pytest.mark.parametrize("number", [0, -16727230000197, 16727230000198, 10**14, 1.5, 1e22, True], ids=repr)
def test_a_number_that_is_no_document_is_a_problem(number: object) -> None:
    reading = read_value(_FIELD, number)
    assert reading.form is None
    assert reading.problem is not None
    assert read_column(_FIELD, [number]).problems == {0: reading.problem}


@given(numbers=st.lists(st.one_of(st.integers(-(2**70), 2**70), st.none(), _valid_cnpj), max_size=10))
def test_a_column_of_numbers_and_texts_equals_the_plain_definition(numbers: list[object]) -> None:
    readings = [read_value(_FIELD, number) for number in numbers]
    column = read_column(_FIELD, list(numbers))
    assert column.form.to_list() == [reading.form for reading in readings]
    assert column.problems == {place: reading.problem for place, reading in enumerate(readings) if reading.problem}
