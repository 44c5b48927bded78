"""What was written can be taken back: with its own approval, and only while it still is what was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.connectors.write.current_record import CurrentLine
from reconciler.corrections.content import digest_of
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from tests.corrections.applying_rig import SETTLE_S, Rig, correction_of, creation
from tests.corrections.memory_store import Killed, Life
from tests.corrections.memory_system import KEY

S = CorrectionState
CHANGES: dict[str, tuple[str | None, str | None]] = {"email": ("old", "new"), "city": ("Recife", None)}


async def _applied(*corrections: Correction, **values: str) -> Rig:
    rig = Rig()
    if values:
        rig.record(**values)
    await rig.process().apply(rig.plan(*corrections))
    return rig


async def _undone(rig: Rig, number: int, new_number: int) -> Correction:
    """The undo, approved and applied."""
    undo = await rig.process().undo(number, new_number)
    assert undo.state is S.PROPOSED
    await rig.process().apply(rig.plan(replace(undo, state=S.PLANNED)))
    return undo


async def test_an_update_is_undone_field_by_field_and_so_is_its_undo() -> None:
    rig = await _applied(correction_of(1, CHANGES), email="old", city="Recife")
    undo = await _undone(rig, 1, 2)
    assert undo.changes == (FieldChange("email", "new", "old"), FieldChange("city", None, "Recife"))
    assert (undo.undoes, undo.proposed_by, undo.digest) == (f"{1:016x}", "ana", digest_of(undo))
    assert rig.erp.records["erp-1"] == {"active": "true", "email": "old", "city": "Recife"}
    assert (rig.state(1), rig.state(2)) == (S.UNDONE, S.VERIFIED)
    await _undone(rig, 2, 3)
    assert rig.erp.records["erp-1"] == {"active": "true", "email": "new", "city": None}
    assert (rig.state(1), rig.state(2), rig.state(3)) == (S.UNDONE, S.UNDONE, S.VERIFIED)


async def test_only_what_was_changed_is_taken_back() -> None:
    """Somebody had set the city already: that is not ours to undo."""
    rig = await _applied(
        correction_of(1, {"email": ("old", "new"), "city": ("Recife", "Santos")}), email="old", city="Santos"
    )
    undo = await rig.process().undo(1, 2)
    assert undo.changes == (FieldChange("email", "new", "old"),)


async def test_what_the_system_made_of_a_value_is_what_has_to_be_there_still() -> None:
    rig = await _applied(correction_of(1, {"email": ("old", "new")}), email="old")
    (*steps, done) = rig.kept.steps
    rig.kept.steps = [*steps, replace(done, after={"email": "NEW"})]
    rig.erp.edit("erp-1", {"email": "NEW"})
    undo = await rig.process().undo(1, 2)
    assert undo.changes == (FieldChange("email", "NEW", "old"),)


async def test_a_line_goes_back_too() -> None:
    rig = Rig()
    rig.record(number="7")
    line = FieldChange("quantity", "1", "2", line="P1")
    order = replace(correction_of(1, {}), changes=(line,), state=S.VERIFIED)
    rig.erp.lines["erp-1"] = [CurrentLine(0, "P1", {"quantity": "2"})]
    rig.plan(order)
    undo = await rig.process().undo(1, 2)
    assert undo.changes == (FieldChange("quantity", "2", "1", line="P1"),)


async def test_a_new_record_is_taken_out_of_use_while_it_is_what_was_added() -> None:
    rig = await _applied(creation(1, "111", city="Santos", updated_at="2026-01-01"))
    undo = await _undone(rig, 1, 2)
    assert (undo.action, undo.record_id) == (CorrectionAction.DEACTIVATE, "erp-1")
    assert undo.changes == (
        FieldChange(KEY, "111", "111"),
        FieldChange("city", "Santos", "Santos"),
        FieldChange("active", "true", "false"),
    )
    assert rig.erp.records["erp-1"]["active"] == "false"
    assert (rig.state(1), rig.state(2)) == (S.UNDONE, S.VERIFIED)


async def test_taking_out_of_use_is_undone_also_where_the_correction_does_not_name_what_changed() -> None:
    rig = await _applied(correction_of(1, {"number": ("7", "7")}, action=CorrectionAction.DEACTIVATE), number="7")
    undo = await _undone(rig, 1, 2)
    assert (undo.action, undo.changes) == (CorrectionAction.UPDATE, (FieldChange("active", "false", "true"),))
    assert rig.erp.records["erp-1"]["active"] == "true"


async def test_a_record_that_changed_since_is_not_undone() -> None:
    rig = await _applied(correction_of(1, CHANGES), email="old", city="Recife")
    rig.erp.edit("erp-1", {"city": "Olinda"})
    with pytest.raises(RefusedError, match="somebody changed city"):
        await rig.process().undo(1, 2)


async def test_a_new_record_that_changed_since_is_not_taken_out_of_use() -> None:
    rig = await _applied(creation(1, "111", city="Santos"))
    rig.erp.edit("erp-1", {"city": "Olinda"})
    with pytest.raises(RefusedError, match="somebody changed city"):
        await rig.process().undo(1, 2)


async def test_a_record_that_changes_after_the_undo_was_approved_stays_as_it_is() -> None:
    rig = await _applied(correction_of(1, CHANGES), email="old", city="Recife")
    undo = await rig.process().undo(1, 2)
    rig.erp.edit("erp-1", {"email": "theirs"})
    await rig.process().apply(rig.plan(replace(undo, state=S.PLANNED)))
    assert (rig.state(1), rig.state(2)) == (S.VERIFIED, S.SUPERSEDED)
    assert rig.erp.records["erp-1"]["email"] == "theirs"


@pytest.mark.parametrize(
    ("correction", "values", "why"),
    [
        pytest.param(correction_of(1, CHANGES), {"email": "new"}, "wrote nothing", id="was so already"),
        pytest.param(creation(1, "111"), {KEY: "111"}, "added nothing", id="was there already"),
        pytest.param(correction_of(1, CHANGES), {"email": "x"}, "only what is verified", id="not verified"),
    ],
)
async def test_what_was_not_written_cannot_be_undone(correction: Correction, values: dict[str, str], why: str) -> None:
    rig = await _applied(correction, **values)
    with pytest.raises(RefusedError, match=why):
        await rig.process().undo(1, 2)


async def test_a_record_that_is_gone_or_out_of_use_cannot_be_undone() -> None:
    rig = await _applied(creation(1, "111"))
    rig.erp.edit("erp-1", {"active": "false"})
    with pytest.raises(RefusedError, match="out of use already"):
        await rig.process().undo(1, 2)
    rig.erp.records.clear()
    with pytest.raises(RefusedError, match="not there any more"):
        await rig.process().undo(1, 2)


async def test_a_new_record_that_went_too_far_in_the_system_is_not_taken_out_of_use() -> None:
    rig = await _applied(creation(1, "111", city="Santos"))
    rig.erp.too_late = "its state is shipped"
    with pytest.raises(RefusedError, match="cannot be undone: its state is shipped"):
        await rig.process().undo(1, 2)


async def test_without_a_proof_in_the_journal_the_approved_values_are_taken() -> None:
    """It was found out by reading, after the process had died."""
    rig = await _applied(correction_of(1, CHANGES), email="old", city="Recife")
    rig.kept.steps = [step for step in rig.kept.steps if step.state is None]
    undo = await rig.process().undo(1, 2)
    assert undo.changes == (FieldChange("email", "new", "old"), FieldChange("city", None, "Recife"))


async def test_the_proof_of_an_undo_and_the_end_of_what_it_undoes_cannot_part() -> None:
    """Killed at every call: the original is undone exactly when its undo is verified."""
    for calls in range(40):
        rig = await _applied(correction_of(1, CHANGES), email="old", city="Recife")
        undo = await rig.process().undo(1, 2)
        planned = rig.plan(replace(undo, state=S.PLANNED))
        try:
            await rig.process(Life(calls, after_effect=calls % 2 == 0)).apply(planned)
        except Killed:
            await rig.process().at_start()
            rig.later(SETTLE_S)
            await rig.process().recovery().unknown()
        assert (rig.state(1) is S.UNDONE) == (rig.state(2) is S.VERIFIED)
        assert rig.erp.records["erp-1"]["email"] == ("old" if rig.state(1) is S.UNDONE else "new")
    assert rig.state(1) is S.UNDONE
