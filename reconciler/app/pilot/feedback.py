"""What participants say, about a quote, a record, or the pilot."""

from __future__ import annotations

from secrets import token_hex
from typing import Final, cast, get_args

from reconciler.app.correct import Acting
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError
from reconciler.model.entities import ENTITIES
from reconciler.model.pilot import Feedback, Severity
from reconciler.toml_file import suggestion

LONGEST_CHARACTERS: Final = 4000
_LONGEST_KEY_CHARACTERS: Final = 200


async def add_feedback(
    acting: Acting, text: str, *, severity: str = "note", entity: str = "", key: str = ""
) -> Feedback:
    """Keep what a participant says. Anybody who acts may: no role is needed.

    Args:
        severity: note, problem or blocker.
        entity, key: of the record it is about; `quotes` and the number for a quote; both or none.

    Raises:
        RefusedError: there is no text, or too long a one; no such severity or entity; an entity without a key.
        StateError: the state cannot be written.
    """
    said = text.strip()
    if not said or len(said) > LONGEST_CHARACTERS:
        raise RefusedError(f"feedback is a text of 1 to {LONGEST_CHARACTERS} characters.")
    if severity not in get_args(Severity):
        raise RefusedError(f"there is no severity “{severity}”.", hint=suggestion(severity, get_args(Severity)))
    if bool(entity) != bool(key.strip()):
        raise RefusedError("a record is named by its entity and its key.")
    if entity and entity not in ENTITIES:
        raise RefusedError(f"there is no entity “{entity}”.", hint=suggestion(entity, ENTITIES))
    if len(key) > _LONGEST_KEY_CHARACTERS:
        raise RefusedError(f"a key has at most {_LONGEST_KEY_CHARACTERS} characters.")
    feedback = Feedback(
        token_hex(8), acting.clock(), acting.person.name, cast("Severity", severity), said, entity, key.strip()
    )
    await acting.workspace.state.pilot.add_feedback(feedback)
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


async def close_feedback(acting: Acting, feedback_id: str, answer: str) -> Feedback:
    """Say that something was dealt with, and how.

    Raises:
        RefusedError: the person has no role, there is no answer, or no such open feedback.
        StateError: the state cannot be written.
    """
    acting.require(frozenset({"reviewer", "operator", "admin"}), "close feedback")
    if not answer.strip():
        raise RefusedError("nothing says what became of it.", hint="Give an answer; it stays with the feedback.")
    return await acting.workspace.state.pilot.close_feedback(
        feedback_id, acting.person.name, answer.strip(), acting.clock()
    )
