"""A person's word about an unknown outcome counts only where reading tells nothing, and is no proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.corrections.recovery import Recovery, RecoveryNeeds
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction, CorrectionState, JournalStep, StepKind
from tests.corrections.applying_rig import PLAN, SETTLE_S, START, Rig, correction_of, creation
from tests.corrections.memory_system import KEY

S = CorrectionState
_UPDATE = correction_of(1, {"email": ("old", "new")}, state=S.UNKNOWN)


def _unknown(rig: Rig, correction: Correction) -> Recovery:
    """It was sent, long ago, and no answer came. Who looks at it now is Rui."""
    rig.plan(correction)
    rig.kept.steps.append(JournalStep(correction.id, PLAN, 1, StepKind.INTENT, START, correction.record_id))
    rig.later(SETTLE_S)
    process = rig.process()
    store, writes = process.store, process.writes
    return Recovery(RecoveryNeeds(store, store, writes, person="rui", clock=lambda: rig.now, settle_s=SETTLE_S))


def _undecidable(rig: Rig) -> Recovery:
    """Two records have the key of one that was to be added: which of them is ours cannot be read."""
    for identity in ("erp-8", "erp-9"):
        rig.record(identity, **{KEY: "111", "city": "Santos"})
    return _unknown(rig, replace(creation(1, "111"), state=S.UNKNOWN))


@pytest.mark.parametrize(("written", "state"), [(True, S.APPLIED), (False, S.PLANNED)], ids=["written", "not"])
async def test_where_reading_tells_nothing_a_word_counts_and_says_whose_it_is(
    written: bool, state: CorrectionState
) -> None:
    rig = Rig()
    recovery = _undecidable(rig)
    (unknown,) = await recovery.unknown()
    assert (unknown.state, unknown.again_at) == (S.UNKNOWN, None)
    found = await recovery.take_word(_UPDATE.id, written=written, reason="the log of the system has it")
    assert (found.state, rig.state(1)) == (state, state)
    for words in ("rui says", "the log of the system has it", "several records have its key already"):
        assert words in rig.words(1)
    last = rig.kept.steps[-1]
    assert (last.kind, last.state, last.words) == (StepKind.DONE, state, rig.words(1))


@pytest.mark.parametrize("written", [True, False], ids=["as written", "as not written"])
@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({"email": "new"}, "It was done"),
        ({"email": "old"}, "It was not done"),
        ({"email": "theirs"}, "Somebody changed email"),
        (None, "not there any more"),
    ],
    ids=["new", "as it was", "changed", "gone"],
)
async def test_where_reading_tells_it_no_word_counts(held: dict[str, str] | None, told: str, written: bool) -> None:
    rig = Rig()
    if held is not None:
        rig.record(**held)
    recovery = _unknown(rig, _UPDATE)
    with pytest.raises(RefusedError, match=f"reading tells by itself .*{told}"):
        await recovery.take_word(_UPDATE.id, written=written, reason="I saw it")
    assert (rig.state(1), len(rig.kept.steps)) == (S.UNKNOWN, 1)


async def test_what_may_still_arrive_is_waited_for() -> None:
    rig = Rig()
    rig.record(email="old")
    recovery = _unknown(rig, _UPDATE)
    rig.now -= timedelta(seconds=1)
    with pytest.raises(RefusedError, match="still be on its way") as caught:
        await recovery.take_word(_UPDATE.id, written=False, reason="I saw it")
    assert (START + timedelta(seconds=SETTLE_S)).isoformat(timespec="seconds") in (caught.value.hint or "")
    assert rig.state(1) is S.UNKNOWN


@pytest.mark.parametrize("state", [S.PLANNED, S.APPLYING, S.APPLIED, S.VERIFIED, S.FAILED], ids=str)
async def test_only_an_unknown_outcome_is_a_question(state: CorrectionState) -> None:
    rig = Rig()
    rig.record(email="new")
    recovery = _unknown(rig, correction_of(1, {"email": ("old", "new")}, state=state))
    with pytest.raises(RefusedError, match=f"is {state.value}: its outcome is no question"):
        await recovery.take_word(_UPDATE.id, written=True, reason="I saw it")
    assert rig.state(1) is state
