"""What a run does with its findings where the project says so: proposes corrections, and approves the safest ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reconciler.app.correct import (
    Acting,
    Choice,
    ProposeOptions,
    approve_corrections,
    propose_corrections,
    write_refusals,
)
from reconciler.app.wire import Workspace
from reconciler.corrections.automatic import AutomaticRule, automatic_approvals
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState, Person
from reconciler.model.entities import Side
from reconciler.model.findings import Cause, Finding, FindingStatus
from reconciler.project import Project
from reconciler.project_people import OURSELVES
from reconciler.store.state.records import FindingFilter

_NIGHT: Final = timedelta(hours=12)
"""Runs that are closer together share what may be approved in one night."""
_Rejected = tuple[str | None, Side, str | None, str | None]
"""Finding, corrected side, old and new value."""
_REVIEWER: Final = Person(OURSELVES, frozenset({"reviewer"}))


@dataclass(frozen=True, slots=True)
class NightlyCorrections:
    """What came of it.

    Attributes:
        proposed: proposals that were added now.
        approved: approved without a person; they wait to be planned.
        waiting: proposals that wait for people, from earlier nights too.
    """

    proposed: int
    approved: int
    waiting: int


async def correct_nightly(workspace: Workspace, clock: Callable[[], datetime]) -> NightlyCorrections | None:
    """Propose corrections of all open findings, and approve what `auto_approve` lets be approved; nothing is written.

    What somebody rejected is not proposed again while both sides stay as they were.

    Returns:
        None where `[corrections] propose` does not ask for it.

    Raises:
        ReconcilerError: as `app.correct`.
    """
    if workspace.project.file.corrections.propose != "nightly":
        return None
    acting = Acting.begin(workspace, _REVIEWER, clock)
    proposed = await propose_corrections(acting, await _not_rejected(workspace), ProposeOptions(everything=True))
    approved = await _approve(acting, proposed.corrections)
    waiting = await workspace.state.corrections.count(CorrectionFilter(states=CorrectionState.PROPOSED))
    return NightlyCorrections(len(proposed.kept.added), approved, waiting)


def automatic_rules(project: Project) -> list[AutomaticRule]:
    """What may be approved without a person in the project's stage."""
    file = project.file
    return [
        AutomaticRule(frozenset(map(Cause, each.causes)), each.cap)
        for each in file.corrections.auto_approve
        if file.project.stage in each.stages
    ]


async def _approve(acting: Acting, proposals: tuple[Correction, ...]) -> int:
    rules = automatic_rules(acting.workspace.project)
    if not rules:
        return 0
    closed = await write_refusals(acting, proposals)
    writable = [each for each in proposals if each.id not in closed]
    if not writable:
        return 0
    tonight = await acting.workspace.state.corrections.approved_since(OURSELVES, acting.clock() - _NIGHT)
    choice = automatic_approvals(writable, rules, acting.approval_rules, acting.rules, tonight)
    if not choice.approved:
        return 0
    seen = {each.id: each.digest for each in choice.approved}
    return len((await approve_corrections(acting, Choice(ids=list(seen)), seen=seen)).approved)


async def _not_rejected(workspace: Workspace) -> FindingFilter:
    """The open findings, without those that somebody rejected a correction of with the values they have now.

    What was rejected for a whole record, such as making it, stays rejected whatever the record becomes.
    """
    everything = FindingFilter(status=FindingStatus.OPEN)
    rejected: set[_Rejected] = set()
    state = workspace.state
    async with aclosing(state.corrections.iterate(CorrectionFilter(states=CorrectionState.REJECTED))) as corrections:
        async for each in corrections:
            rejected |= {(change.finding, each.side, change.old, change.new) for change in each.changes}
    if not rejected:
        return everything
    records = {finding for finding, *_ in rejected}
    async with aclosing(state.findings.iterate(everything)) as findings:
        ids = [each.id async for each in findings if not _was_rejected(each, rejected, records)]
    return FindingFilter(status=FindingStatus.OPEN, ids=ids)


def _was_rejected(finding: Finding, rejected: set[_Rejected], records: set[str | None]) -> bool:
    if finding.field is None:
        return finding.id in records
    crm, erp = finding.crm.value, finding.erp.value
    return bool({(finding.id, Side.CRM, crm, erp), (finding.id, Side.ERP, erp, crm)} & rejected)
