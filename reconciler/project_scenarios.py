"""`[scenarios]` of the project file: what test scenarios cannot find out by themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.project_types import StrictSection

_State = Annotated[str, Field(pattern="^[A-Z]{2}$")]


class ScenariosSection(StrictSection):
    """What scenarios about taxes ask with.

    Attributes:
        in_state: the federal unit that goods leave from; None: nothing says which answer is the one inside the state.
        out_of_state: any other one.
        quote: number of the quote that is asked about; None takes an open one of the CRM.
    """

    in_state: _State | None = None
    out_of_state: _State | None = None
    quote: Annotated[str, Field(min_length=1)] | None = None

    @property
    def states(self) -> tuple[str, str] | None:
        """The state that goods stay in and one that they leave for; None where the first is not known."""
        if self.in_state is None:
            return None
        return self.in_state, self.out_of_state or ("SP" if self.in_state == "RJ" else "RJ")
