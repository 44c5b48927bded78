"""What a finding carries, and how findings are given to whoever stores them."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reconciler.compare.engine import ComparisonEngine
from reconciler.model.entities import FieldType
from reconciler.model.findings import FieldRule
from tests.compare.staged import Comparer, FieldValue, Record, record, rule_of

T = FieldType
RULE = rule_of(FieldRule("title", T.TEXT))


def test_the_id_is_the_fingerprint_of_entity_key_field_and_kind(compare: Comparer) -> None:
    """The same mismatch has the same id in every run, whatever its values."""
    crm, erp = [record("1", "A", title="x"), record("2", "B")], [record("7", "A", title="y")]
    rows = {row.kind: row.id for row in compare(RULE, crm, erp).rows}

    def fingerprint(*parts: str) -> str:
        return hashlib.md5("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()[:16]

    assert rows == {
        "differs": fingerprint("things", "A", "title", "differs"),
        "only_in_crm": fingerprint("things", "B", "", "only_in_crm"),
    }


def test_keys_that_look_alike_are_different_findings(compare: Comparer) -> None:
    """A bar inside a part of a key is shown like the bar between parts; the fingerprint tells them apart."""
    rule = rule_of(FieldRule("code", T.CODE), FieldRule("branch", T.CODE), key=("code", "branch"))
    result = compare(rule, [record("1", "A|B\x1fC"), record("2", "A\x1fB|C")], [])
    assert [row.key for row in result.rows] == ["A|B|C", "A|B|C"]
    assert len({row.id for row in result.rows}) == 2


SHOWN: dict[str, tuple[FieldType, FieldValue, str]] = {
    "text as written": (T.TEXT, "  São “João”  ", "  São “João”  "),
    "decimal without trailing zeros": (T.DECIMAL, Decimal("10.50"), "10.5"),
    "whole decimal": (T.DECIMAL, Decimal("100"), "100"),
    "zero": (T.DECIMAL, Decimal("0"), "0"),
    "small decimal": (T.DECIMAL, Decimal("-0.0000000001"), "-0.0000000001"),
    "largest decimal": (T.DECIMAL, Decimal("999999999999999999.9999999999"), "999999999999999999.9999999999"),
    "true": (T.BOOLEAN, True, "true"),
    "false": (T.BOOLEAN, False, "false"),
    "date": (T.DATE, date(2026, 1, 9), "2026-01-09"),
    "instant": (T.TIMESTAMP, datetime(2026, 1, 9, 7, 5, tzinfo=UTC), "2026-01-09T07:05:00Z"),
    "instant with microseconds": (
        T.TIMESTAMP, datetime(2026, 1, 9, 7, 5, 1, 20, tzinfo=UTC), "2026-01-09T07:05:01.00002Z",
    ),
    "500 characters": (T.TEXT, "é" * 500, "é" * 500),
    "501 characters": (T.TEXT, "é" * 501, "é" * 499 + "…"),
    "markup and escapes": (T.TEXT, "[red]=1+1<b>' -- $1 {x}", "[red]=1+1<b>' -- $1 {x}"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "shown"), SHOWN.values(), ids=SHOWN)
def test_values_are_shown_as_plain_text(compare: Comparer, kind: FieldType, value: FieldValue, shown: str) -> None:
    """The same text whatever the locale and time zone of the machine."""
    found = compare(rule_of(FieldRule("it", kind)), [record("1", "A", it=value)], [record("7", "A")]).only()
    assert (found.crm_value, found.erp_value) == (shown, None)


def test_what_is_cut_when_shown_still_decides_equality(compare: Comparer) -> None:
    """A difference after the cut is a difference."""
    found = compare(RULE, [record("1", "A", title="x" * 600 + "y")], [record("7", "A", title="x" * 600 + "z")]).only()
    assert found.crm_value == found.erp_value
    assert found.kind == "differs"


@pytest.mark.parametrize(
    ("field", "kind"),
    [("legal_name", T.TEXT), ("name", T.TEXT), ("number", T.CODE)],
    ids=["legal name", "name", "number"],
)
def test_a_lone_record_shows_its_name_or_number(compare: Comparer, field: str, kind: FieldType) -> None:
    """So that people recognise it without opening the raw record."""
    found = compare(rule_of(FieldRule(field, kind)), [], [Record("7", "A", {field: "Água"})]).only()
    assert (found.erp_value, found.crm_value) == ("Água", None)


def test_the_owner_travels_with_the_finding(compare: Comparer) -> None:
    """It decides nothing here."""
    rule = rule_of(FieldRule("title", T.TEXT, owner="erp"))
    assert compare(rule, [record("1", "A", title="x")], [record("7", "A")]).only().owner == "erp"


HOSTILE = "a\"b; DROP TABLE finding; --\n$entity 'x' {y} é.z"


def test_hostile_names_keys_and_values_are_data(compare: Comparer) -> None:
    """Field names are quoted identifiers; everything else is a parameter or a column."""
    rule = rule_of(FieldRule(HOSTILE, T.TEXT), FieldRule(HOSTILE + "2", T.DECIMAL, tolerance="0.1"), entity="e'\";$x")
    crm = [Record("'; --", "'; DROP TABLE joined; --", {HOSTILE: "$field"})]
    erp = [Record("$1", "'; DROP TABLE joined; --", {HOSTILE: "' || $field || '"})]
    found = compare(rule, crm, erp).only()
    assert (found.entity, found.field, found.key) == ("e'\";$x", HOSTILE, "'; DROP TABLE joined; --")
    assert (found.crm_value, found.erp_value, found.crm_id) == ("$field", "' || $field || '", "'; --")


def test_batches_are_ordered_by_id_and_no_longer_than_asked(compare: Comparer, engine: ComparisonEngine) -> None:
    """The store inserts faster in order."""
    crm = [record(str(number), f"K{number}") for number in range(25)]
    with engine.compare(RULE, *compare.stage(RULE, crm, [])) as comparison:
        batches = list(comparison.batches(size=10))
    ids = [row.id for batch in batches for row in batch]
    assert ids == sorted(ids)
    assert sorted(map(len, batches)) == [5, 10, 10]


def test_more_findings_than_are_sorted_at_once_come_in_order(compare: Comparer, engine: ComparisonEngine) -> None:
    """Ten batches are sorted at a time; together they are every finding once, in order."""
    crm = [record(str(number), f"K{number}") for number in range(100)]
    with engine.compare(RULE, *compare.stage(RULE, crm, [])) as comparison:
        ids = [row.id for batch in comparison.batches(size=1) for row in batch]
    assert len(ids) == 100
    assert ids == sorted(set(ids))


def test_two_iterations_do_not_disturb_each_other(compare: Comparer, engine: ComparisonEngine) -> None:
    """An iteration that was left half-way neither."""
    crm = [record(str(number), f"K{number}") for number in range(20)]
    with engine.compare(RULE, *compare.stage(RULE, crm, [])) as comparison:
        first, second = comparison.batches(size=4), comparison.batches(size=3)
        assert next(first)[0] == next(second)[0]
        assert sum(map(len, second)) == 17
        assert sum(map(len, first)) == 16


def test_counts_by_kind_and_cause_are_those_of_the_findings(compare: Comparer, engine: ComparisonEngine) -> None:
    """Only what occurs is named."""
    crm = [record("1", "A", title="x"), record("2", "B"), record("3", "C"), record("4", "C")]
    with engine.compare(RULE, *compare.stage(RULE, crm, [record("7", "A", title="X")])) as comparison:
        assert comparison.by_kind == {"differs": 1, "duplicate": 1, "only_in_crm": 1}
        assert comparison.by_cause == {"case": 1, "not_found": 1, "same_key": 1}
        assert comparison.finding_count == 3
