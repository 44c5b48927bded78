"""Taking in proposals: what is new, what takes the place of an earlier one, what must wait. All at once, as sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.model.correction_records import LIVE_STATES, AddedProposals
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.store.state import schema
from reconciler.store.state.audit import append_acts
from reconciler.store.state.audit_chain import Act, details_text
from reconciler.store.state.backend import Backend
from reconciler.store.state.correction_rows import WRITTEN_COLUMNS, Target, offer_of, row_number, row_of, target_of
from reconciler.store.state.correction_topics import Causes, TopicNumbers, read_topics
from reconciler.store.state.fingerprint import fingerprint

_ROWS: Final = schema.corrections.c
_FINDINGS: Final = schema.findings.c
_GROUPS: Final = schema.finding_groups.c


@dataclass(frozen=True, slots=True)
class _Standing:
    """The live correction that a record of a side has."""

    id: str
    state: str
    offer: str
    is_undo: bool


@dataclass(slots=True)
class _Sorted:
    """Proposals by what becomes of them."""

    added: list[Correction] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    replaced: dict[str, str] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def add_proposals(
    connection: AsyncConnection, backend: Backend, now: datetime, proposed: Sequence[Correction], person: str
) -> AddedProposals:
    """Store proposals within a transaction that writes, with their acts.

    Raises:
        ValueError: one is not `proposed`, two are about the same record, or an id is not one.
    """
    targets = {target_of(correction): correction for correction in proposed}
    if len(targets) != len(proposed):
        raise ValueError("two proposals are about the same record of the same side")
    if any(correction.state is not CorrectionState.PROPOSED for correction in proposed):
        raise ValueError("only what is proposed can be added")
    done = _sort(targets, await _standing(connection, backend, targets))
    await _remove(connection, backend, done.replaced)
    await _insert(connection, backend, done)
    await append_acts(
        connection, backend, now, _acts(done, person, await _runs_behind(connection, backend, done.added))
    )
    return AddedProposals(
        tuple(correction.id for correction in done.added),
        tuple(done.replaced),
        tuple(done.unchanged),
        tuple(done.refused),
    )


async def _standing(
    connection: AsyncConnection, backend: Backend, targets: Collection[Target]
) -> dict[Target, _Standing]:
    query = select(
        _ROWS.target, _ROWS.entity, _ROWS.side, _ROWS.makes_new, _ROWS.id, _ROWS.state, _ROWS.offer, _ROWS.undoes
    ).where(
        backend.among(_ROWS.target, sorted({target for target, *_ in targets})), _ROWS.state.in_(sorted(LIVE_STATES))
    )
    return {
        (target, entity, side, makes_new): _Standing(fingerprint(identity), state, offer, undoes is not None)
        for target, entity, side, makes_new, identity, state, offer, undoes in await connection.execute(query)
    }


def _sort(targets: dict[Target, Correction], standing: dict[Target, _Standing]) -> _Sorted:
    done = _Sorted()
    for target, correction in targets.items():
        offer, there = offer_of(correction), standing.get(target)
        if there is not None and _stands_firm(there, correction):
            done.refused.append(there.id)
        elif there is not None and there.offer == offer:
            done.unchanged.append(there.id)
        else:
            if there is not None:
                done.replaced[there.id] = correction.id
            done.added.append(correction)
            done.offers.append(offer)
    return done


def _stands_firm(there: _Standing, correction: Correction) -> bool:
    """A person asked for an undo: what is proposed night by night must not make it vanish."""
    return there.state != CorrectionState.PROPOSED or (there.is_undo and correction.undoes is None)


async def _remove(connection: AsyncConnection, backend: Backend, replaced: Collection[str]) -> None:
    if replaced:
        rows = [row_number(each) for each in replaced]
        approvals = delete(schema.approvals).where(backend.among(schema.approvals.c.correction, rows))
        await connection.execute(approvals)
        await connection.execute(delete(schema.corrections).where(backend.among(_ROWS.id, rows)))


async def _insert(connection: AsyncConnection, backend: Backend, done: _Sorted) -> None:
    if not done.added:
        return
    topics = TopicNumbers(await read_topics(connection))
    causes = await causes_of(connection, backend, _mended(done.added))
    numbers = [topics.number(correction.changes, causes) for correction in done.added]
    await topics.store(connection)
    last = (await connection.execute(select(func.coalesce(func.max(_ROWS.number), 0)))).scalar_one()
    rows = (
        row_of(correction, last + place, offer, topic)
        for place, (correction, offer, topic) in enumerate(zip(done.added, done.offers, numbers, strict=True), 1)
    )
    await backend.append(connection, schema.corrections, WRITTEN_COLUMNS, rows)


async def causes_of(connection: AsyncConnection, backend: Backend, findings: Collection[str]) -> Causes:
    """The causes of these findings, as they are now; a finding that is not there has none."""
    query = (
        select(_FINDINGS.id, _GROUPS.cause)
        .join(schema.finding_groups, _GROUPS.id == _FINDINGS.group_id)
        .where(backend.among(_FINDINGS.id, [row_number(each) for each in findings]))
    )
    return {fingerprint(identity): cause for identity, cause in await connection.execute(query)} if findings else {}


async def _runs_behind(
    connection: AsyncConnection, backend: Backend, corrections: Collection[Correction]
) -> dict[str, str]:
    """The run that saw each finding last that these corrections mend, by the finding."""
    findings = _mended(corrections)
    query = (
        select(_FINDINGS.id, schema.runs.c.id)
        .join(schema.runs, schema.runs.c.number == _FINDINGS.last_run)
        .where(backend.among(_FINDINGS.id, [row_number(each) for each in findings]))
    )
    return {fingerprint(identity): run for identity, run in await connection.execute(query)} if findings else {}


def _mended(corrections: Iterable[Correction]) -> set[str]:
    return {each.finding for correction in corrections for each in correction.changes if each.finding is not None}


def _acts(done: _Sorted, person: str, runs: Mapping[str, str]) -> Iterator[Act]:
    for old, new in done.replaced.items():
        yield Act(person, "correction.replaced", old, details_text({"by": new}))
    for correction in done.added:
        content = {
            "entity": correction.entity,
            "key": correction.key,
            "side": correction.side,
            "action": correction.action,
            "record_id": correction.record_id,
            "source_id": correction.source_id,
            "changes": correction.changes,
            "digest": correction.digest,
            "problems": correction.problems,
            "undoes": correction.undoes,
            "proposed_by": correction.proposed_by,
            "runs": sorted({runs[each] for each in _mended([correction]) if each in runs}),
        }
        yield Act(person, "correction.proposed", correction.id, details_text(content))
