"""What participants say, about a quote, a record, or the pilot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Final, cast, get_args

from reconciler.app.correct import Acting
from reconciler.app.pilot.stop_rules import freeze_now, tell_freeze
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError
from reconciler.model.entities import ENTITIES
from reconciler.model.findings import Finding
from reconciler.model.pilot import Feedback, Severity
from reconciler.model.staging import shown_key
from reconciler.phrases.phrase import phrase
from reconciler.ports.notices.delivery import Patience
from reconciler.toml_file import suggestion

LONGEST_CHARACTERS: Final = 4000
_LONGEST_KEY_CHARACTERS: Final = 200
_PATIENCE_OF_WHO_SAYS_IT: Final = Patience(attempts=1, total_s=10.0)
"""They wait for the answer of a page."""


async def add_feedback(
    acting: Acting, text: str, *, severity: str = "note", entity: str = "", key: str = ""
) -> Feedback:
    """Keep what whoever acts says. Anybody may: no role is needed. Raises as `keep_feedback`."""
    said = Said(acting.person.name, text, severity, entity, key)
    return await keep_feedback(acting.workspace, said, acting.clock())


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says, as they said it.

    Attributes:
        severity: note, problem or blocker.
        entity, key: of the record it is about; `quotes` and the number for a quote; both or none.
    """

    who: str
    text: str
    severity: str = "note"
    entity: str = ""
    key: str = ""


async def keep_feedback(workspace: Workspace, said: Said, at: datetime) -> Feedback:
    """Keep what somebody says. A blocker may make a stop rule fire: then nothing is written any more, and it is told.

    Raises:
        RefusedError: there is no text, or too long a one; no such severity or entity; an entity without a key.
        StateError: the state cannot be written.
    """
    text, key = said.text.strip(), said.key.strip()
    if not text or len(text) > LONGEST_CHARACTERS:
        raise RefusedError(phrase("feedback is a text of 1 to {most} characters.", most=LONGEST_CHARACTERS))
    if said.severity not in get_args(Severity):
        raise RefusedError(
            phrase("there is no severity “{severity}”.", severity=said.severity),
            hint=suggestion(said.severity, get_args(Severity)),
        )
    if bool(said.entity) != bool(key):
        raise RefusedError(phrase("a record is named by its entity and its key."))
    if said.entity and said.entity not in ENTITIES:
        raise RefusedError(
            phrase("there is no entity “{name}”.", name=said.entity), hint=suggestion(said.entity, ENTITIES)
        )
    if len(key) > _LONGEST_KEY_CHARACTERS:
        raise RefusedError(phrase("a key has at most {most} characters.", most=_LONGEST_KEY_CHARACTERS))
    feedback = Feedback(token_hex(8), at, said.who, cast("Severity", said.severity), text, said.entity, key)
    await workspace.state.pilot.add_feedback(feedback)
    if feedback.severity == "blocker" and (freeze := await freeze_now(workspace, at)) is not None:
        await tell_freeze(workspace, freeze, _PATIENCE_OF_WHO_SAYS_IT)
    return feedback


async def list_feedback(
    workspace: Workspace, *, entity: str | None = None, key: str | None = None, only_open: bool = False
) -> list[Feedback]:
    """What was said, the latest last: all of it, or about records of an entity, or about one record.

    Raises:
        StateError: the state cannot be read.
    """
    said = await workspace.state.pilot.feedback(entity=entity, key=key)
    return [each for each in said if each.closed_at is None or not only_open]


async def feedback_about(workspace: Workspace, finding: Finding) -> tuple[Feedback, ...]:
    """What was said about the record of a finding, the latest last. A line is part of its document.

    Raises:
        StateError: the state cannot be read.
    """
    entity, key = finding.entity.partition(".")[0], shown_key(finding.key)
    if entity != finding.entity:
        key = key.partition("|")[0]
    return tuple(await workspace.state.pilot.feedback(entity=entity, key=key))


async def close_feedback(acting: Acting, feedback_id: str, answer: str) -> Feedback:
    """Say that something was dealt with, and how.

    Raises:
        RefusedError: the person has no role, there is no answer, or no such open feedback.
        StateError: the state cannot be written.
    """
    acting.require(frozenset({"reviewer", "operator", "admin"}), "close feedback")
    if not answer.strip():
        raise RefusedError(
            phrase("nothing says what became of it."), hint=phrase("Give an answer; it stays with the feedback.")
        )
    return await acting.workspace.state.pilot.close_feedback(
        feedback_id, acting.person.name, answer.strip(), acting.clock()
    )
