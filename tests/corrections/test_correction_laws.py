"""Two systems, people who propose, approve and undo, others who edit behind our back, crashes at any call: the laws.

Never an unapproved write, never a lost one, never a doubled create, never a newer value overwritten, and undoing gives
back what was there. `RECONCILER_FULL_PROOFS=1` runs it at full size.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reconciler.corrections.recovery import Recovery
from reconciler.errors import RefusedError
from reconciler.model.correction_records import LIVE_STATES
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.entities import Side
from tests.corrections.applying_rig import SETTLE_S, Change, Rig, allowed, correction_of, creation
from tests.corrections.memory_store import Killed, Life
from tests.corrections.memory_system import KEY, Fault, Written

S = CorrectionState
FULL = bool(os.environ.get("RECONCILER_FULL_PROOFS"))
FIELDS = ("email", "city")
PEOPLE = ("ana", "bia", "caio", "davi")
SIDES = st.sampled_from(list(Side))
RECORDS = st.sampled_from(("r0", "r1", "r2"))
WANTED = ("email r0", "city r1", "both r2", "both r0", "deactivate r1", "create N1", "create N2")
MOSTLY = st.sampled_from((True, True, True, False))
FAULTS = st.lists(st.sampled_from(list(Fault)), max_size=6)
KILLS = st.one_of(st.none(), st.integers(0, 60))


class Corrections(RuleBasedStateMachine):
    """The model: who approved what, which process is alive, and what time it is."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.approvals: dict[str, set[str]] = {}
        self.granted: set[str] = set()
        self.number = 0
        self.planned = 0

    @initialize()
    def start(self) -> None:
        for side, system in self.rig.systems.items():
            for number in range(3):
                values = {KEY: f"R{number}", "active": "true", "email": "a", "city": "b"}
                system.put("", f"{side.value}-r{number}", values)

    # What people do.

    @rule(wanted=st.lists(st.tuples(SIDES, st.sampled_from(WANTED)), min_size=1, max_size=5), approved=MOSTLY)
    def propose(self, wanted: list[tuple[Side, str]], approved: bool) -> None:
        for side, what in wanted:
            self._propose(side, *what.split())
        if approved:
            self.approve_everything({"bia", "caio"})

    def _propose(self, side: Side, what: str, which: str) -> None:
        identity = f"{side.value} {which}" if what == "create" else f"{side.value}-{which}"
        if self._is_busy(identity):
            return
        if what == "create":
            self._keep(creation(self._next(), which, side, email=self._text("v")))
            return
        held = self.rig.systems[side].records[identity]
        action = CorrectionAction.DEACTIVATE if what == "deactivate" else CorrectionAction.UPDATE
        changes: dict[str, Change] = {"active": (f"{held['active']}", "false"), KEY: (f"{held[KEY]}", f"{held[KEY]}")}
        if what != "deactivate":
            fields = FIELDS if what == "both" else (what,)
            changes = {name: (f"{held[name]}", self._text("v")) for name in fields}
        self._keep(correction_of(self._next(), changes, record=identity, side=side, action=action))

    @rule(pick=st.integers(0, 20))
    def propose_undo(self, pick: int) -> None:
        """Of any that is verified, where it still can be undone."""
        verified = self._in(S.VERIFIED)
        if not verified:
            return
        original = verified[pick % len(verified)]
        if original.record_id is None or self._is_busy(original.record_id):
            return
        try:
            undo = asyncio.run(self.rig.process().undo(int(original.id, 16), self._next()))
        except RefusedError:
            return
        self._keep(undo)
        self.approve_everything({"bia", "davi"})

    @rule(people=st.sets(st.sampled_from(PEOPLE), min_size=1))
    def approve_everything(self, people: set[str]) -> None:
        """Two people have to, and who proposed is none of them."""
        for correction in self._in(S.PROPOSED):
            self.approvals.setdefault(correction.id, set()).update(people - {correction.proposed_by})
            if self._is_approved(correction):
                self._set(correction, S.APPROVED)

    @rule()
    def let_approvals_lapse(self) -> None:
        self.approvals.clear()
        for correction in self._in(S.APPROVED):
            self._set(correction, S.PROPOSED)

    @rule(side=SIDES, record=RECORDS, field=st.sampled_from(FIELDS))
    def edit_behind_our_back(self, side: Side, record: str, field: str) -> None:
        self.rig.systems[side].edit(f"{side.value}-{record}", {field: self._text("p")})

    @rule(side=SIDES, key=st.sampled_from(("N1", "N2")))
    def add_behind_our_back(self, side: Side, key: str) -> None:
        system = self.rig.systems[side]
        if not system.with_key(key):
            system.put("", system.new_id(), {KEY: key, "active": "true", "email": self._text("p"), "city": "c"})

    # What processes do.

    @rule(crm=FAULTS, erp=FAULTS, kill=KILLS, after_effect=st.booleans(), retry=st.booleans())
    def apply(self, crm: list[Fault], erp: list[Fault], kill: int | None, after_effect: bool, retry: bool) -> None:
        """What is approved is planned first; a plan that was left is gone through again."""
        self.planned += 1
        plan = f"plan {self.planned}"
        for correction in self._in(S.APPROVED):
            self._set(correction, S.PLANNED)
        chosen = [*self._in(S.PLANNED), *(self._in(S.FAILED) if retry else [])]
        self.rig.kept.plans |= {each.id: plan for each in chosen}
        process = self.rig.process(Life(kill, after_effect=after_effect))
        process.misbehave(*crm, side=Side.CRM).misbehave(*erp, side=Side.ERP)
        try:
            asyncio.run(process.applier(permission=self._permission, plan=plan).apply(chosen))
        except Killed:
            assert process.life.dead

    @rule(kill=KILLS, after_effect=st.booleans())
    def recover(self, kill: int | None, after_effect: bool) -> None:
        process = self.rig.process(Life(kill, after_effect=after_effect))
        try:
            asyncio.run(self._recovered(process.recovery()))
        except Killed:
            assert process.life.dead

    @rule(side=SIDES)
    def arrive(self, side: Side) -> None:
        self.rig.systems[side].arrive()

    @rule(seconds=st.sampled_from((1.0, SETTLE_S)))
    def pass_time(self, seconds: float) -> None:
        """No system works on a request for longer than the time to settle."""
        if seconds >= SETTLE_S:
            for system in self.rig.systems.values():
                system.arrive()
        self.rig.later(seconds)

    async def _recovered(self, recovery: Recovery) -> None:
        await recovery.at_start()
        await recovery.unknown()

    # The laws.

    @invariant()
    def nothing_unapproved_is_written(self) -> None:
        for _, write in self._written():
            correction = self.rig.kept.corrections[write.correction]
            assert correction.id in self.granted
            named = {change.field: change.new for change in correction.changes}
            assert write.values.keys() <= named.keys() | {"active"}

    @invariant()
    def no_newer_value_is_overwritten(self) -> None:
        for _, write in self._written():
            seen = {change.field: change.old for change in self.rig.kept.corrections[write.correction].changes}
            for name, value in (write.over or {}).items():
                assert value == seen.get(name, "true")

    @invariant()
    def nothing_is_written_or_added_twice(self) -> None:
        for side, system in self.rig.systems.items():
            for number, write in enumerate(system.written):
                for earlier in system.written[:number]:
                    if earlier.correction == write.correction:
                        assert self._is_changed_by_others(side, earlier)
            added = [write.values[KEY] for write in system.written if write.over is None]
            assert len(added) == len(set(added))

    @invariant()
    def what_is_undone_has_a_proved_undo(self) -> None:
        undone = {each.id for each in self._in(S.UNDONE)}
        proved = [each for each in self.rig.kept.corrections.values() if each.undoes is not None]
        assert undone == {each.undoes for each in proved if each.state in (S.VERIFIED, S.UNDONE)}

    def teardown(self) -> None:
        """Left alone for a while, every correction comes into a state that is true."""
        self.pass_time(SETTLE_S)
        asyncio.run(self._recovered(self.rig.process().recovery()))
        self.pass_time(SETTLE_S)
        asyncio.run(self._recovered(self.rig.process().recovery()))
        self.nothing_unapproved_is_written()
        self.no_newer_value_is_overwritten()
        self.nothing_is_written_or_added_twice()
        self.what_is_undone_has_a_proved_undo()
        for correction in self.rig.kept.corrections.values():
            event(f"{correction.action.value} {'undo ' if correction.undoes else ''}{correction.state.value}")
            self._check_true(correction)
            if correction.undoes is not None and correction.state is S.VERIFIED:
                self._check_identity(correction)

    def _check_true(self, correction: Correction) -> None:
        system = self.rig.systems[correction.side]
        writes = [write for write in system.written if write.correction == correction.id]
        changed_since = all(self._is_changed_by_others(correction.side, write) for write in writes)
        match correction.state:
            case S.VERIFIED | S.UNDONE:
                wanted = {change.field: change.new for change in correction.changes}
                assert any(seen.values.items() >= wanted.items() for seen in system.history)
            case S.APPLIED:
                assert writes
            case S.SUPERSEDED:
                assert changed_since or any(self._is_altered(correction, write) for write in writes)
            case S.UNKNOWN:
                assert len(system.with_key(correction.key)) > 1
            case S.APPLYING:
                raise AssertionError("nobody looked at it")
            case _:
                assert changed_since

    def _check_identity(self, undo: Correction) -> None:
        """What the undo wrote is what the original had written over."""
        system = self.rig.systems[undo.side]
        original = [write for write in system.written if write.correction == undo.undoes and write.over is not None]
        written = [write for write in system.written if write.correction == undo.id]
        if len(original) == 1 and len(written) == 1 and original[0].over is not None:
            assert written[0].values.items() <= original[0].over.items()

    # What the laws look at.

    async def _permission(self, correction: Correction) -> str | None:
        if not self._is_approved(correction):
            return "not approved"
        self.granted.add(correction.id)
        return await allowed(correction)

    def _is_approved(self, correction: Correction) -> bool:
        return len(self.approvals.get(correction.id, ())) >= 2

    def _written(self) -> list[tuple[Side, Written]]:
        return [(side, write) for side, system in self.rig.systems.items() for write in system.written]

    def _is_changed_by_others(self, side: Side, write: Written) -> bool:
        """Whether anybody else changed the record after that write: a person, or another correction."""
        history = [seen for seen in self.rig.systems[side].history if seen.record == write.record]
        last = max(number for number, seen in enumerate(history) if seen.correction == write.correction)
        first = min(number for number, seen in enumerate(history) if seen.correction == write.correction)
        others = [number for number, seen in enumerate(history) if seen.correction != write.correction]
        return any(number > first for number in others) or last < len(history) - 1

    def _is_altered(self, correction: Correction, write: Written) -> bool:
        wanted = {change.field: change.new for change in correction.changes}
        return any(value != wanted.get(name, "true") for name, value in write.values.items())

    def _is_busy(self, record: str) -> bool:
        """Whether a correction of the record, or of the key to be added, is still going on."""
        return any(
            each.state in LIVE_STATES and record in (each.record_id, f"{each.side.value} {each.key}")
            for each in self.rig.kept.corrections.values()
        )

    def _in(self, state: CorrectionState) -> list[Correction]:
        return [each for each in self.rig.kept.corrections.values() if each.state is state]

    def _keep(self, correction: Correction) -> None:
        self.rig.kept.corrections[correction.id] = replace(correction, state=S.PROPOSED)

    def _set(self, correction: Correction, state: CorrectionState) -> None:
        self.rig.kept.corrections[correction.id] = replace(correction, state=state)

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _text(self, letter: str) -> str:
        return f"{letter}{self._next()} of somebody"


CorrectionLaws = Corrections.TestCase
CorrectionLaws.settings = settings(
    max_examples=2000 if FULL else 50,
    stateful_step_count=60 if FULL else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
