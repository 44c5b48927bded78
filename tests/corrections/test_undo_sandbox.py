"""Undoing gives back what was there: corrections of every kind, written to both stand-in systems and taken back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.connectors.write.record_writer import RecordWriter
from reconciler.corrections.apply import Applier, Applying
from reconciler.corrections.progress import ApplySummary
from reconciler.corrections.undo import UndoNeeds, undo_of
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState
from reconciler.model.entities import ENTITIES, Entity, Side
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.store.state.state import State
from tests.corrections.apply_process import STATE, allowed
from tests.corrections.proof import keep_as_planned
from tests.corrections.sandbox_pair import STARTED, Pair, corrections_for, running_pair, writers

S = CorrectionState
_STAMPS = {"versao", "data_alteracao", "hora_alteracao", "LastUpdateDate"}


def _rule(entity: Entity) -> EntityRule:
    return EntityRule(entity.name, tuple(FieldRule(each.name, each.type) for each in entity.fields), entity.key)


RULES = {each.name: _rule(each) for each in ENTITIES.values()}


async def _apply(
    state: State, writes: Mapping[Side, RecordWriter], corrections: list[Correction], plan: str
) -> ApplySummary:
    await keep_as_planned(state, corrections, plan)
    needs = Applying(state.corrections, state.journal, writes, allowed, person="olga", plan=plan, owner="olga")
    return await Applier(needs).apply(corrections)


def _content(pair: Pair) -> dict[str, dict[str, Any]]:
    """Every record without its stamps."""
    return {
        f"{name} {record[member]}": {key: value for key, value in record.items() if key not in _STAMPS}
        for side, name, member in (
            (Side.CRM, "Contacts", "Id"),
            (Side.ERP, "clientes", "codigo"),
            (Side.ERP, "pedidos", "numero"),
        )
        for record in copy.deepcopy(pair.records(side, name))
    }


async def test_what_is_applied_and_undone_leaves_both_systems_as_they_were(tmp_path: Path) -> None:
    async with (
        running_pair(customers=20) as pair,
        State.open(STATE, tmp_path) as state,
        writers(pair.base_urls) as writes,
    ):
        planted = await corrections_for(pair, 20)
        before = _content(pair)
        await _apply(state, writes, [each.correction for each in planted], "1" * 64)
        assert _content(pair) != before
        needs = UndoNeeds(state.corrections, state.journal, writes, RULES)
        written = [each.correction for each in planted if each.ends_as is S.VERIFIED]
        undos = [await undo_of(each.id, needs, person="ana", now=STARTED) for each in written]
        assert {problem for undo in undos for problem in undo.problems} == set()
        summary = await _apply(state, writes, undos, "2" * 64)
        assert summary.counts == {S.VERIFIED: len(written)}
        after = _content(pair)
        assert {name: record for name, record in after.items() if name in before} == before
        for correction in written:
            assert (await state.corrections.get(correction.id)).state is S.UNDONE
        created = [each for each in written if each.action is CorrectionAction.CREATE]
        assert len(after) == len(before) + len(created)
        for correction in created:
            kept = await state.corrections.get(correction.id)
            record = await writes[kept.side].read(kept.entity, f"{kept.record_id}")
            assert record is not None
            out_of_use = {"orders": ("status", "CANCELLED"), "customers": ("active", False)}[kept.entity]
            assert record.values[out_of_use[0]] == out_of_use[1]
        assert (await state.audit.verify()).is_whole
