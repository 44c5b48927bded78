"""What a scenario is played with: the person, both systems' test records, hands, eyes, and what was seen so far."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Final

from reconciler.app.correct import (
    Acting,
    Had,
    Hands,
    HandTask,
    Handwork,
    ScenarioRecords,
    withdraw_acceptances,
)
from reconciler.app.findings import accept_findings
from reconciler.app.pilot.scenarios.correcting import Corrected, Correcting
from reconciler.app.pilot.scenarios.endings import NotPlayedError, UnexpectedError
from reconciler.app.run import run_once
from reconciler.app.run_options import Progress, RunOptions
from reconciler.app.wire import Workspace
from reconciler.connectors.write.current_record import CurrentRecord, FieldValue
from reconciler.corrections.values import text_of
from reconciler.model.entities import Side
from reconciler.model.findings import Finding, FindingStatus
from reconciler.pilot.redaction import Redactor
from reconciler.pilot.reserved import KEYS
from reconciler.pilot.scenario_sentences import field_name, kind_name, said
from reconciler.store.state.records import FindingFilter, RunStatus

Values = Mapping[str, FieldValue]
_FREE_KEYS_TRIED: Final = 20
_NOT_READ: Final = 3


@dataclass(frozen=True, slots=True)
class Stays:
    """A record that a playing added and leaves, out of use."""

    side: Side
    entity: str
    key: str
    id: str


@dataclass(slots=True)
class Scene:
    """One playing of one scenario.

    Attributes:
        correcting: from findings to what is written, by the person and whoever approves besides.
        redactor: is told what belongs to the test records.
        seen: one sentence for each step that was done.
        stays: what was added and is still there when everything is put away: nothing is ever deleted.
    """

    acting: Acting
    records: ScenarioRecords
    hands: Hands
    correcting: Correcting
    progress: Progress
    redactor: Redactor
    seen: list[str] = field(default_factory=list)
    _put_away: AsyncExitStack = field(default_factory=AsyncExitStack)
    _done: list[str] = field(default_factory=list)
    _compared: dict[str, None] = field(default_factory=dict)
    _keys: dict[str, set[str]] = field(default_factory=dict)
    _left: list[str] = field(default_factory=list)
    _added: dict[tuple[Side, str, str], None] = field(default_factory=dict)
    stays: list[Stays] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        """The project."""
        return self.acting.workspace

    def words(self, name: str, **details: object) -> str:
        """A sentence in the language of the project."""
        return said(self.workspace.project.file.project.locale, name, **details)

    def record_words(self, side: Side, entity: str, key: str) -> str:
        """A record, as people name it."""
        return self.words("record", side=side.value.upper(), entity=entity, key=key)

    def saw(self, name: str, **details: object) -> None:
        """The step is done; what was seen."""
        self.seen.append(self.words(name, **details))

    def saw_corrected(self, corrected: Corrected) -> None:
        """The step is done: something was written and proved."""
        self.redactor.show(corrected.people)
        people, number = ", ".join(corrected.people), len(corrected.corrections)
        self.saw("corrected", number=number, side=corrected.side.value.upper(), people=people)

    def unexpected(self, name: str, **details: object) -> UnexpectedError:
        """Something else was seen than was expected, to be raised."""
        return UnexpectedError(self.words(name, **details))

    def not_played(self, name: str, **details: object) -> NotPlayedError:
        """Why it is not played, to be raised."""
        return NotPlayedError(self.words(name, **details))

    def need(self, *entities: str) -> None:
        """Refuse to play where entities are not compared by the key that makes test records recognisable.

        Raises:
            NotPlayedError: one is not.
        """
        for entity in entities:
            plan = self.acting.plans.get(entity)
            if plan is None or tuple(plan.rule.key) != KEYS[entity]:
                raise self.not_played("not_in_scope", entity=entity, key=KEYS[entity][0])

    def about(self, entity: str, values: Values) -> str:
        """A test record that the scenario is about; its key."""
        key = str(values[KEYS[entity][0]])
        texts = {name: text_of(value) or "" for name, value in values.items()}
        self.redactor.show([*texts.values()], [key, *(texts[name] for name in ("legal_name", "name") if name in texts)])
        self._keys.setdefault(entity, set()).add(key)
        return key

    async def free_key(self, entity: str, numbers: range, key_of: Callable[[int], str]) -> int:
        """A number whose key neither system has.

        Raises:
            UnexpectedError: none of many is free, which nothing explains.
        """
        for _ in range(_FREE_KEYS_TRIED):
            number = random.choice(numbers)  # noqa: S311  # any number will do
            taken = [await self.records.found(side, entity, key_of(number)) for side in Side]
            if not any(taken):
                return number
        raise self.unexpected("number_in_system", side="CRM/ERP", number=_FREE_KEYS_TRIED, key=key_of(numbers[0]))

    async def have(
        self, side: Side, entity: str, values: Values, lines: Sequence[Values] = (), *, identity: str | None = None
    ) -> str:
        """Have a test record, what the system does not take filled in by hand; its id. It is put away at the end.

        Raises:
            NotPlayedError: it takes a person, and nobody is there.
            UnexpectedError: it lacks something afterwards.
        """
        key = self.about(entity, values)
        first = await self.records.have(side, entity, values, lines, identity=identity)
        had = self._had(side, entity, values, first)
        if had.lacking:
            work = "do_register" if had.identity is None else "do_fill_in"
            await self._by_hand(side, entity, key, had.lacking, work)
            again = await self.records.have(side, entity, values, lines, identity=identity)
            if had.identity is None:
                # A person registered it.
                self.adds(side, entity, key)
                again = self._had(side, entity, values, again)
            had = again
        if had.lacking or had.identity is None:
            locale = self.workspace.project.file.project.locale
            lacking = ", ".join(field_name(locale, each) for each in had.lacking) or entity
            raise self.unexpected("lacks", key=key, side=side.value.upper(), what=lacking)
        return had.identity

    def _had(self, side: Side, entity: str, values: Values, had: Had) -> Had:
        """Before anything else can go wrong: what is there is put away at the end."""
        identity = had.identity
        if had.added:
            self.adds(side, entity, str(values[KEYS[entity][0]]))
        if identity is not None:
            self.redactor.show([identity])
            self.put_away(lambda: self._retire(side, entity, values, identity))
        return had

    async def _by_hand(self, side: Side, entity: str, key: str, values: Values, work: str) -> None:
        locale = self.workspace.project.file.project.locale
        what = ", ".join(f"{field_name(locale, name)} = {text_of(value)}" for name, value in values.items())
        instruction = self.words(work, side=side.value.upper(), entity=entity, key=key, what=what)
        await self.ask(HandTask(side, Handwork.FILL_IN, entity, key, instruction, values))

    async def have_in_both(self, entity: str, values: Values) -> dict[Side, str]:
        """Have the same test record in both systems; its ids. Raises as `have`."""
        return {side: await self.have(side, entity, values) for side in Side}

    async def ask(self, task: HandTask) -> str:
        """Have something done by hand; what was answered.

        Raises:
            NotPlayedError: nobody is there.
        """
        answer = await self.hands.do(task)
        if answer is None:
            raise self.not_played("needs_person", instruction=task.instruction)
        return answer.strip()

    async def record(self, side: Side, entity: str, key: str) -> CurrentRecord:
        """The only record with that key, as it is now.

        Raises:
            UnexpectedError: there is none, or several.
        """
        found = await self.records.found(side, entity, key)
        if len(found) != 1:
            raise self.unexpected("number_in_system", side=side.value.upper(), number=len(found), key=key)
        return found[0]

    async def compare(self, entity: str) -> None:
        """Run the comparison of one entity.

        Raises:
            UnexpectedError: it was not compared.
        """
        options = RunOptions(entities=(entity,), taxes=False)
        finished = await run_once(self.workspace, options, self.progress, notify=False, clock=self.acting.clock)
        if finished.outcome.status is not RunStatus.COMPLETE:
            why = finished.outcome.warnings
            raise UnexpectedError(self.words("not_compared", entity=entity, why=why), _NOT_READ)
        self._compared[entity] = None

    async def findings(self, entity: str, *keys: str, status: FindingStatus = FindingStatus.OPEN) -> list[Finding]:
        """The open findings of test records, or others, their lines included."""
        wanted = [each for key in keys for each in (key, f"{key}|*")]
        chosen = FindingFilter(entity=(entity, f"{entity}.lines"), key=wanted, status=status)
        async with aclosing(self.workspace.state.findings.iterate(chosen)) as source:
            return [each async for each in source]

    async def expect(self, entity: str, key: str, kinds: Collection[str]) -> list[Finding]:
        """Compare, and the findings of a test record, which are of these kinds and no others.

        Args:
            kinds: `differs` with its field, as `differs price`; every other kind by its name.

        Raises:
            UnexpectedError: others were found, or not all of these.
        """
        await self._withdraw(entity, key)
        await self.compare(entity)
        found = await self.findings(entity, key)
        told = sorted(map(kind_of, found))
        if told != sorted(kinds):
            wanted = self._kinds(sorted(kinds))
            raise self.unexpected("other_findings", key=key, wanted=wanted, found=self._kinds(told))
        if found:
            self.saw("found", count=len(found), key=key, kinds=self._kinds(told))
        else:
            self.saw("found_nothing", key=key)
        return found

    def _kinds(self, kinds: Sequence[str]) -> str:
        locale = self.workspace.project.file.project.locale
        return ", ".join(kind_name(locale, each) for each in kinds) or self.words("no_kind")

    async def _withdraw(self, entity: str, key: str) -> None:
        """What an earlier playing left was accepted; the same difference is news again now."""
        accepted = await self.findings(entity, key, status=FindingStatus.ACCEPTED)
        if accepted:
            await withdraw_acceptances(self.acting, [each.id for each in accepted])

    def put_away(self, work: Callable[[], Awaitable[str]]) -> None:
        """Have something done at the end, whatever happens in between; the last one first. It gives what was done."""

        async def and_tell() -> None:
            self._done.append(await work())

        self._put_away.push_async_callback(and_tell)

    def put_away_what_is_written(self, side: Side, entity: str, key: str) -> None:
        """Retire at the end what a correction adds, also one that is not proved and so cannot be undone."""

        async def retire() -> str:
            for record in await self.records.found(side, entity, key):
                await self.records.retire(side, entity, record.id)
            return ""

        self.put_away(retire)
        self.adds(side, entity, key)

    def adds(self, side: Side, entity: str, key: str) -> None:
        """A record is added, or about to be: where it is there at the end, that is told."""
        self._added[side, entity, key] = None

    async def _look_for_what_stays(self) -> None:
        for side, entity, key in self._added:
            for record in await self.records.found(side, entity, key):
                self.redactor.show([record.id])
                self.stays.append(Stays(side, entity, key, record.id))

    @property
    def told_of_what_stays(self) -> str:
        """A sentence with a space before it, or ""."""
        told = [f"{self.record_words(each.side, each.entity, each.key)} (id {each.id})" for each in self.stays]
        return self.words("stays", what=", ".join(told)) if told else ""

    async def tidy_up(self) -> str:
        """Put away what was made; what was done. All of it is tried, whatever goes wrong with a part of it.

        Raises:
            UnexpectedError, ReconcilerError: something was not put away.
        """
        try:
            await self._put_away.aclose()
        finally:
            await self.correcting.drop()
            for entity in self._compared:
                await self.compare(entity)
            accepted = await self._accept_the_rest()
            await self._look_for_what_stays()
        done = ", ".join(filter(None, self._done))
        told = self.words("put_away", what=done) if done else self.words("nothing_made")
        told += self.words("left_behind", what=", ".join(self._left)) if self._left else ""
        told += self.told_of_what_stays
        return told + (self.words("accepted", number=accepted) if accepted else "")

    async def _accept_the_rest(self) -> int:
        """What is left of test records is no news to anybody."""
        rest = [each.id for entity, keys in self._keys.items() for each in await self.findings(entity, *sorted(keys))]
        if not rest:
            return 0
        return await accept_findings(
            self.acting, FindingFilter(ids=rest), reason=self.words("test_records"), until=None
        )

    async def _retire(self, side: Side, entity: str, values: Values, identity: str) -> str:
        """Out of use, and with the values it began with: so both systems agree about it."""
        key = str(values[KEYS[entity][0]])
        if self.records.can_retire(side, entity):
            await self.records.retire(side, entity, identity, values)
            return self.record_words(side, entity, key)
        instruction = self.words("do_retire", side=side.value.upper(), entity=entity, key=key)
        if await self.hands.do(HandTask(side, Handwork.RETIRE, entity, key, instruction)) is None:
            self._left.append(self.record_words(side, entity, key))
            return ""
        return self.record_words(side, entity, key)


def kind_of(finding: Finding) -> str:
    """The kind of a finding, with the field where it is about one."""
    return f"{finding.kind.value} {finding.field}" if finding.kind.value == "differs" else finding.kind.value
