"""Records that stop being part of their entity: a quote that became an order is no quote any more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from reconciler.app.pulling.pull import pull_entity
from reconciler.app.pulling.pulled import Base, PullOptions
from reconciler.app.scope_plan import plan_entities
from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.project import load_project
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot
from tests.connectors.unknown_system import DESCRIPTION, UnknownSystem, connected

_ONLY_TWO_STATES = DESCRIPTION.replace('id = "ref"', 'id = "ref"\nonly = { state = ["on", "off"] }')
_PROJECT = """
[project]
name = "leaving"
stage = "sandbox"
[crm]
vendor = "./acme.toml"
base_url = "http://127.0.0.1:9"
credentials = { key = "made-up-key" }
[erp]
vendor = "./acme.toml"
base_url = "http://127.0.0.1:9"
credentials = { key = "made-up-key" }
[scope.customers]
key = ["legal_name"]
"""


async def _pulled(connector: Connector, folder: Path, base: Base | None) -> tuple[Base, set[str]]:
    """One pull; what the next one builds on, and the ids in the snapshot."""
    (folder / "reconciler.toml").write_text(_PROJECT)
    project = load_project(folder / "reconciler.toml")
    descriptions = dict.fromkeys(Side, load_description("./acme.toml", folder))
    (plan,) = plan_entities(project, descriptions, [])
    mapping = plan.mappings[Side.CRM]
    content = ContentFolder(folder / "snapshots")
    content.prepare()
    options = PullOptions(full=False, sweep_every=timedelta(days=1))
    pulled = await pull_entity(connector, Side.CRM, mapping, content, base, options, lambda done, total: None)
    assert pulled.incremental is (base is not None)
    ids = _ids(content, pulled.snapshot)
    return Base(pulled.snapshot, mapping.digest, pulled.watermark, pulled.swept_at), ids


def _ids(content: ContentFolder, snapshot: Snapshot) -> set[str]:
    return {each for path in snapshot.record_paths(content) for each in pl.read_parquet(path)[staging.ID]}


async def test_a_changed_record_that_is_not_of_the_entity_any_more_leaves_an_incremental_pull(tmp_path: Path) -> None:
    system = UnknownSystem(4)
    system.records[1]["state"] = "off"
    system.records[2]["state"] = "gone"
    async with connected(system, tmp_path, _ONLY_TWO_STATES) as connector:
        base, first = await _pulled(connector, tmp_path, None)
        system.records[0] |= {"state": "gone", "stamp": "20260102000000"}
        system.records[2] |= {"state": "off", "stamp": "20260102000000"}
        _, second = await _pulled(connector, tmp_path, base)
    assert first == {"R001", "R002", "R004"}
    assert second == {"R002", "R003", "R004"}
