"""Seven kinds of bad days. On each: it ends, nothing is doubled, nothing is lost, and what failed says so.

Calm, redelivery, flaky, bad clocks, shifting pages, everything at once with restarts, and what cannot be decided.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.corrections.apply import Applier, Applying
from reconciler.corrections.echoes import is_echo, own_writes
from reconciler.corrections.progress import ApplySummary
from reconciler.corrections.recovery import Recovery, RecoveryNeeds
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, StepKind
from reconciler.model.entities import Side
from reconciler.sandbox.clock import ChangeClock
from reconciler.sandbox.faults import LATE_S, FaultKind, FaultPlan
from reconciler.store.state.state import State
from tests.corrections.apply_process import PLAN, STATE, allowed
from tests.corrections.proof import FULL, NOT_YET, TEN_PER_CENT, Proof
from tests.corrections.sandbox_pair import STARTED, Planted, corrections_for, running_pair, writers

S = CorrectionState
CORRECTIONS = 500 if FULL else 20
SETTLE_S = 90.0


@dataclass
class BadDay(Proof):
    """A proof whose processes live here, by a clock that the day sets.

    Attributes:
        clock_runs: what our clock shows at a moment of the day.
        gives_up_after: records after which a life ends by a stop; None: it sees everything through.
    """

    now: datetime = STARTED
    clock_runs: list[timedelta] = field(default_factory=lambda: [timedelta(0)])
    minutes_only: bool = False
    gives_up_after: int | None = None
    lives: int = 0

    def clock(self) -> datetime:
        """Another life may have set it back."""
        shown = self.now + self.clock_runs[self.lives % len(self.clock_runs)]
        return shown.replace(second=0, microsecond=0) if self.minutes_only else shown

    async def live(self) -> ApplySummary:
        """One life: look at what is unknown, apply what is planned or failed, look at what is not proved."""
        self.lives += 1
        async with State.open(STATE, self.folder, clock=self.clock) as state, writers(self.pair.base_urls) as writes:
            recovery = Recovery(
                RecoveryNeeds(state.corrections, state.journal, writes, clock=self.clock, settle_s=SETTLE_S)
            )
            await recovery.unknown()
            needs = Applying(
                state.corrections,
                state.journal,
                writes,
                allowed,
                person="olga",
                plan=PLAN,
                owner=f"life {self.lives}",
                clock=self.clock,
                settle_s=SETTLE_S,
            )
            chosen = await self._in(state, S.PLANNED, S.FAILED)
            applier = Applier(needs, lambda each: applier.stop() if each.done == self.gives_up_after else None)
            summary = await applier.apply(chosen)
            await recovery.resolve([each.id for each in await self._in(state, S.APPLIED)])
        return summary

    async def live_and_wait(self) -> ApplySummary:
        """One life, and the time in which whatever is late arrives."""
        summary = await self.live()
        await asyncio.sleep(2 * LATE_S if S.UNKNOWN in summary.counts else 0)
        self.now += timedelta(seconds=SETTLE_S + 120)
        return summary

    async def _in(self, state: State, *states: CorrectionState) -> list[Correction]:
        async with aclosing(state.corrections.iterate(CorrectionFilter(states=states))) as found:
            return [each async for each in found]


@asynccontextmanager
async def bad_day(folder: Path, plan: FaultPlan | None = None) -> AsyncIterator[BadDay]:
    """Corrections of all kinds, planned, on a day that is calm unless a plan says otherwise."""
    async with running_pair(customers=max(20, CORRECTIONS)) as pair:
        day = BadDay(folder, pair, await corrections_for(pair, CORRECTIONS), plan or FaultPlan())
        await day.begin()
        yield day


async def check_honest(day: BadDay) -> None:
    """What did not go through says why, and did not write."""
    for correction in await day.kept():
        if correction.state in (S.SUPERSEDED, S.REFUSED, S.FAILED, S.UNKNOWN):
            assert correction.words
        if correction.state in (S.SUPERSEDED, S.REFUSED, S.FAILED) and correction.side is Side.ERP:
            assert correction.action is CorrectionAction.CREATE or day.pair.updates_of(correction) == 0


async def test_calm(tmp_path: Path) -> None:
    """One life, each record written once."""
    async with bad_day(tmp_path) as day:
        summary = await day.live()
        assert summary.counts.keys() == {S.VERIFIED, S.SUPERSEDED, S.REFUSED}
        assert (summary.total, summary.exit_code) == (CORRECTIONS, 1)
        await day.check_the_end(day.live)
        await check_honest(day)


async def test_redelivery(tmp_path: Path) -> None:
    """The same plan again and again, twice at a time too; and the news of our writes are echoes each time they come."""
    async with bad_day(tmp_path) as day:
        results = await asyncio.gather(day.live(), day.live(), day.live(), return_exceptions=True)
        through = [result for result in results if isinstance(result, ApplySummary)]
        assert all(isinstance(result, ApplySummary | RefusedError) for result in results)
        verified = sum(each.ends_as is S.VERIFIED for each in day.planted)
        assert sum(summary.counts.get(S.VERIFIED, 0) for summary in through) == verified
        versions = [record["versao"] for record in day.pair.records(Side.ERP, "clientes")]
        for _ in range(3):
            assert (await day.live()).counts == {}
        assert [record["versao"] for record in day.pair.records(Side.ERP, "clientes")] == versions
        await day.check_the_end(day.live)
        async with State.open(STATE, tmp_path) as state:
            for correction in await day.kept():
                own = await own_writes(state.corrections, state.journal, correction.entity, correction.key)
                news = {"email": f"c{int(correction.id, 16) - 1}@example.com"}
                echoes = [
                    is_echo(own, correction.side, correction.entity, correction.record_id or "", news, STARTED)
                    for _ in range(2)
                ]
                is_ours = correction.state is S.VERIFIED and correction.action is CorrectionAction.UPDATE
                assert echoes == [is_ours] * 2


async def test_flaky(tmp_path: Path) -> None:
    """Every tenth request goes wrong in one of six ways."""
    async with bad_day(tmp_path, TEN_PER_CENT) as day:
        await day.check_the_end(day.live_and_wait)
        await check_honest(day)


class _BadClock(ChangeClock):
    """Of a system that stamps with whole minutes and is wrong by some time, in every other write by none: of two writes
    the later one may have the earlier stamp, or the same."""

    def __init__(self, wrong_by: timedelta) -> None:
        super().__init__((), timedelta(0))
        self._wrong_by = itertools.cycle((wrong_by, timedelta(0)))

    def next(self) -> datetime:
        return (datetime.now(UTC) + next(self._wrong_by)).replace(second=0, microsecond=0)


def _set_wrong(day: BadDay) -> None:
    """Ours is set back by ninety seconds in every other life and shows whole minutes; theirs are as wrong, apart."""
    day.clock_runs, day.minutes_only = [timedelta(0), timedelta(seconds=-90)], True
    day.pair.crm.store._clock = _BadClock(timedelta(seconds=90))
    day.pair.erp.store._clock = _BadClock(timedelta(seconds=-90))


async def test_bad_clocks(tmp_path: Path) -> None:
    """Of everybody."""
    async with bad_day(tmp_path, TEN_PER_CENT) as day:
        _set_wrong(day)
        await day.check_the_end(day.live_and_wait)
        await check_honest(day)
        ours = {each.correction.record_id for each in day.planted if _is_erp_update(each)}
        written = [record for record in day.pair.records(Side.ERP, "clientes") if record["codigo"] in ours]
        assert {record["hora_alteracao"][-3:] for record in written} == {":00"}


async def test_shifting_pages(tmp_path: Path) -> None:
    """Records that come and go while keys are looked up."""
    async with bad_day(tmp_path, FaultPlan(FaultKind.SHIFT, every=2)) as day:
        await day.check_the_end(day.live_and_wait)
        await check_honest(day)


async def test_everything_with_restarts(tmp_path: Path) -> None:
    """Lives end early, clocks and requests go wrong, and somebody edits the very records before and meanwhile."""
    chance = random.Random(20261122)
    async with bad_day(tmp_path, TEN_PER_CENT) as day:
        _set_wrong(day)
        targets = [f"{each.correction.record_id}" for each in day.planted if _is_erp_update(each)]
        before, meanwhile = chance.sample(targets, 3), chance.sample(targets, 3)
        _edit(day, before)
        day.gives_up_after = 1
        assert (await day.live_and_wait()).interrupted
        _edit(day, meanwhile)
        for number in range(20):
            day.gives_up_after = CORRECTIONS // 4 if number < 2 else None
            await day.live_and_wait()
            kept = {each.id: each for each in await day.kept()}
            if not NOT_YET & {each.state for each in kept.values()}:
                break
        for planted in day.planted:
            correction = kept[planted.correction.id]
            if correction.record_id in before:
                assert (correction.state, "email" in correction.words) == (S.SUPERSEDED, True)
            elif correction.record_id in meanwhile:
                assert correction.state in (S.SUPERSEDED, S.VERIFIED)
            else:
                assert correction.state is planted.ends_as
        for record in day.pair.records(Side.ERP, "clientes"):
            if record["codigo"] in (*before, *meanwhile):
                assert record["email"] == _theirs(record["codigo"]), "a newer value was overwritten"


def _edit(day: BadDay, identities: list[str]) -> None:
    """Somebody changes the e-mail of records that are to be changed, or were."""
    for identity in identities:
        members = {"email": _theirs(identity)}
        day.pair.erp.store.update("clientes", identity, members, whole_record=False, version=None)


def _theirs(identity: str) -> str:
    return f"theirs.{identity}@example.com"


def _is_erp_update(planted: Planted) -> bool:
    correction = planted.correction
    is_update = correction.side is Side.ERP and correction.action is CorrectionAction.UPDATE
    return is_update and planted.ends_as is S.VERIFIED


async def test_what_cannot_be_decided(tmp_path: Path) -> None:
    """A create nobody heard of again, and two records with its key since: it stays unknown, and nothing is written."""
    async with running_pair(customers=20) as pair:
        planted = [each for each in await corrections_for(pair, 3) if each.correction.entity == "customers"]
        creates = [each for each in planted if each.correction.action is CorrectionAction.CREATE]
        day = BadDay(tmp_path, pair, creates, FaultPlan())
        await day.begin()
        pair.crm._switch.set(FaultPlan(FaultKind.LOST, every=2))
        summary = await day.live()
        assert (summary.counts, summary.exit_code) == ({S.UNKNOWN: 1}, 4)
        pair.misbehave(FaultPlan())
        (correction,) = await day.kept()
        for _ in range(2):
            pair.crm.store.create("Contacts", {"Name": "Outra", "TypeId": 1, "CNPJ": correction.key})
        for _ in range(3):
            assert (await day.live_and_wait()).counts == {}
        (correction,) = await day.kept()
        assert correction.state is S.UNKNOWN
        assert len([each for each in pair.records(Side.CRM, "Contacts") if each["CNPJ"] == correction.key]) == 2
        async with State.open(STATE, tmp_path) as state:
            steps = await state.journal.steps(correction.id)
        assert sum(step.kind is StepKind.INTENT for step in steps) == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.HTML])
async def test_a_system_that_is_down_all_the_time_ends_the_day_all_the_same(tmp_path: Path, kind: FaultKind) -> None:
    async with bad_day(tmp_path, FaultPlan(kind, every=1)) as day:
        async with asyncio.timeout(30):
            summary = await day.live()
        assert summary.counts.get(S.VERIFIED, 0) == 0
        await check_honest(day)
        day.plan = FaultPlan()
        day.pair.misbehave(day.plan)
        await day.check_the_end(day.live_and_wait)
