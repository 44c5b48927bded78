"""Probing both systems without writing: can they be read, what do their records give, what limits the integration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl

from reconciler.app.concurrently import all_of
from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.vendors import limits_of
from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description, EntitySource
from reconciler.errors import SystemReadError
from reconciler.mapping.page import map_page
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.ports.http.page_facts import RecordPage

_RECENTLY = timedelta(days=1)


@dataclass(slots=True)
class EntityCheck:
    """What one page of an entity told.

    Attributes:
        read: records in the first page; `total` the number the system tells, if it does.
        rejected: of these, records that cannot be used; `unreadable` fields that could not be read, with how often.
        empty: fields that were empty in every record of the page: perhaps a wrong path.
        abilities: what was tried and answered: "changed since", "ids only", "one record", "by key".
        failure: why the entity could not be read, or None.
    """

    verified: str
    paging: str
    read: int = 0
    total: int | None = None
    rejected: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    abilities: list[str] = field(default_factory=list)
    failure: str | None = None


@dataclass(slots=True)
class SystemCheck:
    """What probing one system told.

    Attributes:
        grade: A to D, by kind of port as DOMAIN.md ranks them and by what the port can do; F when it cannot be read.
        limits: what limits the integration, one sentence each.
    """

    side: str
    vendor: str
    title: str
    ports: list[str]
    reachable: bool = False
    failure: str | None = None
    grade: str = "F"
    entities: dict[str, EntityCheck] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)

    @property
    def readable(self) -> bool:
        """Whether every entity in scope could be read."""
        return self.reachable and all(entity.failure is None for entity in self.entities.values())


async def check_systems(workspace: Workspace) -> list[SystemCheck]:
    """Probe both systems at once; nothing is written, and at most a page of each entity is read.

    Raises:
        ConfigurationError: the project file or a description is wrong, or a secret is missing.
    """
    descriptions = load_descriptions(workspace.project)
    plans = plan_entities(workspace.project, descriptions, ())
    return await all_of(_check_system(workspace, side, descriptions[side], plans) for side in Side)


async def _check_system(
    workspace: Workspace, side: Side, description: Description, plans: list[EntityPlan]
) -> SystemCheck:
    checked = SystemCheck(side.value, description.vendor.name, description.vendor.title, list(description.vendor.ports))
    try:
        async with connector_to(workspace.project, side, description, workspace.state.tokens(side.value)) as connector:
            await connector.probe()
            checked.reachable = True
            for plan in plans:
                source = description.entities[plan.entity.name]
                checked.entities[plan.entity.name] = await _check_entity(connector, plan, side, source)
    except SystemReadError as error:
        checked.failure = str(error)
    checked.limits = [*limits_of(description), *_missing_abilities(checked.entities)]
    checked.grade = _grade(checked)
    return checked


async def _check_entity(connector: Connector, plan: EntityPlan, side: Side, source: EntitySource) -> EntityCheck:
    checked = EntityCheck(source.verified, source.full.paging.kind)
    entity = plan.entity.name
    try:
        page = await _first_page(connector, entity, None)
        if page is not None:
            _describe(checked, plan, side, page)
            await _try_abilities(checked, connector, plan, side, page)
    except SystemReadError as error:
        checked.failure = str(error)
    return checked


async def _first_page(connector: Connector, entity: str, since: datetime | None) -> RecordPage | None:
    async with aclosing(connector.pull(entity, since)) as pages:
        async for page in pages:
            return page
    return None


def _describe(checked: EntityCheck, plan: EntityPlan, side: Side, page: RecordPage) -> None:
    records = map_page(plan.mappings[side], page.records, 0).records
    checked.read, checked.total = len(page.records), page.total
    checked.rejected = records[staging.REJECTED].count()
    for text in records[staging.INVALID].drop_nulls():
        for name in orjson.loads(text):
            checked.unreadable[name] = checked.unreadable.get(name, 0) + 1
    usable = records.filter(pl.col(staging.REJECTED).is_null())
    if usable.height:
        forms = [(name.name, staging.form_column(name.name)) for name in plan.mappings[side].fields]
        checked.empty = [name for name, column in forms if usable[column].null_count() == usable.height]


async def _try_abilities(
    checked: EntityCheck, connector: Connector, plan: EntityPlan, side: Side, page: RecordPage
) -> None:
    entity = plan.entity.name
    source = connector.description.entities[entity]
    record_id = next((value for value in map(plan.mappings[side].id.read, page.records) if value is not None), None)
    if source.changed is not None:
        await _first_page(connector, entity, datetime.now(UTC) - _RECENTLY)
        checked.abilities.append("changed since")
    if source.keys is not None:
        checked.abilities.append("ids only")
    if source.one is not None and record_id is not None and await connector.one(entity, str(record_id)):
        checked.abilities.append("one record")
    if source.find is not None:
        checked.abilities.append("by key")


def _missing_abilities(entities: Mapping[str, EntityCheck]) -> list[str]:
    costs = {
        "changed since": "every run reads all of it",
        "one record": "findings are reported without a second look",
    }
    found: list[str] = []
    for name, entity in entities.items():
        lacking = [(ability, cost) for ability, cost in costs.items() if ability not in entity.abilities]
        found += [f"{name}: no “{ability}”, so {cost}" for ability, cost in lacking]
        if entity.paging in ("offset", "number", "range"):
            found.append(f"{name}: pages shift when records come and go; a scan that shifted is repeated")
        if entity.empty:
            found.append(f"{name}: always empty in the first page: {', '.join(entity.empty)}")
    return found


def _grade(checked: SystemCheck) -> str:
    """A: changed-since and single reads everywhere. B: one of them is missing somewhere. C: both are. D: files only."""
    if not checked.readable:
        return "F"
    if set(checked.ports) <= {"files"}:
        return "D"
    entities = checked.entities.values()
    incremental = all("changed since" in entity.abilities for entity in entities)
    single = all("one record" in entity.abilities for entity in entities)
    return "A" if incremental and single else "B" if incremental or single else "C"
