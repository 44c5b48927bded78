"""How many people have to say yes to what, and whose yes counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.corrections.approval import (
    ApprovalRule,
    ApprovalRules,
    NotCounted,
    may_approve,
    missing_approvals,
    required_approvals,
)
from reconciler.model.corrections import Approval, Correction, CorrectionAction, FieldChange, Person
from tests.corrections.proposal_rig import NOW, correction

_AMOUNTS = {"customers": frozenset({"credit_limit"}), "orders.lines": frozenset({"unit_price"})}
_PEOPLE = {
    name: Person(name, frozenset(roles))
    for name, roles in {
        "ana": {"reviewer", "operator"},
        "bruno": {"reviewer"},
        "carla": {"admin"},
        "davi": {"operator"},
        "eva": set[str](),
    }.items()
}


def yes(person: str, about: Correction, **changed: object) -> Approval:
    approval = Approval(about.id, person, NOW, about.digest, NOW + timedelta(hours=1))
    return replace(approval, **changed)  # type: ignore[arg-type]  # a few attributes of an approval


def limit(old: str | None, new: str | None, **changed: object) -> Correction:
    return correction(FieldChange("credit_limit", old, new), **changed)


_FOUR_EYES = ApprovalRules(required=2)


def test_one_persons_yes_is_enough_where_one_is_asked_for() -> None:
    about = correction()
    before = missing_approvals(about, [], ApprovalRules(), _PEOPLE, NOW)
    assert (before.approved, before.number, before.may_approve) == (False, 1, ("bruno", "carla"))
    missing = missing_approvals(about, [yes("bruno", about)], ApprovalRules(), _PEOPLE, NOW)
    assert (missing.approved, missing.counted, missing.may_approve) == (True, ("bruno",), ())


@pytest.mark.parametrize(
    ("person", "changed", "why"),
    [
        ("ana", {}, NotCounted.PROPOSER),
        ("fabio", {}, NotCounted.NO_ROLE),
        ("davi", {}, NotCounted.NO_ROLE),
        ("eva", {}, NotCounted.NO_ROLE),
        ("carla", {"digest": "0" * 64}, NotCounted.OTHER_CONTENT),
        ("carla", {"correction": "00000000000000b2"}, NotCounted.OTHER_CONTENT),
        ("carla", {"expires_at": NOW}, NotCounted.LAPSED),
        ("carla", {"expires_at": NOW - timedelta(seconds=1)}, NotCounted.LAPSED),
        ("bruno", {"at": NOW + timedelta(seconds=1)}, NotCounted.TWICE),
    ],
    ids=["proposer", "nobody", "operator", "no role", "content", "correction", "lapses now", "lapsed", "twice"],
)  # fmt: skip
def test_some_approvals_do_not_count(person: str, changed: dict[str, object], why: NotCounted) -> None:
    about = correction()
    given_approvals = [yes(person, about, **changed), yes("bruno", about)]
    missing = missing_approvals(about, given_approvals, _FOUR_EYES, _PEOPLE, NOW)
    assert (missing.counted, missing.number, missing.approved) == (("bruno",), 1, False)
    assert missing.not_counted == ((person, why),)


def test_whoever_edited_a_value_does_not_count() -> None:
    about = correction(FieldChange("legal_name", "a", "b", edited_by="bruno"), FieldChange("phone", "1", "2"))
    missing = missing_approvals(about, [yes("bruno", about)], ApprovalRules(), _PEOPLE, NOW)
    assert (missing.not_counted, missing.may_approve) == ((("bruno", NotCounted.EDITOR),), ("carla",))
    assert may_approve(about, _PEOPLE["bruno"], ApprovalRules(), _PEOPLE) is NotCounted.EDITOR
    assert may_approve(about, _PEOPLE["ana"], ApprovalRules(), _PEOPLE) is NotCounted.PROPOSER
    assert may_approve(about, _PEOPLE["carla"], ApprovalRules(), _PEOPLE) is None


def test_a_role_that_somebody_only_claims_is_none() -> None:
    """The project file says who may do what, not the person."""
    claimed = Person("eva", frozenset({"admin"}))
    assert may_approve(correction(), claimed, ApprovalRules(), _PEOPLE) is NotCounted.NO_ROLE


def test_who_proposed_may_be_the_first_pair_of_eyes_and_never_the_second() -> None:
    one, two = ApprovalRules(makers_first=True), ApprovalRules(required=2, makers_first=True)
    about = correction()
    assert missing_approvals(about, [yes("ana", about)], one, _PEOPLE, NOW).approved
    alone = missing_approvals(about, [yes("ana", about)], two, _PEOPLE, NOW)
    assert (alone.counted, alone.number, alone.may_approve) == (("ana",), 1, ("bruno", "carla"))
    after = yes("bruno", about, at=NOW + timedelta(seconds=1))
    assert missing_approvals(about, [yes("ana", about), after], two, _PEOPLE, NOW).approved
    late = yes("ana", about, at=NOW + timedelta(seconds=1))
    second = missing_approvals(about, [yes("bruno", about), late], two, _PEOPLE, NOW)
    assert (second.counted, second.not_counted) == (("bruno",), (("ana", NotCounted.PROPOSER),))
    assert may_approve(about, _PEOPLE["ana"], two, _PEOPLE) is None
    assert may_approve(about, _PEOPLE["ana"], two, _PEOPLE, ("bruno",)) is NotCounted.PROPOSER
    assert may_approve(about, _PEOPLE["bruno"], two, _PEOPLE, ("bruno",)) is NotCounted.TWICE


def test_of_those_who_made_the_content_one_at_most_can_count() -> None:
    about = correction(FieldChange("legal_name", "a", "b", edited_by="bruno"))
    rules = ApprovalRules(required=3, makers_first=True)
    assert missing_approvals(about, [], rules, _PEOPLE, NOW).may_approve == ("ana", "bruno", "carla")
    first = missing_approvals(about, [yes("ana", about)], rules, _PEOPLE, NOW)
    assert (first.counted, first.may_approve) == (("ana",), ("carla",))


def test_where_too_few_people_are_left_nobody_can_be_the_next() -> None:
    about, rules = correction(), ApprovalRules(required=3)
    missing = missing_approvals(about, [yes("bruno", about), yes("carla", about)], rules, _PEOPLE, NOW)
    assert (missing.number, missing.may_approve) == (1, ())


@pytest.mark.parametrize(
    ("rule", "applies"),
    [
        (ApprovalRule("customers", None, 2), True),
        (ApprovalRule("products", None, 2), False),
        (ApprovalRule("customers", "credit_limit", 2), True),
        (ApprovalRule("customers", "legal_name", 2), False),
        (ApprovalRule("customers", "credit_limit", 2, Decimal("500")), False),
        (ApprovalRule("customers", "credit_limit", 2, Decimal("499.99")), True),
        (ApprovalRule("customers", None, 2, Decimal("499.99")), True),
        (ApprovalRule("customers", None, 2, Decimal(500)), False),
        (ApprovalRule("products", None, 2, Decimal(1)), False),
        (ApprovalRule("customers", "phone", 2, Decimal(1)), False),
    ],
    ids=str,
)
def test_a_rule_applies_to_its_entity_field_and_amount(rule: ApprovalRule, *, applies: bool) -> None:
    about = correction(FieldChange("credit_limit", "1000.50", "500.50"), FieldChange("phone", "1", "1199999999"))
    rules = ApprovalRules(rules=(rule,), amounts=_AMOUNTS)
    assert required_approvals(about, rules) == (2 if applies else 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [(None, "10000.01"), ("10000.01", None), ("-6000", "6000"), ("mil", "1"), ("1", "NaN")],
    ids=["new", "emptied", "over zero", "unreadable before", "unreadable after"],
)
def test_no_amount_slips_under_the_threshold(old: str | None, new: str | None) -> None:
    rules = ApprovalRules(rules=(ApprovalRule("customers", None, 3, Decimal(10_000)),), amounts=_AMOUNTS)
    assert required_approvals(limit(old, new), rules) == 3
    assert required_approvals(limit("0", "10000"), rules) == 1


def test_a_rule_of_a_document_is_about_its_lines_too_but_not_the_other_way_round() -> None:
    line = FieldChange("unit_price", "1", "100", line="A")
    about = correction(line, entity="orders")
    own = correction(FieldChange("status", "OPEN", "CLOSED"), entity="orders")

    def asked(rule: ApprovalRule, given: Correction = about) -> int:
        return required_approvals(given, ApprovalRules(rules=(rule,), amounts=_AMOUNTS))

    assert asked(ApprovalRule("orders", None, 2)) == 2
    assert asked(ApprovalRule("orders", None, 2, Decimal(50))) == 2
    assert asked(ApprovalRule("orders.lines", None, 2)) == 2
    assert asked(ApprovalRule("orders.lines", "unit_price", 2, Decimal(98))) == 2
    assert asked(ApprovalRule("orders.lines", "unit_price", 2, Decimal(99))) == 1
    assert asked(ApprovalRule("orders", "unit_price", 2)) == 1
    assert asked(ApprovalRule("orders.lines", None, 2), own) == 1


def test_a_record_without_changes_still_needs_what_its_entity_asks_for() -> None:
    about = replace(correction(), action=CorrectionAction.DEACTIVATE, changes=())
    assert required_approvals(about, ApprovalRules(rules=(ApprovalRule("customers", None, 3),))) == 3


@settings(max_examples=80, deadline=None)
@given(
    required=st.integers(1, 5),
    asked=st.lists(st.tuples(st.sampled_from(["customers", "products"]), st.integers(1, 5)), max_size=4),
    voters=st.lists(st.sampled_from([*_PEOPLE, "fabio"]), max_size=8),
    editor=st.sampled_from([None, *_PEOPLE]),
)
def test_the_highest_rule_counts_and_only_independent_people_do(
    required: int, asked: list[tuple[str, int]], voters: list[str], editor: str | None
) -> None:
    about = correction(FieldChange("legal_name", "a", "b", edited_by=editor))
    rules = ApprovalRules(required, tuple(ApprovalRule(entity, None, number) for entity, number in asked))
    missing = missing_approvals(about, [yes(name, about) for name in voters], rules, _PEOPLE, NOW)
    assert missing.required == max([required, *(number for entity, number in asked if entity == "customers")])
    independent = {"bruno", "carla"} - {editor}
    assert set(missing.counted) == independent & set(voters)
    assert missing.number == max(0, missing.required - len(missing.counted))
    assert set(missing.may_approve) == (independent - set(voters) if missing.number else set())
    assert len(missing.counted) + len(missing.not_counted) == len(voters)
