"""Which records are paired, which are not, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from reconciler.compare.engine import ComparisonEngine
from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule, SideCount
from tests.compare.staged import Comparer, Record, record, rule_of

T = FieldType
RULE = rule_of(FieldRule("title", T.TEXT))


def _count(pulled: int, *, matched: int = 0, only_here: int = 0, duplicate: int = 0, rejected: int = 0) -> SideCount:
    return SideCount(pulled, matched, only_here, duplicate, rejected)


def test_equal_records_make_no_finding(compare: Comparer) -> None:
    """Everything is matched and nothing is said."""
    records = [record(str(number), f"K{number}", title="Ana") for number in range(3)]
    result = compare(RULE, records, records)
    assert (result.rows, result.crm, result.erp) == ([], _count(3, matched=3), _count(3, matched=3))


def test_records_of_one_side_only(compare: Comparer) -> None:
    """Each side's own are named with their place in the snapshot."""
    result = compare(RULE, [record("1", "A", page=4, position=7)], [record("2", "B", page=1, position=2)])
    assert result.brief() == {("A", None, "only_in_crm", "not_found"), ("B", None, "only_in_erp", "not_found")}
    places = {row.kind: (row.crm_id, row.crm_page, row.crm_position, row.erp_id, row.erp_page) for row in result.rows}
    assert places["only_in_crm"] == ("1", 4, 7, None, None)
    assert places["only_in_erp"] == (None, None, None, "2", 1)
    assert (result.crm, result.erp) == (_count(1, only_here=1), _count(1, only_here=1))


@pytest.mark.parametrize("files", [(True, False), (False, True), (False, False)], ids=["no ERP", "no CRM", "neither"])
def test_a_side_without_files_is_empty(compare: Comparer, engine: ComparisonEngine, files: tuple[bool, bool]) -> None:
    """A system without a single page is not an error of the comparison."""
    crm, erp = compare.stage(RULE, [record("1", "A")], [record("2", "A")])
    with engine.compare(RULE, crm if files[0] else [], erp if files[1] else []) as comparison:
        assert (comparison.crm.only_here, comparison.erp.only_here) == (int(files[0]), int(files[1]))


def test_a_composite_key_is_shown_with_bars(compare: Comparer) -> None:
    """The separator of storage is a control character."""
    rule = rule_of(FieldRule("branch", T.CODE), FieldRule("code", T.CODE), key=("branch", "code"))
    assert compare(rule, [record("1", "1\x1fX", branch="1", code="X")], []).only().key == "1|X"


def test_a_key_twice_on_one_side_is_a_duplicate_on_both(compare: Comparer) -> None:
    """Nothing is paired by position: the other side's record is part of the question."""
    crm = [record("1", "A", title="x"), record("2", "A", title="y"), record("3", "B")]
    result = compare(RULE, crm, [record("8", "A", title="z"), record("9", "B")])
    found = result.only()
    assert (found.kind, found.key, found.cause, found.field) == ("duplicate", "A", "same_key", None)
    assert (found.crm_id, found.erp_id) == ("1, 2", "8")
    assert json.loads(found.detail) == {"crm_count": "2", "erp_count": "1"}
    assert result.crm == _count(3, matched=1, duplicate=2)
    assert result.erp == _count(2, matched=1, duplicate=1)


def test_a_key_twice_without_a_partner_is_a_duplicate(compare: Comparer) -> None:
    """It is not also reported as missing on the other side."""
    result = compare(RULE, [], [record("8", "A"), record("9", "A")])
    assert result.brief() == {("A", None, "duplicate", "same_key")}
    assert result.only().crm_id is None
    assert result.erp == _count(2, duplicate=2)


def test_a_duplicate_lists_twenty_ids(compare: Comparer) -> None:
    """The rest is an ellipsis; the detail has the number."""
    result = compare(RULE, [record(f"{number:02}", "A") for number in range(25)], [])
    found = result.only()
    assert found.crm_id == ", ".join(f"{number:02}" for number in range(20)) + ", …"
    assert json.loads(found.detail)["crm_count"] == "25"


def test_a_link_pairs_records_whose_keys_differ(compare: Comparer) -> None:
    """The key is then an ordinary difference, under the CRM's key."""
    crm = [record("1", "12345", link="77", title="Ana")]
    result = compare(RULE, crm, [record("77", "67890", title="Bia")])
    assert result.brief() == {("12345", "code", "differs", "unexplained"), ("12345", "title", "differs", "unexplained")}
    key_finding = next(row for row in result.rows if row.field == "code")
    assert (key_finding.crm_value, key_finding.erp_value) == ("12345", "67890")
    assert (result.crm, result.erp) == (_count(1, matched=1), _count(1, matched=1))


def test_either_side_may_keep_the_link(compare: Comparer) -> None:
    """The ERP's link to the CRM record works the same way, and two links that agree are one."""
    from_erp = compare(RULE, [record("1", "A")], [record("7", "B", link="1")])
    from_both = compare(RULE, [record("1", "A", link="7")], [record("7", "B", link="1")])
    assert from_erp.rows == from_both.rows
    assert from_erp.brief() == {("A", "code", "differs", "unexplained")}


LINKS_THAT_DO_NOTHING: dict[str, tuple[list[Record], list[Record]]] = {
    "to a record that is not there": ([record("1", "A", link="99")], [record("7", "B")]),
    "to a record that has a partner by key": (
        [record("1", "A", link="7"), record("2", "B")], [record("7", "B"), record("8", "C")],
    ),
    "to a rejected record": (
        [record("1", "A", link="7")], [record("7", "B", rejected={"cause": "unreadable_record"})],
    ),
    "to an id that is not unique": ([record("1", "A", link="7")], [record("7", "B"), record("7", "C")]),
}  # fmt: skip


@pytest.mark.parametrize(("crm", "erp"), LINKS_THAT_DO_NOTHING.values(), ids=LINKS_THAT_DO_NOTHING)
def test_a_link_that_names_nobody_is_ignored(compare: Comparer, crm: list[Record], erp: list[Record]) -> None:
    """The record stays without a partner."""
    result = compare(RULE, crm, erp)
    assert ("A", None, "only_in_crm", "not_found") in result.brief()
    assert result.of_kind("ambiguous") == []
    assert result.of_kind("duplicate") == []


def test_several_links_to_one_record_are_duplicates(compare: Comparer) -> None:
    """Under the key of the record they all claim."""
    crm = [record("1", "A", link="7"), record("2", "B", link="7"), record("3", "C", link="8")]
    result = compare(RULE, crm, [record("7", "X"), record("8", "Y")])
    [duplicate] = result.of_kind("duplicate")
    assert (duplicate.key, duplicate.cause, duplicate.crm_id, duplicate.erp_id) == ("X", "same_link", "1, 2", "7")
    assert (result.crm, result.erp) == (_count(3, matched=1, duplicate=2), _count(2, matched=1, duplicate=1))


def test_links_of_the_two_sides_that_disagree_pair_nobody(compare: Comparer) -> None:
    """CRM 1 says ERP 7, ERP 7 says CRM 2: which is right cannot be known."""
    crm = [record("1", "A", link="7"), record("2", "B")]
    result = compare(RULE, crm, [record("7", "X", link="2")])
    assert result.brief() == {("X", None, "duplicate", "same_link")}
    assert (result.crm.duplicate, result.erp.duplicate) == (2, 1)


def test_a_record_in_two_groups_of_links_is_counted_once(compare: Comparer) -> None:
    """A chain of links makes two findings, and the accounting still balances."""
    crm = [record("1", "A", link="7"), record("2", "B", link="8")]
    erp = [record("7", "X", link="2"), record("8", "Y")]
    result = compare(RULE, crm, erp)
    assert {row.key for row in result.of_kind("duplicate")} == {"X", "B"}
    assert (result.crm, result.erp) == (_count(2, duplicate=2), _count(2, duplicate=2))


def test_key_and_link_that_disagree_are_ambiguous(compare: Comparer) -> None:
    """The pair counts as matched and is still compared."""
    crm = [record("1", "A", link="8", title="Ana")]
    erp = [record("7", "A", title="Bia"), record("8", "B")]
    result = compare(RULE, crm, erp)
    [ambiguous] = result.of_kind("ambiguous")
    assert (ambiguous.key, ambiguous.cause, ambiguous.crm_id, ambiguous.erp_id) == (
        "A", "key_and_link_disagree", "1", "7",
    )  # fmt: skip
    assert json.loads(ambiguous.detail) == {"crm_link": "8"}
    assert ("A", "title", "differs", "unexplained") in result.brief()
    assert result.crm == _count(1, matched=1)


def test_equal_records_with_a_wrong_link_are_still_ambiguous(compare: Comparer) -> None:
    """A pair without any difference in its fields must not be skipped."""
    result = compare(RULE, [record("1", "A")], [record("7", "A", link="2"), record("8", "B", link="1")])
    assert result.of_kind("ambiguous") == []
    result = compare(RULE, [record("1", "A"), record("2", "B")], [record("7", "A", link="2"), record("8", "B")])
    assert [row.key for row in result.of_kind("ambiguous")] == ["A"]


REJECTED: dict[str, tuple[Record, str, str | None, str]] = {
    "with a key": (
        record("1", "A", rejected={"field": "title", "cause": "invalid_document", "reason": "bad", "value": "x"}),
        "A", "title", "invalid_document",
    ),
    "without a key": (record("1", None, rejected={"cause": "missing_key"}), "crm:1", None, "missing_key"),
    "without an id": (
        record(None, None, page=3, position=9, rejected={"cause": "unreadable_record"}),
        "crm:@3.9", None, "unreadable_record",
    ),
    "without a stated cause": (record("1", "A", rejected={}), "A", None, "unreadable_record"),
    "a key that was lost": (record("1", None), "crm:1", None, "missing_key"),
}  # fmt: skip


@pytest.mark.parametrize(("rejected", "key", "field", "cause"), REJECTED.values(), ids=REJECTED)
def test_a_rejected_record_is_a_finding_and_takes_no_part(
    compare: Comparer, rejected: Record, key: str, field: str | None, cause: str
) -> None:
    """Its partner on the other side is then only there."""
    result = compare(RULE, [rejected], [record("7", "A")])
    assert result.brief() == {(key, field, "invalid", cause), ("A", None, "only_in_erp", "not_found")}
    assert result.crm == _count(1, rejected=1)


def test_a_rejected_record_shows_what_was_read(compare: Comparer) -> None:
    """Value and reason come from the mapping."""
    why = {"field": "title", "cause": "invalid_document", "reason": "check digits", "value": "123"}
    found = compare(RULE, [record("1", "A", rejected=why)], []).only()
    assert (found.crm_id, found.crm_value, found.erp_id) == ("1", "123", None)
    assert json.loads(found.detail) == {"side": "crm", "reason": "check digits"}


INVALID: Mapping[str, Mapping[str, str]] = {
    "title": {"cause": "unreadable_value", "reason": "too long", "value": "L" * 600}
}


def test_an_unreadable_field_is_not_compared(compare: Comparer) -> None:
    """One `invalid` finding with both sides' values; the other fields are compared as usual."""
    rule = rule_of(FieldRule("title", T.TEXT, owner="erp"), FieldRule("price", T.DIGITS))
    crm = [record("1", "A", price="1", invalid=INVALID)]
    result = compare(rule, crm, [record("7", "A", price="2", title="Ana", page=5, position=6)])
    assert result.brief() == {("A", "title", "invalid", "unreadable_value"), ("A", "price", "differs", "unexplained")}
    [found] = result.of_kind("invalid")
    assert found.crm_value == "L" * 499 + "…"
    assert (found.erp_value, found.erp_id, found.erp_page, found.erp_position) == ("Ana", "7", 5, 6)
    assert found.owner == "erp"
    assert json.loads(found.detail) == {"side": "crm", "reason": "too long"}
    assert result.crm == _count(1, matched=1)


def test_a_field_unreadable_on_both_sides_is_one_finding(compare: Comparer) -> None:
    """It names both."""
    erp_invalid = {"title": {"cause": "invalid_document", "reason": "odd", "value": "?"}}
    found = compare(RULE, [record("1", "A", invalid=INVALID)], [record("7", "A", invalid=erp_invalid)]).only()
    assert json.loads(found.detail) == {"side": "both", "reason": "odd; too long"}
    assert found.erp_value == "?"


def test_a_field_unreadable_in_one_pair_is_compared_in_the_others(compare: Comparer) -> None:
    """What a rejected record with the same key says does not hide a pair's difference either."""
    crm = [record("1", "A", invalid=INVALID), record("2", "B", title="x"), record("3", "C", title="x")]
    rejected = record("4", "C", rejected={"field": "title", "cause": "unreadable_value"})
    erp = [record("7", "A", title="y"), record("8", "B", title="y"), record("9", "C", title="y")]
    result = compare(RULE, [*crm, rejected], erp)
    assert {(row.key, row.kind) for row in result.rows} == {
        ("A", "invalid"), ("B", "differs"), ("C", "differs"), ("C", "invalid"),
    }  # fmt: skip


def test_an_unreadable_field_of_a_lone_record_is_said_too(compare: Comparer) -> None:
    """Whether or not it has a partner."""
    result = compare(RULE, [record("1", "A", invalid=INVALID)], [])
    assert result.brief() == {("A", None, "only_in_crm", "not_found"), ("A", "title", "invalid", "unreadable_value")}


TOLERANCES: dict[str, tuple[str | None, str, str | None, int]] = {
    "within": ("0.01", "10.00", "10.005", 0),
    "exactly": ("0.01", "10.00", "10.01", 0),
    "just over": ("0.01", "10.00", "10.0100000001", 1),
    "none": (None, "10.00", "10.0000000001", 1),
    "zero": ("0", "10", "10.0000000001", 1),
    "smaller than any difference": ("0.00000000019", "10", "10.0000000002", 1),
    "larger than any amount": ("1e30", "-999999999999999999", "999999999999999999", 1),
    "empty is not zero": ("1000", "0", None, 1),
}


@pytest.mark.parametrize(("tolerance", "crm", "erp", "findings"), TOLERANCES.values(), ids=TOLERANCES)
def test_a_tolerance_is_inclusive_and_exact(
    compare: Comparer, tolerance: str | None, crm: str, erp: str | None, findings: int
) -> None:
    """The last decimal place decides."""
    rule = rule_of(FieldRule("price", T.DECIMAL, tolerance=tolerance))
    erp_price = None if erp is None else Decimal(erp)
    result = compare(rule, [record("1", "A", price=Decimal(crm))], [record("2", "A", price=erp_price)])
    assert len(result.rows) == findings


def test_only_chosen_keys_are_looked_at(compare: Comparer) -> None:
    """As if the other records were not there, rejected ones included."""
    crm = [record("1", "A"), record("2", "B"), record("3", None, rejected={"cause": "missing_key"})]
    result = compare(RULE, crm, [record("7", "C")], only_keys={"B", "C"})
    assert {row.key for row in result.rows} == {"B", "C"}
    assert (result.crm, result.erp) == (_count(1, only_here=1), _count(1, only_here=1))


def test_no_chosen_key_is_nothing(compare: Comparer) -> None:
    """An empty choice is not the same as no choice."""
    assert compare(RULE, [record("1", "A")], [], only_keys=[]).crm == _count(0)


ORDERS = rule_of(FieldRule("total", T.CODE), entity="orders", key=("number",))
LINES = EntityRule(
    "orders.lines",
    (FieldRule("parent_number", T.CODE), FieldRule("sku", T.CODE), FieldRule("quantity", T.CODE)),
    key=("parent_number", "sku"),
)


def _line(
    id: str, order: str, sku: str, quantity: str, parent: str | None, rejected: Mapping[str, str | None] | None = None
) -> Record:
    fields = {"parent_number": order, "sku": sku, "quantity": quantity}
    return Record(id, f"{order}\x1f{sku}", fields, parent=parent, rejected=rejected)


def _compare_lines(
    compare: Comparer, orders: tuple[list[Record], list[Record]], lines: tuple[list[Record], list[Record]]
) -> tuple[set[tuple[str, str | None, str, str]], SideCount, SideCount]:
    with compare.engine.compare(ORDERS, *compare.stage(ORDERS, *orders)) as parents:
        result = compare(LINES, *lines, parents=parents)
    return result.brief(), result.crm, result.erp


def test_lines_of_matched_orders_are_compared(compare: Comparer) -> None:
    """By the order's key and their own."""
    found, crm, erp = _compare_lines(
        compare,
        ([record("1", "N1")], [record("7", "N1")]),
        ([_line("l1", "N1", "S", "2", "1"), _line("l2", "N1", "T", "1", "1")], [_line("m1", "N1", "S", "3", "7")]),
    )
    assert found == {("N1|S", "quantity", "differs", "unexplained"), ("N1|T", None, "only_in_crm", "not_found")}
    assert (crm, erp) == (_count(2, matched=1, only_here=1), _count(1, matched=1))


def test_a_rejected_line_of_a_matched_order_takes_no_part(compare: Comparer) -> None:
    """Its partner on the other side is then only there."""
    rejected = _line("l1", "N1", "S", "2", "1", rejected={"cause": "unreadable_value"})
    found, crm, erp = _compare_lines(
        compare, ([record("1", "N1")], [record("7", "N1")]), ([rejected], [_line("m1", "N1", "S", "3", "7")])
    )
    assert found == {("N1|S", None, "invalid", "unreadable_value"), ("N1|S", None, "only_in_erp", "not_found")}
    assert (crm, erp) == (_count(1, rejected=1), _count(1, only_here=1))


UNMATCHED_ORDERS: dict[str, tuple[list[Record], list[Record]]] = {
    "only in the CRM": ([record("1", "N1")], []),
    "a duplicate": ([record("1", "N1"), record("2", "N1")], [record("7", "N1")]),
    "rejected": ([record("1", "N1", rejected={"cause": "unreadable_value"})], [record("7", "N1")]),
    "not there": ([], [record("7", "N1")]),
}


@pytest.mark.parametrize(("crm_orders", "erp_orders"), UNMATCHED_ORDERS.values(), ids=UNMATCHED_ORDERS)
def test_lines_of_an_unmatched_order_are_counted_and_not_reported(
    compare: Comparer, crm_orders: list[Record], erp_orders: list[Record]
) -> None:
    """The order's own finding says it; a rejected line is still reported."""
    crm_lines = [_line("l1", "N1", "S", "2", "1"), _line("l2", "N1", "S", "2", "1")]
    rejected = _line("l3", "N1", "T", "2", "1", rejected={"cause": "unreadable_value"})
    erp_lines = [_line("m1", "N1", "S", "3", "7")]
    found, crm, erp = _compare_lines(compare, (crm_orders, erp_orders), ([*crm_lines, rejected], erp_lines))
    assert found == {("N1|T", None, "invalid", "unreadable_value")}
    assert (crm, erp) == (_count(3, only_here=2, rejected=1), _count(1, only_here=1))


def test_lines_of_orders_paired_by_link_are_compared(compare: Comparer) -> None:
    """Their keys begin with different order numbers; the order's own finding says so, once."""
    found, crm, erp = _compare_lines(
        compare,
        ([record("1", "N1", link="7"), record("2", "N2")], [record("7", "900"), record("8", "N2")]),
        (
            [_line("l1", "N1", "S", "2", "1"), _line("l2", "N2", "S", "1", "2")],
            [_line("m1", "900", "S", "3", "7"), _line("m2", "900", "T", "3", "7"), _line("m3", "N2", "S", "1", "8")],
        ),
    )
    assert found == {("N1|S", "quantity", "differs", "unexplained"), ("N1|T", None, "only_in_erp", "not_found")}
    assert (crm, erp) == (_count(2, matched=2), _count(3, matched=2, only_here=1))


def test_without_their_orders_all_lines_take_part(compare: Comparer) -> None:
    """A comparison of lines alone."""
    result = compare(LINES, [_line("l1", "N1", "S", "2", None)], [])
    assert result.brief() == {("N1|S", None, "only_in_crm", "not_found")}
