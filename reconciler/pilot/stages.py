"""Which stage is in force, and what a promotion asks for. Pure.

The project file names the highest stage that may ever be in force; how far the project was let is kept in its state,
act by act. The lower of the two counts, and only for the systems and the state that the promotion was about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from reconciler.model.pilot import Declared, Freeze, Stage, StageChange, lowest
from reconciler.phrases.phrase import phrase

FRESH: Final = timedelta(hours=24)
"""A run from before says nothing about the systems as they are now."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a project is let at one moment.

    Attributes:
        ceiling: the lower of what the project file names and what the environment of this process does.
        reached: the last promotion or fall-back, None before the first.
        systems: digest of the systems and the state as they are named now.
        declaration: digest of `[pilot]` as it is in the file now, None where it has none.
        declared: the pilot that was started last, None before the first.
        freeze: in force; None while nothing is frozen.
    """

    ceiling: Stage
    systems: str
    reached: StageChange | None = None
    declaration: str | None = None
    declared: Declared | None = None
    freeze: Freeze | None = None

    @property
    def granted(self) -> Stage:
        """How far people let the project, whatever it names now."""
        return Stage.SANDBOX if self.reached is None else self.reached.stage

    @property
    def same_systems(self) -> bool:
        """Whether what was promoted is what is named now."""
        return self.reached is None or self.reached.systems == self.systems

    @property
    def stage(self) -> Stage:
        """The stage in force."""
        return lowest(self.ceiling, self.granted) if self.same_systems else Stage.SANDBOX

    @property
    def why_lower(self) -> str:
        """Why the stage in force is below the one the project names, one clause; "" when it is not."""
        if self.stage is self.ceiling:
            return ""
        if not self.same_systems:
            return phrase(
                "stage “{stage}” was given to other systems, or to another state, than are named now",
                stage=self.granted,
            )
        return phrase("nobody has promoted the project to stage “{stage}” yet", stage=self.ceiling)

    @property
    def declared_as_started(self) -> bool:
        """Whether the pilot is declared as it was when it was started."""
        return self.declared is not None and self.declared.digest == self.declaration


@dataclass(frozen=True, slots=True)
class PromotionFacts:
    """What a promotion is decided from.

    Attributes:
        file_stage: the stage that the project file itself names.
        not_test: systems that are not marked as test systems, by name.
        under_way: corrections that are approved, planned or being written, or of unknown outcome.
        last_run_at: when the latest run began that compared everything; None where the latest one did not, or there is
            none.
        verified: corrections that were proved since the stage was reached.
        roles: of the people the project names; None where it names nobody.
        last_day: of the declared pilot.
        today: in the project's time zone.
        unsigned: what the scorecard lacks to be a “go” that both have signed, a clause each.
    """

    file_stage: Stage
    now: datetime
    today: date
    not_test: tuple[str, ...] = ()
    under_way: int = 0
    last_run_at: datetime | None = None
    verified: int = 0
    roles: frozenset[str] | None = None
    last_day: date | None = None
    unsigned: tuple[str, ...] = ()


def target_of(standing: Standing) -> Stage | None:
    """The stage that a promotion leads to: the same again where other systems are named now; None from the highest."""
    return standing.granted.next_up if standing.same_systems else standing.granted


def objections(target: Stage, standing: Standing, facts: PromotionFacts) -> list[str]:
    """Everything that stands against a promotion, a clause each; none when it may be made."""
    found = list(_always(target, standing, facts))
    if target is Stage.HOMOLOGATION:
        found += [phrase("the {side} is not marked `test = true`", side=name) for name in facts.not_test]
    if target.rank >= Stage.PILOT.rank:
        found += _named_people(facts)
    if target is Stage.PILOT:
        found += _to_the_pilot(standing, facts)
    if target is Stage.LIVE:
        found += facts.unsigned
    return found


def _always(target: Stage, standing: Standing, facts: PromotionFacts) -> Iterator[str]:
    if target.rank > standing.granted.rank + 1:
        yield phrase(
            "from “{stage}” the next stage is “{next_stage}”",
            stage=standing.granted,
            next_stage=standing.granted.next_up,
        )
    if facts.file_stage.rank < target.rank:
        yield phrase(
            "the project file says stage “{stage}”; write stage = “{target}” there first",
            stage=facts.file_stage,
            target=target,
        )
    if standing.ceiling.rank < facts.file_stage.rank:
        yield phrase("the environment of this process says stage “{stage}”", stage=standing.ceiling)
    if standing.freeze is not None:
        yield phrase("writes are frozen: {rule}", rule=standing.freeze.rule)
    if facts.under_way:
        yield phrase(
            "corrections are approved, planned, being written or of unknown outcome ({count}): a stage begins with"
            " nothing allowed",
            count=facts.under_way,
        )
    if facts.last_run_at is None or facts.now - facts.last_run_at > FRESH:
        hours = FRESH // timedelta(hours=1)
        yield phrase("no run of the last {hours} hours compared everything", hours=hours)


def _named_people(facts: PromotionFacts) -> Iterator[str]:
    if facts.roles is None:
        yield phrase("[people] names nobody, so that everybody may do everything")
        return
    for role in ("reviewer", "operator"):
        if facts.roles.isdisjoint({role, "admin"}):
            yield phrase("nobody in [people] has the role {role}", role=role)


def _to_the_pilot(standing: Standing, facts: PromotionFacts) -> Iterator[str]:
    if not facts.verified and standing.granted is Stage.HOMOLOGATION:
        yield phrase("no correction was written and proved in stage “homologation”")
    if standing.declared is None:
        yield phrase("no pilot was started (reconciler pilot start)")
    elif not standing.declared_as_started:
        yield phrase("[pilot] is not what it was when the pilot was started")
    elif facts.last_day is not None and facts.today > facts.last_day:
        yield phrase("the pilot ended on {day}", day=facts.last_day)
