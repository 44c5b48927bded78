"""What the pilot place reads from the store; neither system is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.app.correct import Acting
from reconciler.app.pilot.assessment import Assessment, assess
from reconciler.app.pilot.scenarios.playing import listed_scenarios
from reconciler.app.pilot.status import status_document
from reconciler.errors import RefusedError
from reconciler.model.pilot import Feedback

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PilotLook:
    """The pilot as it stands.

    Attributes:
        status: as `pilot status --json` has it.
        assessment: the scorecard and the names under it; None where there is none, and `why_none` says why.
        scenarios: as `pilot scenarios list --json` has them.
        feedback: all of it, the latest first.
    """

    status: Document
    assessment: Assessment | None
    why_none: str
    scenarios: Sequence[Document]
    feedback: Sequence[Feedback]

    @property
    def open_feedback(self) -> int:
        """How much of it nobody has dealt with."""
        return sum(each.closed_at is None for each in self.feedback)


async def read_pilot(acting: Acting) -> PilotLook:
    """Read everything the place shows.

    Raises:
        StateError: the state cannot be read.
    """
    assessment, why_none = None, ""
    try:
        assessment = await assess(acting)
    except RefusedError as error:
        why_none = " ".join(part for part in (error.message, error.hint) if part)
    feedback = await acting.workspace.state.pilot.feedback()
    return PilotLook(
        await status_document(acting),
        assessment,
        why_none,
        await listed_scenarios(acting),
        tuple(reversed(feedback)),
    )
