"""Cells: nothing that a spreadsheet would calculate, nothing that a terminal would obey, nothing else changed."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.findings import FindingStatus
from reconciler.reports.cells import COLUMNS, row_of, safe_cell
from tests.reports.report_samples import FINDING, explain

_ALPHABET = st.sampled_from([*"=+-@＝＠,;\"'\t\r\n |a1é", "\x1b", "\x00", "\u202e", "\u200b", "\xa0"])


@pytest.mark.parametrize(
    ("given_text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+55 11 4002-8922", "'+55 11 4002-8922"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("  =1", "  '=1"),
        ("\u200b=1", "\u200b'=1"),
        ("\ttext", "'\ttext"),
        ("\rtext", "'\rtext"),
        ("\n=1", "'\n'=1"),
        ("a;=1", "a;'=1"),
        ("a,\xa0=1", "a,\xa0'=1"),
        ('"=1', "\"'=1"),
        ("\x1b]8;;=1", "\\x1b]8;;'=1"),
        ("-12.50", "-12.50"),
        ("-12,50", "'-12,50"),
        ("-0", "-0"),
        ("00123", "00123"),
        ("a=b", "a=b"),
        ("compras@example.com", "compras@example.com"),
        ("Rua A - casa 2", "Rua A - casa 2"),
        ("A\x00B\x7f", "A\\x00B\\x7f"),
        ("duas\nlinhas", "duas\nlinhas"),
        ("São João 😀", "São João 😀"),
        ("", ""),
    ],
)
def test_cells_are_made_safe_and_otherwise_left_alone(given_text: str, cell: str) -> None:
    assert safe_cell(given_text) == cell


@given(st.text(_ALPHABET, max_size=12))
def test_no_cell_begins_a_formula_whichever_delimiter_splits_it(outside: str) -> None:
    """A plain number is the exception: it calculates to itself."""
    line = io.StringIO()
    csv.writer(line, delimiter=";", lineterminator="\n").writerow(["x", safe_cell(outside), "y"])
    for delimiter in ",;\t":
        for split in re.split(rf"[{delimiter}\r\n]", line.getvalue()):
            begins = split.strip('" \xa0\u202e\u200b\t\r\n')[:1]
            assert begins not in set("=+-@＝＠") or re.fullmatch(r"-?[0-9]+", split.strip('"'))


@given(st.text(_ALPHABET, max_size=12))
def test_nothing_is_lost_from_a_cell(outside: str) -> None:
    kept = safe_cell(outside).replace("\\x1b", "\x1b").replace("\\x00", "\x00")
    assert kept.replace("'", "") == outside.replace("'", "")


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd", "Zs", "Po"], exclude_characters="@＠")))
def test_ordinary_text_is_not_touched(outside: str) -> None:
    assert safe_cell(outside) == outside


def test_a_row_has_a_cell_for_every_column() -> None:
    row = dict(zip(COLUMNS, row_of(FINDING, explain), strict=True))
    assert row["id"] == FINDING.id
    assert row["crm_value"] == FINDING.crm.value
    assert row["erp_raw"] == FINDING.erp.raw
    assert row["explanation"] == explain(FINDING)
    assert row["occurrences"] == "3"
    assert row["status"] == FindingStatus.OPEN.value
    assert row["accepted_until"] == ""
