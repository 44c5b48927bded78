"""What an engine tells of itself while it works, for whoever counts: nothing here knows how that is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.taxes.answer import Delivery
from reconciler.taxes.breaker import Circuit

ANSWERED = "answered"
WRONG_QUOTE = "wrong_quote"
BROKEN_OFF = "broken_off"
DEFECT = "defect"


class LookupObserver(Protocol):
    """Told what happens. It returns at once, and raises nothing."""

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        """Somebody got an answer, or the reason why there is none, that long after asking."""
        ...

    def asked(self, outcome: str, elapsed_s: float) -> None:
        """One conversation with the ERP ended.

        Args:
            outcome: ANSWERED; WRONG_QUOTE when it answered that it does not know what is asked about; BROKEN_OFF at the
                deadline; DEFECT; else the code of `sentences` for what was wrong.
        """
        ...

    def warmed_up(self, failure: str | None) -> None:
        """The first contact was tried; `failure` is why it failed."""
        ...


class NobodyWatches:
    """An observer that does nothing."""

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        """Part of the protocol."""

    def asked(self, outcome: str, elapsed_s: float) -> None:
        """Part of the protocol."""

    def warmed_up(self, failure: str | None) -> None:
        """Part of the protocol."""


@dataclass(frozen=True, slots=True)
class LookupLoad:
    """How an engine stands now.

    Attributes:
        answers, lines: kept for whoever asks again.
        conversations: with the ERP, going on or waiting for a place.
    """

    circuit: Circuit
    answers: int
    lines: int
    conversations: int
