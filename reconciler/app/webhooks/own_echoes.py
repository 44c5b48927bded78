"""Our own corrections coming back as deliveries: a difference that we made ourselves is no finding."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reconciler.app.scope_plan import EntityPlan
from reconciler.corrections.echoes import OwnWrite, is_echo, own_writes
from reconciler.corrections.problems import LINES
from reconciler.model.entities import Side
from reconciler.model.findings import FindingKind, FindingRow, FindingStatus
from reconciler.model.staging import KEY_SEPARATOR, shown_key
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State

_BETWEEN_PARTS: Final = shown_key(KEY_SEPARATOR)


@dataclass(frozen=True, slots=True)
class OwnEchoes:
    """Tells what of a check is the echo of what was written a moment ago."""

    state: State
    plan: EntityPlan

    async def without(self, rows: Sequence[FindingRow], hinted: Mapping[Side, Collection[str]]) -> list[FindingRow]:
        """The rows that are no echoes, and those of findings that are open anyway: an echo closes nothing either.

        Args:
            hinted: ids of the records that deliveries named, by the side they came from. News of the side that we did
                not write are somebody's.

        Raises:
            StateError: the state cannot be read.
        """
        candidates = [row for row in rows if row.kind == FindingKind.DIFFERS and row.field is not None]
        if not candidates:
            return list(rows)
        by_key: dict[str, list[OwnWrite]] = {}
        for key in {self._key_of_record(row) for row in candidates}:
            by_key[key] = await own_writes(self.state.corrections, self.state.journal, self.plan.entity.name, key)
        echoes = {row.id for row in candidates if self._is_echo(row, by_key[self._key_of_record(row)], hinted)}
        echoes -= await self._open(echoes)
        return [row for row in rows if row.id not in echoes]

    def _is_echo(self, row: FindingRow, own: Sequence[OwnWrite], hinted: Mapping[Side, Collection[str]]) -> bool:
        now, place = datetime.now(UTC), self._place(row)
        shown: Mapping[Side, str | None] = {Side.CRM: row.crm_value, Side.ERP: row.erp_value}
        for each in own:
            values = {place: shown[each.side]}
            if _is_news_of(each, row, hinted) and is_echo(
                own, each.side, each.entity, each.record_id or "", values, now, key=each.key
            ):
                return True
        return False

    def _key_of_record(self, row: FindingRow) -> str:
        """A line's key begins with its document's."""
        if not row.entity.endswith(LINES):
            return row.key
        return _BETWEEN_PARTS.join(row.key.split(_BETWEEN_PARTS)[: len(self.plan.rule.key)])

    def _place(self, row: FindingRow) -> str:
        if not row.entity.endswith(LINES):
            return str(row.field)
        own = row.key.split(_BETWEEN_PARTS)[len(self.plan.rule.key) :]
        return f"lines[{KEY_SEPARATOR.join(own)}].{row.field}"

    async def _open(self, ids: set[str]) -> set[str]:
        if not ids:
            return set()
        chosen = FindingFilter(ids=ids, status=FindingStatus.OPEN)
        async with aclosing(self.state.findings.iterate(chosen)) as source:
            return {finding.id async for finding in source}


def _is_news_of(own: OwnWrite, row: FindingRow, hinted: Mapping[Side, Collection[str]]) -> bool:
    """Whether the record that we wrote was named, and the other side's was not."""
    if own.record_id is not None and own.record_id not in hinted[own.side]:
        return False
    if row.entity.endswith(LINES):
        # A line does not say which record it is of: any news of the other side may be of this one.
        return not hinted[own.side.other]
    return (row.erp_id if own.side is Side.CRM else row.crm_id) not in hinted[own.side.other]
