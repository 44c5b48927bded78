"""Findings become corrections of the right side, record and value, or tell why they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from reconciler.compare.layout import MAX_SHOWN_CHARACTERS
from reconciler.corrections.basis import Basis, OnlyHere, OnlyHereRule
from reconciler.corrections.content import digest_of
from reconciler.corrections.ports import KnownLine
from reconciler.corrections.propose import Proposals, propose
from reconciler.corrections.reasons import Reason
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, Finding, FindingKind, FindingStatus, SideValue
from tests.connectors.writing_vendor import DESCRIPTION
from tests.corrections.proposal_rig import (
    NOW,
    TAX_ID,
    Snapshots,
    basis,
    customer,
    finding,
    only_in,
    order,
    rules,
    writer,
)

_CRM, _ERP = Side.CRM, Side.ERP


def proposed(*findings: Finding, on: Basis | None = None) -> Proposals:
    numbers = count(1)
    return propose(findings, on or basis(), person="ana", now=NOW, new_id=lambda: f"{next(numbers):016x}")


def the_one(*findings: Finding, on: Basis | None = None) -> Correction:
    found = proposed(*findings, on=on)
    assert found.left_out == ()
    (correction,) = found.corrections
    return correction


def why_not(*findings: Finding, on: Basis | None = None) -> tuple[Reason, dict[str, str]]:
    found = proposed(*findings, on=on)
    assert found.corrections == ()
    (left_out,) = found.left_out
    return left_out.reason, dict(left_out.detail)


def test_the_side_that_is_not_the_owners_gets_the_owners_value() -> None:
    correction = the_one(finding("legal_name", "Alfa", "Alfa Ltda", id="f1"))
    assert correction == Correction(
        id="0000000000000001",
        entity="customers",
        key=TAX_ID,
        side=_CRM,
        action=CorrectionAction.UPDATE,
        record_id="401",
        source_id="C1",
        changes=(FieldChange("legal_name", "Alfa", "Alfa Ltda", finding="f1"),),
        digest=digest_of(correction),
        state=CorrectionState.PROPOSED,
        proposed_by="ana",
        proposed_at=NOW,
    )


def test_fields_of_a_record_are_one_correction_per_side_in_the_entitys_order() -> None:
    found = proposed(
        finding("credit_limit", "1", "1000.5"),
        finding("phone", "1144445555", "1133334444"),
        finding("legal_name", "Alfa", "Alfa Ltda"),
    )
    (crm, erp) = found.corrections
    assert (crm.side, crm.record_id, [change.field for change in crm.changes]) == (
        _CRM, "401", ["legal_name", "credit_limit"],
    )  # fmt: skip
    assert (erp.side, erp.record_id, erp.changes) == (
        _ERP, "C1", (FieldChange("phone", "1133334444", "1144445555", finding="fphone0000000000"),),
    )  # fmt: skip


def test_an_owner_that_has_no_value_empties_the_field() -> None:
    assert the_one(finding("phone", None, "1133334444")).changes[0].new is None


def test_a_field_without_an_owner_needs_a_person_to_choose() -> None:
    state = finding("special_discount", "1", "2")
    assert why_not(state) == (Reason.NO_OWNER, {"field": "special_discount"})
    correction = the_one(state, on=basis(correct_side=_ERP))
    assert (correction.side, correction.changes[0].new) == (_ERP, "1")


def test_the_choice_of_a_person_does_not_overrule_the_owner() -> None:
    assert the_one(finding("legal_name"), on=basis(correct_side=_ERP)).side is _CRM


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FindingKind.DUPLICATE, Reason.DUPLICATE),
        (FindingKind.AMBIGUOUS, Reason.AMBIGUOUS),
        (FindingKind.INVALID, Reason.INVALID),
    ],
    ids=str,
)
def test_some_kinds_are_never_corrected(kind: FindingKind, reason: Reason) -> None:
    assert why_not(finding(kind=kind))[0] is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (FindingStatus.ACCEPTED, Reason.ACCEPTED),
        (FindingStatus.CLOSED, Reason.CLOSED),
        (FindingStatus.CORRECTED, Reason.CORRECTED),
    ],
    ids=str,
)
def test_only_open_findings_are_corrected(status: FindingStatus, reason: Reason) -> None:
    assert why_not(finding(status=status))[0] is reason


def test_a_pair_that_may_not_belong_together_is_not_touched() -> None:
    ambiguous = finding(None, kind=FindingKind.AMBIGUOUS)
    found = proposed(finding("legal_name"), ambiguous, finding("legal_name", key="other", id="f2"))
    assert [each.reason for each in found.left_out] == [Reason.AMBIGUOUS, Reason.AMBIGUOUS]
    assert [each.key for each in found.corrections] == ["other"]
    known = basis(doubtful=frozenset({("customers", TAX_ID)}))
    assert why_not(finding("legal_name"), on=known)[0] is Reason.AMBIGUOUS


@pytest.mark.parametrize("field", ["trade_name", "updated_at", None], ids=["not described", "not compared", "none"])
def test_a_field_that_left_the_scope_is_not_corrected(field: str | None) -> None:
    about = finding("legal_name")
    assert why_not(replace(about, field=field))[0] is Reason.OUT_OF_SCOPE


def test_a_field_that_the_system_never_takes_does_not_hold_up_the_others() -> None:
    found = proposed(finding("state", "RJ", "SP"), finding("legal_name"), on=basis(rules=rules(state="erp")))
    assert [each.field for each in found.corrections[0].changes] == ["legal_name"]
    (left_out,) = found.left_out
    assert left_out.reason is Reason.NOT_WRITABLE
    assert left_out.detail == {"field": "state", "side": "crm", "problem": "the system does not take the field"}


def test_a_value_that_the_system_will_not_take_is_a_problem_now() -> None:
    correction = the_one(finding("legal_name", "Alfa", "A" * 41), finding("credit_limit", "1", "2"))
    assert correction.problems == ("legal_name: the system takes at most 40 characters",)


_LONG = "A" * 600
_SHOWN = f"{_LONG[: MAX_SHOWN_CHARACTERS - 1]}…"


def test_a_value_that_the_finding_cuts_is_taken_whole_from_the_snapshot() -> None:
    snapshots = Snapshots()
    snapshots.hold("customers", _ERP, customer("C1", legal_name=_LONG))
    assert the_one(finding("legal_name", "Alfa", _SHOWN), on=basis(snapshots)).changes[0].new == _LONG


@pytest.mark.parametrize("held", [None, "B" * 600], ids=["gone", "another value"])
def test_a_cut_value_is_never_written(held: str | None) -> None:
    snapshots = Snapshots()
    if held is not None:
        snapshots.hold("customers", _ERP, customer("C1", legal_name=held))
    about = finding("legal_name", "Alfa", _SHOWN)
    assert why_not(about, on=basis(snapshots)) == (Reason.RECORD_NOT_KEPT, {"side": "erp"})
    assert why_not(finding("legal_name", _SHOWN, "Alfa"), on=basis(snapshots))[1] == {"side": "crm"}


def test_the_same_field_twice_is_not_decided_by_chance() -> None:
    found = proposed(finding("legal_name", id="f1"), finding("legal_name", "Alfa", "Gama", id="f2"))
    assert found.corrections[0].changes[0].new == "Alfa Ltda"
    assert [(each.finding, each.reason) for each in found.left_out] == [("f2", Reason.CONTRADICTED)]


class TestLines:
    """Findings about lines are corrected in the document they are part of."""

    @pytest.fixture
    def snapshots(self) -> Snapshots:
        held = Snapshots()
        held.hold("orders", _CRM, order("7001"))
        held.hold("orders", _ERP, order("900"))
        return held

    def line_finding(self, field: str = "quantity", place: int = 1, **changed: object) -> Finding:
        about = finding(field, "5", "1", entity="orders.lines", key=f"900|{'BA'[place]}", id=f"line{place}")
        sides = {"crm": SideValue(f"7001#{place}", "5"), "erp": SideValue(f"900#{place}", "1")}
        return replace(about, **{**sides, **changed})  # type: ignore[arg-type]  # a few attributes of a finding

    def test_a_line_is_changed_in_its_document_after_the_documents_own_fields(self, snapshots: Snapshots) -> None:
        status = finding("status", "OPEN", "CANCELLED", entity="orders", key="900", id="own")
        status = replace(status, crm=SideValue("7001", "OPEN"), erp=SideValue("900", "CANCELLED"))
        owned = rules(status="crm")
        found = the_one(
            self.line_finding(place=1), status, self.line_finding(place=0), on=basis(snapshots, rules=owned)
        )
        assert (found.entity, found.key, found.side, found.record_id, found.source_id) == (
            "orders", "900", _ERP, "900", "7001",
        )  # fmt: skip
        assert found.changes == (
            FieldChange("status", "CANCELLED", "OPEN", finding="own"),
            FieldChange("quantity", "1", "5", line="A", finding="line1"),
            FieldChange("quantity", "1", "5", line="B", finding="line0"),
        )

    def test_a_line_of_a_document_that_is_not_kept_is_left_out(self, snapshots: Snapshots) -> None:
        snapshots.lines.pop(("orders.lines", _ERP, "900#1"))
        assert why_not(self.line_finding(), on=basis(snapshots)) == (Reason.RECORD_NOT_KEPT, {"side": "erp"})

    def test_a_line_without_a_key_cannot_be_named(self, snapshots: Snapshots) -> None:
        snapshots.hold("orders", _ERP, order("900", lines=(KnownLine("B", {}), KnownLine(None, {}))))
        assert why_not(self.line_finding(), on=basis(snapshots))[0] is Reason.LINES_NOT_DISTINCT

    def test_a_line_field_that_the_system_does_not_take_is_left_out(self, snapshots: Snapshots) -> None:
        about = self.line_finding("unit_price")
        reason, detail = why_not(about, on=basis(snapshots, correct_side=_ERP))
        assert (reason, detail["problem"]) == (Reason.NOT_WRITABLE, "the system does not take the field")

    def test_lines_are_neither_added_nor_taken_out(self, snapshots: Snapshots) -> None:
        about = replace(self.line_finding(kind=FindingKind.ONLY_IN_CRM), field=None)
        assert why_not(about, on=basis(snapshots))[0] is Reason.LINE_ONLY_HERE

    def test_a_line_of_a_doubtful_pair_is_not_touched(self, snapshots: Snapshots) -> None:
        known = basis(snapshots, doubtful=frozenset({("orders", "900")}))
        assert why_not(self.line_finding(), on=known)[0] is Reason.AMBIGUOUS


class TestRecordsOnOneSideOnly:
    """They are added to the other side whole, or taken out of use, as the project says."""

    def held(self, side: Side = _ERP, **changed: object) -> Snapshots:
        snapshots = Snapshots()
        snapshots.hold("customers", side, customer("C1", **changed))
        return snapshots

    def rule(self, **said: dict[Side, OnlyHere]) -> dict[str, OnlyHereRule]:
        return {"customers": OnlyHereRule(**said)}

    def test_a_record_of_the_erp_reaches_the_crm_with_what_the_crm_takes(self) -> None:
        correction = the_one(only_in(_ERP, id="f1"), on=basis(self.held()))
        assert (correction.side, correction.action, correction.record_id, correction.source_id) == (
            _CRM, CorrectionAction.CREATE, None, "C1",
        )  # fmt: skip
        assert correction.changes == (
            FieldChange("tax_id", None, TAX_ID, finding="f1"),
            FieldChange("legal_name", None, "Alfa Ltda"),
            FieldChange("state", None, "SP"),
            FieldChange("credit_limit", None, "1000.5"),
            FieldChange("special_discount", None, "0"),
            FieldChange("active", None, "true"),
        )
        assert correction.problems == ()

    def test_an_order_reaches_the_other_side_with_its_lines_in_their_order(self) -> None:
        snapshots = Snapshots()
        snapshots.hold("orders", _CRM, order("7001"))
        correction = the_one(only_in(_CRM, "orders", "7001", "900"), on=basis(snapshots))
        assert (correction.side, correction.action) == (_ERP, CorrectionAction.CREATE)
        assert [(each.line, each.field, each.new) for each in correction.changes] == [
            (None, "number", "900"),
            (None, "customer", TAX_ID),
            (None, "date", "2026-05-02"),
            (None, "status", "OPEN"),
            (None, "total", "30"),
            ("B", "sku", "B"),
            ("B", "quantity", "2"),
            ("B", "unit_price", "10"),
            ("A", "sku", "A"),
            ("A", "quantity", "1"),
            ("A", "unit_price", "10"),
        ]

    @pytest.mark.parametrize("second", ["B", None], ids=["the same key", "no key"])
    def test_an_order_whose_lines_cannot_be_told_apart_is_left_out(self, second: str | None) -> None:
        snapshots = Snapshots()
        snapshots.hold("orders", _CRM, order("7001", lines=(KnownLine("B", {}), KnownLine(second, {}))))
        assert why_not(only_in(_CRM, "orders", "7001", "900"), on=basis(snapshots))[0] is Reason.LINES_NOT_DISTINCT

    def test_a_value_that_cannot_be_read_is_not_taken_for_an_empty_one(self) -> None:
        held = self.held(unreadable=frozenset({"phone", "updated_at"}))
        assert why_not(only_in(_ERP), on=basis(held)) == (Reason.UNREADABLE, {"field": "phone", "side": "erp"})

    def test_a_record_like_one_of_the_other_side_is_not_doubled_unless_a_person_looked(self) -> None:
        similar = only_in(_ERP, cause=Cause.SIMILAR_RECORD, detail={"id": "401"})
        assert why_not(similar, on=basis(self.held())) == (Reason.SIMILAR_RECORD, {"side": "crm", "id": "401"})
        looked = the_one(similar, on=basis(self.held(), even_if_similar=True))
        assert looked.action is CorrectionAction.CREATE

    def test_a_record_that_the_other_side_had_is_not_brought_back(self) -> None:
        about = only_in(_CRM)
        held = self.held(_CRM, link="C9")
        assert why_not(about, on=basis(held)) == (Reason.GONE, {"side": "erp", "id": "C9"})

    def test_what_vanished_from_the_owner_is_taken_out_of_use_where_the_project_says_so(self) -> None:
        gone = self.rule(gone={_CRM: OnlyHere.DEACTIVATE, _ERP: OnlyHere.LEAVE})
        correction = the_one(only_in(_CRM, id="f1"), on=basis(self.held(_CRM, link="C9"), only_here=gone))
        assert (correction.side, correction.action, correction.record_id) == (_CRM, CorrectionAction.DEACTIVATE, "C1")
        assert correction.changes == (FieldChange("active", "true", "false", finding="f1"),)
        fresh = the_one(only_in(_CRM), on=basis(self.held(_CRM), only_here=gone))
        assert fresh.action is CorrectionAction.CREATE

    def test_an_entity_without_a_field_for_it_keeps_its_key_as_it_is_taken_out_of_use(self) -> None:
        snapshots = Snapshots()
        snapshots.hold("orders", _CRM, order("7001"))
        said = {"orders": OnlyHereRule(new={_CRM: OnlyHere.DEACTIVATE, _ERP: OnlyHere.LEAVE})}
        correction = the_one(only_in(_CRM, "orders", "7001", "900", id="f1"), on=basis(snapshots, only_here=said))
        assert correction.changes == (FieldChange("number", "900", "900", finding="f1"),)
        assert correction.problems == ()

    def test_what_is_out_of_use_already_stays(self) -> None:
        said = self.rule(new={_CRM: OnlyHere.DEACTIVATE, _ERP: OnlyHere.LEAVE})
        held = self.held(_CRM, active="false")
        assert why_not(only_in(_CRM), on=basis(held, only_here=said))[0] is Reason.ALREADY_INACTIVE

    def test_the_project_may_leave_them(self) -> None:
        said = self.rule(new={_CRM: OnlyHere.LEAVE, _ERP: OnlyHere.CREATE})
        assert why_not(only_in(_CRM), on=basis(self.held(_CRM), only_here=said)) == (Reason.LEFT_ALONE, {"side": "crm"})

    def test_a_record_that_is_not_kept_cannot_be_added(self) -> None:
        assert why_not(only_in(_ERP)) == (Reason.RECORD_NOT_KEPT, {"side": "erp"})

    def test_a_system_that_takes_no_new_records_gets_none(self) -> None:
        closed = _without("[entities.customers.write.create]", "[entities.orders]").replace(
            '[vendor.context]\nmodel = "number of the model note"', ""
        )
        targets = {_CRM: writer(closed), _ERP: writer()}
        assert why_not(only_in(_ERP), on=basis(self.held(), targets=targets)) == (Reason.CANNOT_CREATE, {"side": "crm"})

    def test_a_system_that_gives_the_key_itself_gets_no_records(self) -> None:
        """Nothing could tell afterwards whether the record was added."""
        own_key = DESCRIPTION.replace('read_only = ["sales_volume"]', 'read_only = ["tax_id"]')
        targets = {_CRM: writer(own_key), _ERP: writer()}
        reason, detail = why_not(only_in(_ERP), on=basis(self.held(), targets=targets))
        assert (reason, detail["field"]) == (Reason.NOT_WRITABLE, "tax_id")

    def test_a_system_that_cannot_take_records_out_of_use_is_not_asked_to(self) -> None:
        closed = _without("[entities.orders.write.deactivate]", "$")
        said = {"orders": OnlyHereRule(new=dict.fromkeys(Side, OnlyHere.DEACTIVATE))}
        snapshots = Snapshots()
        snapshots.hold("orders", _CRM, order("7001"))
        known = basis(snapshots, only_here=said, targets=dict.fromkeys(Side, writer(closed)))
        assert why_not(only_in(_CRM, "orders", "7001", "900"), on=known)[0] is Reason.CANNOT_DEACTIVATE


def _without(table: str, following: str) -> str:
    """The description without what is between two headings."""
    start = DESCRIPTION.index(table)
    end = len(DESCRIPTION) if following == "$" else DESCRIPTION.index(following, start)
    return DESCRIPTION[:start] + DESCRIPTION[end:]


def _mended(found: Proposals) -> Iterator[str | None]:
    for correction in found.corrections:
        yield from {change.finding for change in correction.changes if change.finding is not None}


def test_every_finding_is_mended_or_left_out_exactly_once_in_an_order_that_does_not_depend_on_theirs() -> None:
    snapshots = Snapshots()
    for side in Side:
        snapshots.hold("orders", side, order("900"))
        snapshots.hold("customers", side, customer("C5"))
    chosen = [
        finding("legal_name", id="1"),
        finding("phone", "1", "1133334444", id="2"),
        finding("special_discount", id="3"),
        only_in(_CRM, "orders", "900", "900", id="4"),
        only_in(_ERP, identity="C5", key="other", id="5"),
        finding(kind=FindingKind.DUPLICATE, id="6"),
    ]
    found = proposed(*chosen, on=basis(snapshots))
    assert sorted([*_mended(found), *(each.finding for each in found.left_out)], key=str) == list("123456")
    again = proposed(*reversed(chosen), on=basis(snapshots))
    assert [each.digest for each in again.corrections] == [each.digest for each in found.corrections]
    assert [each.entity for each in found.corrections] == ["customers", "customers", "customers", "orders"]


def test_ids_are_sixteen_hexadecimal_digits_and_never_the_same() -> None:
    chosen = [replace(finding(key=str(number)), crm=SideValue(str(number), "Alfa")) for number in range(50)]
    found = propose(chosen, basis(), person="ana", now=NOW)
    ids = {each.id for each in found.corrections}
    assert len(ids) == 50
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in ids)
