"""What somebody decides about one correction over HTTP: who may say it, what they say, and why it was not done.

Who decides is the person to whom the project file gives the token, and nobody else: no member of a body names one. A
session of a page decides nothing, not even with its CSRF token: the page shows quotes, and a mistake in it must not be
able to approve a write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web

from reconciler.app.correct import REVIEWING, Acting, LeftReason, person_of_token
from reconciler.errors import NothingDecidedError, RefusedError
from reconciler.model.corrections import Person
from reconciler.project import Project
from reconciler.service.callers import ANYBODY_HERE, CALLER
from reconciler.service.problems import problem

LARGEST_DECISION_BYTES: Final = 16 * 1024
LONGEST_REASON_CHARACTERS: Final = 500
DIGEST_PATTERN: Final = "^[0-9a-f]{64}$"
REASON_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f]*\S[^\u0000-\u001f\u007f-\u009f]*$"
"""No database, and no trail, holds the characters that this leaves out."""

_DIGEST: Final = re.compile(DIGEST_PATTERN[1:-1])
_REASON: Final = re.compile(REASON_PATTERN[1:-1])
_TITLES: Final[Mapping[str, tuple[int, str]]] = {
    LeftReason.WRONG_STATE: (409, "This correction is not where it could be decided about."),
    LeftReason.CONTENT_CHANGED: (409, "This correction is not what was looked at any more."),
    LeftReason.NOT_TAKEN: (409, "The system would not take this correction as it is."),
    LeftReason.NOT_YOURS: (403, "This person's approval would not count."),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says about a correction.

    Attributes:
        digest: of the content that they looked at.
        reason: "" where none is asked for.
    """

    digest: str
    reason: str = ""


def decider(request: web.Request, project: Project) -> Person | web.Response:
    """Who decides, or the answer that tells why nobody does."""
    caller = request[CALLER]
    if caller is ANYBODY_HERE:
        return problem(403, "no_person", "Without tokens nobody is known who could decide.")
    if hdrs.AUTHORIZATION not in request.headers:
        return problem(403, "bearer_needed", "A session of a page decides nothing: show a token of a person.")
    try:
        return person_of_token(project, caller.name)
    except RefusedError:
        return problem(403, "no_person", "This token is nobody in [people] of the project file.")


def barred(acting: Acting) -> web.Response | None:
    """Why this person may decide about nothing, whatever their token may."""
    try:
        acting.require(REVIEWING, "decide about corrections")
    except RefusedError as error:
        title = "This person does not have a role that may do this."
        return problem(403, "person_may_not", title, detail=error.message)
    return None


def decision_in(document: object, *, with_reason: bool) -> Decision | web.Response:
    """The decision in a decoded body, or the first mistake in it."""
    members = {"digest", "reason"} if with_reason else {"digest"}
    if not isinstance(document, dict):
        return _wrong("", f"is an object of {', '.join(sorted(members))}")
    if not members.issuperset(document):
        return _wrong("", f"has nothing but {', '.join(sorted(members))}; who decides is whose token it is")
    digest, reason = document.get("digest"), document.get("reason", "")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        return _wrong("digest", "is the digest of the content that was looked at: 64 hexadecimal digits")
    if not with_reason:
        return Decision(digest)
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON_CHARACTERS or not _REASON.fullmatch(reason):
        return _wrong("reason", f"says why, in up to {LONGEST_REASON_CHARACTERS} characters, none for control")
    return Decision(digest, reason.strip())


def not_done(error: RefusedError) -> web.Response:
    """Why the decision was not carried out."""
    if not isinstance(error, NothingDecidedError):
        return problem(409, "refused", "This was not decided.", detail=error.message)
    # What none was chosen of was replaced between the look at it and the decision.
    reason = next(iter(error.reasons & _TITLES.keys()), LeftReason.CONTENT_CHANGED.value)
    status, title = _TITLES[reason]
    return problem(status, reason, title, detail=error.message)


def _wrong(place: str, what: str) -> web.Response:
    title = "This is not a decision."
    return problem(422, "wrong_decision", title, detail=f"{place or 'the body'} {what}.", place=place)
