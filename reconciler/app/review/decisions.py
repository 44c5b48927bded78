"""What is decided about findings on a screen: every decision goes through `app.correct`, and none is blind.

A person decides about what was shown. What changed since, what somebody else edited, and what came along unseen is left
as it is and told; the content hash of the choke point stands behind that, for what changes in the very moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from reconciler.app.correct import (
    Acting,
    Choice,
    LeftAlone,
    ProposeOptions,
    approve_corrections,
    propose_corrections,
    reject_corrections,
)
from reconciler.app.findings import accept_findings
from reconciler.app.review.conflicts import Clash, Conflict, Seen, conflict_of, moved
from reconciler.corrections.approval import Missing
from reconciler.corrections.reasons import LeftOut
from reconciler.errors import RefusedError
from reconciler.model.choice import chosen
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.model.findings import Finding
from reconciler.phrases.phrase import phrase
from reconciler.store.state.finding_lists import finding_id_of
from reconciler.store.state.records import FindingFilter

_READ_AT_ONCE: Final = 1_000
_REJECTABLE: Final = frozenset(
    {CorrectionState.PROPOSED, CorrectionState.APPROVED, CorrectionState.PLANNED, CorrectionState.FAILED}
)


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody decides about.

    Attributes:
        filters: any of them chooses.
        seen: what was on the screen of these findings, by id; of those that a filter chooses it may be a part.
    """

    filters: tuple[FindingFilter, ...]
    seen: Mapping[str, Seen] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str] | None:
        """The findings, where they were chosen one by one."""
        named = [chosen(each.ids) for each in self.filters]
        return None if None in named else frozenset().union(*(each for each in named if each is not None))


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to.

    Attributes:
        done: corrections it was carried out on, as they are after it.
        waiting: approved by this person, and how far each is from being approved.
        left_out: findings without a correction, each with its reason.
        left_alone: corrections it could not be carried out on.
        conflicts: what is not any more what was looked at.
        findings: ids of findings that were accepted, or whose correction was rejected.
    """

    done: tuple[Correction, ...] = ()
    waiting: tuple[tuple[Correction, Missing], ...] = ()
    left_out: tuple[tuple[Finding, LeftOut], ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[str, ...] = ()


async def propose_findings(acting: Acting, target: Target, options: ProposeOptions) -> Decided:
    """Propose corrections for what is meant.

    Raises:
        RefusedError: the person may not, or nothing is meant.
        StateError: the state or a snapshot cannot be used.
    """
    standing: dict[str, Correction] = {}
    left_out: list[tuple[Finding, LeftOut]] = []
    for each in target.filters:
        proposed = await propose_corrections(acting, each, options)
        standing |= {correction.id: correction for correction in proposed.corrections}
        left_out += proposed.left_out
    return Decided(done=tuple(standing.values()), left_out=tuple(left_out))


async def approve_findings(acting: Acting, target: Target, options: ProposeOptions) -> Decided:
    """Propose what is not proposed yet, and approve exactly what was looked at.

    Raises:
        RefusedError: the person may not, nothing is meant, or nothing of it can be approved by them.
        StateError: the state or a snapshot cannot be used.
    """
    shown = {each.correction for each in target.seen.values() if each.correction is not None}
    standing = await _standing(acting, shown)
    fresh = [_without(each, _whole(target.seen, standing)) for each in target.filters]
    proposed = Decided()
    if wanted := tuple(each for each in fresh if each.ids is None or chosen(each.ids)):
        proposed = await propose_findings(acting, replace(target, filters=wanted), options)
    corrections = {**standing, **{each.id: each for each in proposed.done}}
    conflicts = [_gone(target, each) for each in shown - standing.keys() - corrections.keys()]
    meant: list[Correction] = []
    for each in corrections.values():
        conflict = conflict_of(each, target.seen, target.ids, acting.person.name)
        if conflict is None or each.state is not CorrectionState.PROPOSED:
            meant.append(each)
        else:
            conflicts.append(conflict)
    if not meant:
        return replace(proposed, done=(), conflicts=tuple(conflicts))
    approved = await approve_corrections(
        acting, Choice([each.id for each in meant]), seen={each.id: each.digest for each in meant}
    )
    return Decided(approved.approved, approved.waiting, proposed.left_out, approved.left_alone, tuple(conflicts))


async def reject_findings(acting: Acting, target: Target, *, reason: str) -> Decided:
    """Say no to what is proposed for these findings. What was not looked at as it is now is left alone.

    Raises:
        RefusedError: the person may not, or nothing of it could be rejected.
    """
    standing = await _standing(acting, await _proposals(acting, target))
    conflicts = {
        each.id: conflict
        for each in standing.values()
        if (conflict := conflict_of(each, target.seen, None, acting.person.name)) is not None
    }
    meant = [each for each in standing if each not in conflicts]
    if conflicts and not meant:
        return Decided(conflicts=tuple(conflicts.values()))
    if not meant:
        raise RefusedError(
            phrase("nothing is proposed for these findings that could be rejected."),
            hint=phrase("A difference that may stay is accepted instead."),
        )
    rejected = await reject_corrections(acting, Choice(meant), reason=reason)
    mended = dict.fromkeys(change.finding for each in rejected.rejected for change in each.changes if change.finding)
    return Decided(
        rejected.rejected, left_alone=rejected.left_alone, conflicts=tuple(conflicts.values()), findings=tuple(mended)
    )


async def _proposals(acting: Acting, target: Target) -> set[str]:
    """The corrections of these findings that can still be rejected."""
    found: set[str] = set()
    for filter_ in target.filters:
        ids = await _ids(acting, filter_)
        for start in range(0, len(ids), _READ_AT_ONCE):
            some = ids[start : start + _READ_AT_ONCE]
            findings = await acting.workspace.state.findings.page(FindingFilter(ids=some), limit=len(some))
            marks = await acting.workspace.state.lists.corrections_of(findings)
            found |= {mark.id for mark in marks.values() if mark.state in _REJECTABLE}
    return found


async def accept_target(acting: Acting, target: Target, *, reason: str, until: date | None) -> Decided:
    """Accept differences as known. Those whose values are not the ones looked at stay open.

    Raises:
        RefusedError: the person may not, the reason is blank, or the day has passed.
    """
    conflicts: list[Conflict] = []
    accepted: list[str] = []
    for each in target.filters:
        ids = await _ids(acting, each)
        found = await _moved(acting, [one for one in ids if one in target.seen], target.seen)
        conflicts += found.values()
        taken = [one for one in ids if one not in found]
        narrowed = replace(each, ids=taken) if each.ids is not None else _without_ids(each, found)
        if taken:
            await accept_findings(acting, narrowed, reason=reason, until=until)
        accepted += taken
    return Decided(conflicts=tuple(conflicts), findings=tuple(accepted))


async def _ids(acting: Acting, filter_: FindingFilter) -> list[str]:
    found: list[str] = []
    async with aclosing(acting.workspace.state.lists.order(filter_)) as source:
        async for part in source:
            found += map(finding_id_of, part)
    return found


async def _moved(acting: Acting, ids: Sequence[str], seen: Mapping[str, Seen]) -> dict[str, Conflict]:
    conflicts: dict[str, Conflict] = {}
    for start in range(0, len(ids), _READ_AT_ONCE):
        some = ids[start : start + _READ_AT_ONCE]
        for finding in await acting.workspace.state.findings.page(FindingFilter(ids=some), limit=len(some)):
            if (conflict := moved(finding, seen[finding.id])) is not None:
                conflicts[finding.id] = conflict
    return conflicts


async def _standing(acting: Acting, ids: set[str]) -> dict[str, Correction]:
    if not ids:
        return {}
    async with aclosing(acting.workspace.state.corrections.iterate(CorrectionFilter(ids=ids))) as source:
        return {each.id: each async for each in source}


def _whole(seen: Mapping[str, Seen], standing: Mapping[str, Correction]) -> set[str]:
    """Findings whose proposal was shown whole and is still there: proposing them again would only change it."""
    return {finding for finding, each in seen.items() if each.correction in standing}


def _without(filter_: FindingFilter, findings: set[str]) -> FindingFilter:
    named = chosen(filter_.ids)
    return filter_ if named is None else replace(filter_, ids=named - findings)


def _without_ids(filter_: FindingFilter, findings: Mapping[str, Conflict]) -> FindingFilter:
    left_out = (chosen(filter_.without) or frozenset()) | findings.keys()
    return replace(filter_, without=left_out or None)


def _gone(target: Target, correction_id: str) -> Conflict:
    shown = next(each for each in target.seen.values() if each.correction == correction_id)
    return Conflict(Clash.REPLACED, "", correction_id, was=shown.erp if shown.erp is not None else shown.crm)
