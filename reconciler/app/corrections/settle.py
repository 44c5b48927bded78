"""A person says what became of a correction of which nobody knows: where reading the system tells nothing."""

from __future__ import annotations

from reconciler.app.corrections.acting import Acting
from reconciler.app.corrections.people import OPERATING
from reconciler.app.corrections.targets import open_targets
from reconciler.corrections.recovery import Recovery, RecoveryNeeds
from reconciler.errors import RefusedError
from reconciler.model.corrections import Correction
from reconciler.phrases.phrase import phrase


async def settle_correction(acting: Acting, correction_id: str, *, written: bool, reason: str) -> Correction:
    """Settle an unknown outcome. The record is read first, and the word of a person counts only where that cannot tell.

    What was written is `applied` from now on, to be proved once it can be read; what was not is in its plan again.

    Args:
        correction_id: or the beginning of it.
        written: whether the system did what it was sent.
        reason: how the person knows; it stays with the correction and in the trail.

    Returns:
        It as it is now; its words say who said what, and what reading showed.

    Raises:
        RefusedError: the person may not, gives no reason, the outcome is no question, or reading tells it.
        ConfigurationError: a credential, address or context value is missing.
    """
    acting.require(OPERATING, "settle unknown outcomes")
    if not reason.strip():
        raise RefusedError(
            phrase("nothing says how that is known."), hint=phrase("Give a reason; it stays in the trail.")
        )
    state = acting.workspace.state
    correction = await state.corrections.get(correction_id)
    async with open_targets(acting) as targets:
        needs = RecoveryNeeds(state.corrections, state.journal, targets, person=acting.person.name, clock=acting.clock)
        await Recovery(needs).take_word(correction.id, written=written, reason=reason.strip())
    return await state.corrections.get(correction.id)
