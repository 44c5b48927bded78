"""What may be approved without a person: texts that differ in case, spaces or accents, and never more than the cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.corrections.approval import ApprovalRule, ApprovalRules, NotCounted, missing_approvals
from reconciler.corrections.automatic import (
    AutomaticRule,
    LeftToPeople,
    automatic_approvals,
    cause_between,
)
from reconciler.mapping.canonical_plain import fold_plain
from reconciler.model.corrections import Approval, Correction, CorrectionAction, CorrectionState, FieldChange, Person
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import Cause, EntityRule, FieldRule

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
OURS = "reconciler"
FIELDS = (
    FieldRule("tax_id", FieldType.DOCUMENT),
    FieldRule("legal_name", FieldType.TEXT),
    FieldRule("city", FieldType.TEXT),
    FieldRule("state", FieldType.CODE),
    FieldRule("credit_limit", FieldType.DECIMAL),
)
ENTITIES = {"customers": EntityRule("customers", FIELDS, ("tax_id",))}
SAFE = AutomaticRule(frozenset({Cause.CASE, Cause.SPACING, Cause.ACCENTS}), cap=100)
ONE = ApprovalRules(makers_first=True)
NAME = FieldChange("legal_name", "Aço Forte", "AÇO FORTE", finding="00000000000000a1")


def proposal(*changes: FieldChange, number: int = 1, **other: object) -> Correction:
    plain = Correction(
        id=f"{number:016x}",
        entity="customers",
        key="11222333000181",
        side=Side.CRM,
        action=CorrectionAction.UPDATE,
        record_id=str(number),
        source_id="2",
        changes=changes or (NAME,),
        digest=f"digest {number}",
        state=CorrectionState.PROPOSED,
        proposed_by=OURS,
        proposed_at=NOW,
    )
    return replace(plain, **other)  # type: ignore[arg-type]  # the tables of tests give what the fields take


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("Aço Forte", "AÇO FORTE", Cause.CASE),
        ("Aço  Forte ", "Aço Forte", Cause.SPACING),
        ("Aço\u00a0Forte", "AÇO FORTE", Cause.SPACING),
        ("Açoforte", "AÇO FORTE", Cause.SPACING),
        ("Aço Forte", "ACO FORTE", Cause.ACCENTS),
        ("1ª Linha", "1A LINHA", Cause.ACCENTS),
        ("Aço Forte", "Aço Forte", None),
        ("Aço Forte", "Aço Forte Ltda", None),
        ("Aço Forte", "Aco-Forte", None),
        ("Padaria 12", "Padaria 21", None),
    ],
)
def test_a_cause_is_all_the_difference_there_is(old: str, new: str, cause: Cause | None) -> None:
    assert cause_between(old, new) is cause


@given(st.text(max_size=12), st.text(max_size=12))
def test_texts_with_a_safe_cause_have_the_same_letters(old: str, new: str) -> None:
    if cause_between(old, new) is not None:
        assert fold_plain(old).replace(" ", "") == fold_plain(new).replace(" ", "")


def test_every_change_must_have_a_cause_of_one_rule() -> None:
    both = proposal(NAME, FieldChange("city", "São Paulo", "Sao Paulo", finding="00000000000000a2"))
    case, accents = (AutomaticRule(frozenset({cause}), 9) for cause in (Cause.CASE, Cause.ACCENTS))
    assert automatic_approvals([both], [case, accents], ONE, ENTITIES).approved == ()
    assert automatic_approvals([both], [case, SAFE], ONE, ENTITIES).approved == (both,)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        (proposal(proposed_by="ana"), LeftToPeople.NOT_OURS),
        (proposal(replace(NAME, edited_by="ana")), LeftToPeople.NOT_OURS),
        (proposal(state=CorrectionState.APPROVED), LeftToPeople.NOT_OURS),
        (proposal(action=CorrectionAction.CREATE, record_id=None), LeftToPeople.NOT_AN_UPDATE),
        (proposal(action=CorrectionAction.DEACTIVATE), LeftToPeople.NOT_AN_UPDATE),
        (proposal(undoes="00000000000000ff"), LeftToPeople.NOT_AN_UPDATE),
        (proposal(problems=("legal_name is longer than 10 characters",)), LeftToPeople.TARGET_REFUSES),
        (proposal(NAME, replace(NAME, field="city", finding=None)), LeftToPeople.OTHER_CAUSE),
        (proposal(replace(NAME, old=None)), LeftToPeople.OTHER_CAUSE),
        (proposal(replace(NAME, new=None)), LeftToPeople.OTHER_CAUSE),
        (proposal(replace(NAME, new="AÇO FORTE LTDA")), LeftToPeople.OTHER_CAUSE),
        (proposal(replace(NAME, field="state", old="sp", new="SP")), LeftToPeople.OTHER_CAUSE),
        (proposal(replace(NAME, field="unknown")), LeftToPeople.OTHER_CAUSE),
        (proposal(entity="suppliers"), LeftToPeople.OTHER_CAUSE),
    ],
    ids=[
        "a person's", "edited", "decided", "create", "deactivate", "undo", "problem", "comes along", "was empty",
        "empties", "more differs", "code", "unknown field", "unknown entity",
    ],
)  # fmt: skip
def test_what_is_left_to_people(given_: Correction, why: LeftToPeople) -> None:
    choice = automatic_approvals([given_], [SAFE], ONE, ENTITIES)
    assert (choice.approved, choice.left) == ((), {why: 1})


@pytest.mark.parametrize(
    "rules",
    [
        ApprovalRules(required=2, makers_first=True),
        ApprovalRules(rules=(ApprovalRule("customers", "legal_name", 2),), makers_first=True),
    ],
    ids=["for all", "for the field"],
)
def test_where_several_must_agree_people_give_every_approval(rules: ApprovalRules) -> None:
    choice = automatic_approvals([proposal()], [SAFE], rules, ENTITIES)
    assert (choice.approved, choice.left) == ((), {LeftToPeople.SEVERAL_APPROVALS: 1})


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 12), st.integers(0, 12))
def test_no_more_than_the_cap_in_one_night(casings: list[bool], cap: int, before: int) -> None:
    spacing = replace(NAME, new="Aço  Forte")
    proposals = [proposal(NAME if case else spacing, number=n) for n, case in enumerate(casings, 1)]
    rules = [AutomaticRule(frozenset({Cause.CASE}), cap), AutomaticRule(SAFE.causes, 1_000)]
    tonight = [proposal(number=1_000 + n, state=CorrectionState.VERIFIED) for n in range(before)]
    choice = automatic_approvals(proposals, rules, ONE, ENTITIES, tonight)
    of_case = [each for each in choice.approved if each.changes == (NAME,)]
    assert len(of_case) == min(sum(casings), max(0, cap - before))
    assert len(choice.approved) - len(of_case) == casings.count(False)
    assert list(choice.approved) == [each for each in proposals if each in choice.approved]
    assert sum(choice.left.values()) + len(choice.approved) == len(proposals)


@pytest.mark.parametrize("causes", [frozenset(), frozenset({Cause.CASE, Cause.TRUNCATED})], ids=["none", "unsafe"])
def test_no_rule_approves_anything_but_safe_causes(causes: frozenset[Cause]) -> None:
    with pytest.raises(ValueError, match="case, spacing and accents"):
        AutomaticRule(causes, 1)


@pytest.mark.parametrize(("required", "proposer", "counted"), [(1, OURS, True), (2, OURS, False), (2, "ana", False)])
def test_an_automatic_approval_is_never_one_of_several(required: int, proposer: str, counted: bool) -> None:
    people = {name: Person(name, frozenset({"reviewer"})) for name in (OURS, "ana", "rui")}
    of = proposal(proposed_by=proposer)
    given_ = [Approval(of.id, name, NOW, of.digest, NOW + timedelta(days=1)) for name in (OURS, "rui")[:required]]
    missing = missing_approvals(of, given_, ApprovalRules(required=required, makers_first=True), people, NOW)
    assert (OURS in missing.counted, missing.approved) == (counted, counted)
    if not counted:
        why = NotCounted.PROPOSER if proposer == OURS else NotCounted.AUTOMATIC
        assert (OURS, why) in missing.not_counted
