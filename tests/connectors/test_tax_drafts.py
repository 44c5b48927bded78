"""Tax calls that save a draft: whatever happens, it is removed again, or a person is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from reconciler.errors import StateError
from reconciler.taxes.lookup import LookupSettings
from tests.connectors.draft_erp import DESCRIPTION, DraftErp, Hangs, Notes, Trouble, answers, described
from tests.ports.stand_in import StandIn
from tests.taxes.asking import SLOW_MACHINE, Erp, asked, line, quote

QUESTION = quote(line("A"), line("B"), tax_id="11222333000181")
HURRIED = LookupSettings(deadline_s=0.3)


@asynccontextmanager
async def erp_with(
    system: DraftErp,
    folder: Path,
    *,
    notes: Notes | None = None,
    settings: LookupSettings = SLOW_MACHINE,
    text: str = DESCRIPTION,
) -> AsyncIterator[Erp]:
    async with (
        StandIn(system.answer) as server,
        asked(
            described(folder, text), server.base_url, credentials={}, journal=notes or Notes(), settings=settings
        ) as erp,
    ):
        yield erp


async def test_the_draft_is_read_and_removed_and_the_answer_is_like_any_other(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    async with erp_with(system, tmp_path, notes=notes) as erp:
        answer = await erp.taxes(QUESTION)
    assert answer["totals"]["taxes_in_price"] == "36.00"
    assert [note["code"] for note in answer["warnings"]] == ["base_not_given"]
    assert system.asked == ["POST", "GET", "DELETE"]
    assert (system.drafts, notes.kept) == ({}, {})


async def test_the_answer_to_saving_may_hold_the_taxes(tmp_path: Path) -> None:
    system = DraftErp()
    system.after["POST"] = answers(200, id=101, items=[{"code": "A", "taxes": [{"name": "ICMS", "value": 7}]}])
    text = DESCRIPTION.replace('[taxes.draft.read]\npath = "/drafts/{draft.id}"\n', "")
    async with erp_with(system, tmp_path, text=text) as erp:
        answer = await erp.taxes(quote(line("A"), tax_id="11222333000181"))
    assert answer["totals"]["taxes_in_price"] == "7.00"
    assert system.drafts == {}


@pytest.mark.parametrize("kind", ["POST", "GET"], ids=["while it is saved", "while it is read"])
async def test_it_is_removed_when_the_deadline_passes(tmp_path: Path, kind: str) -> None:
    system, notes, slow = DraftErp(), Notes(), Hangs()
    system.after[kind] = slow
    async with erp_with(system, tmp_path, notes=notes, settings=HURRIED) as erp:
        answer = await erp.taxes(QUESTION)
        assert answer["reason"] == "deadline"
        assert len(system.drafts) <= 1
        await slow.reached.wait()
        slow.go.set()
    assert "DELETE" in system.asked
    assert (system.drafts, notes.kept) == ({}, {})


async def test_it_is_removed_when_it_cannot_be_read(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    system.before["GET"] = answers(422, message="busy")
    async with erp_with(system, tmp_path, notes=notes) as erp:
        assert (await erp.taxes(QUESTION))["reason"] == "refused_by_erp"
    assert (system.drafts, notes.kept) == ({}, {})


async def test_one_that_cannot_be_removed_is_told_and_removed_by_a_later_start(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    system.before["DELETE"] = answers(409, message="locked by somebody")
    with capture_logs() as logs:
        async with erp_with(system, tmp_path, notes=notes) as erp:
            answer = await erp.taxes(QUESTION)
    (number,) = map(str, system.drafts)
    assert answer["status"] == "calculated"
    assert answer["warnings"][-1]["code"] == "draft_left"
    assert number in answer["warnings"][-1]["message"]
    assert [draft for _, draft in notes.told] == [number]
    assert list(notes.kept.values()) == [number]
    assert {"event": "draft_left", "draft": number}.items() <= logs[-1].items()
    del system.before["DELETE"]
    async with erp_with(system, tmp_path, notes=notes) as erp:
        erp.reader.remove_left_drafts()
    assert (system.drafts, notes.kept) == ({}, {})


async def test_one_that_is_gone_already_is_removed(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    system.after["DELETE"] = answers(404, message="no such draft")
    async with erp_with(system, tmp_path, notes=notes) as erp:
        answer = await erp.taxes(QUESTION)
    assert "draft_left" not in [note["code"] for note in answer["warnings"]]
    assert notes.kept == {}


async def test_what_was_refused_left_nothing_to_look_for(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    system.before["POST"] = answers(422, message="no such customer")
    async with erp_with(system, tmp_path, notes=notes) as erp:
        assert (await erp.taxes(QUESTION))["reason"] == "refused_by_erp"
    assert system.asked == ["POST"]
    assert (notes.kept, notes.told) == ({}, [])


@pytest.mark.parametrize(
    "lost", [answers(500), answers(200, number=5)], ids=["server error", "an answer that does not say which"]
)
async def test_one_saved_without_an_answer_is_found_by_its_mark_and_saved_no_second_time(
    tmp_path: Path, lost: Trouble
) -> None:
    system, notes = DraftErp(), Notes()
    system.after["POST"] = lost
    async with erp_with(system, tmp_path, notes=notes) as erp:
        assert (await erp.taxes(QUESTION))["status"] == "unavailable"
    assert system.asked == ["POST", "FIND", "DELETE"]
    assert (system.drafts, notes.kept) == ({}, {})


async def test_one_nobody_can_find_is_told(tmp_path: Path) -> None:
    system, notes = DraftErp(), Notes()
    system.after["POST"] = answers(500)
    text = DESCRIPTION.split("[taxes.draft.find]")[0] + "[taxes.answer]" + DESCRIPTION.split("[taxes.answer]")[1]
    async with erp_with(system, tmp_path, notes=notes, text=text) as erp:
        assert (await erp.taxes(QUESTION))["status"] == "unavailable"
    (mark,) = notes.kept
    assert notes.told == [(mark, None)]


async def test_a_later_start_believes_that_there_is_no_draft_which_an_earlier_one_does_not(tmp_path: Path) -> None:
    """Just after the connection was lost the draft may still be on its way."""
    system, notes = DraftErp(), Notes()
    system.before["POST"] = answers(500)
    async with erp_with(system, tmp_path, notes=notes) as erp:
        await erp.taxes(QUESTION)
    assert len(notes.kept) == 1
    async with erp_with(system, tmp_path, notes=notes) as erp:
        erp.reader.remove_left_drafts()
    assert notes.kept == {}


async def test_nothing_is_saved_that_the_journal_does_not_know(tmp_path: Path) -> None:
    class Full(Notes):
        async def begin(self, mark: str) -> None:
            raise StateError("the disk is full.")

    system = DraftErp()
    async with erp_with(system, tmp_path, notes=Full()) as erp:
        with pytest.raises(StateError):
            await erp.taxes(QUESTION)
    assert system.asked == []
