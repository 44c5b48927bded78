"""The scorecard of the pilot as it stands, and the names under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from reconciler.app.correct import Acting
from reconciler.app.pilot.standing import standing_of
from reconciler.errors import RefusedError
from reconciler.model.pilot import Declared, Feedback, Freeze, Signature, SignatureRole
from reconciler.phrases.phrase import phrase
from reconciler.pilot.scorecard import Scorecard, Verdict, scorecard
from reconciler.project_pilot import PilotSection

SHORTEST_CONTENT: Final = 8
"""Digits of a content that somebody has to name to sign it."""
ROLES: Final[tuple[SignatureRole, ...]] = ("technical_lead", "scope_owner")


@dataclass(frozen=True, slots=True)
class Assessment:
    """The pilot as it stands.

    Attributes:
        signatures: under exactly this scorecard; those under an earlier one count no more.
        freezes: all there were since the pilot was started.
        feedback: all of it, the latest last.
        declarations: every one, the first one first.
    """

    scorecard: Scorecard
    signatures: tuple[Signature, ...]
    freezes: tuple[Freeze, ...]
    feedback: tuple[Feedback, ...]
    declarations: tuple[Declared, ...]

    @property
    def missing_signatures(self) -> tuple[SignatureRole, ...]:
        """Who has not signed it yet."""
        signed = {each.role for each in self.signatures}
        return tuple(role for role in ROLES if role not in signed)


def started_pilot(acting: Acting) -> PilotSection:
    """The pilot that the project file declares.

    Raises:
        RefusedError: it declares none.
    """
    pilot = acting.workspace.project.file.pilot
    if pilot is None:
        raise RefusedError(phrase("the project file has no [pilot]."), hint=phrase("docs/pilot.md shows one."))
    return pilot


async def declared_as_started(acting: Acting) -> Declared:
    """The pilot that was started, which is the one the project file declares.

    Raises:
        RefusedError: no pilot was started, or [pilot] is another now.
        StateError: the state cannot be read.
    """
    started_pilot(acting)
    standing = await standing_of(acting.workspace, acting.descriptions)
    if standing.declared is None:
        raise RefusedError(phrase("no pilot was started."), hint=phrase("Start it with: reconciler pilot start."))
    if not standing.declared_as_started:
        raise RefusedError(
            phrase("[pilot] is not what it was when the pilot was started."),
            hint=phrase("Put it back as it was, or declare it anew with: reconciler pilot start --reason TEXT."),
        )
    return standing.declared


async def assess(acting: Acting) -> Assessment:
    """The scorecard as it is at this moment.

    Raises:
        RefusedError: no pilot was started, or [pilot] is another now.
        StateError: the state cannot be read.
    """
    declared, pilot, state = await declared_as_started(acting), started_pilot(acting), acting.workspace.state
    freezes = [each for each in await state.stages.freezes() if each.at >= declared.at]
    card = scorecard(
        acting.workspace.project.file.project.name,
        pilot,
        declared,
        await state.pilot.days(declared.number),
        today=today_of(acting),
        frozen=next((each.rule for each in freezes if each.lifted_at is None), None),
        scenarios=await state.scenarios.latest(),
    )
    return Assessment(
        card,
        tuple(await state.pilot.signatures(card.content)),
        tuple(freezes),
        tuple(await state.pilot.feedback()),
        tuple(await state.pilot.declarations()),
    )


def today_of(acting: Acting) -> date:
    """The calendar day it is for the project."""
    return acting.clock().astimezone(acting.workspace.project.time_zone).date()


async def unsigned(acting: Acting) -> list[str]:
    """What the scorecard lacks to be a “go” that both have signed, a clause each."""
    try:
        assessment = await assess(acting)
    except RefusedError as error:
        return [error.message.removesuffix(".")]
    card = assessment.scorecard
    if card.verdict is not Verdict.GO:
        why = card.reasons[0].phrase()
        return [phrase("the scorecard says “{verdict}”: {why}", verdict=card.verdict.value, why=why)]
    pilot = started_pilot(acting)
    return [
        phrase("{person} has not signed the scorecard", person=getattr(pilot, role))
        for role in assessment.missing_signatures
    ]


async def sign_scorecard(acting: Acting, content: str) -> Signature:
    """Put a person's name under the scorecard as it is now. Any change of it makes the name count no more.

    Args:
        content: of the scorecard that the person saw, or at least its first `SHORTEST_CONTENT` digits.

    Raises:
        RefusedError: the person is neither the technical lead nor the scope owner, the pilot is not over, the scorecard
            is not the one they saw, or they signed it already.
        StateError: the state cannot be used.
    """
    pilot = started_pilot(acting)
    names = {getattr(pilot, role): role for role in ROLES}
    role = names.get(acting.person.name)
    if role is None:
        raise RefusedError(
            phrase("{person} does not sign this pilot.", person=acting.person.name),
            hint=phrase("Those who do: {people}.", people=", ".join(names)),
        )
    card = (await assess(acting)).scorecard
    if card.verdict is Verdict.TOO_EARLY:
        raise RefusedError(
            phrase("the pilot is not over yet."),
            hint=phrase("The pilot lasts until {day}.", day=card.reasons[0].day),
        )
    if len(content) < SHORTEST_CONTENT or not card.content.startswith(content.lower()):
        raise RefusedError(
            phrase("that is not the content of the scorecard as it is now."),
            hint=phrase("Look at it again; give at least {digits} digits of its content.", digits=SHORTEST_CONTENT),
        )
    signature = Signature(acting.clock(), acting.person.name, role, card.content)
    await acting.workspace.state.pilot.sign(signature)
    return signature
