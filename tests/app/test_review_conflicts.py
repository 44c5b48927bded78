"""What is decided about is what was looked at, or it is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.app.review.causes import SAVED, causes_of, counts_of
from reconciler.app.review.conflicts import Clash, Seen, conflict_of, moved
from reconciler.model.corrections import CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind, FindingStatus, SideValue
from reconciler.store.state.records import FindingFilter, FindingGroup, FindingSummary
from tests.corrections.proposal_rig import finding
from tests.store.correction_cases import correction

NAME = FieldChange("legal_name", "Acme", "ACME", finding="f1")
MAIL = FieldChange("email", None, "a@example.com", finding="f2")
LOOKED_AT = Seen("Acme", "ACME")
PROPOSAL = correction(changes=(NAME,))


@pytest.mark.parametrize(
    ("change", "seen", "chosen", "clash"),
    [
        ({}, {"f1": LOOKED_AT}, {"f1"}, None),
        ({}, {}, None, None),
        ({"side": Side.ERP}, {"f1": LOOKED_AT}, {"f1"}, Clash.VALUES),
        ({}, {"f1": Seen("Acme", "ACME SA")}, {"f1"}, Clash.VALUES),
        ({}, {"f1": Seen("Acme Ltda", "ACME")}, None, Clash.VALUES),
        ({"action": CorrectionAction.CREATE}, {"f1": Seen("x", None)}, {"f1"}, None),
        ({"changes": (NAME, MAIL)}, {"f1": LOOKED_AT}, {"f1"}, Clash.MORE),
        ({"changes": (NAME, MAIL)}, {"f1": LOOKED_AT, "f2": Seen(None, "a@example.com")}, {"f1"}, Clash.MORE),
        ({"changes": (NAME, MAIL)}, {"f1": LOOKED_AT}, {"f1", "f2"}, None),
        ({"changes": (replace(NAME, new="Ac", edited_by="bruno"),)}, {}, None, Clash.EDITED),
        ({"changes": (replace(NAME, new="Ac", edited_by="ana"),)}, {"f1": LOOKED_AT}, {"f1"}, None),
    ],
    ids=[
        *("as shown", "by a filter, not shown", "other side", "other new", "other old", "new record", "more"),
        *("more, listed but not chosen", "more, all chosen", "edited by another", "edited by oneself"),
    ],
)
def test_a_proposal_that_was_not_shown_whole(
    change: dict[str, object], seen: dict[str, Seen], chosen: set[str] | None, clash: Clash | None
) -> None:
    conflict = conflict_of(replace(PROPOSAL, **change), seen, chosen, "ana")  # type: ignore[arg-type]  # of the table
    assert (conflict and conflict.clash) == clash


def test_a_proposal_that_was_shown_whole_is_told_by_its_digest() -> None:
    seen = {"f1": Seen("old", "older", PROPOSAL.id, PROPOSAL.digest)}
    assert conflict_of(replace(PROPOSAL, changes=(NAME, MAIL)), seen, {"f1"}, "ana") is None
    for changes in ((NAME,), (NAME, MAIL), (replace(NAME, edited_by="bruno"),)):
        assert conflict_of(replace(PROPOSAL, changes=changes, digest="other"), seen, {"f1"}, "ana") is not None


def test_a_finding_whose_values_moved_says_from_what_to_what() -> None:
    now = replace(finding("legal_name"), crm=SideValue("1", "Acme"), erp=SideValue("2", "ACME SA"))
    assert moved(now, Seen("Acme", "ACME SA")) is None
    conflict = moved(now, Seen("Acme", "ACME"))
    assert conflict is not None
    assert (conflict.clash, conflict.was, conflict.now) == (Clash.VALUES, "ACME", "ACME SA")


def test_causes_come_by_size_and_tabs_are_counted_from_the_same_numbers() -> None:
    differs, missing = FindingKind.DIFFERS, FindingKind.ONLY_IN_ERP
    summary = FindingSummary(
        (
            FindingGroup("customers", differs, "email", Cause.CASE, "crm", FindingStatus.OPEN, 5),
            FindingGroup("customers", differs, "email", Cause.CASE, None, FindingStatus.OPEN, 4),
            FindingGroup("customers", missing, None, Cause.NOT_FOUND, None, FindingStatus.OPEN, 7),
            FindingGroup("customers", differs, "email", Cause.CASE, "crm", FindingStatus.ACCEPTED, 50),
        )
    )
    causes = causes_of(summary, FindingFilter(status=FindingStatus.OPEN))
    assert [(each.kind, each.count, each.owners) for each in causes] == [
        (differs, 9, frozenset({"crm", None})),
        (missing, 7, frozenset({None})),
    ]
    assert causes[1].narrowed(FindingFilter(status="open")).field == ""
    counts = counts_of(summary)
    assert list(counts) == [saved.name for saved in SAVED]
    assert [counts[name] for name in ("open", "differs", "missing", "accepted", "drift")] == [16, 9, 7, 50, 0]
