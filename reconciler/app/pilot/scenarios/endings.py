"""How the playing of a scenario ends before its last step."""

from __future__ import annotations


class UnexpectedError(Exception):
    """Something else was seen than was expected.

    Attributes:
        seen: one sentence.
        exit_code: as CONTRACT.md has them.
    """

    def __init__(self, seen: str, exit_code: int = 1) -> None:
        super().__init__(seen)
        self.seen = seen
        self.exit_code = exit_code


class NotPlayedError(Exception):
    """It is not played, or not to its end: something that it takes is not there. `why` is one sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
