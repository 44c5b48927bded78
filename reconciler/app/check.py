"""Probing both systems without writing: can they be read, what do their records give, what limits the integration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import polars as pl

from reconciler.app.concurrently import all_of
from reconciler.app.limits import limits_found
from reconciler.app.port_grades import PortGrade, grade_ports
from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.conformance import Conformance, Verdict, conformance
from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.errors import SystemReadError
from reconciler.mapping.page import map_page
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.page_facts import RecordPage
from reconciler.ports.http.standing import CallStanding

_ABILITIES = ("changed since", "ids only", "one record", "by key")


@dataclass(slots=True)
class EntityCheck:
    """What the first pages of an entity told.

    Attributes:
        read: records in the first page; `total` the number the system tells, if it does.
        rejected: of these, records that cannot be used; `unreadable` fields that could not be read, with how often.
        empty: fields that were empty in every record of the page: perhaps a wrong path.
        abilities: what was tried and works: "changed since", "ids only", "one record", "by key".
        verdicts: everything that was tried.
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
    verdicts: list[Verdict] = field(default_factory=list)
    failure: str | None = None


@dataclass(slots=True)
class SystemCheck:
    """What probing one system told.

    Attributes:
        ports: every port of the system with its grade, the best kind first.
        grade: of the port the records are read through: A to D, F when it cannot be read.
        limits: what limits the integration, one sentence each.
        calls: throttle and breaker at the end of it; None for a system of files, or one that was not even called.
    """

    side: str
    vendor: str
    title: str
    ports: list[PortGrade] = field(default_factory=list)
    reachable: bool = False
    failure: str | None = None
    grade: str = "F"
    entities: dict[str, EntityCheck] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    calls: CallStanding | None = None

    @property
    def readable(self) -> bool:
        """Whether every entity in scope could be read."""
        return self.reachable and all(entity.failure is None for entity in self.entities.values())


async def check_systems(workspace: Workspace) -> list[SystemCheck]:
    """Probe both systems at once; nothing is written, and a few pages of each entity are read.

    Raises:
        ConfigurationError: the project file or a description is wrong, or a secret is missing.
    """
    descriptions = load_descriptions(workspace.project)
    plans = plan_entities(workspace.project, descriptions, ())
    return await all_of(_check_system(workspace, side, descriptions[side], plans) for side in Side)


async def _check_system(
    workspace: Workspace, side: Side, description: Description, plans: list[EntityPlan]
) -> SystemCheck:
    checked = SystemCheck(side.value, description.vendor.name, description.vendor.title)
    seen: dict[str, Conformance] = {}
    try:
        async with connector_to(workspace.project, side, description, workspace.state, take_in=False) as connector:
            try:
                await _check_entities(checked, connector, plans, seen)
            finally:
                port = connector.port
                checked.calls = port.standing if isinstance(port, HttpPort) else None
    except SystemReadError as error:
        checked.failure = str(error)
    checked.limits = [*limits_found(side, description, seen), *_empty_fields(checked.entities)]
    checked.ports = grade_ports(description, seen, readable=checked.readable)
    checked.grade = next((port.grade for port in checked.ports if port.port != "webhook"), "F")
    return checked


async def _check_entities(
    checked: SystemCheck, connector: Connector, plans: list[EntityPlan], seen: dict[str, Conformance]
) -> None:
    await connector.probe()
    checked.reachable = True
    for plan in plans:
        entity = plan.entity.name
        source = connector.description.entities[entity]
        checked.entities[entity] = EntityCheck(source.verified, source.full.paging.kind)
        found = await _check_entity(checked.entities[entity], connector, plan, Side(checked.side))
        if found is not None:
            seen[entity] = found


async def _check_entity(checked: EntityCheck, connector: Connector, plan: EntityPlan, side: Side) -> Conformance | None:
    try:
        found = await conformance(connector, plan.mappings[side])
    except SystemReadError as error:
        checked.failure = str(error)
        return None
    checked.verdicts = found.verdicts
    checked.abilities = [ability for ability in _ABILITIES if found.passed(ability)]
    if found.first_page is not None:
        _describe(checked, plan, side, found.first_page)
    return found


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


def _empty_fields(entities: Mapping[str, EntityCheck]) -> list[str]:
    return [
        phrase("{name}: always empty in the first page: {empty}", name=name, empty=", ".join(entity.empty))
        for name, entity in entities.items()
        if entity.empty
    ]
