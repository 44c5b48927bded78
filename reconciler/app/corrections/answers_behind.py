"""What was written to the ERP may have changed its taxes: kept answers that depend on it are forgotten."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.app.tax_records import BEHIND_TAXES, StagedNames
from reconciler.app.wire import Workspace
from reconciler.model.corrections import Correction
from reconciler.model.entities import Side


async def tell_answers_behind(workspace: Workspace, touched: Iterable[Correction]) -> None:
    """Tell every process that remembers answers which records of the ERP these corrections touched.

    A new record is none of them: no answer depends on what was not there.

    Raises:
        StateError: the state cannot be written.
    """
    ids: dict[str, set[str]] = {}
    for each in touched:
        if each.side is Side.ERP and each.entity in BEHIND_TAXES and each.record_id is not None:
            ids.setdefault(each.entity, set()).add(each.record_id)
    if ids:
        await workspace.state.changes.tell(await StagedNames(workspace).of(ids))
