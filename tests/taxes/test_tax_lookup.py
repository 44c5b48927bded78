"""The engine: in time or not at all, asked once, bounded, with a memory that never lies about its age."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    ResponseNotUnderstoodError,
    ResponseTimeoutError,
    SystemReadError,
    TaxAnswerError,
    UnreachableError,
    VendorFaultError,
    WrongQuoteError,
)
from reconciler.model.taxes import ReportedTaxes, TaxQuestion
from reconciler.taxes.answer import Source as AnswerSource
from reconciler.taxes.answer import Unavailable
from tests.taxes.asking import line, quote
from tests.taxes.engine import Clock, Gate, Source, answers_at_once, engine, fails_with, hangs, rate, reason, reported

QUESTION = quote(line("A-1", "2", "50.00"), tax_id="11222333000181")
OTHER = quote(line("B-2"), tax_id="11222333000181")
A_WHILE_S = 10.0
"""Far more than any of these waits should last, and far less than what is waited for."""


async def test_an_erp_that_hangs_costs_the_deadline_and_gives_no_number() -> None:
    """Trap 16."""
    lookup = engine(Source(hangs), Clock(), deadline_s=0.02)
    async with asyncio.timeout(A_WHILE_S):
        delivery = await lookup.taxes_of(QUESTION)
        await lookup.close()
    assert reason(delivery) == "deadline"


async def test_the_deadline_holds_against_a_conversation_that_cannot_be_broken_off() -> None:
    """Trap 16: whoever asked hears it in time, whatever the port is still busy with."""
    end = asyncio.Event()

    async def stubborn(question: TaxQuestion) -> ReportedTaxes:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue
        return reported(question)

    lookup = engine(Source(stubborn), Clock(), deadline_s=0.02)
    async with asyncio.timeout(A_WHILE_S):
        assert reason(await lookup.taxes_of(QUESTION)) == "deadline"
        end.set()
        await lookup.close()


async def test_waiting_for_a_place_counts_against_the_deadline() -> None:
    source = Source(hangs)
    lookup = engine(source, Clock(), deadline_s=0.05, concurrency=1)
    async with asyncio.timeout(A_WHILE_S):
        both = await asyncio.gather(lookup.taxes_of(QUESTION), lookup.taxes_of(OTHER))
        await lookup.close()
    assert [reason(each) for each in both] == ["deadline", "deadline"]
    assert source.asked == 1


async def test_a_late_answer_is_not_kept_for_later() -> None:
    """Trap 16: what came after the deadline was never given, and is no answer of now either."""
    end = asyncio.Event()

    async def late(question: TaxQuestion) -> ReportedTaxes:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue
        return reported(question)

    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
    source, clock = Source(late), Clock()
    lookup = engine(source, clock, deadline_s=0.02)
    assert reason(await lookup.taxes_of(QUESTION)) == "deadline"
    end.set()
    source.behaviour = Gate("0.18")
    source.behaviour.open.set()
    assert rate(await lookup.taxes_of(QUESTION)) == Decimal("0.18")
    await lookup.close()
    assert troubles == []


async def test_a_thousand_equal_questions_are_one_conversation() -> None:
    gate = Gate()
    source = Source(gate)
    lookup = engine(source, Clock())
    asking = [asyncio.create_task(lookup.taxes_of(QUESTION)) for _ in range(1000)]
    await gate.reached.wait()
    gate.open.set()
    deliveries = await asyncio.gather(*asking)
    assert source.asked == 1
    assert {each.source for each in deliveries} == {AnswerSource.LIVE}
    assert {rate(each) for each in deliveries} == {Decimal("0.12")}


async def test_somebody_who_goes_away_does_not_take_the_answer_from_the_others() -> None:
    gate = Gate()
    source = Source(gate)
    lookup = engine(source, Clock())
    first, second = (asyncio.create_task(lookup.taxes_of(QUESTION)) for _ in range(2))
    await gate.reached.wait()
    first.cancel()
    gate.open.set()
    assert rate(await second) == Decimal("0.12")
    assert source.asked == 1


async def test_conversations_at_once_and_waiting_ones_are_bounded() -> None:
    """What is too much is turned away at once, and not queued without end."""
    gate = Gate()
    source = Source(gate)
    lookup = engine(source, Clock(), concurrency=2, queue=3)
    asking = [asyncio.create_task(lookup.taxes_of(quote(line("A-1", str(count))))) for count in range(1, 9)]
    refused = [await each for each in asking[5:]]
    gate.open.set()
    served = await asyncio.gather(*asking[:5])
    assert [reason(each) for each in refused] == ["overloaded"] * 3
    assert [rate(each) for each in served] == [Decimal("0.12")] * 5
    assert source.most_at_once == 2


async def test_an_answer_is_given_again_with_its_age_until_it_is_too_old() -> None:
    source, clock = Source(), Clock()
    lookup = engine(source, clock, cache_ttl_s=900.0)
    live = await lookup.taxes_of(QUESTION)
    clock.passed_s = 899.0
    again = await lookup.taxes_of(QUESTION)
    clock.passed_s = 900.0
    anew = await lookup.taxes_of(QUESTION)
    assert (live.source, live.age_s, live.stale) == (AnswerSource.LIVE, 0.0, False)
    assert (again.source, again.age_s, again.stale) == (AnswerSource.CACHED, 899.0, False)
    assert again.as_of == live.as_of
    assert again.expires_at == live.as_of + timedelta(seconds=900)
    assert (anew.source, source.asked) == (AnswerSource.LIVE, 2)


async def test_without_a_time_to_live_nothing_is_given_again() -> None:
    source = Source()
    lookup = engine(source, Clock(), cache_ttl_s=0.0)
    for _ in range(2):
        await lookup.taxes_of(QUESTION)
    assert source.asked == 2


async def test_an_old_answer_is_given_only_to_whoever_accepts_one_and_says_so() -> None:
    """Trap 16: never with a stale number that passes for a fresh one."""
    source, clock = Source(), Clock()
    lookup = engine(source, clock, cache_ttl_s=900.0)
    first = await lookup.taxes_of(QUESTION)
    clock.passed_s = 1000.0
    source.behaviour = fails_with(UnreachableError("erp", "no connection."))
    refused = await lookup.taxes_of(QUESTION)
    accepted = await lookup.taxes_of(QUESTION, allow_stale=True)
    assert reason(refused) == "unreachable"
    assert (accepted.stale, accepted.age_s, accepted.as_of, accepted.expires_at) == (True, 1000.0, first.as_of, None)
    assert [(note.code, note.details["reason"]) for note in accepted.warnings] == [("stale", "unreachable")]


async def test_a_day_later_not_even_that() -> None:
    source, clock = Source(), Clock()
    lookup = engine(source, clock)
    await lookup.taxes_of(QUESTION)
    clock.passed_s = 24 * 3600.0
    source.behaviour = fails_with(UnreachableError("erp", "no connection."))
    assert reason(await lookup.taxes_of(QUESTION, allow_stale=True)) == "unreachable"


@pytest.mark.parametrize(
    "record",
    [("customers", "11222333000181"), ("customers", "erp-501"), ("products", "A-1"), ("products", "erp-A-1")],
    ids=str,
)
async def test_an_answer_is_dropped_when_its_customer_or_a_product_changes(record: tuple[str, str]) -> None:
    source = Source()
    lookup = engine(source, Clock())
    await lookup.taxes_of(QUESTION)
    lookup.forget([("products", "B-2"), ("customers", "A-1")])
    await lookup.taxes_of(QUESTION)
    assert source.asked == 1
    lookup.forget([record])
    await lookup.taxes_of(QUESTION)
    assert source.asked == 2
    assert record in source.forgotten


async def test_an_answer_on_its_way_when_something_changes_is_neither_kept_nor_shared() -> None:
    """It may have been calculated before the change."""
    gate, after = Gate("0.12"), Gate("0.18")
    source = Source(gate)
    lookup = engine(source, Clock())
    before = asyncio.create_task(lookup.taxes_of(QUESTION))
    await gate.reached.wait()
    lookup.forget([("products", "erp-A-1")])
    source.behaviour = after
    following = asyncio.create_task(lookup.taxes_of(QUESTION))
    await after.reached.wait()
    after.open.set()
    assert rate(await following) == Decimal("0.18")
    gate.open.set()
    assert rate(await before) == Decimal("0.12")
    assert rate(await lookup.taxes_of(QUESTION)) == Decimal("0.18")


FAILURES: dict[str, tuple[SystemReadError, str]] = {
    "no connection": (UnreachableError("erp", "x."), "unreachable"),
    "no answer": (ResponseTimeoutError("erp", "x."), "unreachable"),
    "garbage": (ResponseNotUnderstoodError("erp", "x."), "not_understood"),
    "credentials": (CredentialsRefusedError("erp", "x."), "credentials_refused"),
    "blocked": (BlockedError("erp", "x.", datetime(2026, 11, 22, 13, tzinfo=UTC)), "blocked"),
    "server error": (VendorFaultError("erp", "POST /taxes: internal error.", "500"), "refused_by_erp"),
}


@pytest.mark.parametrize(("error", "code"), FAILURES.values(), ids=FAILURES)
async def test_each_failure_has_its_reason_and_three_in_a_row_open_the_circuit(
    error: SystemReadError, code: str
) -> None:
    source, clock = Source(fails_with(error)), Clock()
    lookup = engine(source, clock)
    reasons = [reason(await lookup.taxes_of(QUESTION)) for _ in range(5)]
    assert reasons == [code] * 3 + ["circuit_open"] * 2
    assert source.asked == 3


REFUSALS: dict[str, SystemReadError] = {
    "words": VendorFaultError("erp", "POST /taxes: no rule for this state.", "REGRA_AUSENTE"),
    "bad request": VendorFaultError("erp", "POST /taxes: bad request.", "400"),
    "inconsistent": TaxAnswerError("erp", "value_missing", member="aliquota", line="1"),
}


@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
async def test_an_erp_that_answers_is_not_left_alone_whatever_it_says(error: SystemReadError) -> None:
    source = Source(fails_with(error))
    lookup = engine(source, Clock())
    for _ in range(6):
        await lookup.taxes_of(QUESTION)
    assert source.asked == 6


async def test_one_call_tries_before_the_others_follow() -> None:
    source, clock = Source(fails_with(UnreachableError("erp", "x."))), Clock()
    lookup = engine(source, clock)
    for _ in range(3):
        await lookup.taxes_of(QUESTION)
    clock.passed_s = 10.0
    gate = Gate()
    source.behaviour = gate
    probe = asyncio.create_task(lookup.taxes_of(QUESTION))
    await gate.reached.wait()
    assert reason(await lookup.taxes_of(OTHER)) == "circuit_open"
    gate.open.set()
    assert rate(await probe) == Decimal("0.12")
    assert rate(await lookup.taxes_of(OTHER)) == Decimal("0.12")


async def test_each_try_that_fails_doubles_the_pause_up_to_a_limit() -> None:
    source, clock = Source(fails_with(UnreachableError("erp", "x."))), Clock()
    lookup = engine(source, clock)
    for _ in range(3):
        await lookup.taxes_of(QUESTION)
    tried_at: list[float] = []
    for second in range(1, 120):
        clock.passed_s = float(second)
        before = source.asked
        await lookup.taxes_of(QUESTION)
        if source.asked > before:
            tried_at.append(clock.passed_s)
    assert tried_at == [10.0, 30.0, 55.0, 80.0, 105.0]


async def test_the_deadline_is_a_failure_of_the_erp_and_a_wrong_quote_is_not() -> None:
    source = Source(hangs)
    lookup = engine(source, Clock(), deadline_s=0.02)
    for _ in range(3):
        assert reason(await lookup.taxes_of(QUESTION)) == "deadline"
    assert reason(await lookup.taxes_of(QUESTION)) == "circuit_open"

    wrong = Source(fails_with(WrongQuoteError("the ERP knows no product A-1.", code="unknown_product")))
    lookup = engine(wrong, Clock())
    for _ in range(5):
        with pytest.raises(WrongQuoteError) as told:
            await lookup.taxes_of(QUESTION)
        assert told.value.code == "unknown_product"
    assert wrong.asked == 5


async def test_a_question_that_waited_until_the_circuit_opened_is_not_asked() -> None:
    source = Source(fails_with(UnreachableError("erp", "x.")))
    lookup = engine(source, Clock(), concurrency=1)
    several = [lookup.taxes_of(quote(line("A-1", str(count)))) for count in range(1, 7)]
    reasons = [reason(each) for each in await asyncio.gather(*several)]
    assert reasons == ["unreachable"] * 3 + ["circuit_open"] * 3


async def test_an_answer_that_does_not_hold_is_unavailable_and_not_kept() -> None:
    async def too_many_lines(question: TaxQuestion) -> ReportedTaxes:
        found = reported(question)
        return ReportedTaxes((*found.lines, *found.lines), found.sent, by_id=False)

    source = Source(too_many_lines)
    lookup = engine(source, Clock())
    assert [reason(await lookup.taxes_of(QUESTION)) for _ in range(2)] == ["line_count"] * 2
    source.behaviour = answers_at_once
    assert rate(await lookup.taxes_of(QUESTION)) == Decimal("0.12")


async def test_rates_alone_are_shown_and_nothing_is_calculated_from_them() -> None:
    lookup = engine(Source(), Clock(), yields_rates=True)
    result = (await lookup.taxes_of(QUESTION)).result
    assert isinstance(result, Unavailable)
    assert result.reason.code == "rates_only"
    assert [(each.kind.value, each.rate) for each in result.rates[0]] == [("icms", Decimal("0.12"))]


async def test_closing_waits_for_what_is_under_way_and_takes_nothing_more() -> None:
    gate = Gate()
    lookup = engine(Source(gate), Clock())
    asking = asyncio.create_task(lookup.taxes_of(QUESTION))
    await gate.reached.wait()
    closing = asyncio.create_task(lookup.close())
    await asyncio.sleep(0)
    assert reason(await lookup.taxes_of(OTHER)) == "closing"
    gate.open.set()
    await closing
    assert rate(await asking) == Decimal("0.12")


async def test_warming_up_is_bounded_and_its_failure_is_left_to_the_first_question() -> None:
    class Cold(Source):
        async def warm_up(self) -> None:
            await asyncio.Event().wait()

    lookup = engine(Cold(), Clock(), deadline_s=0.02)
    async with asyncio.timeout(A_WHILE_S):
        await lookup.warm_up()
    assert rate(await lookup.taxes_of(QUESTION)) == Decimal("0.12")


async def test_a_defect_reaches_whoever_asked() -> None:
    """A bug must not look like an ERP that is down."""
    lookup = engine(Source(fails_with(ZeroDivisionError("bug"))), Clock())
    with pytest.raises(ZeroDivisionError):
        await lookup.taxes_of(QUESTION)
