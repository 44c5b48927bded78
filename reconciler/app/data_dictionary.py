"""The data dictionary for the scope meetings: which fields travel, who owns each, and where each is on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.wire import Workspace, load_descriptions
from reconciler.mapping.plan import FieldMapping
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.store.snapshots.snapshot import Snapshot

_SAMPLES = 3
_SAMPLE_CHARACTERS = 40
_SAMPLED_ROWS = 200


@dataclass(frozen=True, slots=True)
class DictionaryRow:
    """One field of one entity.

    Attributes:
        direction: "erp → crm" when the ERP owns the field, "crm → erp" the other way, "" when nobody does yet.
        crm_path, erp_path: where the value is in each system's record, as the description writes it.
        crm_samples, erp_samples: up to three values of the last snapshot, empty before the first run.
    """

    entity: str
    field: str
    type: str
    key: bool
    compared: bool
    owner: str
    direction: str
    tolerance: str
    crm_path: str
    erp_path: str
    crm_samples: tuple[str, ...]
    erp_samples: tuple[str, ...]


async def data_dictionary(workspace: Workspace) -> list[DictionaryRow]:
    """Every field in scope, in the order it is compared.

    Raises:
        ConfigurationError: the project file or a description is wrong.
    """
    descriptions = load_descriptions(workspace.project)
    rows: list[DictionaryRow] = []
    for plan in plan_entities(workspace.project, descriptions, ()):
        samples = {side: await _samples(workspace, plan, side) for side in Side}
        rows += _rows(plan, plan.rule, {side: plan.mappings[side].fields for side in Side}, samples)
        if plan.lines_rule is not None:
            lines = {side: mapping.lines.fields for side, mapping in plan.mappings.items() if mapping.lines is not None}
            rows += _rows(plan, plan.lines_rule, lines, {side: {} for side in Side})
    return rows


def _rows(
    plan: EntityPlan,
    rule: EntityRule,
    fields: Mapping[Side, tuple[FieldMapping, ...]],
    samples: Mapping[Side, Mapping[str, tuple[str, ...]]],
) -> list[DictionaryRow]:
    places = {side: {field.name: _place(field) for field in fields[side]} for side in Side}
    return [
        DictionaryRow(
            entity=rule.entity,
            field=field.name,
            type=field.type.value,
            key=field.name in rule.key,
            compared=field.compared,
            owner=field.owner or "",
            direction=_direction(field),
            tolerance=field.tolerance or "",
            crm_path=places[Side.CRM][field.name],
            erp_path=places[Side.ERP][field.name],
            crm_samples=samples[Side.CRM].get(field.name, ()),
            erp_samples=samples[Side.ERP].get(field.name, ()),
        )
        for field in rule.fields
        if field.name in places[Side.CRM]
    ]


def _place(field: FieldMapping) -> str:
    return (" + " if field.join else " or ").join(map(str, field.paths))


def _direction(field: FieldRule) -> str:
    if field.owner is None:
        return ""
    owner = Side(field.owner)
    return f"{owner.value} → {owner.other.value}"


async def _samples(workspace: Workspace, plan: EntityPlan, side: Side) -> dict[str, tuple[str, ...]]:
    latest = await workspace.state.snapshots.latest(side, plan.entity.name)
    if latest is None or not latest.records:
        return {}
    first = Snapshot.from_json(latest.files).record_paths(workspace.folder)[0]
    frame = pl.read_parquet(first, n_rows=_SAMPLED_ROWS)
    found: dict[str, tuple[str, ...]] = {}
    for field in plan.rule.fields:
        kind = staging.value_column if staging.has_value_column(field.type) else staging.form_column
        column = kind(field.name)
        if column in frame.columns:
            values = frame[column].drop_nulls().unique(maintain_order=True).head(_SAMPLES).to_list()
            found[field.name] = tuple(str(value)[:_SAMPLE_CHARACTERS] for value in values)
    return found
