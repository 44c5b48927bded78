"""Random keys at the review, as a cat would press them: nothing ends it, and nothing is written unapproved."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Final

from textual import events

from reconciler.model.corrections import CorrectionState
from tests.tui.review_rig import PEOPLE, Reviewing, reviewing
from tests.tui.waiting import wait_for
from tui.actions import actions_of, split_keys

KEYS: Final = 5_000 if os.environ.get("RECONCILER_FULL_PROOFS") == "1" else 200
_TOGETHER: Final = 50
_SEED: Final = 20_261_122
_ELSEWHERE: Final = frozenset({"s", "S", "c"})
"""They call the systems, from other places."""
_TYPED: Final = (
    "q",
    "ctrl+q",
    "ctrl+p",
    "question_mark",
    "L",
    "T",
    "r",
    "tab",
    "shift+tab",
    "backspace",
    "x",
    "[",
    "]",
    "(",
    "%",
    "ã",
    "1",
    "-",
    "enter",
    "escape",
    "space",
)


def _keys() -> list[str]:
    usual = [key for place in ("review", "table") for action in actions_of(place) for key in split_keys(action.key)]
    return sorted({*usual, *_TYPED} - _ELSEWHERE)


async def test_random_keys_neither_end_it_nor_write_what_was_not_approved(tmp_path: Path) -> None:
    random, keys = Random(_SEED), _keys()
    async with reviewing(tmp_path, more=PEOPLE, size=(80, 24)) as at:
        # Leaving is allowed, by its key and from the palette; it must not end the test.
        at.app.exit = lambda *_result, **_more: None  # type: ignore[method-assign]  # see above
        for first in range(0, KEYS, _TOGETHER):
            for key in random.choices(keys, k=min(_TOGETHER, KEYS - first)):
                at.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await at.pilot.pause()
            assert at.app.is_running
            assert at.app._exception is None
            if at.app.place is not None and at.app.place.PLACE != "review" and at.app.screen is at.app.place:
                at.app.go("review")
        await wait_for(
            at.pilot, lambda: not at.screen.is_deciding or at.app.screen is not at.screen, "the last decision"
        )
        await _nothing_unapproved(at)


async def _nothing_unapproved(at: Reviewing) -> None:
    corrections = await at.corrections()
    missing = await at.acting("ana").missing(corrections)
    for each in corrections:
        # Two people are needed, and only one was at the keys.
        assert each.state in (CorrectionState.PROPOSED, CorrectionState.REJECTED), each
        assert not missing[each.id].approved
        assert await at.workspace.state.journal.steps(each.id) == []
    assert (await at.workspace.state.audit.verify()).is_whole
    acts = [entry async for entry in at.workspace.state.audit.iterate()]
    assert {act.person for act in acts} <= {"ana"}
