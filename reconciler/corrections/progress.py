"""How far applying a plan went, while it goes on and when it is over. Plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.corrections.attempt import Attempted
from reconciler.corrections.recovery import Found
from reconciler.model.corrections import CorrectionState
from reconciler.model.entities import Side

DONE, PARTLY, UNKNOWN_LEFT = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Progress:
    """Told after each correction.

    Attributes:
        done: corrections that are through, those held back too.
        total: all that were to be applied.
        last: the one that just got through.
    """

    done: int
    total: int
    last: Attempted


ReportProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A correction that was not written and is in the state it was in."""

    correction: str
    why: str


@dataclass(frozen=True, slots=True)
class ApplySummary:
    """What became of a plan.

    Attributes:
        plan: its digest.
        total: corrections that were to be applied.
        counts: how many ended in which state.
        held_back: in the order they came up.
        not_started: those nobody got to; they are as they were.
        left_open: those that were begun and are still `applying`, because the state could not be written; `Recovery`
            finds out about them.
        stopped: systems that took nothing more, and why.
        interrupted: whether somebody asked to stop.
        recovered: what was found out, before anything was written, about what an earlier process had left `applying`.
    """

    plan: str
    total: int
    counts: Mapping[CorrectionState, int] = field(default_factory=dict)
    held_back: tuple[HeldBack, ...] = ()
    not_started: int = 0
    left_open: int = 0
    stopped: Mapping[Side, str] = field(default_factory=dict)
    interrupted: bool = False
    recovered: tuple[Found, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 every correction is verified; 4 an outcome is unknown and needs a person; 1 anything else."""
        if self.counts.get(CorrectionState.UNKNOWN) or self.left_open:
            return UNKNOWN_LEFT
        return DONE if self.counts.get(CorrectionState.VERIFIED, 0) == self.total else PARTLY
