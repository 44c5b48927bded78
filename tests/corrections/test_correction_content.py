"""The digest that approvals are about: the same for the same content, another for any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.corrections.content import digest_of
from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import Side
from tests.corrections.proposal_rig import correction

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=4)
_VALUES = st.none() | _TEXTS | st.sampled_from(["null", "", "[]", '"', "a,b"])
_CHANGES = st.lists(
    st.builds(
        FieldChange, st.sampled_from("abc"), _VALUES, _VALUES, st.none() | st.sampled_from(["L1", "L2", "L\x1f1"])
    ),
    max_size=5,
    unique_by=lambda change: (change.line, change.field),
).map(tuple)
_CORRECTIONS = st.builds(
    lambda entity, key, side, action, record_id, changes: correction(
        entity=entity, key=key, side=side, action=action, record_id=record_id, changes=changes
    ),
    st.sampled_from(["customers", "orders"]),
    _TEXTS,
    st.sampled_from(Side),
    st.sampled_from(CorrectionAction),
    st.sampled_from(["1", "2"]),
    _CHANGES,
)


def _meaning(given: Correction) -> object:
    """The content, written down in another way: nothing of it may be lost in the digest."""
    lines = [change.line for change in given.changes if change.line is not None]
    is_new = given.action is CorrectionAction.CREATE
    return (
        (given.entity, given.key, given.side, given.action, None if is_new else given.record_id),
        frozenset((change.line, change.field, change.old, change.new) for change in given.changes),
        tuple(dict.fromkeys(lines)) if is_new else None,
    )


@settings(max_examples=150, deadline=None)
@given(one=_CORRECTIONS, data=st.data())
def test_the_digest_is_the_same_exactly_for_the_same_content(one: Correction, data: st.DataObject) -> None:
    shuffled = replace(one, changes=tuple(data.draw(st.permutations(one.changes))))
    other = data.draw(_CORRECTIONS | st.just(shuffled))
    assert (digest_of(one) == digest_of(other)) is (_meaning(one) == _meaning(other))


_CHANGE = FieldChange("legal_name", "Alfa", "Beta", line="A", finding="f1")


@pytest.mark.parametrize(
    "other",
    [
        correction(_CHANGE, entity="products"),
        correction(_CHANGE, key="other"),
        correction(_CHANGE, side=Side.ERP),
        correction(_CHANGE, action=CorrectionAction.DEACTIVATE),
        correction(_CHANGE, record_id="402"),
        correction(replace(_CHANGE, field="trade_name")),
        correction(replace(_CHANGE, old="alfa")),
        correction(replace(_CHANGE, old=None)),
        correction(replace(_CHANGE, new="Beta ")),
        correction(replace(_CHANGE, line="B")),
        correction(replace(_CHANGE, line=None)),
        correction(_CHANGE, replace(_CHANGE, field="phone")),
    ],
    ids=[
        "entity", "key", "side", "action", "record", "field", "old", "no old", "new", "line", "no line", "one more",
    ],
)  # fmt: skip
def test_any_change_of_content_is_another_digest(other: Correction) -> None:
    assert digest_of(other) != digest_of(correction(_CHANGE))


def test_who_edited_and_which_finding_it_mends_are_not_content() -> None:
    same = replace(_CHANGE, finding="f2", edited_by="bruno")
    assert digest_of(correction(same)) == digest_of(correction(_CHANGE))


def test_a_new_record_is_the_same_content_once_it_has_an_id() -> None:
    new = correction(_CHANGE, action=CorrectionAction.CREATE, record_id=None)
    assert digest_of(replace(new, record_id="77")) == new.digest


def test_the_order_of_a_new_documents_lines_is_content() -> None:
    first, second = FieldChange("sku", None, "A", line="A"), FieldChange("sku", None, "B", line="B")
    new = correction(first, second, action=CorrectionAction.CREATE)
    assert digest_of(replace(new, changes=(second, first))) != new.digest
    there = correction(first, second)
    assert digest_of(replace(there, changes=(second, first))) == there.digest


def test_a_field_changes_once() -> None:
    with pytest.raises(ValueError, match="legal_name is changed twice"):
        correction(_CHANGE, replace(_CHANGE, new="Gama"))
