"""The legal moves of a correction, and that there are no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.corrections.states import FINAL, MAY_HAVE_WRITTEN, MOVES, check_move, may_move
from reconciler.errors import RefusedError
from reconciler.model.corrections import CorrectionState

_S = CorrectionState
_LEGAL = """
proposed > approved rejected
approved > planned proposed rejected
planned > applying approved
applying > applied verified superseded refused failed unknown
applied > verified
failed > applying approved rejected
unknown > verified applied planned superseded
verified > undone
"""
"""As the design says it, written down a second time."""
_PAIRS = {
    (_S(state), _S(to))
    for state, _, following in (line.partition(" > ") for line in _LEGAL.strip().splitlines())
    for to in following.split()
}


@pytest.mark.parametrize("state", list(_S), ids=str)
def test_a_correction_makes_the_moves_of_the_design_and_no_others(state: CorrectionState) -> None:
    for to in _S:
        legal = (state, to) in _PAIRS
        assert may_move(state, to) is legal
        if legal:
            check_move("a1", state, to)
        else:
            with pytest.raises(RefusedError, match=f"a1 is {state.value} and cannot become {to.value}"):
                check_move("a1", state, to)


@given(st.lists(st.sampled_from(_S), max_size=30))
def test_nothing_is_written_that_was_not_approved_and_planned(attempts: list[CorrectionState]) -> None:
    """Along whatever path the moves allow; and nothing leaves an end."""
    history = [_S.PROPOSED]
    for to in attempts:
        if may_move(history[-1], to):
            history.append(to)
    for place, state in enumerate(history):
        if state in MAY_HAVE_WRITTEN:
            assert _S.APPROVED in history[:place]
            assert _S.PLANNED in history[:place]
        if state in FINAL:
            assert place == len(history) - 1


def test_every_state_can_be_reached() -> None:
    reached, waiting = {_S.PROPOSED}, [_S.PROPOSED]
    while waiting:
        fresh = MOVES[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(_S)


def test_the_refusal_says_what_could_follow() -> None:
    with pytest.raises(RefusedError) as caught:
        check_move("a1", _S.PROPOSED, _S.VERIFIED)
    assert caught.value.hint == "What can follow is: approved, rejected."
