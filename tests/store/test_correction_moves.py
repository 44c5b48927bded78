"""Moves between states, the journal and the claims of plans: each made once, by one, and durable when it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.errors import RefusedError, StateError
from reconciler.model.correction_records import Move, StoredPlan
from reconciler.model.corrections import StepKind
from reconciler.store.state.database import Database, backend_for
from reconciler.store.state.group_commit import GroupCommit
from reconciler.store.state.state import State
from tests.store.correction_cases import (
    PLAN,
    S,
    acts,
    approval,
    chosen,
    correction,
    digest_of_text,
    go,
    in_state,
    listed,
    several,
    step,
)
from tests.store.directly import directly
from tests.store.state_cases import START, Clock

URL = "sqlite:///state.db"


async def test_a_move_is_made_from_the_expected_state_only_and_tells_which_were_not(state: State) -> None:
    first, second = several(2)
    await state.corrections.add([first, second], person="ana")
    await go(state, second.id, S.PROPOSED, S.REJECTED)
    moves = [Move(each, S.PROPOSED, S.APPROVED, "fine") for each in (first.id, second.id, "0" * 16)]
    assert await state.corrections.move(moves, person="rui") == [second.id, "0" * 16]
    assert await state.corrections.move(moves[:1], person="rui") == [first.id]
    assert (await state.corrections.get(first.id)).words == "fine"
    assert await in_state(state, second.id) is S.REJECTED
    assert await acts(state) == [
        ("ana", "correction.proposed", first.id),
        ("ana", "correction.proposed", second.id),
        ("ana", "correction.rejected", second.id),
        ("rui", "correction.approved", first.id),
    ]
    with pytest.raises(ValueError, match="16 lower-case"):
        await state.corrections.move([Move("1", S.PROPOSED, S.APPROVED)], person="ana")


async def test_moves_asked_for_together_are_made_one_after_the_other(state: State) -> None:
    await state.corrections.add([correction(1)], person="ana")
    identity = correction(1).id
    together = [Move(identity, S.PROPOSED, S.APPROVED), Move(identity, S.APPROVED, S.REJECTED, "no")]
    assert await state.corrections.move(together, person="ana") == []
    assert await in_state(state, identity) is S.REJECTED
    assert [act for _, act, _ in await acts(state)][1:] == ["correction.approved", "correction.rejected"]


async def test_of_many_who_move_the_same_correction_at_once_one_wins(state: State, state_url: str) -> None:
    await state.corrections.add([correction(1)], person="ana")
    await go(state, correction(1).id, S.PROPOSED, S.APPROVED, S.PLANNED)
    move = [Move(correction(1).id, S.PLANNED, S.APPLYING)]
    refused = await asyncio.gather(*(state.corrections.move(move, person=f"p{n}", plan=PLAN) for n in range(8)))
    assert sorted(map(len, refused)) == [0, 1, 1, 1, 1, 1, 1, 1]
    assert [act for _, act, _ in await acts(state)].count("correction.applying") == 1


async def test_two_processes_divide_what_they_both_want_to_move(state_url: str, tmp_path: Path) -> None:
    """Each `State` has a database connection and locks of its own, as another process has."""
    wanted = [each.id for each in several(30)]
    async with State.open(state_url, tmp_path) as first, State.open(state_url, tmp_path) as second:
        await first.corrections.add(several(30), person="ana")

        async def take(state: State) -> set[str]:
            moves = [Move(each, S.PROPOSED, S.APPROVED) for each in wanted]
            refused = await asyncio.gather(*(state.corrections.move([move], person="ana") for move in moves))
            return set(wanted).difference(*refused)

        by_first, by_second = await asyncio.gather(take(first), take(second))
        assert by_first | by_second == set(wanted)
        assert not by_first & by_second
        assert [act for _, act, _ in await acts(first)].count("correction.approved") == 30
        assert (await second.audit.verify()).is_whole


async def test_a_move_that_names_its_content_is_not_made_when_somebody_edited_it(state: State) -> None:
    await state.corrections.add([correction(1)], person="ana")
    approve = Move(correction(1).id, S.PROPOSED, S.APPROVED, digest=correction(1).digest)
    await state.corrections.edit(correction(1).id, (), digest_of_text("edited"), person="rui")
    assert await state.corrections.move([approve], person="ana") == [correction(1).id]
    assert await state.corrections.move([replace(approve, digest=digest_of_text("edited"))], person="ana") == []


async def test_what_is_planned_moves_only_by_the_plan_it_was_put_in_last(state: State) -> None:
    await state.corrections.add([correction(1)], person="ana")
    identity = correction(1).id
    await go(state, identity, S.PROPOSED, S.APPROVED, S.PLANNED, S.APPROVED)
    assert await chosen(state, plan=PLAN) == []
    await go(state, identity, S.APPROVED, S.PLANNED, plan="another")
    by_old_plan = [Move(identity, S.PLANNED, S.APPLYING)]
    assert await state.corrections.move(by_old_plan, person="ana", plan=PLAN) == [identity]
    assert await in_state(state, identity) is S.PLANNED
    await go(state, identity, S.PLANNED, S.APPLYING, plan="another")
    assert await chosen(state, plan="another") == [identity]


@pytest.mark.parametrize(("to", "left"), [(S.PROPOSED, []), (S.REJECTED, []), (S.PLANNED, ["rui"])])
async def test_an_approval_ends_when_its_correction_is_proposed_again_or_rejected(
    to: S, left: list[str], state: State
) -> None:
    await state.corrections.add([correction(1)], person="ana")
    identity = correction(1).id
    await state.corrections.approve([approval(correction(1))])
    await go(state, identity, S.PROPOSED, S.APPROVED, to)
    assert [yes.person for yes in (await state.corrections.approvals([identity]))[identity]] == left


async def test_the_trail_names_lapses_and_withdrawn_plans_as_what_they_are(state: State) -> None:
    await state.corrections.add([correction(1)], person="ana")
    way = (S.PROPOSED, S.APPROVED, S.PLANNED, S.APPLYING, S.FAILED, S.APPROVED, S.PLANNED, S.APPROVED, S.PROPOSED)
    await go(state, correction(1).id, *way)
    told = [act.removeprefix("correction.") for _, act, _ in await acts(state)]
    sent = ["proposed", "approved", "planned", "applying", "failed", "unplanned"]
    assert told == [*sent, "planned", "unplanned", "approval_lapsed"]


async def test_an_outcome_is_in_the_trail_with_what_was_read_before_and_after(state: State) -> None:
    create = correction(1, record_id=None)
    await state.corrections.add([replace(create, record_id="401")], person="ana")
    await go(state, create.id, S.PROPOSED, S.APPROVED, S.PLANNED, S.APPLYING)
    done = Move(create.id, S.APPLYING, S.VERIFIED, "thank you\0\ud800", "977")
    await asyncio.gather(
        state.journal.note(step(create.id, StepKind.DONE, attempt=2, state=S.VERIFIED)),
        state.corrections.move([done], person="ana", plan=PLAN),
    )
    kept = await state.corrections.get(create.id)
    assert (kept.record_id, kept.words) == ("977", "thank you\u2400?")
    last = (await listed(state.audit.iterate()))[-1]
    assert orjson.loads(last.details) == {
        "from": "applying",
        "to": "verified",
        "plan": PLAN,
        "words": "thank you\u2400?",
        "record_id": "977",
        "attempt": 2,
        "before": {"legal_name": "Acme"},
        "after": {"legal_name": "ACME", "trade_name": None},
    }


async def test_steps_are_kept_as_they_were_noted_and_in_that_order(state_url: str, tmp_path: Path) -> None:
    first, second = several(2)
    noted = [
        step(first.id),
        step(first.id, StepKind.ACCEPTED),
        step(first.id, StepKind.DONE, state=S.FAILED, words="no connection\0\ud800"),
        step(first.id, attempt=2),
    ]
    async with State.open(state_url, tmp_path) as state:
        await state.corrections.add([first, second], person="ana")
        for each in (noted[0], step(second.id), *noted[1:]):
            await state.journal.note(each)
    async with State.open(state_url, tmp_path) as state:
        noted[2] = replace(noted[2], words="no connection\u2400?")
        assert await state.journal.steps(first.id) == noted
        assert await state.journal.steps("0" * 16) == []
        with pytest.raises(RefusedError, match="16 hexadecimal"):
            await state.journal.steps("1")


async def test_unfinished_are_the_last_steps_of_what_was_sent_and_is_not_settled(state: State) -> None:
    sent, unknown, settled, unnoted = several(4)
    await state.corrections.add([sent, unknown, settled, unnoted], person="ana")
    ends = {sent: (), unknown: (S.UNKNOWN,), settled: (S.VERIFIED,), unnoted: ()}
    for each, end in ends.items():
        await go(state, each.id, S.PROPOSED, S.APPROVED, S.PLANNED, S.APPLYING, *end)
    for each in (unknown, sent, settled):
        await state.journal.note(step(each.id))
    await state.journal.note(step(sent.id, StepKind.ACCEPTED))
    assert await state.journal.unfinished() == [step(unknown.id), step(sent.id, StepKind.ACCEPTED)]


async def test_a_step_of_no_correction_fails_alone(state: State) -> None:
    await state.corrections.add([correction(1)], person="ana")
    notes = [state.journal.note(step(each)) for each in (correction(1).id, "0" * 16, correction(1).id)]
    kept, failed, kept_too = await asyncio.gather(*notes, return_exceptions=True)
    assert (kept, kept_too) == (None, None)
    assert isinstance(failed, StateError)
    assert len(await state.journal.steps(correction(1).id)) == 2


def _plan(*ids: str) -> StoredPlan:
    return StoredPlan(PLAN, '{"made": "up"}', "ana", START, ids)


async def _approved(state: State, *numbers: int) -> list[str]:
    """Ids of corrections that are approved."""
    proposed = [correction(number, record_id=str(number)) for number in numbers]
    await state.corrections.add(proposed, person="ana")
    for each in proposed:
        await go(state, each.id, S.PROPOSED, S.APPROVED)
    return [each.id for each in proposed]


async def test_a_plan_takes_its_corrections_in_and_out_of_an_earlier_one(state: State) -> None:
    ids = await _approved(state, 1, 2)
    await state.corrections.add_plan(replace(_plan(ids[0]), digest="e" * 64))
    await state.corrections.add_plan(_plan(*ids))
    assert await chosen(state, states=S.PLANNED, plan=PLAN) == ids
    assert (await acts(state))[-5:] == [
        ("ana", "correction.planned", ids[0]),
        ("ana", "plan.made", PLAN),
        ("ana", "correction.unplanned", ids[0]),
        ("ana", "correction.planned", ids[0]),
        ("ana", "correction.planned", ids[1]),
    ]


async def test_a_plan_of_something_that_is_not_approved_any_more_takes_nothing_in(state: State) -> None:
    ids = await _approved(state, 1, 2, 3)
    await go(state, ids[1], S.APPROVED, S.REJECTED)
    before = await acts(state)
    with pytest.raises(RefusedError, match=rf"decided about {ids[1]} meanwhile"):
        await state.corrections.add_plan(_plan(*ids))
    assert await chosen(state, states=S.APPROVED) == [ids[0], ids[2]]
    assert await state.corrections.plan(PLAN) is None
    assert await acts(state) == before


async def test_a_plan_is_kept_once_and_its_life_is_in_the_trail(state: State, clock: Clock) -> None:
    plan = _plan()
    await state.corrections.add_plan(plan)
    assert await state.corrections.plan(PLAN) == plan
    assert await state.corrections.plan("other") is None
    with pytest.raises(RefusedError, match="kept already"):
        await state.corrections.add_plan(plan)
    clock.move(hours=1)
    assert await state.corrections.claim_plan(PLAN, "pid 7")
    assert await state.corrections.plan(PLAN) == replace(plan, owner="pid 7", claimed_at=clock.now)
    for through in (True, False):
        with pytest.raises(RefusedError, match="does not apply"):
            await state.corrections.release_plan(PLAN, "pid 8", finished=through)
        assert not await state.corrections.claim_plan(PLAN, "pid 8")
    clock.move(hours=1)
    await state.corrections.release_plan(PLAN, "pid 7", finished=True)
    finished = await state.corrections.plan(PLAN)
    assert finished is not None
    assert finished.finished_at == clock.now
    assert await acts(state) == [
        ("ana", "plan.made", PLAN),
        ("pid 7", "plan.claimed", PLAN),
        ("pid 7", "plan.finished", PLAN),
    ]


async def test_one_applies_and_another_one_only_when_the_first_let_go_or_is_gone(
    state_url: str, tmp_path: Path
) -> None:
    async with State.open(state_url, tmp_path) as first, State.open(state_url, tmp_path) as second:
        await first.corrections.add_plan(_plan())
        assert await first.corrections.claim_plan(PLAN, "first")
        assert not await first.corrections.claim_plan(PLAN, "first")
        assert not await second.corrections.claim_plan(PLAN, "second")
        await first.corrections.release_plan(PLAN, "first", finished=False)
        assert await second.corrections.claim_plan(PLAN, "second")
        assert not await first.corrections.claim_plan(PLAN, "first")
    async with State.open(state_url, tmp_path) as third:
        assert await third.corrections.claim_plan(PLAN, "third")
        claims = [each for each in await listed(third.audit.iterate()) if each.act == "plan.claimed"]
        left_by = [orjson.loads(each.details).get("left_by") for each in claims]
        assert left_by == [None, "first", "second"]


async def test_a_claim_ends_even_when_its_end_cannot_be_noted(state: State, state_url: str, tmp_path: Path) -> None:
    await state.corrections.add_plan(_plan())
    assert await state.corrections.claim_plan(PLAN, "ana")
    await directly(state_url, tmp_path, "ALTER TABLE audit_head RENAME TO hidden")
    with pytest.raises(StateError):
        await state.corrections.release_plan(PLAN, "ana", finished=True)
    await directly(state_url, tmp_path, "ALTER TABLE hidden RENAME TO audit_head")
    assert await state.corrections.claim_plan(PLAN, "rui")


async def test_the_claim_of_an_unknown_plan_leaves_the_way_free(state: State) -> None:
    with pytest.raises(RefusedError, match="no such plan"):
        await state.corrections.claim_plan(digest_of_text("none"), "ana")
    await state.corrections.add_plan(_plan())
    assert await state.corrections.claim_plan(PLAN, "ana")


class _Recording:
    """Writes nothing, and remembers what it was asked to write together."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    async def __call__(self, connection: AsyncConnection, requests: Sequence[str]) -> list[str]:
        self.batches.append(list(requests))
        if "bad" in requests:
            raise ValueError("a bad one")
        return [request.upper() for request in requests]


async def _grouped(url: str, tmp_path: Path) -> tuple[Database, _Recording, GroupCommit[str, str]]:
    backend = backend_for(url, tmp_path)
    backend.prepare()
    database, write = Database(backend), _Recording()
    return database, write, GroupCommit(database, write)


async def test_what_waits_for_the_database_is_committed_together_and_answered_each(
    state_url: str, tmp_path: Path
) -> None:
    database, write, commits = await _grouped(state_url, tmp_path)
    async with database.write():
        waiting = [asyncio.ensure_future(commits.submit(name)) for name in ("a", "bad", "b", "dropped")]
        await asyncio.sleep(0)
        waiting[3].cancel()
        await asyncio.sleep(0)
        assert write.batches == []
    a, bad, b, dropped = await asyncio.gather(*waiting, return_exceptions=True)
    assert (a, b) == ("A", "B")
    assert isinstance(bad, ValueError)
    assert isinstance(dropped, asyncio.CancelledError)
    assert write.batches == [["a", "bad", "b"], ["a"], ["bad"], ["b"]]
    await commits.close()
    await database.close()


async def test_who_waits_learns_that_the_database_cannot_be_written(tmp_path: Path) -> None:
    database, write, commits = await _grouped(URL, tmp_path)
    (tmp_path / "state.db").write_bytes(b"no database " * 1000)
    for outcome in await asyncio.gather(*map(commits.submit, "ab"), return_exceptions=True):
        assert isinstance(outcome, StateError)
    assert write.batches == []
    await commits.close()
    await database.close()


async def test_closing_waits_for_what_is_being_written(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        await state.corrections.add([correction(1)], person="ana")
        noting = asyncio.ensure_future(state.journal.note(step(correction(1).id)))
        await asyncio.sleep(0)
    assert noting.done()
    async with State.open(state_url, tmp_path) as state:
        assert await state.journal.steps(correction(1).id) == [step(correction(1).id)]
