"""The one way to corrections, whatever the entrance: command line, HTTP, terminal UI, nightly job.

Everything that decides about a correction, or writes to a system, is here and nowhere else: a person acts
(`Acting.begin`), what they do is checked against their roles, the approvals and the stage, and leaves its trace.
"""

from __future__ import annotations

from reconciler.app.corrections.acting import Acting, Clock, now_utc
from reconciler.app.corrections.apply import Applied, apply_plan, exit_code_of
from reconciler.app.corrections.choosing import Choice, Chosen, LeftAlone
from reconciler.app.corrections.people import OPERATING, REVIEWING, person_of_token, person_of_user
from reconciler.app.corrections.plan import Planned, plan_corrections
from reconciler.app.corrections.plan_file import read_plan_file
from reconciler.app.corrections.propose import Proposed, ProposeOptions, propose_corrections
from reconciler.app.corrections.reading import ShownCorrection, listed_corrections, shown_correction
from reconciler.app.corrections.retry import TROUBLED, Retried, retry_corrections
from reconciler.app.corrections.review import (
    Approved,
    Rejected,
    approve_corrections,
    edit_correction,
    reject_corrections,
)
from reconciler.app.corrections.undo import UndoProposed, undo_corrections
from reconciler.corrections.editing import Edit

__all__ = [
    "OPERATING",
    "REVIEWING",
    "TROUBLED",
    "Acting",
    "Applied",
    "Approved",
    "Choice",
    "Chosen",
    "Clock",
    "Edit",
    "LeftAlone",
    "Planned",
    "ProposeOptions",
    "Proposed",
    "Rejected",
    "Retried",
    "ShownCorrection",
    "UndoProposed",
    "apply_plan",
    "approve_corrections",
    "edit_correction",
    "exit_code_of",
    "listed_corrections",
    "now_utc",
    "person_of_token",
    "person_of_user",
    "plan_corrections",
    "propose_corrections",
    "read_plan_file",
    "reject_corrections",
    "retry_corrections",
    "shown_correction",
    "undo_corrections",
]
