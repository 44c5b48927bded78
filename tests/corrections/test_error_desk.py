"""What did not go through is told with what can be done; failed ones are tried again, others are proposed anew."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from reconciler.corrections.content import digest_of
from reconciler.corrections.desk import (
    REMEDIES,
    DeskEntry,
    Remedy,
    Trouble,
    on_the_desk,
    proposed_again,
    what_to_do,
)
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from tests.corrections.applying_rig import Rig, correction_of, creation
from tests.corrections.memory_system import KEY, Fault

S = CorrectionState
CHANGES: dict[str, tuple[str | None, str | None]] = {"email": ("old", "new")}


async def _desk(rig: Rig, chosen: CorrectionFilter | None = None) -> list[DeskEntry]:
    store = rig.process().store
    async with aclosing(on_the_desk(store, store, chosen or CorrectionFilter())) as entries:
        return [entry async for entry in entries]


async def _again(rig: Rig, number: int) -> Correction:
    correction = rig.kept.corrections[f"{number:016x}"]
    return await proposed_again(
        correction, rig.process().writes, {}, person="bia", now=rig.now, new_id=lambda: f"{9:016x}"
    )


async def test_every_kind_of_trouble_is_on_the_desk_with_its_remedy_and_nothing_else_is() -> None:
    rig = Rig()
    faults = [Fault.UNREACHABLE, Fault.REFUSED, Fault.LOST_BEFORE, Fault.UNREADABLE, Fault.NONE, Fault.NONE]
    for number in range(1, 7):
        rig.record(f"erp-{number}", email="old" if number != 6 else "theirs")
    planned = rig.plan(*(correction_of(number, CHANGES, record=f"erp-{number}") for number in range(1, 7)))
    await rig.process().misbehave(*faults).apply(planned)
    entries = {int(entry.correction.id, 16): entry for entry in await _desk(rig)}
    assert {number: (entry.trouble, entry.remedy) for number, entry in entries.items()} == {
        1: (Trouble.FAILED, Remedy.RETRY),
        2: (Trouble.REFUSED, Remedy.EDIT_AND_PROPOSE),
        3: (Trouble.UNKNOWN, Remedy.RESOLVE),
        4: (Trouble.UNPROVED, Remedy.RESOLVE),
        6: (Trouble.SUPERSEDED, Remedy.PROPOSE_AGAIN),
    }
    assert {entry.attempts for entry in entries.values()} == {1}
    assert {entry.since for entry in entries.values()} == {rig.now}
    assert all(entry.correction.words for entry in entries.values())


async def test_the_desk_has_no_end() -> None:
    rig = Rig()
    rig.plan(*(correction_of(number, CHANGES, state=S.FAILED) for number in range(1, 2001)))
    assert len(await _desk(rig)) == 2000


async def test_attempts_and_the_time_of_the_last_one_are_told() -> None:
    rig = Rig()
    rig.record(email="old")
    planned = rig.plan(correction_of(1, CHANGES))
    for _ in range(3):
        rig.later(60)
        await rig.process().misbehave(Fault.UNREACHABLE).apply(planned)
    (entry,) = await _desk(rig)
    assert (entry.attempts, entry.since) == (3, rig.now)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_each_trouble_has_a_remedy_and_words_in_both_languages(trouble: Trouble) -> None:
    assert trouble in REMEDIES
    assert what_to_do(trouble, "en") != what_to_do(trouble, "pt-BR")


async def test_a_superseded_one_is_proposed_again_over_the_values_of_now() -> None:
    rig = Rig()
    rig.record(email="theirs", city="Santos", zip="1")
    changes = {"email": ("old", "new"), "city": ("Recife", "Santos"), "zip": ("2", "2")}
    rig.plan(correction_of(1, changes, state=S.SUPERSEDED))
    again = await _again(rig, 1)
    assert again.changes == (
        FieldChange("email", "theirs", "new"),
        FieldChange("city", "Santos", "Santos"),
        FieldChange("zip", "1", "1"),
    )
    assert (again.id, again.state, again.proposed_by, again.words) == (f"{9:016x}", S.PROPOSED, "bia", "")
    assert again.digest == digest_of(again)


async def test_a_refused_create_is_proposed_again_as_it_was() -> None:
    rig = Rig()
    refused = replace(creation(1, "111", city="Santos"), state=S.REFUSED)
    rig.plan(refused)
    again = await _again(rig, 1)
    assert (again.action, again.changes, again.digest) == (CorrectionAction.CREATE, refused.changes, refused.digest)


@pytest.mark.parametrize(
    ("correction", "record", "why"),
    [
        pytest.param(correction_of(1, CHANGES, state=S.FAILED), {"email": "x"}, "is failed", id="failed"),
        pytest.param(correction_of(1, CHANGES, state=S.SUPERSEDED), {"email": "new"}, "is so already", id="so already"),
        pytest.param(correction_of(1, CHANGES, state=S.SUPERSEDED), None, "not there any more", id="gone"),
        pytest.param(
            replace(creation(1, "111"), state=S.SUPERSEDED), {KEY: "111"}, "is there now", id="new one is there"
        ),
        pytest.param(
            replace(correction_of(1, CHANGES, state=S.SUPERSEDED), undoes="f" * 16),
            {"email": "x"},
            "takes back",
            id="undo",
        ),
    ],
)
async def test_what_cannot_be_proposed_again_says_why(
    correction: Correction, record: dict[str, str] | None, why: str
) -> None:
    rig = Rig()
    if record is not None:
        rig.record(**record)
    rig.plan(correction)
    with pytest.raises(RefusedError, match=why):
        await _again(rig, 1)
