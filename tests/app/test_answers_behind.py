"""Whoever remembers answers about taxes hears of what a correction wrote to the ERP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter
from tests.app.corrections_rig import Rig, rig


def _differing(field: str) -> FindingFilter:
    return FindingFilter(entity="customers", field=field, kind="differs", status=FindingStatus.OPEN)


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig(tmp_path, lambda text: text) as running:
        yield running


async def test_what_was_written_to_the_erp_is_told_by_id_and_by_key(at_work: Rig) -> None:
    changes = at_work.workspace.state.changes
    before = await changes.position()

    applied = await at_work.through(_differing("email"))

    told = await changes.since(before)
    assert {each.side for each in applied.corrections} == {Side.ERP}
    named = {("customers", name) for each in applied.corrections for name in (each.record_id, each.key)}
    assert set(told.records) == named
    assert not told.everything


async def test_what_was_written_to_the_crm_is_not(at_work: Rig) -> None:
    changes = at_work.workspace.state.changes
    before = await changes.position()

    applied = await at_work.through(_differing("legal_name"))

    assert {each.side for each in applied.corrections} == {Side.CRM}
    assert await changes.since(before) == await changes.since(await changes.position())
