"""What is kept of corrections: proposals and what becomes of them, finding them again, edits and approvals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from reconciler.errors import RefusedError, StateError
from reconciler.model.correction_records import AddedProposals, CorrectionFilter, Move
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Cause
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
)
from tests.store.state_cases import row, run_with

LINE = FieldChange("quantity", "1", None, line="7", finding="00000000000000aa", edited_by="ana")
WHOLE = replace(
    correction(0xFFFFFFFFFFFFFFFF, changes=(FieldChange("legal_name", None, "Ação & Cia"), LINE), undoes="0" * 16),
    problems=("too long", "not a code"),
    words="said",
)


async def _add(state: State, *proposed: Correction) -> AddedProposals:
    return await state.corrections.add(proposed, person="ana")


async def test_what_was_proposed_is_there_to_the_last_character_after_opening_again(
    state_url: str, tmp_path: Path
) -> None:
    async with State.open(state_url, tmp_path) as state:
        assert await _add(state, WHOLE) == AddedProposals(added=(WHOLE.id,))
    async with State.open(state_url, tmp_path) as state:
        assert await state.corrections.get("ff") == WHOLE
        assert await listed(state.corrections.iterate()) == [WHOLE]


async def test_a_proposal_takes_the_place_of_an_undecided_one_and_waits_for_a_decided_one(state: State) -> None:
    first, other = correction(1), correction(2, record_id="402")
    await _add(state, first, other)
    await state.corrections.approve([approval(first)])
    again = (
        correction(3, changes=(FieldChange("legal_name", "Acme", "Acme SA"),)),
        correction(4, record_id="402", changes=(FieldChange("email", None, "a@example.com"),)),
        correction(5, record_id="403"),
    )
    await go(state, other.id, S.PROPOSED, S.APPROVED)
    assert await _add(state, *again) == AddedProposals(
        added=(again[0].id, again[2].id), replaced=(first.id,), refused=(other.id,)
    )
    assert await chosen(state) == [other.id, again[0].id, again[2].id]
    assert await state.corrections.approvals([again[0].id]) == {again[0].id: []}
    assert ("ana", "correction.replaced", first.id) in await acts(state)


_SENT = (S.PROPOSED, S.APPROVED, S.PLANNED, S.APPLYING)
_PATHS: dict[tuple[CorrectionState, ...], bool] = {
    (S.PROPOSED, S.REJECTED): False,
    (S.PROPOSED, S.APPROVED, S.PLANNED): True,
    _SENT: True,
    (*_SENT, S.APPLIED): False,
    (*_SENT, S.FAILED): True,
    (*_SENT, S.UNKNOWN): True,
    (*_SENT, S.VERIFIED): False,
    (*_SENT, S.SUPERSEDED): False,
    (*_SENT, S.REFUSED): False,
    (*_SENT, S.VERIFIED, S.UNDONE): False,
}
"""Ways a correction can go, and whether it stands in the way of another one at the end."""


async def test_only_what_may_still_be_written_stands_in_the_way(state: State) -> None:
    old = several(len(_PATHS))
    await _add(state, *old)
    for each, path in zip(old, _PATHS, strict=True):
        await go(state, each.id, *path)
    email = (FieldChange("email", None, "a@example.com"),)
    new = [replace(each, id=f"a{each.id[1:]}", changes=email) for each in old]
    done = await _add(state, *new)
    blocks = list(_PATHS.values())
    assert done.refused == tuple(each.id for each, blocked in zip(old, blocks, strict=True) if blocked)
    assert done.added == tuple(each.id for each, blocked in zip(new, blocks, strict=True) if not blocked)
    assert done.replaced == ()
    assert [await in_state(state, each.id) for each in old] == [path[-1] for path in _PATHS]


async def test_a_new_record_is_known_by_its_key_and_one_that_is_there_by_its_id(state: State) -> None:
    create = correction(1, record_id=None, key="55", action=CorrectionAction.CREATE)
    for_id = correction(2, record_id="55", key="1")
    for_erp = correction(3, record_id=None, key="55", action=CorrectionAction.CREATE, side=Side.ERP)
    for_orders = correction(4, record_id=None, key="55", action=CorrectionAction.CREATE, entity="orders")
    assert len((await _add(state, create, for_id, for_erp, for_orders)).added) == 4
    await go(state, create.id, S.PROPOSED, S.APPROVED, S.PLANNED)
    again = replace(create, id="a" * 16, changes=())
    assert await _add(state, again) == AddedProposals(refused=(create.id,))
    deactivate = replace(for_id, id="b" * 16, action=CorrectionAction.DEACTIVATE, changes=())
    assert await _add(state, deactivate) == AddedProposals(added=(deactivate.id,), replaced=(for_id.id,))


async def test_the_same_offer_again_leaves_the_proposal_and_what_was_edited_in_it(state: State) -> None:
    await _add(state, correction(1))
    edited = (FieldChange("legal_name", "Acme", "Acme SA", edited_by="rui"),)
    await state.corrections.edit(correction(1).id, edited, digest_of_text("edited"), person="rui")
    before = await state.audit.head()
    assert await _add(state, correction(2)) == AddedProposals(unchanged=(correction(1).id,))
    assert (await state.corrections.get(correction(1).id)).changes == edited
    assert await state.audit.head() == before
    new_facts = correction(3, changes=(FieldChange("legal_name", "ACME Ltda", "ACME"),))
    assert (await _add(state, new_facts)).replaced == (correction(1).id,)


async def test_an_undo_that_waits_is_not_displaced_by_what_is_proposed_from_findings(state: State) -> None:
    undo, usual = correction(1, undoes="0" * 16), correction(2)
    await _add(state, undo)
    assert await _add(state, usual) == AddedProposals(refused=(undo.id,))
    assert await _add(state, correction(3, undoes="0" * 15 + "9")) == AddedProposals(
        added=(correction(3).id,), replaced=(undo.id,)
    )


@pytest.mark.parametrize(
    ("proposed", "problem"),
    [
        ([correction(1), correction(2)], "same record"),
        ([replace(correction(1), state=S.APPROVED)], "only what is proposed"),
        ([correction(1, record_id=None)], "names no record"),
        ([replace(correction(1), id="xyz")], "16 lower-case"),
    ],
    ids=["twice", "approved", "no-record", "no-id"],
)
async def test_proposals_that_make_no_sense_are_refused_together(
    proposed: list[Correction], problem: str, state: State
) -> None:
    with pytest.raises(ValueError, match=problem):
        await _add(state, correction(9, record_id="9"), *proposed)
    assert await chosen(state) == []
    assert await acts(state) == []


async def test_two_live_corrections_of_one_record_are_impossible_even_past_the_rules(state: State) -> None:
    await _add(state, correction(1))
    await go(state, correction(1).id, S.PROPOSED, S.REJECTED)
    await _add(state, correction(2))
    with pytest.raises(StateError):
        await state.corrections.move([Move(correction(1).id, S.REJECTED, S.APPROVED)], person="ana")
    assert await in_state(state, correction(1).id) is S.REJECTED


async def _varied(state: State) -> dict[str, str]:
    """Corrections that differ in everything a filter asks for; their ids by name."""
    await run_with(state, [row("1", cause=Cause.TRUNCATED), row("2", cause=Cause.CASE), row("2", field="email")])
    name, other, mail = (row("1").id, row("2").id, row("2", field="email").id)
    made = {
        "cut": correction(0x1A00000000000001, changes=(FieldChange("legal_name", "a", "b", finding=name),)),
        "case": correction(
            0x1A00000000000002,
            record_id="2",
            key="11222333000182",
            changes=(
                FieldChange("legal_name", "a", "A", finding=other),
                FieldChange("email", "a", "b", finding=mail),
                FieldChange("phone", None, "1"),
            ),
        ),
        "new": correction(
            0x2B00000000000003,
            record_id=None,
            key="SO_1|4",
            entity="orders",
            side=Side.ERP,
            action=CorrectionAction.CREATE,
            proposed_by="rui",
            changes=(FieldChange("quantity", None, "1", line="7"),),
        ),
    }
    await _add(state, *made.values())
    await go(state, made["case"].id, S.PROPOSED, S.APPROVED, S.PLANNED)
    return {each.id: name for name, each in made.items()}


async def test_every_part_of_a_filter_chooses_alone_and_together(state: State) -> None:
    names = await _varied(state)
    table: list[tuple[dict[str, object], list[str]]] = [
        ({}, ["cut", "case", "new"]),
        ({"ids": "1a"}, ["cut", "case"]),
        ({"ids": ["1a00000000000002", "2"]}, ["case", "new"]),
        ({"ids": []}, []),
        ({"entity": "orders"}, ["new"]),
        ({"field": "legal_name"}, ["cut", "case"]),
        ({"field": ["phone", "quantity"]}, ["case", "new"]),
        ({"cause": "truncated"}, ["cut"]),
        ({"cause": ["case", "truncated"]}, ["cut", "case"]),
        ({"cause": "case", "field": "legal_name"}, ["case"]),
        ({"cause": "truncated", "field": "email"}, []),
        ({"cause": "truncated", "entity": "orders"}, []),
        ({"key": "11222333*"}, ["cut", "case"]),
        ({"key": "SO_1|*"}, ["new"]),
        ({"key": "SO?1*"}, []),
        ({"key": "*2"}, ["case"]),
        ({"side": Side.ERP}, ["new"]),
        ({"action": CorrectionAction.CREATE}, ["new"]),
        ({"states": [S.PLANNED, S.APPROVED]}, ["case"]),
        ({"states": "proposed", "side": "crm"}, ["cut"]),
        ({"proposer": "rui"}, ["new"]),
        ({"plan": PLAN}, ["case"]),
    ]
    found = [(parts, [names[each] for each in await chosen(state, **parts)]) for parts, _ in table]
    assert found == table


def test_a_filter_knows_whether_it_restricts_anything() -> None:
    assert CorrectionFilter().restricts_nothing
    assert not CorrectionFilter(ids=[]).restricts_nothing
    assert not CorrectionFilter(plan="x").restricts_nothing


@pytest.mark.parametrize(
    ("given", "problem"),
    [("1", "several"), ("2", "no correction"), ("", "hexadecimal"), ("1A", "hexadecimal"), ("1" * 17, "hexadecimal")],
    ids=["several", "none", "empty", "capitals", "too-long"],
)
async def test_an_id_that_names_no_single_correction_is_refused(
    given: str, problem: str, state_url: str, tmp_path: Path
) -> None:
    async with State.open(state_url, tmp_path) as state:
        await _add(state, correction(0x11 << 56), correction(0x12 << 56, record_id="2"))
        assert (await state.corrections.get("11")).id == "1100000000000000"
        with pytest.raises(RefusedError, match=problem):
            await state.corrections.get(given)
        if "hexadecimal" in problem:
            with pytest.raises(RefusedError, match=problem):
                await chosen(state, ids=given)


async def test_an_edit_replaces_content_and_approvals_and_tells_before_and_after(state: State) -> None:
    await run_with(state, [row("1", cause=Cause.TRUNCATED)])
    await _add(state, correction(1, problems=("too long",)))
    await state.corrections.approve([approval(correction(1))])
    changes = (FieldChange("trade_name", "Acme", "Acme", finding=row("1").id, edited_by="rui"),)
    edited = await state.corrections.edit(correction(1).id, changes, digest_of_text("new"), person="rui", problems=())
    assert edited == await state.corrections.get(correction(1).id)
    assert (edited.changes, edited.digest, edited.problems) == (changes, digest_of_text("new"), ())
    assert await state.corrections.approvals([edited.id]) == {edited.id: []}
    assert await chosen(state, field="trade_name", cause="truncated") == [edited.id]
    assert await chosen(state, field="legal_name") == []
    last = (await listed(state.audit.iterate()))[-1]
    details = orjson.loads(last.details)
    assert (last.person, last.act, last.subject) == ("rui", "correction.edited", edited.id)
    assert details["before"]["changes"][0]["new"] == "ACME"
    assert details["after"]["changes"][0]["new"] == "Acme"


async def test_an_edit_of_what_was_decided_or_edited_by_somebody_else_is_refused(state: State) -> None:
    await _add(state, correction(1, problems=("too long",)))
    identity, seen = correction(1).id, correction(1).digest
    first = await state.corrections.edit(identity, (), digest_of_text("1"), person="rui", rests_on=seen)
    assert first.problems == ("too long",)
    with pytest.raises(RefusedError, match="somebody else"):
        await state.corrections.edit(identity, (), digest_of_text("2"), person="ana", rests_on=seen)
    await go(state, identity, S.PROPOSED, S.APPROVED)
    with pytest.raises(RefusedError, match="is approved"):
        await state.corrections.edit(identity, (), digest_of_text("2"), person="ana")
    with pytest.raises(RefusedError, match="no correction"):
        await state.corrections.edit("0" * 16, (), digest_of_text("2"), person="ana")
    assert (await state.corrections.get(identity)).digest == digest_of_text("1")


async def test_an_approval_counts_once_a_person_and_the_later_one_holds(state: State) -> None:
    first, second = several(2)
    await _add(state, first, second)
    await state.corrections.approve([approval(first), approval(first, "eva"), approval(second)])
    later = approval(first, hours=48)
    await state.corrections.approve([replace(later, at=later.at + timedelta(hours=1))])
    given = await state.corrections.approvals([second.id, first.id])
    assert {each: [yes.person for yes in yeses] for each, yeses in given.items()} == {
        second.id: ["rui"],
        first.id: ["eva", "rui"],
    }
    assert given[first.id][1].expires_at == later.expires_at
    told = [act for act in await acts(state) if act[1] == "correction.approval_given"]
    assert told == [
        ("rui", "correction.approval_given", first.id),
        ("eva", "correction.approval_given", first.id),
        ("rui", "correction.approval_given", second.id),
        ("rui", "correction.approval_given", first.id),
    ]


async def test_an_approval_of_other_content_or_of_what_is_over_approves_nothing_at_all(state: State) -> None:
    first, second, third = several(3)
    await _add(state, first, second, third)
    await go(state, third.id, S.PROPOSED, S.REJECTED)
    for bad, problem in (
        (replace(approval(second), digest=digest_of_text("other")), "changed meanwhile"),
        (approval(third), "is rejected"),
        (approval(correction(77)), "is gone"),
    ):
        with pytest.raises(RefusedError, match=problem):
            await state.corrections.approve([approval(first), bad])
    assert await state.corrections.approvals([first.id, second.id]) == {first.id: [], second.id: []}
    assert not [act for act in await acts(state) if act[1] == "correction.approval_given"]


async def test_thousands_are_added_found_and_moved_at_once(state: State) -> None:
    proposed = several(2_000)
    added = await _add(state, *proposed)
    assert added.added == tuple(each.id for each in proposed)
    moves = [Move(each.id, S.PROPOSED, S.APPROVED) for each in proposed]
    assert await state.corrections.move(moves, person="ana") == []
    assert len(await chosen(state, states=S.APPROVED, ids=added.added)) == 2_000
    check = await state.audit.verify()
    assert (check.entries, check.breaks) == (4_000, ())
