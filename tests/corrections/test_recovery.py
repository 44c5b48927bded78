"""After a process died in the middle: every correction in a true state, nothing lost, nothing doubled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.corrections.asked import Standing, standing
from reconciler.corrections.recovery import Found
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side
from tests.corrections.applying_rig import PLAN, SETTLE_S, START, Rig, correction_of, creation
from tests.corrections.memory_store import Killed, Life
from tests.corrections.memory_system import KEY, Fault

S = CorrectionState
CHANGES: dict[str, tuple[str | None, str | None]] = {"email": ("old", "new"), "city": ("Recife", "Santos")}


def _left(rig: Rig, correction: Correction, *kinds: StepKind, state: CorrectionState = S.APPLYING) -> None:
    """A correction that a dead process left behind, with these steps in the journal."""
    rig.plan(replace(correction, state=state))
    rig.kept.steps += [JournalStep(correction.id, PLAN, 1, kind, START, correction.record_id) for kind in kinds]


async def _found(rig: Rig) -> Found:
    (found,) = await rig.process().at_start()
    return found


@pytest.mark.parametrize(
    ("kind", "leaves", "state"),
    [
        (StepKind.INTENT, True, S.VERIFIED),
        (StepKind.ACCEPTED, True, S.VERIFIED),
        (StepKind.INTENT, False, S.SUPERSEDED),
        (StepKind.ACCEPTED, False, S.APPLIED),
    ],
)
async def test_a_record_that_left_proves_that_it_is_out_of_use_where_such_records_leave(
    kind: StepKind, leaves: bool, state: CorrectionState
) -> None:
    rig = Rig()
    rig.erp.leaves = leaves
    guard = {"email": ("old", "old")}
    _left(rig, replace(correction_of(1, guard), action=CorrectionAction.DEACTIVATE), StepKind.INTENT, kind)
    await rig.process().at_start()
    rig.later(SETTLE_S)
    await rig.process().recovery().unknown()
    assert rig.state(1) is state


@pytest.mark.parametrize("kind", [StepKind.INTENT, StepKind.ACCEPTED])
async def test_new_values_prove_that_it_was_done_at_once(kind: StepKind) -> None:
    rig = Rig()
    rig.record(email="new", city="Santos")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT, kind)
    found = await _found(rig)
    assert (found.state, rig.state(1)) == (S.VERIFIED, S.VERIFIED)
    assert rig.kept.steps[-1].after == {"email": "new", "city": "Santos"}


@pytest.mark.parametrize(
    ("held", "state"),
    [
        pytest.param({"email": "old", "city": "Recife"}, S.PLANNED, id="as it was"),
        pytest.param({"email": "new", "city": "Recife"}, S.PLANNED, id="half of it"),
        pytest.param({"email": "theirs", "city": "Recife"}, S.SUPERSEDED, id="changed by somebody"),
        pytest.param({"email": "theirs", "city": "Santos"}, S.SUPERSEDED, id="changed by somebody after it"),
    ],
)
async def test_other_values_prove_something_only_when_nothing_can_arrive_any_more(
    held: dict[str, str], state: CorrectionState
) -> None:
    rig = Rig()
    rig.record(**held)
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT)
    rig.later(3600)
    found = await _found(rig)
    assert (found.state, rig.state(1)) == (S.UNKNOWN, S.UNKNOWN)
    assert found.again_at is not None
    assert (found.again_at - rig.now).total_seconds() == SETTLE_S
    rig.later(SETTLE_S - 1)
    await rig.process().recovery().unknown()
    assert rig.state(1) is S.UNKNOWN
    rig.later(1)
    await rig.process().recovery().unknown()
    assert rig.state(1) is state


async def test_the_time_to_settle_begins_when_nobody_of_ours_can_be_sending_any_more() -> None:
    """An intent may be old and the request young: it waited for its turn in the throttle."""
    rig = Rig()
    rig.record(email="old", city="Recife")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT)
    rig.later(10 * SETTLE_S)
    assert (await _found(rig)).state is S.UNKNOWN
    rig.later(SETTLE_S / 2)
    rig.erp.edit("erp-1", {"email": "new", "city": "Santos"})
    await rig.process().recovery().unknown()
    assert rig.state(1) is S.VERIFIED


async def test_what_was_accepted_and_reads_otherwise_is_applied_and_can_be_proved_later() -> None:
    rig = Rig()
    rig.record(email="new", city="SANTOS")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT, StepKind.ACCEPTED)
    found = await _found(rig)
    assert found.state is S.APPLIED
    assert "otherwise in city" in found.words
    rig.erp.edit("erp-1", {"city": "Santos"})
    (again,) = await rig.process().recovery().resolve([found.correction.id])
    assert (again.state, rig.state(1)) == (S.VERIFIED, S.VERIFIED)


async def test_what_was_accepted_and_cannot_be_read_is_applied_and_not_lost() -> None:
    rig = Rig()
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT, StepKind.ACCEPTED)
    found = await _found(rig)
    assert (found.state, "not there any more" in found.words) == (S.APPLIED, True)


@pytest.mark.parametrize("kinds", [(), (StepKind.DONE,)], ids=["nothing noted", "an earlier attempt noted"])
async def test_what_was_taken_and_never_begun_is_planned_again_at_once(kinds: tuple[StepKind, ...]) -> None:
    rig = Rig()
    rig.record(email="theirs", city="Recife")
    correction = correction_of(1, CHANGES)
    _left(rig, correction)
    rig.kept.steps += [JournalStep(correction.id, PLAN, 1, kind, START, state=S.PLANNED) for kind in kinds]
    found = await _found(rig)
    assert (found.state, rig.state(1)) == (S.PLANNED, S.PLANNED)
    assert "before anything was sent" in found.words


@pytest.mark.parametrize("state", [S.VERIFIED, S.APPLIED, S.SUPERSEDED, S.REFUSED, S.FAILED])
async def test_what_was_noted_as_done_needs_no_reading(state: CorrectionState) -> None:
    rig = Rig()
    correction = correction_of(1, CHANGES)
    _left(rig, correction, StepKind.INTENT)
    done = JournalStep(correction.id, PLAN, 1, StepKind.DONE, START, "erp-1", state, "its words")
    rig.kept.steps.append(done)
    found = await _found(rig)
    assert (found.state, rig.state(1), rig.words(1)) == (state, state, "its words")
    assert rig.kept.steps[-1] is done


async def test_what_was_found_out_and_not_kept_is_kept_now() -> None:
    rig = Rig()
    rig.record(email="changed since", city="Recife")
    correction = correction_of(1, CHANGES)
    _left(rig, correction, StepKind.INTENT, state=S.UNKNOWN)
    rig.kept.steps.append(JournalStep(correction.id, PLAN, 1, StepKind.DONE, START, "erp-1", S.VERIFIED, "proved"))
    (found,) = await rig.process().recovery().unknown()
    assert (found.state, rig.words(1)) == (S.VERIFIED, "proved")


@pytest.mark.parametrize(
    ("there", "state"),
    [
        pytest.param([], S.PLANNED, id="not there"),
        pytest.param([{KEY: "111", "city": "Santos"}], S.VERIFIED, id="there"),
        pytest.param([{KEY: "111", "city": "Recife"}], S.SUPERSEDED, id="there with other values"),
        pytest.param([{KEY: "111"}], S.SUPERSEDED, id="there with less"),
        pytest.param([{KEY: "111"}, {KEY: "111"}], S.UNKNOWN, id="there twice"),
    ],
)
async def test_a_create_is_looked_up_by_its_key(there: list[dict[str, str]], state: CorrectionState) -> None:
    rig = Rig()
    for number, values in enumerate(there, 1):
        rig.record(f"erp-{number}", **values)
    _left(rig, creation(1, "111", city="Santos", updated_at="2026-01-01"), StepKind.INTENT)
    found = await _found(rig)
    assert found.state is (S.VERIFIED if state is S.VERIFIED else S.UNKNOWN)
    rig.later(SETTLE_S)
    await rig.process().recovery().unknown()
    assert rig.state(1) is state
    assert rig.kept.corrections[found.correction.id].record_id == ("erp-1" if len(there) == 1 else None)


async def test_no_second_create_while_the_first_may_still_arrive() -> None:
    rig = Rig()
    planned = rig.plan(creation(1, "111", city="Santos"))
    assert (await rig.process().misbehave(Fault.LATE).apply(planned)).exit_code == 4
    rig.later(SETTLE_S - 1)
    await rig.process().recovery().unknown()
    assert rig.state(1) is S.UNKNOWN
    assert (await rig.process().apply(planned)).held_back[0].why == "it is unknown"
    rig.erp.arrive()
    await rig.process().recovery().unknown()
    assert rig.state(1) is S.VERIFIED
    assert len(rig.erp.with_key("111")) == 1


async def test_a_system_that_cannot_be_read_leaves_it_unknown() -> None:
    rig = Rig()
    rig.record(email="new", city="Santos")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT)
    process = rig.process()

    async def unreachable(entity: str, identity: str) -> None:
        from reconciler.errors import UnreachableError

        raise UnreachableError("erp", "no connection")

    process.writes[Side.ERP].read = unreachable  # type: ignore[method-assign]
    (found,) = await process.at_start()
    assert (found.state, rig.state(1)) == (S.UNKNOWN, S.UNKNOWN)
    assert "no connection" in found.words
    await rig.process().recovery().unknown()
    assert rig.state(1) is S.VERIFIED


async def test_taking_out_of_use_that_shows_in_no_field_of_the_correction_is_planned_again() -> None:
    """Writing it again finds that it is so already."""
    rig = Rig()
    rig.record(number="7")
    order = correction_of(1, {"number": ("7", "7")}, action=CorrectionAction.DEACTIVATE)
    _left(rig, order, StepKind.INTENT)
    rig.erp.edit("erp-1", {"active": "false"})
    await _found(rig)
    rig.later(SETTLE_S)
    (found,) = await rig.process().recovery().unknown()
    assert (found.state, "cannot be seen" in found.words) == (S.PLANNED, True)
    await rig.process().apply(list(rig.kept.corrections.values()))
    assert (rig.state(1), rig.erp.written) == (S.VERIFIED, [])


@pytest.mark.parametrize("state", [S.PLANNED, S.VERIFIED, S.APPLYING, S.FAILED])
async def test_only_what_is_in_doubt_is_resolved(state: CorrectionState) -> None:
    rig = Rig()
    _left(rig, correction_of(1, CHANGES), state=state)
    with pytest.raises(RefusedError, match="nothing to find out"):
        await rig.process().recovery().resolve([f"{1:016x}"])


async def test_settling_waits_and_looks_again() -> None:
    rig = Rig()
    rig.record(email="old", city="Recife")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT)
    recovery = rig.process().recovery()
    found = await recovery.at_start()
    rig.later(SETTLE_S)
    (settled,) = await recovery.settle(found)
    assert (found[0].state, settled.state, settled.again_at) == (S.UNKNOWN, S.PLANNED, None)


async def test_a_new_applier_first_looks_at_what_the_dead_one_left() -> None:
    rig = Rig()
    rig.record("erp-2", email="old", city="Recife")
    rig.record("erp-1", email="new", city="Santos")
    _left(rig, correction_of(1, CHANGES), StepKind.INTENT)
    planned = [*rig.kept.corrections.values(), *rig.plan(correction_of(2, CHANGES, record="erp-2"))]
    summary = await rig.process().apply(planned)
    assert [(found.correction.id, found.state) for found in summary.recovered] == [(f"{1:016x}", S.VERIFIED)]
    assert summary.counts == {S.VERIFIED: 1}
    assert rig.erp.written[0].record == "erp-2"


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("fault", [Fault.NONE, Fault.LOST_AFTER, Fault.REFUSED, Fault.ALTERED])
@pytest.mark.parametrize("is_new", [False, True], ids=["update", "create"])
async def test_killed_at_every_call_it_is_written_exactly_once(is_new: bool, fault: Fault, after_effect: bool) -> None:
    """Whatever the process does at the outside, in any order: the store, the journal, the system."""
    for calls in range(30):
        rig = Rig()
        rig.record(email="old", city="Recife")
        planned = rig.plan(creation(1, "111", city="Santos") if is_new else correction_of(1, CHANGES))
        life = Life(calls, after_effect=after_effect)
        try:
            await rig.process(life).misbehave(fault).apply(planned)
        except Killed:
            pass
        else:
            assert calls > 8
            break
        await rig.process().at_start()
        rig.later(SETTLE_S)
        await rig.process().recovery().unknown()
        assert rig.state(1) not in (S.APPLYING, S.UNKNOWN)
        await rig.process().apply(planned)
        assert len(rig.erp.written) <= 1
        assert len(rig.erp.with_key("111")) <= 1
        if fault in (Fault.NONE, Fault.LOST_AFTER):
            assert (rig.state(1), len(rig.erp.written)) == (S.VERIFIED, 1)
    else:
        pytest.fail("it was never let through")


@pytest.mark.parametrize(
    ("held", "stands"),
    [
        pytest.param({"email": "new", "city": "Santos"}, Standing.DONE, id="all new"),
        pytest.param({"email": "old", "city": "Santos"}, Standing.LEFT, id="some new"),
        pytest.param({"email": None, "city": "Santos"}, Standing.CHANGED, id="one empty"),
    ],
)
async def test_how_a_record_stands_to_a_correction(held: dict[str, str | None], stands: Standing) -> None:
    rig = Rig()
    rig.erp.records["erp-1"] = dict(held)
    record = await rig.process().writes[Side.ERP].read("customers", "erp-1")
    assert record is not None
    assert standing(correction_of(1, CHANGES), record) is stands
