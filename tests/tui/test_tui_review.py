"""Whole ways through the review, pressed as keys. Each is long: opening what they work on is what costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reconciler.app.correct import Choice, Edit, approve_corrections, edit_correction
from reconciler.model.corrections import CorrectionState
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import changed
from tests.tui.review_rig import PEOPLE, reviewing
from tests.tui.waiting import screen_text, shown, wait_for
from tui.review.asking import AskModal, LinesModal
from tui.widgets.confirm import ConfirmModal

_S = CorrectionState


async def test_one_person_approves_rejects_accepts_and_takes_each_back(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as at:
        row = await at.to_finding("legal_name")
        await shown(at.pilot, "owner ERP")
        await at.press("a")
        await at.told("1 correction approved.")
        (correction,) = await at.corrections(_S.APPROVED)
        assert row.id in changed([correction])
        await shown(at.pilot, "✓ approved")
        assert at.screen.table.row is not None
        assert at.screen.table.row.id == row.id
        commands = [entry.command or "" for entry in at.app.activity]
        assert commands[-2].endswith(f"corrections propose {row.id} --as ana")
        assert commands[-1].endswith(f"corrections approve {correction.id} --as ana")

        for key, text in (("e", "decoded as"), ("w", '"LegalName"'), ("h", "first seen"), ("f", "CRM")):
            await at.press(key)
            await shown(at.pilot, text)
        await at.press("u")
        await at.told("1 approval taken back")
        assert await at.state_of(correction.id) is _S.PROPOSED
        await at.press("x")
        await at.answer("not now")
        await at.told("1 correction rejected.")
        assert await at.state_of(correction.id) is _S.REJECTED
        await at.press("u")
        await at.told("1 correction proposed again.")
        assert row.id in changed(await at.corrections(_S.PROPOSED))

        row = await at.to_finding("email")
        await at.press("d")
        await at.answer("", "")
        await shown(at.pilot, "An acceptance needs a reason.")
        await at.answer("agreed", "2020-01-01")
        await shown(at.pilot, "That day has passed.")
        await at.answer("agreed", "2099-12-31")
        await at.told("1 difference accepted.")
        finding = await at.workspace.state.findings.get(row.id)
        assert (finding.status, finding.accepted_reason) == (FindingStatus.ACCEPTED, "agreed")
        await shown(at.pilot, "◇ accepted")
        await at.press("u")
        await at.told("1 acceptance taken back")
        assert (await at.workspace.state.findings.get(row.id)).status is FindingStatus.OPEN
        await at.press("u")
        await at.told("Nothing was decided in this session")


async def test_marks_filters_and_large_numbers(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as at:
        everything = len(await at.findings())
        await at.press("asterisk")
        await shown(at.pilot, f"{everything} marked")
        await at.to(lambda row: row.heading is None)
        await at.press("space")
        await shown(at.pilot, f"{everything - 1} marked")
        few = await at.findings(cause="case")
        await at.filter_by("cause:case")
        await shown(at.pilot, f"{len(few)} finding")
        await at.press("asterisk", "p")
        await wait_for(
            at.pilot, lambda: any("propose" in (each.command or "") for each in at.app.activity), "proposals"
        )
        proposed = changed(await at.corrections(_S.PROPOSED))
        assert proposed
        assert proposed <= few.keys()
        if isinstance(at.app.screen, LinesModal):
            await at.press("escape")
        await at.press("asterisk", "escape")
        await shown(at.pilot, f"{everything} findings")
        assert not at.screen.view.typed
        await at.press("space", "escape")
        assert not at.screen.table.marks
        await at.filter_by("nothing has this text")
        await shown(at.pilot, "Esc clears the filter.")
        await at.press("escape")
        await shown(at.pilot, f"{everything} findings")

        await wait_for(at.pilot, lambda: at.screen.meant() is not None, "something that is meant")
        meant = at.screen.meant()
        assert meant is not None
        usual = at.screen.meant
        at.screen.meant = lambda: replace(meant, count=170_000, by_filter=True)  # type: ignore[method-assign]  # large
        await at.press("a")
        await wait_for(at.pilot, lambda: isinstance(at.app.screen, ConfirmModal), "the question")
        await shown(at.pilot, "Approve: 170,000 findings")
        await at.press("enter")
        await wait_for(at.pilot, lambda: at.app.screen is at.screen, "the review")
        at.screen.meant = usual  # type: ignore[method-assign]  # as it was
        assert await at.corrections(_S.APPROVED) == []
        await at.press("escape")
        await wait_for(at.pilot, lambda: at.app.place is not None and at.app.place.PLACE == "overview", "the overview")


async def test_two_people_never_approve_over_each_other(tmp_path: Path) -> None:
    async with reviewing(tmp_path, more=PEOPLE) as at:
        row = await at.to_finding("email")
        await at.press("E")
        await at.told("There is no open proposal")
        await at.press("p")
        await shown(at.pilot, "Approvals 0 of 2")
        await at.press("E")
        await at.answer("novo@example.com")
        await shown(at.pilot, "edited by ana")

        # At once, while the panel still tells of another line: what counts is the line under the cursor.
        table, place = at.screen.table, at.screen.table.cursor
        table.move_to(0)
        await shown(at.pilot, at.screen.texts("review.on_heading"))
        table.move_to(place)
        at.screen.action_do("review.edit")
        await wait_for(at.pilot, lambda: isinstance(at.app.screen, AskModal), "the form")
        await at.press("escape")
        await shown(at.pilot, "edited by ana")
        (proposal,) = await at.corrections(_S.PROPOSED)
        assert [change.new for change in proposal.changes if change.finding == row.id] == ["novo@example.com"]

        edited = await edit_correction(at.acting("bruno"), proposal.id, [Edit("email", "outro@example.com")])
        await at.press("a")
        await wait_for(at.pilot, lambda: isinstance(at.app.screen, LinesModal), "the conflict")
        await shown(at.pilot, "the proposal was edited by bruno")
        await shown(at.pilot, "outro@example.com")
        assert await at.workspace.state.corrections.approvals([proposal.id]) == {proposal.id: []}
        await at.press("enter")
        await shown(at.pilot, "edited by bruno")

        await at.press("a")
        await at.told("1 waits for another person")
        await shown(at.pilot, "1 missing")
        given = (await at.workspace.state.corrections.approvals([proposal.id]))[proposal.id]
        assert [(each.person, each.digest) for each in given] == [("ana", edited.digest)]
        assert await at.state_of(proposal.id) is _S.PROPOSED


async def test_what_others_do_is_seen_in_its_place(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as at:
        row = await at.to_finding("email")
        cursor, scrolled = at.screen.table.cursor, at.screen.table.scroll_y
        await at.press("p")
        await shown(at.pilot, "Approvals 0 of 1")
        (proposal,) = await at.corrections(_S.PROPOSED)
        await approve_corrections(at.acting("bruno"), Choice([proposal.id]))
        await shown(at.pilot, "Approvals 1 of 1 (bruno)")
        phones = await at.findings(field="phone")
        await at.workspace.state.findings.mark_corrected([next(iter(phones))])
        assert await at.workspace.state.findings.accept(FindingFilter(ids=(row.id,)), reason="ok", person="bruno") == 1
        await wait_for(at.pilot, lambda: "◇ accepted" in screen_text(at.pilot), "what the other one decided")
        assert (at.screen.table.cursor, at.screen.table.scroll_y) == (cursor, scrolled)
        faded = at.screen.table.row
        assert faded is not None
        assert (faded.id, faded.faded) == (row.id, True)

        def is_listed() -> bool:
            lines = [at.screen.table.row_at(position) for position in range(at.screen.table.count)]
            return any(line is not None and line.id == row.id for line in lines)

        assert is_listed()
        await at.press("r")
        await wait_for(at.pilot, lambda: at.screen.source_is_shown and not is_listed(), "a list without it")


async def test_read_only_says_why_and_nothing_is_decided(tmp_path: Path) -> None:
    async with reviewing(tmp_path, read_only="refusal.asked") as at:
        await at.to_finding("email")
        await at.press("a", "x", "d", "p", "E", "u", "left_parenthesis")
        await at.told(at.app.texts("refusal.asked")[:30])
        assert not isinstance(at.app.screen, AskModal)
        assert await at.corrections() == []
