"""`[corrections]` of the project file: what the nightly job proposes, and what it may approve by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from reconciler.project_types import StrictSection

Stage = Literal["sandbox", "homologation", "pilot", "live"]
SafeCause = Literal["case", "spacing", "accents"]


class AutoApprove(StrictSection):
    """What may be approved without a person, where one approval is enough. Texts alone, and only what differs so.

    Attributes:
        causes: every change of a correction must have one of them.
        cap: corrections in one night.
        stages: in which this holds.
    """

    causes: Annotated[list[SafeCause], Field(min_length=1)]
    cap: Annotated[int, Field(ge=1, le=10_000)]
    stages: Annotated[list[Stage], Field(min_length=1)]


class CorrectionsSection(StrictSection):
    """What a run does with what it found.

    Attributes:
        propose: `nightly` proposes corrections of all open findings after each run; `never` leaves that to people.
        auto_approve: the first rule that names the causes of a correction counts for it.
    """

    propose: Literal["never", "nightly"] = "never"
    auto_approve: list[AutoApprove] = Field(default=[])

    @model_validator(mode="after")
    def _check_order(self) -> CorrectionsSection:
        if self.auto_approve and self.propose == "never":
            raise ValueError('`auto_approve` is about what the job proposes: it needs propose = "nightly"')
        return self
