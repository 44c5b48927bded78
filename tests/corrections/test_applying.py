"""What becomes of planned corrections: each written once, as approved, and told as it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from reconciler.corrections.apply import ApplyLimits
from reconciler.corrections.attempt import idempotency_text
from reconciler.corrections.progress import Progress
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, StepKind
from reconciler.model.entities import Side
from tests.corrections.applying_rig import PLAN, Rig, correction_of, creation
from tests.corrections.memory_store import Life, MemoryStore
from tests.corrections.memory_system import KEY, Fault

S = CorrectionState


def _rig(records: int = 1) -> tuple[Rig, list[Correction]]:
    rig = Rig()
    for number in range(1, records + 1):
        rig.record(f"erp-{number}", email="old@example.com")
    changes = {"email": ("old@example.com", "new@example.com")}
    return rig, rig.plan(
        *(correction_of(number, changes, record=f"erp-{number}") for number in range(1, records + 1))
    )  # fmt: skip


async def test_a_verified_correction_is_journalled_at_each_step_with_what_was_read() -> None:
    rig, planned = _rig()
    summary = await rig.process().apply(planned)
    assert (summary.counts, summary.exit_code) == ({S.VERIFIED: 1}, 0)
    assert rig.erp.records["erp-1"]["email"] == "new@example.com"
    intent, accepted, done = rig.kept.steps
    assert [intent.kind, accepted.kind, done.kind] == [StepKind.INTENT, StepKind.ACCEPTED, StepKind.DONE]
    assert {step.attempt for step in rig.kept.steps} == {1}
    assert {step.plan for step in rig.kept.steps} == {PLAN}
    assert (intent.record_id, accepted.record_id) == ("erp-1", "erp-1")
    assert (done.state, done.before, done.after) == (
        S.VERIFIED,
        {"email": "old@example.com"},
        {"email": "new@example.com"},
    )


@pytest.mark.parametrize(
    ("fault", "state", "word", "is_written"),
    [
        pytest.param(Fault.UNREACHABLE, S.FAILED, "no connection", False, id="unreachable"),
        pytest.param(Fault.REFUSED, S.REFUSED, "not like this", False, id="refused"),
        pytest.param(Fault.LOST_BEFORE, S.UNKNOWN, "no answer came", False, id="lost before it took effect"),
        pytest.param(Fault.LOST_AFTER, S.UNKNOWN, "no answer came", True, id="lost after it took effect"),
        pytest.param(Fault.UNREADABLE, S.APPLIED, "could not be read back", True, id="not readable afterwards"),
        pytest.param(Fault.ALTERED, S.APPLIED, "otherwise in email", True, id="kept otherwise"),
    ],
)
async def test_what_went_wrong_is_told_as_it_is_and_stops_nobody_else(
    fault: Fault, state: CorrectionState, word: str, is_written: bool
) -> None:
    rig, planned = _rig(12)
    summary = await rig.process().misbehave(fault).apply(planned)
    assert summary.counts == {state: 1, S.VERIFIED: 11}
    assert summary.exit_code == (4 if state is S.UNKNOWN else 1)
    (troubled,) = [each for each in rig.kept.corrections.values() if each.state is not S.VERIFIED]
    assert word in troubled.words
    assert len(rig.erp.written) == 11 + is_written


async def test_a_newer_value_is_never_overwritten() -> None:
    rig, planned = _rig()
    rig.erp.edit("erp-1", {"email": "theirs@example.com"})
    summary = await rig.process().apply(planned)
    assert summary.counts == {S.SUPERSEDED: 1}
    assert "changed since it was seen" in rig.words(1)
    assert rig.erp.records["erp-1"]["email"] == "theirs@example.com"


async def test_a_value_that_is_only_compared_guards_the_record_too() -> None:
    rig = Rig()
    rig.record(email="old@example.com", city="Santos")
    changes = {"email": ("old@example.com", "new@example.com"), "city": ("Recife", "Recife")}
    await rig.process().apply(rig.plan(correction_of(1, changes)))
    assert rig.state(1) is S.SUPERSEDED
    assert rig.erp.written == []


async def test_only_the_approved_fields_are_written() -> None:
    rig = Rig()
    rig.record(email="old@example.com", city="Santos")
    changes = {"email": ("old@example.com", "new@example.com"), "city": ("Santos", "Santos")}
    await rig.process().apply(rig.plan(correction_of(1, changes)))
    assert [each.values for each in rig.erp.written] == [{"email": "new@example.com"}]


async def test_what_the_system_does_not_take_can_still_guard() -> None:
    rig = Rig()
    rig.record(email="old@example.com", updated_at="2026-01-01")
    changes = {"email": ("old@example.com", "new@example.com"), "updated_at": ("2026-01-01", "2026-01-01")}
    await rig.process().apply(rig.plan(correction_of(1, changes)))
    assert rig.state(1) is S.VERIFIED


async def test_what_is_so_already_is_verified_without_a_write() -> None:
    rig, planned = _rig()
    rig.erp.edit("erp-1", {"email": "new@example.com"})
    summary = await rig.process().apply(planned)
    assert summary.counts == {S.VERIFIED: 1}
    assert rig.erp.written == []
    assert "nothing was written" in rig.words(1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"state": S.APPROVED}, "it is approved", id="taken out of the plan"),
        pytest.param({"state": S.VERIFIED}, "it is verified", id="written already"),
        pytest.param({"digest": "0" * 64}, "its content is not what was planned", id="edited"),
    ],
)
async def test_what_is_not_as_planned_any_more_is_held_back(change: dict[str, object], why: str) -> None:
    rig, planned = _rig()
    rig.kept.corrections[planned[0].id] = replace(planned[0], **change)  # type: ignore[arg-type]
    summary = await rig.process().apply(planned)
    assert [held.why for held in summary.held_back] == [why]
    assert (rig.erp.calls, rig.kept.steps, summary.exit_code) == (0, [], 1)


async def test_content_that_does_not_fit_its_digest_is_held_back_whoever_changed_it() -> None:
    rig, planned = _rig()
    (change,) = planned[0].changes
    tampered = replace(planned[0], changes=(replace(change, new="evil@example.com"),))
    rig.kept.corrections[tampered.id] = tampered
    summary = await rig.process().apply([tampered])
    assert [held.why for held in summary.held_back] == ["its content is not what was planned"]
    assert rig.erp.calls == 0


async def test_other_content_with_a_digest_of_its_own_is_held_back() -> None:
    rig, planned = _rig()
    other = correction_of(1, {"email": ("old@example.com", "other@example.com")})
    rig.kept.corrections[other.id] = other
    summary = await rig.process().apply(planned)
    assert [held.why for held in summary.held_back] == ["its content is not what was planned"]
    assert rig.erp.calls == 0


async def test_permission_is_asked_right_before_each_write_and_leaves_what_is_forbidden_planned() -> None:
    rig, planned = _rig(3)

    async def permission(correction: Correction) -> str | None:
        return "its approval lapsed" if correction.record_id == "erp-2" else None

    summary = await rig.process().apply(planned, permission=permission)
    assert [(held.correction, held.why) for held in summary.held_back] == [(planned[1].id, "its approval lapsed")]
    assert rig.state(2) is S.PLANNED
    assert {written.record for written in rig.erp.written} == {"erp-1", "erp-3"}


async def test_a_create_is_journalled_with_its_new_id_before_it_is_read_back() -> None:
    rig = Rig()
    planned = rig.plan(creation(1, "11222333000181", legal_name="Padaria", updated_at="2026-01-01"))
    await rig.process().apply(planned)
    _, accepted, done = rig.kept.steps
    assert (accepted.kind, accepted.record_id) == (StepKind.ACCEPTED, "erp-1")
    assert rig.kept.corrections[planned[0].id].record_id == "erp-1"
    assert (done.state, done.before) == (S.VERIFIED, None)
    assert "does not take updated_at" in done.words


async def test_a_record_that_is_there_is_not_created_again() -> None:
    rig = Rig()
    rig.record("erp-9", **{KEY: "11222333000181", "legal_name": "Outra"})
    await rig.process().apply(rig.plan(creation(1, "11222333000181", legal_name="Padaria")))
    assert rig.state(1) is S.SUPERSEDED
    assert "other values in legal_name" in rig.words(1)
    assert rig.erp.written == []


async def test_every_attempt_at_a_create_carries_the_same_idempotency_text_and_no_other_create_does() -> None:
    first, second = creation(1, "A"), creation(2, "B")
    assert idempotency_text(first.id) == idempotency_text(replace(first, key="C").id)
    assert idempotency_text(first.id) != idempotency_text(second.id)


async def test_a_record_is_taken_out_of_use() -> None:
    rig = Rig()
    rig.record(email="a@example.com")
    gone = correction_of(1, {"active": ("true", "false")}, action=CorrectionAction.DEACTIVATE)
    await rig.process().apply(rig.plan(gone))
    assert (rig.state(1), rig.erp.records["erp-1"]["active"]) == (S.VERIFIED, "false")


async def test_no_more_records_than_allowed_are_under_way_and_both_systems_at_the_same_time() -> None:
    rig, planned = _rig(40)
    crm = rig.systems[Side.CRM]
    for number in range(41, 81):
        crm.records[f"crm-{number}"] = {"email": "old@example.com"}
    changes = {"email": ("old@example.com", "new@example.com")}
    planned += rig.plan(
        *(correction_of(each, changes, record=f"crm-{each}", side=Side.CRM) for each in range(41, 81))
    )  # fmt: skip
    limits = ApplyLimits(at_once={Side.ERP: 3})
    summary = await rig.process().applier(limits=limits).apply(planned)
    assert summary.counts == {S.VERIFIED: 80}
    assert (rig.erp.most_at_once, crm.most_at_once) == (3, 8)


async def test_two_corrections_of_one_record_wait_for_each_other_and_hold_up_nobody_else() -> None:
    """`MemoryWrites` fails when a record is under way twice."""
    rig, planned = _rig(4)
    second = correction_of(9, {"city": (None, "Santos")}, record="erp-1")
    planned = [planned[0], *rig.plan(second), *planned[1:]]
    order: list[str] = []

    def progress(each: Progress) -> None:
        order.append(each.last.correction.id)

    summary = await rig.process().applier(progress=progress).apply(planned)
    assert summary.counts == {S.VERIFIED: 5}
    assert order.index(second.id) > order.index(planned[0].id)


async def test_an_order_waits_for_the_customer_it_names_and_is_held_back_without_it() -> None:
    rig = Rig()
    customer, other = creation(1, "111"), creation(2, "222")
    orders = [
        correction_of(
            number,
            {KEY: (None, f"O{number}"), "customer": (None, key)},
            record=None,
            action=CorrectionAction.CREATE,
            entity="orders",
            key=f"O{number}",
        )
        for number, key in ((3, "111"), (4, "222"))
    ]
    planned = rig.plan(*orders, customer, other)
    summary = await rig.process().misbehave(Fault.REFUSED).apply(planned)
    assert rig.state(1) is S.REFUSED
    assert [(held.correction, held.why) for held in summary.held_back] == [
        (orders[0].id, "customers 111 was to be added first, and was not")
    ]
    assert [written.correction for written in rig.erp.written] == [other.id, orders[1].id]


async def test_a_system_that_lets_nobody_in_is_asked_no_more() -> None:
    rig, planned = _rig(50)
    summary = await rig.process().misbehave(*[Fault.NO_ENTRY] * 50).apply(planned)
    assert "who are you" in summary.stopped[Side.ERP]
    assert rig.erp.calls <= 8
    assert summary.not_started == 50 - rig.erp.calls
    assert [rig.state(number) for number in range(20, 51)] == [S.PLANNED] * 31


async def test_a_system_that_is_gone_is_given_up_after_some_records_in_a_row() -> None:
    rig, planned = _rig(50)
    limits = ApplyLimits({Side.ERP: 1}, unreachable_in_a_row=10)
    faults = [*[Fault.UNREACHABLE] * 9, Fault.REFUSED, *[Fault.UNREACHABLE] * 40]
    summary = await rig.process().misbehave(*faults).applier(limits=limits).apply(planned)
    assert summary.stopped.keys() == {Side.ERP}
    assert summary.counts == {S.REFUSED: 1, S.FAILED: 9 + 10}


async def test_progress_counts_every_correction_once() -> None:
    rig, planned = _rig(10)
    told: list[Progress] = []
    await rig.process().misbehave(Fault.REFUSED).applier(progress=told.append).apply(planned)
    assert [each.done for each in told] == list(range(1, 11))
    assert {each.total for each in told} == {10}
    assert {each.last.correction.id for each in told} == {each.id for each in planned}


async def test_stopping_lets_records_under_way_finish_and_says_what_was_done() -> None:
    rig, planned = _rig(40)
    process = rig.process()

    def progress(each: Progress) -> None:
        if each.done == 5:
            applier.stop()

    applier = process.applier(progress=progress)
    summary = await applier.apply(planned)
    assert summary.interrupted
    assert 5 <= summary.counts[S.VERIFIED] <= 5 + 8
    assert summary.not_started == 40 - summary.counts[S.VERIFIED]
    assert (summary.left_open, summary.exit_code) == (0, 1)
    states = {each.state for each in rig.kept.corrections.values()}
    assert states == {S.VERIFIED, S.PLANNED}


async def test_stopped_before_it_began_nothing_is_written() -> None:
    rig, planned = _rig(3)
    applier = rig.process().applier()
    applier.stop()
    summary = await applier.apply(planned)
    assert (summary.interrupted, summary.not_started, summary.counts) == (True, 3, {})
    assert (rig.erp.calls, rig.kept.applier) == (0, None)


@pytest.mark.parametrize(
    ("is_accepted", "state"),
    [pytest.param(True, S.APPLIED, id="accepted"), pytest.param(False, S.UNKNOWN, id="not accepted")],
)
async def test_a_record_that_does_not_finish_in_time_is_given_up_as_what_is_known(
    is_accepted: bool, state: CorrectionState
) -> None:
    rig, planned = _rig(1)
    process, reached = rig.process(), asyncio.Event()
    erp = process.writes[Side.ERP]
    hangs = "_proved" if is_accepted else "_send"

    async def hang(*_: object, **__: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    setattr(erp, hangs, hang)
    applier = process.applier(limits=ApplyLimits(grace_s=0.01))
    applying = asyncio.create_task(applier.apply(planned))
    await reached.wait()
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert applier.summary.counts == {state: 1}
    assert (rig.state(1), rig.kept.steps[-1].state) == (state, state)
    assert rig.kept.applier is None


async def test_a_plan_that_somebody_applies_is_refused_and_can_be_taken_over_when_they_are_dead() -> None:
    rig, planned = _rig(3)
    life = Life()
    store = MemoryStore(rig.kept, life)
    assert await store.claim_plan(PLAN, "the other one")
    with pytest.raises(RefusedError, match="applied by the other one"):
        await rig.process().apply(planned)
    assert rig.erp.calls == 0
    life.dead = True
    assert (await rig.process().apply(planned)).counts == {S.VERIFIED: 3}


async def test_even_without_a_claim_two_appliers_write_nothing_twice() -> None:
    """The move to `applying` alone keeps them apart."""

    class Unclaimed(MemoryStore):
        async def claim_plan(self, digest: str, owner: str) -> bool:
            return True

        async def release_plan(self, digest: str, owner: str, *, finished: bool) -> None:
            return None

    rig, planned = _rig(30)
    processes = [rig.process(), rig.process()]
    for process in processes:
        process.store = Unclaimed(rig.kept, process.life)
    summaries = await asyncio.gather(*(process.apply(planned) for process in processes))
    assert sum(summary.counts.get(S.VERIFIED, 0) for summary in summaries) == 30
    assert len({written.correction for written in rig.erp.written}) == len(rig.erp.written) == 30


async def test_a_failed_one_is_tried_again_as_another_attempt() -> None:
    rig, planned = _rig(1)
    await rig.process().misbehave(Fault.UNREACHABLE).apply(planned)
    assert rig.state(1) is S.FAILED
    summary = await rig.process().apply(planned)
    assert summary.counts == {S.VERIFIED: 1}
    assert [step.attempt for step in rig.kept.steps if step.kind is StepKind.INTENT] == [1, 2]


async def test_an_error_of_our_own_is_not_taken_for_an_outcome() -> None:
    """The record stays `applying`, for the recovery to find out; the others finish."""
    rig, planned = _rig(20)
    process = rig.process()
    erp, note = process.writes[Side.ERP], process.store.note

    async def broken(step: object) -> None:
        if getattr(step, "kind", None) is StepKind.ACCEPTED and getattr(step, "correction", "") == planned[2].id:
            raise OSError("disk full")
        await note(step)  # type: ignore[arg-type]

    process.store.note = broken  # type: ignore[method-assign]
    applier = process.applier()
    with pytest.raises(OSError, match="disk full"):
        await applier.apply(planned)
    assert erp.system.under_way == set()
    assert rig.state(3) is S.APPLYING
    assert (applier.summary.left_open, applier.summary.exit_code) == (1, 4)
    assert S.APPLYING not in {each.state for each in rig.kept.corrections.values() if each.id != planned[2].id}
    process.store.note = note  # type: ignore[method-assign]
    (found,) = await rig.process().at_start()
    assert found.state is S.VERIFIED
