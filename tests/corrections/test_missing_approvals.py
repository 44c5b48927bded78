"""Asking about many corrections at once gives what asking about each of them gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.corrections.approval import ApprovalRule, ApprovalRules, missing_approvals
from reconciler.corrections.missing_approvals import MissingApprovals
from reconciler.model.corrections import Approval, Correction, FieldChange, Person
from tests.corrections.proposal_rig import NOW, correction

_NAMES = ("ana", "bruno", "carla", "davi")
_PEOPLE = {name: Person(name, frozenset({"reviewer"})) for name in _NAMES[:3]}
_SECOND = timedelta(seconds=1)
_RULES = (
    ApprovalRule("customers", "legal_name", 2),
    ApprovalRule("customers", "credit_limit", 3, Decimal(100)),
    ApprovalRule("orders", None, 2, Decimal(5)),
    ApprovalRule("orders.lines", None, 2),
)
_AMOUNTS = {"customers": frozenset({"credit_limit"}), "orders.lines": frozenset({"unit_price"})}

_changes = st.builds(
    FieldChange,
    st.sampled_from(["legal_name", "credit_limit", "unit_price"]),
    st.sampled_from([None, "1", "250"]),
    st.sampled_from(["2", "7", "90", "no number"]),
    line=st.sampled_from([None, "A"]),
    edited_by=st.sampled_from([None, None, *_NAMES]),
)
_corrections = st.builds(
    lambda changes, **parts: correction(*changes, **parts),
    st.lists(_changes, min_size=1, max_size=3, unique_by=lambda each: (each.field, each.line)),
    entity=st.sampled_from(["customers", "orders"]),
    proposed_by=st.sampled_from(_NAMES),
)


@st.composite
def _approved(draw: st.DrawFn) -> tuple[Correction, list[Approval]]:
    about = draw(_corrections)
    approval = st.builds(
        Approval,
        st.sampled_from([about.id, about.id, "00000000000000b2"]),
        st.sampled_from(_NAMES),
        st.sampled_from([NOW - 2 * _SECOND, NOW - _SECOND]),
        st.sampled_from([about.digest, about.digest, "0" * 64]),
        st.sampled_from([NOW, NOW + _SECOND]),
    )
    return about, draw(st.lists(approval, max_size=4))


@settings(max_examples=60, deadline=None)
@given(st.lists(_approved(), min_size=1, max_size=12), st.integers(1, 3), st.booleans())
def test_many_at_once_are_judged_as_each_alone(
    asked: list[tuple[Correction, list[Approval]]], required: int, makers_first: bool
) -> None:
    rules = ApprovalRules(required, _RULES, _AMOUNTS, makers_first=makers_first)
    many = MissingApprovals(rules, lambda approvals: _PEOPLE, NOW)
    # The second time everything is known.
    for about, approvals in [*asked, *asked]:
        assert many.of(about, approvals) == missing_approvals(about, approvals, rules, _PEOPLE, NOW)


def test_people_are_asked_about_with_the_approvals_they_gave() -> None:
    about = correction(FieldChange("phone", "1", "2"))
    yes = Approval(about.id, "bruno", NOW, about.digest, NOW + _SECOND)
    asked: list[tuple[str, ...]] = []

    def people(approvals: Sequence[Approval]) -> dict[str, Person]:
        names = tuple(each.person for each in approvals)
        asked.append(names)
        return {name: _PEOPLE[name] for name in names}

    many = MissingApprovals(ApprovalRules(), people, NOW)
    assert [many.of(about, given).approved for given in ([yes], [replace(yes, person="carla")], [])] == [
        *(True, True, False)
    ]
    assert asked == [("bruno",), ("carla",), ()]
