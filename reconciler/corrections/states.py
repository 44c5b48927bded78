"""Which moves a correction can make. Whatever is not here is impossible."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reconciler.errors import RefusedError
from reconciler.model.corrections import CorrectionState
from reconciler.phrases.phrase import phrase

_S = CorrectionState

MOVES: Final[Mapping[CorrectionState, frozenset[CorrectionState]]] = MappingProxyType(
    {
        _S.PROPOSED: frozenset({_S.APPROVED, _S.REJECTED}),
        _S.APPROVED: frozenset({_S.PLANNED, _S.PROPOSED, _S.REJECTED}),
        _S.REJECTED: frozenset(),
        _S.PLANNED: frozenset({_S.APPLYING, _S.APPROVED}),
        _S.APPLYING: frozenset({_S.APPLIED, _S.VERIFIED, _S.SUPERSEDED, _S.REFUSED, _S.FAILED, _S.UNKNOWN}),
        _S.APPLIED: frozenset({_S.VERIFIED}),
        _S.VERIFIED: frozenset({_S.UNDONE}),
        _S.SUPERSEDED: frozenset(),
        _S.REFUSED: frozenset(),
        _S.FAILED: frozenset({_S.APPLYING, _S.APPROVED, _S.REJECTED}),
        _S.UNKNOWN: frozenset({_S.VERIFIED, _S.APPLIED, _S.PLANNED, _S.SUPERSEDED}),
        _S.UNDONE: frozenset(),
    }
)
"""From each state to those that can follow. `approved → proposed`: the approval lapsed; `planned → approved`: the plan
lapsed or was withdrawn; `failed → applying`: tried again under its plan; `failed → approved`: its plan is void, a new
one takes it; out of `unknown` leads what was read in the system and, where that tells nothing, a person's word: to
`applied`, which still is to be proved, or back to `planned`. What was superseded or refused is proposed anew,
as another correction."""

FINAL: Final = frozenset(state for state, following in MOVES.items() if not following)
"""Nothing follows any more."""

MAY_HAVE_WRITTEN: Final = frozenset({_S.APPLYING, _S.APPLIED, _S.VERIFIED, _S.UNKNOWN, _S.UNDONE})
"""The system may hold what the correction says, or did."""


def may_move(state: CorrectionState, to: CorrectionState) -> bool:
    """Whether the move is legal. Staying where one is is no move."""
    return to in MOVES[state]


def check_move(correction_id: str, state: CorrectionState, to: CorrectionState) -> None:
    """Refuse a move that is not legal.

    Raises:
        RefusedError: it names the correction, where it is and what could follow.
    """
    if not may_move(state, to):
        following = ", ".join(sorted(MOVES[state]))
        hint = (
            phrase("What can follow is: {following}.", following=following)
            if following
            else phrase("Nothing follows; propose it anew.")
        )
        raise RefusedError(
            phrase(
                "correction {correction_id} is {state} and cannot become {to}.",
                correction_id=correction_id,
                state=state.value,
                to=to.value,
            ),
            hint=hint,
        )
