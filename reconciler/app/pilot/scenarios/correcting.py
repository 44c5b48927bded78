"""From findings of test records to what is written: proposed, approved by as many as it takes, planned, applied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Final

from reconciler.app.correct import (
    Acting,
    Choice,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    exit_code_of,
    plan_corrections,
    propose_corrections,
    read_plan_file,
    reject_corrections,
    undo_corrections,
)
from reconciler.app.pilot.scenarios.endings import NotPlayedError, UnexpectedError
from reconciler.corrections.reasons import sentence
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState, Person
from reconciler.model.entities import Side
from reconciler.model.findings import Finding
from reconciler.phrases.languages import in_language
from reconciler.phrases.phrase import joined
from reconciler.pilot.scenario_sentences import said
from reconciler.store.state.records import FindingFilter

_S = CorrectionState
_NOT_WRITTEN: Final = frozenset({_S.PROPOSED, _S.APPROVED, _S.PLANNED, _S.FAILED})
_PLANS: Final = "plans"
_LOOK_EVERY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who approves besides the person who plays.

    Attributes:
        people: who say they are there; only where the stage lets anybody say so.
        patience_s: how long others are waited for who approve from elsewhere.
        tell: told what is waited for.
    """

    people: Sequence[Person] = ()
    patience_s: float = 0.0
    tell: Callable[[str], None] = lambda sentence: None
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrections that were written and proved.

    Attributes:
        people: who approved them.
    """

    corrections: tuple[Correction, ...]
    people: tuple[str, ...]

    @property
    def side(self) -> Side:
        """The system that was corrected."""
        return self.corrections[0].side


class Correcting:
    """Takes findings of test records through the product, as the acting person may."""

    def __init__(self, acting: Acting, eyes: Eyes) -> None:
        self._acting = acting
        self._eyes = eyes
        self._locale = acting.workspace.project.file.project.locale
        self._begun: list[str] = []

    async def correct(self, findings: Sequence[Finding]) -> Corrected:
        """Propose, have approved, plan and apply what mends these findings.

        Raises:
            UnexpectedError: something is not offered, not planned, or not proved.
            NotPlayedError: it takes the approval of people who are not there.
            RefusedError: the person may not.
        """
        chosen = FindingFilter(ids=[each.id for each in findings])
        options = ProposeOptions(right_side=Side.ERP, even_if_similar=True)
        proposed = await propose_corrections(self._acting, chosen, options)
        if proposed.left_out or not proposed.corrections:
            left_out = [sentence(left, self._locale) for _, left in proposed.left_out]
            raise self._unexpected("not_offered", key=findings[0].key, why=left_out)
        problems = [problem for each in proposed.corrections for problem in each.problems]
        self._begun += [each.id for each in proposed.corrections]
        if problems:
            raise self._unexpected("not_offered", key=findings[0].key, why=joined("; ", problems))
        return await self._through(proposed.corrections)

    async def why_not(self, findings: Sequence[Finding]) -> str | None:
        """Why no correction of these findings can be written, in sentences; None when one is offered."""
        chosen = FindingFilter(ids=[each.id for each in findings])
        proposed = await propose_corrections(self._acting, chosen, ProposeOptions(right_side=Side.ERP))
        self._begun += [each.id for each in proposed.corrections]
        problems = [problem for each in proposed.corrections for problem in each.problems]
        if proposed.corrections and not problems:
            return None
        told = [in_language(each, self._locale) for each in problems]
        return " ".join([*(sentence(left, self._locale) for _, left in proposed.left_out), *told])

    async def undo(self, corrected: Corrected) -> str:
        """Take back what was written; what was undone. Raises as `correct`."""
        choice = Choice([each.id for each in corrected.corrections])
        undone = await self._through((await undo_corrections(self._acting, choice)).proposals)
        return ", ".join(
            said(self._locale, "record", side=each.side.value.upper(), entity=each.entity, key=each.key)
            for each in undone.corrections
        )

    async def drop(self) -> None:
        """Reject what was begun here and never written."""
        chosen = CorrectionFilter(ids=self._begun, states=_NOT_WRITTEN)
        left = await self._acting.workspace.state.corrections.listed(chosen) if self._begun else []
        if left:
            reason = said(self._locale, "test_records")
            await reject_corrections(self._acting, Choice([each.id for each in left]), reason=reason)

    async def _through(self, corrections: Sequence[Correction]) -> Corrected:
        ids = [each.id for each in corrections]
        self._begun += ids
        people = await self._approved(ids)
        out = self._acting.workspace.project.data / _PLANS / f"scenario-{token_hex(8)}.json"
        planned = await plan_corrections(self._acting, Choice(ids), out=out)
        if planned.sealed is None or planned.left_out:
            raise self._unexpected("not_planned", why=joined("; ", [each.why for each in planned.left_out]))
        applied = await apply_plan(self._acting, await asyncio.to_thread(_plan_of, out))
        for each in applied.corrections:
            if each.state is not _S.VERIFIED:
                why = each.words or applied.held_back.get(each.id, "")
                code = exit_code_of([each])
                raise UnexpectedError(said(self._locale, "not_written", state=each.state.value, why=why), code)
        return Corrected(applied.corrections, people)

    async def _approved(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Have them approved by the person, by those who are there, and by those who are waited for."""
        for person in (self._acting.person, *self._eyes.people):
            waiting = await self._waiting(ids)
            if waiting:
                await self._approve(replace(self._acting, person=person), waiting)
        await self._others(ids)
        given = await self._acting.workspace.state.corrections.approvals(list(ids))
        return tuple(dict.fromkeys(approval.person for each in given.values() for approval in each))

    async def _approve(self, acting: Acting, waiting: Sequence[Correction]) -> None:
        """A person whose approval would not count is passed over: another one may be there."""
        try:
            await approve_corrections(acting, Choice([each.id for each in waiting]))
        except RefusedError as error:
            self._eyes.tell(in_language(error.message, self._locale))

    async def _others(self, ids: Sequence[str]) -> None:
        patience_s = self._eyes.patience_s
        told = False
        while waiting := await self._waiting(ids):
            missing = await self._acting.missing(waiting)
            first = waiting[0]
            words = said(self._locale, "needs_eyes", id=first.id, number=missing[first.id].number)
            if patience_s <= 0:
                raise NotPlayedError(words)
            if not told:
                self._eyes.tell(words)
                told = True
            await self._eyes.wait(_LOOK_EVERY_S)
            patience_s -= _LOOK_EVERY_S

    async def _waiting(self, ids: Sequence[str]) -> list[Correction]:
        chosen = CorrectionFilter(ids=list(ids), states=_S.PROPOSED)
        return await self._acting.workspace.state.corrections.listed(chosen)

    def _unexpected(self, name: str, **details: object) -> UnexpectedError:
        return UnexpectedError(said(self._locale, name, **details))


def _plan_of(path: Path) -> str | bytes:
    """The sealed plan. Its file has served: the plan is kept in the state."""
    try:
        return read_plan_file(path)
    finally:
        path.unlink(missing_ok=True)
