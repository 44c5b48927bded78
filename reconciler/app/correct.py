"""The one way to corrections, whatever the entrance: command line, HTTP, terminal UI, nightly job.

Everything that decides about a correction, or writes to a system, is here and nowhere else: a person acts
(`Acting.begin`), what they do is checked against their roles, the approvals and the stage, and leaves its trace.
"""

from __future__ import annotations

from reconciler.app.corrections.acting import Acting, Clock, now_utc
from reconciler.app.corrections.apply import Applied, apply_plan, exit_code_of
from reconciler.app.corrections.choosing import Choice, Chosen, LeftAlone, LeftReason
from reconciler.app.corrections.clock_guard import confirm_clock
from reconciler.app.corrections.people import OPERATING, PROMOTING, REVIEWING, person_of_token, person_of_user
from reconciler.app.corrections.pilot_scope import (
    ByHand,
    ScopeKeys,
    changed_by_hand,
    findings_in_scope,
    keys_in_scope,
)
from reconciler.app.corrections.plan import Planned, plan_corrections
from reconciler.app.corrections.plan_file import read_plan_file
from reconciler.app.corrections.propose import Proposed, ProposeOptions, propose_corrections
from reconciler.app.corrections.reading import (
    ShownCorrection,
    corrections_page,
    error_desk,
    listed_corrections,
    shown_correction,
)
from reconciler.app.corrections.retry import TROUBLED, Retried, retry_corrections
from reconciler.app.corrections.review import (
    Approved,
    Rejected,
    approve_corrections,
    edit_correction,
    reject_corrections,
)
from reconciler.app.corrections.scenario_hands import Hands, HandTask, Handwork, NoHands, hands_for
from reconciler.app.corrections.scenario_records import Had, ScenarioRecords, open_scenario_records
from reconciler.app.corrections.settle import settle_correction
from reconciler.app.corrections.stage_guard import closed_systems, write_refusals
from reconciler.app.corrections.undo import UndoProposed, undo_corrections
from reconciler.app.corrections.withdraw import Withdrawn, withdraw_acceptances, withdraw_approvals
from reconciler.corrections.desk import DeskEntry
from reconciler.corrections.editing import Edit

__all__ = [
    "OPERATING",
    "PROMOTING",
    "REVIEWING",
    "TROUBLED",
    "Acting",
    "Applied",
    "Approved",
    "ByHand",
    "Choice",
    "Chosen",
    "Clock",
    "DeskEntry",
    "Edit",
    "Had",
    "HandTask",
    "Hands",
    "Handwork",
    "LeftAlone",
    "LeftReason",
    "NoHands",
    "Planned",
    "ProposeOptions",
    "Proposed",
    "Rejected",
    "Retried",
    "ScenarioRecords",
    "ScopeKeys",
    "ShownCorrection",
    "UndoProposed",
    "Withdrawn",
    "apply_plan",
    "approve_corrections",
    "changed_by_hand",
    "closed_systems",
    "confirm_clock",
    "corrections_page",
    "edit_correction",
    "error_desk",
    "exit_code_of",
    "findings_in_scope",
    "hands_for",
    "keys_in_scope",
    "listed_corrections",
    "now_utc",
    "open_scenario_records",
    "person_of_token",
    "person_of_user",
    "plan_corrections",
    "propose_corrections",
    "read_plan_file",
    "reject_corrections",
    "retry_corrections",
    "settle_correction",
    "shown_correction",
    "undo_corrections",
    "withdraw_acceptances",
    "withdraw_approvals",
    "write_refusals",
]
