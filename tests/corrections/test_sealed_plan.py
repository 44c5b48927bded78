"""A sealed plan says exactly what is written, and is refused once it, or what it rests on, is anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.corrections.approval import Missing
from reconciler.corrections.plan import (
    MAX_AGE,
    MAX_AHEAD,
    Objected,
    Objection,
    SealedPlan,
    read_sealed,
    refusal,
    seal,
    what_changed,
)
from reconciler.corrections.plan_document import LeftOutOfPlan, RestsOn, SystemTotals
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from tests.corrections.proposal_rig import NOW, correction

_RESTS_ON = RestsOn(stage="pilot", project="p1", crm="d1", erp="d2")
_SECOND = timedelta(seconds=1)
_UPDATE = correction(
    FieldChange("legal_name", "Alfa", "Ação “Ltda”", finding="f1", edited_by="bruno"),
    FieldChange("credit_limit", None, "1000.5", finding="f2"),
    FieldChange("phone", "1133334444", "1133334444"),
)
_CREATE = correction(
    FieldChange("number", None, "900"),
    FieldChange("sku", None, "B", line="B"),
    FieldChange("sku", None, "A", line="A"),
    id="00000000000000b2",
    entity="orders",
    key="900",
    side=Side.ERP,
    action=CorrectionAction.CREATE,
    record_id=None,
)
_DEACTIVATE = correction(
    FieldChange("active", "true", "false"),
    id="00000000000000c3",
    key="other",
    side=Side.ERP,
    action=CorrectionAction.DEACTIVATE,
    record_id="C9",
    undoes="00000000000000d4",
)
_ALL = (_CREATE, _DEACTIVATE, _UPDATE)
_APPROVED_BY = {_UPDATE.id: ("carla", "davi")}


def sealed(*corrections: Correction, **changed: Any) -> SealedPlan:
    made = {"made_by": "eva", "made_at": NOW, **changed}
    return seal(corrections or _ALL, _APPROVED_BY, made.pop("rests_on", _RESTS_ON), **made)


def test_a_plan_comes_back_as_it_was_sealed() -> None:
    plan = sealed(left_out=(LeftOutOfPlan(id="e5", state="superseded", words="changed since it was seen"),))
    again = read_sealed(plan.document, now=NOW)
    assert again == plan
    assert read_sealed(plan.document.encode(), now=NOW) == plan
    assert again.plan.left_out[0].words == "changed since it was seen"


def test_it_tells_old_and_new_of_every_field_who_approved_and_what_comes_to_each_system() -> None:
    document = orjson.loads(sealed().document)["plan"]
    (update,) = [each for each in document["corrections"] if each["id"] == _UPDATE.id]
    name, limit, _ = update["changes"]
    assert (name["field"], name["old"], name["new"], name["edited_by"]) == (
        "legal_name",
        "Alfa",
        "Ação “Ltda”",
        "bruno",
    )
    assert limit == {
        "field": "credit_limit",
        "line": None,
        "old": None,
        "new": "1000.5",
        "finding": "f2",
        "edited_by": None,
    }
    assert (update["record_id"], update["approved_by"], update["proposed_by"]) == ("401", ["carla", "davi"], "ana")
    assert (document["made_by"], document["made_at"]) == ("eva", "2026-11-22T12:00:00Z")
    assert sealed().plan.totals == {
        Side.CRM: SystemTotals(records=1, updated=1, fields=2),
        Side.ERP: SystemTotals(records=2, created=1, deactivated=1, fields=4),
    }


def test_no_value_breaks_the_lines_of_the_text() -> None:
    """Every correction is on a line of its own, whatever its values look like."""
    nasty = '},{"id":"00000000000000a1"},\n{"id":'
    first = correction(FieldChange("legal_name", nasty, f"{nasty}\u2028"), key=nasty, source_id=nasty)
    second = correction(FieldChange("legal_name", "", nasty), id="00000000000000b2", key="z", record_id="2")
    plan = sealed(second, first)
    assert [each.changes for each in plan.plan.corrections] == [second.changes, first.changes]
    assert read_sealed(plan.document, now=NOW) == plan
    lines = plan.document.split("\n")
    assert [orjson.loads(line.removesuffix(","))["id"] for line in lines[1:3]] == [second.id, first.id]


def test_what_others_refer_to_comes_before_them() -> None:
    product = correction(id="00000000000000e5", entity="products", key="P1", record_id="1")
    entities = [each.entity for each in sealed(*_ALL, product).plan.corrections]
    assert entities == ["customers", "customers", "products", "orders"]


@settings(max_examples=10, deadline=None)
@given(st.permutations(_ALL))
def test_the_same_corrections_are_the_same_plan(corrections: list[Correction]) -> None:
    assert sealed(*corrections) == sealed()


@pytest.mark.parametrize(
    "changed",
    [{"made_by": "davi"}, {"made_at": NOW + _SECOND}, {"rests_on": replace(_RESTS_ON, erp="d3")}],
    ids=str,
)
def test_anything_else_is_another_plan(changed: dict[str, Any]) -> None:
    assert sealed(**changed).digest != sealed().digest


def test_the_store_keeps_it_under_its_digest() -> None:
    plan = sealed()
    stored = plan.stored()
    assert (stored.digest, stored.document, stored.made_by, stored.made_at) == (plan.digest, plan.document, "eva", NOW)
    assert stored.corrections == (_UPDATE.id, _DEACTIVATE.id, _CREATE.id)
    assert stored.owner is None


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the scalars of a document are."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for name, member in members for leaf in _leaves(member, (*path, name))]
    return [path]


_DOCUMENT = orjson.loads(sealed().document)


@pytest.mark.parametrize("path", _leaves(_DOCUMENT), ids=lambda path: ".".join(map(str, path)))
def test_an_edit_of_any_value_is_refused(path: tuple[Any, ...]) -> None:
    document = orjson.loads(sealed().document)
    holder = document
    for name in path[:-1]:
        holder = holder[name]
    value = holder[path[-1]]
    holder[path[-1]] = value + 1 if isinstance(value, int) else "x" if value is None else f"{value[:-2]}x{value[-1:]}"
    with pytest.raises(RefusedError, match=r"changed after it was sealed|not a plan that can be read"):
        read_sealed(orjson.dumps(document), now=NOW)


def _without_the_last(document: dict[str, Any]) -> None:
    document["plan"]["corrections"].pop()


def _twice(document: dict[str, Any]) -> None:
    document["plan"]["corrections"].append(document["plan"]["corrections"][0])


def _turned(document: dict[str, Any]) -> None:
    document["plan"]["corrections"].reverse()


def _emptied(document: dict[str, Any]) -> None:
    document["plan"]["corrections"][0]["changes"].clear()


@pytest.mark.parametrize("edit", [_without_the_last, _twice, _turned, _emptied])
def test_leaving_out_adding_and_reordering_are_refused(edit: Callable[[dict[str, Any]], None]) -> None:
    document = orjson.loads(sealed().document)
    edit(document)
    with pytest.raises(RefusedError, match="changed after it was sealed"):
        read_sealed(orjson.dumps(document), now=NOW)


def test_the_layout_of_the_text_is_not_the_plan() -> None:
    document = orjson.loads(sealed().document)
    turned = orjson.dumps(dict(reversed(document.items())))
    assert read_sealed(turned, now=NOW).plan == sealed().plan


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "extra"),
        (("plan",), "plan.extra"),
        (("plan", "rests_on"), "plan.rests_on.extra"),
        (("plan", "totals", "crm"), "plan.totals.crm.extra"),
        (("plan", "corrections", 0), "plan.corrections.0.extra"),
        (("plan", "corrections", 0, "changes", 0), "plan.corrections.0.changes.0.extra"),
    ],
    ids=["document", "plan", "rests_on", "totals", "correction", "change"],
)
def test_a_name_that_nobody_knows_is_refused(path: tuple[Any, ...], place: str) -> None:
    document = orjson.loads(sealed().document)
    holder = document
    for name in path:
        holder = holder[name]
    holder["extra"] = 1
    with pytest.raises(RefusedError, match=f"not a plan that can be read: {place}: "):
        read_sealed(orjson.dumps(document), now=NOW)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"format": "reconciler-plan/2"}', b"\xff\xfe"], ids=repr)
def test_what_is_no_plan_is_refused(text: str | bytes) -> None:
    with pytest.raises(RefusedError, match="not a plan that can be read"):
        read_sealed(text, now=NOW)


def test_the_refusal_of_a_text_does_not_repeat_it() -> None:
    document = {**orjson.loads(sealed().document), "digest": {"secret": "hunter2"}}
    with pytest.raises(RefusedError) as caught:
        read_sealed(orjson.dumps(document), now=NOW)
    assert "hunter2" not in str(caught.value)


def test_a_plan_lives_for_a_day() -> None:
    plan = sealed()
    assert read_sealed(plan.document, now=NOW + MAX_AGE) == plan
    with pytest.raises(RefusedError, match=r"of 2026-11-22 12:00:00\+00:00, more than 24 hours old"):
        read_sealed(plan.document, now=NOW + MAX_AGE + _SECOND)


def test_a_clock_that_is_a_little_behind_does_no_harm_and_one_far_behind_does() -> None:
    plan = sealed()
    assert read_sealed(plan.document, now=NOW - MAX_AHEAD) == plan
    with pytest.raises(RefusedError, match="still to come"):
        read_sealed(plan.document, now=NOW - MAX_AHEAD - _SECOND)


@pytest.mark.parametrize(
    ("corrections", "why"),
    [
        ([replace(_UPDATE, state=CorrectionState.PROPOSED)], "is proposed"),
        ([replace(_UPDATE, state=CorrectionState.PLANNED)], "is planned"),
        ([replace(_UPDATE, problems=("email: too long",))], "has problems: email: too long"),
        ([_UPDATE, replace(_UPDATE, id="00000000000000f6")], "is not the only one for its record"),
        ([_CREATE, replace(_CREATE, id="00000000000000f6")], "is not the only one for its record"),
    ],
    ids=["proposed", "planned", "problems", "one record twice", "one new record twice"],
)
def test_what_must_not_be_written_cannot_be_planned(corrections: list[Correction], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        sealed(*corrections)


def test_a_plan_of_other_content_than_was_approved_is_refused() -> None:
    """Whoever sealed it did not look, or the digest itself was made anew."""
    other = sealed(replace(_UPDATE, changes=_UPDATE.changes[:1]))
    with pytest.raises(RefusedError, match="changed after it was sealed"):
        read_sealed(other.document, now=NOW)


def test_every_correction_is_a_line_of_the_text() -> None:
    lines = sealed().document.splitlines()
    found = [orjson.loads(line.removesuffix(","))["id"] for line in lines[1:-1]]
    assert found == [_UPDATE.id, _DEACTIVATE.id, _CREATE.id]


def test_nothing_makes_no_plan() -> None:
    with pytest.raises(RefusedError, match="nothing to plan"):
        seal([], {}, _RESTS_ON, made_by="eva", made_at=NOW)


_YES = Missing(1, ("carla",), 0, ())
_NO = Missing(1, (), 1, ("carla",))


class TestWhatItRestsOn:
    """Whatever a plan rests on, and is another now, speaks against writing it."""

    plan = sealed().plan

    def kept(self, **changed: Any) -> dict[str, Correction]:
        """As the store keeps them once they are planned; with `changed`, the update is otherwise."""
        planned = {each.id: replace(each, state=CorrectionState.PLANNED) for each in _ALL}
        return {**planned, _UPDATE.id: replace(planned[_UPDATE.id], **changed)}

    missing: Mapping[str, Missing] = MappingProxyType({each.id: _YES for each in _ALL})

    def test_nothing_speaks_against_it_while_all_is_as_it_was(self) -> None:
        assert what_changed(self.plan, _RESTS_ON, self.kept(), self.missing) == []

    @pytest.mark.parametrize(
        ("name", "objected"),
        [
            ("stage", Objected(Objection.STAGE)),
            ("project", Objected(Objection.PROJECT)),
            ("crm", Objected(Objection.DESCRIPTION, "crm")),
            ("erp", Objected(Objection.DESCRIPTION, "erp")),
        ],
        ids=str,
    )
    def test_another_stage_project_or_description(self, name: str, objected: Objected) -> None:
        now = replace(_RESTS_ON, **{name: "another"})
        assert what_changed(self.plan, now, self.kept(), self.missing) == [objected]

    @pytest.mark.parametrize(
        ("changed", "objection"),
        [
            ({"digest": "0" * 64}, Objection.CHANGED),
            ({"state": CorrectionState.APPROVED}, Objection.WITHDRAWN),
            ({"state": CorrectionState.PROPOSED}, Objection.WITHDRAWN),
            ({"state": CorrectionState.REJECTED}, Objection.WITHDRAWN),
        ],
        ids=str,
    )
    def test_a_correction_that_is_another_now(self, changed: dict[str, Any], objection: Objection) -> None:
        found = what_changed(self.plan, _RESTS_ON, self.kept(**changed), self.missing)
        assert found == [Objected(objection, _UPDATE.id)]

    def test_a_correction_that_is_gone(self) -> None:
        kept = self.kept()
        del kept[_UPDATE.id]
        assert what_changed(self.plan, _RESTS_ON, kept, self.missing) == [Objected(Objection.GONE, _UPDATE.id)]

    @pytest.mark.parametrize("state", [CorrectionState.PLANNED, CorrectionState.FAILED], ids=str)
    def test_an_approval_that_lapsed(self, state: CorrectionState) -> None:
        kept = self.kept(state=state)
        for missing in ({**self.missing, _UPDATE.id: _NO}, {_CREATE.id: _YES, _DEACTIVATE.id: _YES}):
            assert what_changed(self.plan, _RESTS_ON, kept, missing) == [Objected(Objection.APPROVAL, _UPDATE.id)]

    @pytest.mark.parametrize(
        "state", [CorrectionState.APPLYING, CorrectionState.VERIFIED, CorrectionState.UNKNOWN], ids=str
    )
    def test_what_was_written_already_needs_no_approval_any_more(self, state: CorrectionState) -> None:
        missing = {**self.missing, _UPDATE.id: _NO}
        assert what_changed(self.plan, _RESTS_ON, self.kept(state=state), missing) == []

    def test_the_refusal_tells_all_of_it_in_one_sentence(self) -> None:
        objected = [Objected(Objection.STAGE), *(Objected(Objection.GONE, f"a{number}") for number in range(7))]
        assert str(refusal(objected)).startswith(
            "the plan does not fit any more: the project is in another stage; "
            "not kept any more: a0, a1, a2, a3, a4 and 2 more."
        )
