"""Labels and sentences of the actions of the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "action.go.overview": "Overview",
    "action.go.overview.help": "The health of both systems and what to do next.",
    "action.go.runs": "Runs",
    "action.go.runs.help": "The history of runs, and the one going on.",
    "action.go.systems": "Systems",
    "action.go.systems.help": "What limits the integration, asked from both systems.",
    "action.go.audit": "Audit",
    "action.go.audit.help": "Who did what, and whether the trail is whole.",
    "action.overview.open": "Open",
    "action.overview.open.help": "Go where the chosen line is dealt with.",
    "action.runs.start": "Start a run",
    "action.runs.start.help": "Read what changed in both systems and compare it.",
    "action.runs.start_full": "Start a full run",
    "action.runs.start_full.help": "Read everything in both systems and compare it.",
    "action.runs.cancel": "Stop the run",
    "action.runs.cancel.help": "Stop the run that was started here; what it stored is kept.",
    "action.runs.show": "Details",
    "action.runs.show.help": "Every record accounted for, findings by cause, reports.",
    "action.systems.check": "Check now",
    "action.systems.check.help": "Probe both systems without writing anything.",
    "action.audit.verify": "Verify",
    "action.audit.verify.help": "Prove that no entry was changed, removed or inserted.",
    "action.app.refresh": "Refresh",
    "action.app.refresh.help": "Read again what is shown.",
    "action.app.activity": "Activity log",
    "action.app.activity.help": "What was done here, with the commands that do the same.",
    "action.app.theme": "Colours",
    "action.app.theme.help": "Change between dark, light, colour-blind-safe and high contrast.",
    "action.app.help": "Keys",
    "action.app.help.help": "Every key of this place.",
    "action.app.palette": "Commands",
    "action.app.palette.help": "Search what can be done here by its name.",
    "action.app.back": "Back",
    "action.app.back.help": "One step back, in the end to the overview.",
    "action.app.quit": "Quit",
    "action.app.quit.help": "Leave; asks first while a run is going on here.",
}
