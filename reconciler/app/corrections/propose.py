"""Findings become proposals. What somebody proposed for the same records before stays part of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.people import REVIEWING
from reconciler.app.corrections.snapshot_records import load_records, wanted_by
from reconciler.app.corrections.targets import described_targets
from reconciler.corrections.basis import Basis
from reconciler.corrections.content import content_digest
from reconciler.corrections.ports import WriteRules
from reconciler.corrections.problems import LINES, problems_of
from reconciler.corrections.propose import propose
from reconciler.corrections.reasons import LeftOut
from reconciler.corrections.tax_changes import is_rested_on, is_still_said
from reconciler.corrections.values import was_cut
from reconciler.errors import RefusedError
from reconciler.model.correction_records import AddedProposals, CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, Finding, FindingKind, FindingStatus
from reconciler.phrases.phrase import phrase
from reconciler.store.state.records import FindingFilter

_Place = tuple[str, Side, str | None]
_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ProposeOptions:
    """What a person decides besides which findings.

    Attributes:
        right_side: whose value counts where a field has no owner; None leaves such findings out.
        corrected_side: only corrections of this system; None takes both.
        even_if_similar: the person looked, and records that resemble one of the other side are others.
        everything: that they know it is about all open findings.
    """

    right_side: Side | None = None
    corrected_side: Side | None = None
    even_if_similar: bool = False
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of findings.

    Attributes:
        corrections: the proposals that stand now, new ones and those that offered the same before.
        kept: what became of each in the store.
        left_out: findings without a correction, each with its reason.
        other_side: how many proposals were dropped because they are of the side that was not asked for.
    """

    corrections: tuple[Correction, ...]
    kept: AddedProposals
    left_out: tuple[tuple[Finding, LeftOut], ...]
    other_side: int = 0


async def propose_corrections(acting: Acting, chosen: FindingFilter, options: ProposeOptions) -> Proposed:
    """Propose corrections for findings. Neither system is reached.

    Raises:
        RefusedError: the person may not, or nothing says which findings.
        StateError: the state or a snapshot cannot be used.
    """
    acting.require(REVIEWING, "propose corrections")
    chosen_at_all = options.everything or options.corrected_side is not None or replace(chosen, status=None).restricts
    if not chosen_at_all:
        raise RefusedError(
            phrase("nothing says which findings are meant."),
            hint=phrase("Name them by id, choose by --entity, --field, --cause, --key or --side, or say --all."),
        )
    findings = await _findings(acting, chosen)
    targets = described_targets(acting)
    basis = await _basis(acting, findings, targets, options)
    proposals = await asyncio.to_thread(propose, findings, basis, person=acting.person.name, now=acting.clock())
    wanted = [each for each in proposals.corrections if options.corrected_side in (None, each.side)]
    offered = await _with_earlier(acting, wanted, targets)
    kept = await acting.workspace.state.corrections.add(offered, person=acting.person.name)
    by_id = {finding.id: finding for finding in findings}
    return Proposed(
        await _standing(acting, (*kept.added, *kept.unchanged)),
        kept,
        tuple((by_id[each.finding], each) for each in proposals.left_out),
        len(proposals.corrections) - len(wanted),
    )


async def _findings(acting: Acting, chosen: FindingFilter) -> list[Finding]:
    async with aclosing(acting.workspace.state.findings.iterate(chosen)) as source:
        return [finding async for finding in source]


async def _basis(
    acting: Acting, findings: Sequence[Finding], targets: Mapping[Side, WriteRules], options: ProposeOptions
) -> Basis:
    ambiguous = await _findings(acting, FindingFilter(kind=FindingKind.AMBIGUOUS, status=FindingStatus.OPEN))
    return Basis(
        rules=acting.rules,
        records=await load_records(acting.workspace, acting.plans, wanted_by(findings)),
        targets=targets,
        only_here=acting.only_here,
        correct_side=None if options.right_side is None else options.right_side.other,
        even_if_similar=options.even_if_similar,
        doubtful=frozenset((finding.entity, finding.key) for finding in ambiguous),
    )


async def _with_earlier(
    acting: Acting, proposals: Sequence[Correction], targets: Mapping[Side, WriteRules]
) -> list[Correction]:
    """The proposals together with what stands proposed for the same records and is still found.

    A record has one proposal: without this, proposing one cause after another would leave only the last one.
    """
    updates = {_place(each): each for each in proposals if each.action is CorrectionAction.UPDATE}
    earlier: dict[_Place, Correction] = {}
    chosen = CorrectionFilter(
        entity={each.entity for each in updates.values()},
        states=CorrectionState.PROPOSED,
        action=CorrectionAction.UPDATE,
    )
    async with aclosing(acting.workspace.state.corrections.iterate(chosen)) as source:
        async for each in source:
            if _place(each) in updates and each.undoes is None and _adds(each, updates[_place(each)]):
                earlier[_place(each)] = each
    found = await _still_found(acting, earlier.values())
    return [
        _merged(each, earlier[_place(each)], found, acting.rules, targets[each.side])
        if each.action is CorrectionAction.UPDATE and _place(each) in earlier
        else each
        for each in proposals
    ]


def _place(correction: Correction) -> _Place:
    return correction.entity, correction.side, correction.record_id


def _changes(correction: Correction) -> dict[tuple[str | None, str], FieldChange]:
    return {(change.line, change.field): change for change in correction.changes}


def _adds(earlier: Correction, proposal: Correction) -> bool:
    """Whether the earlier one changes something that the new one does not. Otherwise the store compares the two."""
    return not _changes(earlier).keys() <= _changes(proposal).keys()


async def _still_found(acting: Acting, corrections: Iterable[Correction]) -> dict[str, Finding]:
    ids = sorted({change.finding for each in corrections for change in each.changes if change.finding is not None})
    found: dict[str, Finding] = {}
    for start in range(0, len(ids), _READ_AT_ONCE):
        chosen = FindingFilter(ids=ids[start : start + _READ_AT_ONCE], status=FindingStatus.OPEN)
        found |= {finding.id: finding for finding in await _findings(acting, chosen)}
    return found


def _merged(
    proposal: Correction,
    earlier: Correction,
    found: Mapping[str, Finding],
    rules: Mapping[str, EntityRule],
    target: WriteRules,
) -> Correction:
    new, before = _changes(proposal), _changes(earlier)
    kept = {
        place: change
        for place, change in before.items()
        if place not in new and _is_still_so(change, found.get(change.finding or ""), proposal.side)
    }
    kept |= {
        place: change
        for place, change in before.items()
        if place not in new and is_rested_on(change) and (place[0] is None or any(line == place[0] for line, _ in kept))
    }
    # An edit is somebody's decision about the very value that is still there.
    edited = {
        place: change
        for place, change in before.items()
        if place in new and change.edited_by is not None and change.old == new[place].old
    }
    changes = _in_order({**new, **kept, **edited}.values(), proposal.entity, rules)
    return replace(
        proposal,
        changes=changes,
        digest=content_digest(
            proposal.entity, proposal.key, proposal.side, proposal.action, proposal.record_id, changes
        ),
        problems=problems_of(proposal.entity, proposal.action, changes, rules, target),
    )


def _is_still_so(change: FieldChange, finding: Finding | None, side: Side) -> bool:
    if finding is None:
        return False
    if finding.kind is FindingKind.TAX_DRIFT:
        return is_still_said(finding, change)
    shown = (finding.crm if side is Side.CRM else finding.erp).value
    return shown == change.old or (was_cut(shown) and (change.old or "").startswith((shown or "")[:-1]))


def _in_order(changes: Iterable[FieldChange], entity: str, rules: Mapping[str, EntityRule]) -> tuple[FieldChange, ...]:
    places = {
        (name, rule.name): number
        for name in (entity, f"{entity}{LINES}")
        if name in rules
        for number, rule in enumerate(rules[name].fields)
    }

    def place(change: FieldChange) -> tuple[bool, str, int]:
        owner = entity if change.line is None else f"{entity}{LINES}"
        return change.line is not None, change.line or "", places.get((owner, change.field), len(places))

    return tuple(sorted(changes, key=place))


async def _standing(acting: Acting, ids: Sequence[str]) -> tuple[Correction, ...]:
    return tuple(await acting.workspace.state.corrections.listed(CorrectionFilter(ids=ids)))
