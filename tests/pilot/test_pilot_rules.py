"""The pure rules of the pilot: what the guard lets be written, what a day is worth, what follows from the week."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import TomlError
from reconciler.model.entities import Side
from reconciler.model.pilot import DayValue, Declared, Freeze, MeasureName, Stage, StageChange
from reconciler.pilot.guard import WrittenRecord, WrittenSystem, record_refusal, standing_refusal, system_refusal
from reconciler.pilot.measures import MEASURES, percentile_95
from reconciler.pilot.scorecard import Scorecard, Verdict, scorecard
from reconciler.pilot.stages import PromotionFacts, Standing, objections, target_of
from reconciler.pilot.stopping import fired
from reconciler.project import load_project
from reconciler.project_pilot import PilotScope, PilotSection, StopRule
from tests.app.pilot_rig import declared
from tests.test_project import CONTRACT_EXAMPLE

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)
DECLARED = Declared(1, AT, "caio", "", "a" * 64, "{}")
STAGES = st.sampled_from(list(Stage))


def _standing(ceiling: Stage, reached: Stage | None, systems: str = "s", **more: Any) -> Standing:
    change = None if reached is None else StageChange(AT, reached, Stage.SANDBOX, "caio", "", "s")
    return Standing(ceiling, systems, change, **more)


@given(STAGES, st.none() | STAGES, st.sampled_from(["s", "others"]))
def test_the_stage_in_force_is_never_above_the_file_nor_what_was_given_to_these_systems(
    ceiling: Stage, reached: Stage | None, systems: str
) -> None:
    stage = _standing(ceiling, reached, systems).stage
    assert stage.rank <= ceiling.rank
    assert stage.rank <= (reached or Stage.SANDBOX).rank
    if systems == "others" and reached is not None:
        assert stage is Stage.SANDBOX


@given(STAGES, st.none() | STAGES)
def test_a_promotion_goes_one_stage_up_at_most(ceiling: Stage, reached: Stage | None) -> None:
    facts = PromotionFacts(file_stage=Stage.LIVE, now=AT, today=AT.date(), last_run_at=AT)
    standing = _standing(ceiling, reached)
    for stage in Stage:
        if stage.rank > standing.granted.rank + 1:
            assert any("the next stage is" in each for each in objections(stage, standing, facts))
    target = target_of(standing)
    assert target is None or target.rank == standing.granted.rank + 1


@pytest.mark.parametrize(
    ("stage", "stand_in", "test", "allowed"),
    [
        (Stage.SANDBOX, True, False, True),
        (Stage.SANDBOX, False, True, False),
        (Stage.HOMOLOGATION, True, False, False),
        (Stage.HOMOLOGATION, False, True, True),
        (Stage.PILOT, False, False, True),
        (Stage.LIVE, False, False, True),
    ],
)
def test_each_stage_writes_to_its_systems(stage: Stage, stand_in: bool, test: bool, allowed: bool) -> None:
    assert (system_refusal(stage, WrittenSystem(Side.ERP, stand_in, test)) is None) is allowed


def test_nothing_is_written_while_frozen_or_when_the_pilot_is_not_the_declared_one() -> None:
    frozen = _standing(Stage.LIVE, Stage.LIVE, freeze=Freeze(1, AT, "conflicts: 4, above 3"))
    assert "conflicts: 4, above 3" in (standing_refusal(frozen) or "")
    assert standing_refusal(_standing(Stage.LIVE, Stage.PILOT, declaration="a" * 64)) is not None
    other = _standing(Stage.LIVE, Stage.PILOT, declared=DECLARED, declaration="b" * 64)
    assert standing_refusal(other) is not None
    same = _standing(Stage.LIVE, Stage.PILOT, declared=DECLARED, declaration="a" * 64)
    assert standing_refusal(same) is None
    assert standing_refusal(_standing(Stage.LIVE, Stage.LIVE)) is None


SCOPE = PilotScope(
    entities=["customers", "orders", "products"],
    fields={"customers": ["credit_limit"]},
    customers=["17"],
    salespeople=["7"],
    max_value=Decimal(500),
)
LIMIT, MAIL = ({"customers": frozenset({field})} for field in ("credit_limit", "email"))
OURS: dict[str, Any] = {"salespeople": frozenset({"7"}), "customers": frozenset({"17"})}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (WrittenRecord("customers", "17", LIMIT, amounts=(Decimal(500),), **OURS), None),
        (WrittenRecord("quotes", "9", **OURS), "quotes are outside"),
        (WrittenRecord("customers", "18", **OURS), "its customer is outside"),
        (WrittenRecord("orders", "9", salespeople=frozenset({"7"})), "its customer is outside"),
        (WrittenRecord("orders", "9", **{**OURS, "customers": frozenset({"17", "18"})}), "its customer is outside"),
        (WrittenRecord("orders", "9", **{**OURS, "salespeople": frozenset({"8"})}), "its salesperson is outside"),
        (WrittenRecord("orders", "9", customers=frozenset({"17"})), "its salesperson is outside"),
        (WrittenRecord("products", "P1", salespeople=frozenset({"7"})), None),
        (WrittenRecord("customers", "17", MAIL, **OURS), "email of customers is outside"),
        (WrittenRecord("customers", "17", whole=True, **OURS), "only some fields of customers"),
        (WrittenRecord("orders", "9", whole=True, amounts=(Decimal(500),), **OURS), None),
        (WrittenRecord("orders", "9", amounts=(Decimal(1), Decimal("500.01")), **OURS), "more than the pilot's 500"),
        (WrittenRecord("orders", "9", amounts=(Decimal("-500.01"),), **OURS), "more than the pilot's 500"),
        (WrittenRecord("orders", "9", amounts=(None,), **OURS), "nobody knows about how much"),
    ],
)  # fmt: skip
def test_the_pilot_writes_its_own_records_fields_and_amounts(record: WrittenRecord, why: str | None) -> None:
    refusal = record_refusal(SCOPE, record)
    assert (refusal is None) if why is None else why in (refusal or "")


def _pilot(**criteria: int) -> PilotSection:
    return PilotSection.model_validate(
        {
            "starts": date(2026, 11, 16),
            "ends": date(2026, 11, 22),
            "technical_lead": "caio",
            "scope_owner": "dora",
            "writes_per_day": 1,
            "participants": {"eva": {"crm_user": "7"}},
            "scope": {"entities": ["customers"]},
            "criteria": criteria or {"conflicts": 2},
        }
    )


def _card(
    *values: tuple[int, MeasureName, int | None], today: int = 23, frozen: str | None = None, **criteria: int
) -> Scorecard:
    """Of these values, by day of November."""
    kept = [
        DayValue(date(2026, 11, day), name, None if value is None else Decimal(value), 1) for day, name, value in values
    ]
    return scorecard("acme", _pilot(**criteria), DECLARED, kept, today=date(2026, 11, today), frozen=frozen)


WEEK: list[tuple[int, MeasureName, int | None]] = [(day, "conflicts", 2) for day in range(16, 21)]


def test_a_week_that_meets_everything_is_a_go_and_its_content_is_what_was_measured() -> None:
    card = _card(*WEEK)
    assert (card.verdict, [each.why for each in card.reasons]) == (Verdict.GO, ["all_met"])
    assert card.content == _card(*reversed(WEEK)).content
    assert card.content != _card(*WEEK, (21, "conflicts", 9)).content
    assert _card(*WEEK, (21, "conflicts", 9)).verdict is Verdict.GO


def _proved(value: int | None, days: int = 5, today: int = 23) -> Scorecard:
    """The same share of corrections proved on each day, where 90 % was agreed."""
    values: list[tuple[int, MeasureName, int | None]] = [(16 + day, "verified_percent", value) for day in range(days)]
    return _card(*values, today=today, verified_percent=90)


@pytest.mark.parametrize(
    ("card", "verdict", "why"),
    [
        (_card(*WEEK, today=22), Verdict.TOO_EARLY, ["not_over"]),
        (_card(*WEEK[1:]), Verdict.NO_GO, ["nothing_run"]),
        (_card(*WEEK[1:], (16, "conflicts", 3)), Verdict.NO_GO, ["missed"]),
        (_card(*WEEK, frozen="a rule"), Verdict.NO_GO, ["frozen"]),
        (_card(*WEEK, conflicts=2, blockers=0), Verdict.NO_GO, ["not_measured"] * 5),
        (_proved(None), Verdict.NO_GO, ["never_measured"]),
        (_proved(90), Verdict.GO, ["all_met"]),
        (_proved(89, days=1, today=17), Verdict.TOO_EARLY, ["not_over", "missed"]),
    ],
)  # fmt: skip
def test_what_speaks_against_going_live_is_named(card: Scorecard, verdict: Verdict, why: list[str]) -> None:
    assert (card.verdict, [each.why for each in card.reasons]) == (verdict, why)
    for each in card.reasons:
        assert "{" not in each.words("en") + each.words("pt-BR")
        assert each.words("en") != each.words("pt-BR")


def test_a_stop_rule_fires_beyond_its_limit_and_not_for_what_was_not_measured() -> None:
    rules = [
        StopRule(measure="conflicts", above=Decimal(1)),
        StopRule(measure="verified_percent", below=Decimal(90)),
    ]
    day = date(2026, 11, 16)
    at_the_limit = [DayValue(day, "conflicts", Decimal(1), 1), DayValue(day, "verified_percent", Decimal(90), 1)]
    assert fired(rules, at_the_limit) == []
    assert fired(rules, [DayValue(day, "verified_percent", None, 0)]) == []
    beyond = [DayValue(day, "conflicts", Decimal(2), 1), DayValue(day, "verified_percent", Decimal("89.99"), 1)]
    assert fired(rules, beyond) == ["Conflicts: 2, above 1", "Corrections proved: 89.99, below 90"]


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_95_percent_stay_within_the_percentile_and_it_is_one_of_them(values: list[int]) -> None:
    found = percentile_95(values)
    assert found in {Decimal(each) for each in values}
    assert 100 * sum(each <= found for each in values) >= 95 * len(values)
    assert 100 * sum(each < found for each in values) < 95 * len(values)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('scope_owner = "dora"', 'scope_owner = "caio"', "pilot.scope_owner"),
        ('entities = ["customers"]', 'entities = ["costumers"]', "pilot.scope.entities"),
        ('["credit_limit"]', '["credit_limits"]', "pilot.scope.fields.customers"),
        ('entities = ["customers"]', 'entities = ["customers"]\nsalespeople = ["7"]', "pilot.scope.salespeople"),
        ("unknown_outcomes = 0", "unknown_outcome = 0", "pilot.criteria.unknown_outcome"),
        ("unknown_outcomes = 0", 'unknown_outcomes = 0\n[[pilot.stop]]\nmeasure = "conflicts"', "pilot.stop"),
    ],
    ids=["one signs for both", "entity", "field", "whose record", "measure", "rule without limit"],
)
def test_a_mistake_in_the_declaration_is_told_with_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    text = f"{CONTRACT_EXAMPLE}\n{declared(AT)}"
    path = tmp_path / "reconciler.toml"
    path.write_text(text)
    load_project(path)
    path.write_text(text.replace(old, new))
    with pytest.raises(TomlError) as caught:
        load_project(path)
    assert place in str(caught.value)


def test_the_document_of_the_pilot_explains_every_measure() -> None:
    text = " ".join((Path(__file__).parents[2] / "docs" / "pilot.md").read_text().split())
    for name, measure in MEASURES.items():
        assert f"`{name}`" in text
        assert " ".join(measure.meaning.split()) in text
