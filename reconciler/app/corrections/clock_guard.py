"""A clock that was set back must not let an approval count again that has run out.

The audit trail tells how late it is at least. Within one application of corrections time never goes back either (see
`store.state.steady_clock`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.people import OPERATING
from reconciler.errors import RefusedError
from reconciler.phrases.phrase import phrase
from reconciler.store.state.audit import CLOCK_CONFIRMED

_TOLERANCE: Final = timedelta(minutes=5)
"""By so much the clocks of machines that share a state may differ."""


async def refuse_earlier_clock(acting: Acting) -> None:
    """Refuse to decide by approvals while the trail knows of a later moment than the clock.

    Raises:
        RefusedError: the clock is behind.
        StateError: the state cannot be read.
    """
    behind = await acting.workspace.state.audit.behind()
    if behind > _TOLERANCE:
        minutes = int(behind.total_seconds() // 60)
        raise RefusedError(
            phrase(
                "the clock of this machine is {minutes} minutes behind the latest entry of the audit "
                "trail: approvals that have run out would count again.",
                minutes=minutes,
            ),
            hint=phrase(
                "Set the clock (NTP). Where it is right and was ahead before: reconciler audit "
                "confirm-clock --reason TEXT."
            ),
        )


async def confirm_clock(acting: Acting, reason: str) -> timedelta:
    """Say that the clock is right, and that what the trail noted at a later moment was noted by a wrong one.

    Returns:
        How far the clock is behind what was noted.

    Raises:
        RefusedError: the person may not, or gives no reason.
        StateError: the state cannot be used.
    """
    acting.require(OPERATING, "confirm the clock")
    if not reason.strip():
        raise RefusedError(
            phrase("nothing says why the clock is right."), hint=phrase("Give a reason; it stays in the trail.")
        )
    trail = acting.workspace.state.audit
    behind = await trail.behind()
    details = {"behind_s": round(behind.total_seconds()), "reason": reason.strip()}
    await trail.append(acting.person.name, CLOCK_CONFIRMED, "", details)
    return behind
