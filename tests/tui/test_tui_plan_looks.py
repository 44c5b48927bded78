"""How plans and quotes look in each of their states, against baselines that must be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from reconciler.errors import UnreachableError
from reconciler.model.correction_records import StoredPlan
from reconciler.model.corrections import CorrectionAction, CorrectionState, FieldChange, StepKind
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, FindingKind
from reconciler.store.state.state import State
from tests.store.correction_cases import S, approval, correction, go, step
from tests.store.state_cases import Clock, row
from tests.tui.fills import HOSTILE, entity_document, run_document, run_of
from tests.tui.plan_rig import choose
from tests.tui.rig import Fill, Opening, Rig
from tests.tui.rig import go as go_to
from tests.tui.waiting import screen_text, settled, shown, wait_for
from tui.app import ReconcilerApp
from tui.plan.tabs import Tab
from tui.plan.telling import Outcome
from tui.plan.writing import Work, WritingProgress
from tui.quotes.asking import Answered
from tui.screens.plan import PlanScreen
from tui.screens.quotes import QuotesScreen
from tui.viewmodel import Failed, problem_of
from tui.widgets.key_line import KeyLine

RigOf = Callable[[Fill | None], Rig]
Compare = Callable[[ReconcilerApp], None]
_PLAN: Final = "3f" * 32
_LIMIT: Final = FieldChange("credit_limit", "1000.00", "12500.5")


async def on_their_way(state: State, clock: Clock) -> None:
    """Corrections in every list, some in words that nobody should obey."""
    wanted = [
        correction(1, record_id="1", key="11222333000181"),
        correction(2, record_id="2", key=HOSTILE, changes=(FieldChange("trade_name", HOSTILE, f"{HOSTILE}!"),)),
        correction(3, record_id="3", key="33796492000122", side=Side.ERP, changes=(_LIMIT,)),
        correction(4, record_id="4", key="42063450000173", action=CorrectionAction.DEACTIVATE),
        correction(5, record_id="5", key="71144729000180", changes=(FieldChange("email", None, "a@example.com"),)),
        correction(6, record_id="6", key="6NJS8D66000168"),
        correction(7, record_id="7", key="19779272000160"),
        correction(8, record_id="8", key="86762398000119", problems=(f"too long: {HOSTILE}",)),
    ]
    await state.corrections.add(wanted, person="ana")
    clock.move(minutes=5)
    approved = [each for each in wanted if int(each.id, 16) in (3, 4, 5, 6, 7)]
    await state.corrections.approve([approval(each, "rui") for each in approved])
    for each in approved:
        await go(state, each.id, S.PROPOSED, S.APPROVED)
    planned = [each.id for each in approved if int(each.id, 16) != 5]
    await state.corrections.add_plan(StoredPlan(_PLAN, "{}", "ana", clock(), planned))
    for each, ends_as, words in (
        (wanted[5], CorrectionState.UNKNOWN, f"no answer from {HOSTILE}"),
        (wanted[6], CorrectionState.VERIFIED, ""),
    ):
        await state.journal.note(step(each.id))
        await go(state, each.id, S.PLANNED, S.APPLYING, ends_as, plan=_PLAN)
        await state.journal.note(step(each.id, StepKind.DONE, state=ends_as, words=words))
    clock.move(minutes=5)


async def drifted(state: State, clock: Clock) -> None:
    """Two quotes whose taxes drifted."""
    icms = {"field": "icms", "cause": Cause.STALE_RATE, "crm_value": "110.00 (11 % × 1000.00)"}
    rows = [
        _drift("1202|P0007", "45.50", erp_value="155.50 (12 % × 1295.83)", **icms),
        _drift("1202|P0009", "7.25", field="ipi", cause=Cause.TAX_MISSING, crm_value=None, erp_value="7.25 +"),
        _drift(f"1203|{HOSTILE}", "1200000.01", erp_value=HOSTILE, **icms),
    ]
    await run_of(state, rows, run_document(**{"quotes.taxes": entity_document(3, 3, stale_rate=2)}))
    clock.move(minutes=5)


def _drift(key: str, stake: str, **parts: Any) -> Any:
    detail = f'{{"at_stake": "{stake}"}}'
    return row(key, entity="quotes.taxes", kind=FindingKind.TAX_DRIFT, detail=detail, **parts)


async def _plans(app: ReconcilerApp, pilot: Any, tab: Tab) -> PlanScreen:
    screen = await go_to(app, pilot, "plans")
    assert isinstance(screen, PlanScreen)
    await choose(pilot, screen, tab)
    await _still(app, pilot, screen)
    return screen


async def _still(app: ReconcilerApp, pilot: Any, screen: PlanScreen) -> None:
    def reads_nothing() -> bool:
        reading = ("load", "tab", "panel", "live", "pages")
        there = screen.state is not None or screen.table.row is not None
        return there and not any(each.group in reading and not each.is_finished for each in app.workers)

    await wait_for(pilot, reads_nothing, "a list that was read")
    await settled(pilot)


async def test_the_lists_small_and_in_portuguese(rig_of: RigOf, looks_as_before: Compare) -> None:
    async with rig_of(on_their_way).running(Opening(locale="pt-BR")) as (app, pilot):
        screen = await _plans(app, pilot, Tab.AWAITING)
        await shown(pilot, "falta 1 aprovação, de ana")
        await shown(pilot, "? Teclas")
        looks_as_before(app)
        await _plans(app, pilot, Tab.PLANNED)
        await shown(pilot, "Plano 3f3f3f3f")
        looks_as_before(app)
        screen = await _plans(app, pilot, Tab.DESK)
        screen.table.move_to(1)
        await shown(pilot, "Foi enviado e não houve resposta.")
        await settled(pilot)
        looks_as_before(app)


async def test_wide_in_ascii_with_hostile_words_and_work_going_on(rig_of: RigOf, looks_as_before: Compare) -> None:
    opening = Opening(ascii_only=True, read_only="refusal.asked", theme="high-contrast")
    async with rig_of(on_their_way).running(opening, size=(160, 40)) as (app, pilot):
        screen = await _plans(app, pilot, Tab.AWAITING)
        screen.table.move_to(2)
        await shown(pilot, "\\x1b[31mred")
        moments_s = iter((0.0, *[20.0] * 50))
        progress = WritingProgress(Work.APPLY, lambda: next(moments_s), done=50, total=200, held_back=1, last=HOSTILE)
        progress.counts[CorrectionState.VERIFIED] = 48
        progress.counts[CorrectionState.REFUSED] = 1
        told = screen.telling.progress_lines(progress, stopping=True, room=150)
        screen.outcome = Outcome(tuple(told), ("1 x it is superseded (11222333000181)",), good=False)
        screen.show_work()
        await _still(app, pilot, screen)
        text = screen_text(pilot)
        assert "######.................. 50 / 200  2.5/s, 1 min 0 s left; C stops it" in text
        assert "** 48 verified" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        looks_as_before(app)


async def test_nothing_there(rig_of: RigOf, looks_as_before: Compare) -> None:
    async with rig_of(None).running() as (app, pilot):
        await _plans(app, pilot, Tab.DESK)
        looks_as_before(app)
        quotes = await go_to(app, pilot, "quotes")
        assert isinstance(quotes, QuotesScreen)
        await wait_for(pilot, lambda: app.screen.query_one(KeyLine).keys and quotes._usable is not None, "the keys")
        await settled(pilot)
        looks_as_before(app)


_ANSWER: Final[dict[str, Any]] = {
    "status": "calculated",
    "source": "cached",
    "as_of": "2026-11-22T10:11:12+00:00",
    "age_s": 240.0,
    "stale": True,
    "system": "sandbox_erp",
    "currency": "BRL",
    "elapsed_ms": 7,
    "warnings": [{"code": "rounding", "message": f"a warning about {HOSTILE}"}],
    "lines": [
        {
            "line": "1",
            "goods": "12345678901.10",
            "taxes_total": "155.50",
            "taxes": [
                {
                    "kind": "icms",
                    "rate": "0.12",
                    "base": "12345678901.10",
                    "amount": "1481481468.13",
                    "in_price": True,
                    "informative": False,
                }
            ],
        }
    ],
    "totals": {
        "goods": "12345678901.10",
        "taxes_added": "0.00",
        "taxes_in_price": "1481481468.13",
        "taxes_informative": "0.00",
        "total": "12345678901.10",
    },
    "quote": {"number": "1202", "revision": "2", "id": "7002"},
    "carried": {
        "lines": [
            {"line": "1", "sku": "P0007", "taxes": [{"kind": "icms", "amount": "1481481468.12"}], "taxes_total": None}
        ]
    },
    "drift": {
        "status": "drifted",
        "value_at_stake": "7.26",
        "owed": "-7.25",
        "carries_none": False,
        "not_kept": ["fcp"],
        "lines": [
            {
                "line": "1",
                "differences": [
                    {"kind": "icms", "cause": "rounding", "carried": None, "erp": None, "value_at_stake": "0.01"},
                    {
                        "kind": "ipi",
                        "cause": "tax_not_due",
                        "carried": {"amount": "7.25"},
                        "erp": None,
                        "value_at_stake": "7.25",
                    },
                ],
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("opening", "size"),
    [(Opening(), (80, 30)), (Opening(locale="pt-BR", ascii_only=True), (160, 40))],
    ids=["small", "wide"],
)
async def test_quotes(rig_of: RigOf, looks_as_before: Compare, opening: Opening, size: tuple[int, int]) -> None:
    async with rig_of(drifted).running(opening, size=size) as (app, pilot):
        screen = await go_to(app, pilot, "quotes")
        assert isinstance(screen, QuotesScreen)
        await wait_for(pilot, lambda: screen.table.row is not None, "what drifted")
        screen.answered = Answered(_ANSWER, {"1": HOSTILE})
        screen._show_answer()
        await settled(pilot)
        text = screen_text(pilot)
        assert "1481481468.13" in text
        assert "1481481468.12" in text
        assert "\x1b" not in text
        looks_as_before(app)
        if size[0] > 80:
            return
        screen.answered = Answered({**_ANSWER, "status": "unavailable", "reason": "deadline", "message": HOSTILE}, {})
        screen._show_answer()
        await settled(pilot)
        assert "1481481468" not in screen_text(pilot)
        looks_as_before(app)
        error = UnreachableError("crm", "no answer from crm.example:443.")
        screen._show_instead(Failed(problem_of(error, app.texts)))
        await settled(pilot)
        looks_as_before(app)
