"""What a plan rests on besides its corrections, as it is now."""

from __future__ import annotations

import hashlib

from reconciler.app.corrections.acting import Acting
from reconciler.connectors.description import Description
from reconciler.corrections.plan_document import RestsOn
from reconciler.model.entities import Side
from reconciler.model.pilot import Stage


def rests_on(acting: Acting, stage: Stage) -> RestsOn:
    """The stage in force, project file and both descriptions."""
    project = acting.workspace.project
    return RestsOn(
        stage=stage.value,
        project=project.digest,
        crm=_digest(acting.descriptions[Side.CRM]),
        erp=_digest(acting.descriptions[Side.ERP]),
    )


def _digest(description: Description) -> str:
    return hashlib.sha256(description.model_dump_json().encode()).hexdigest()
