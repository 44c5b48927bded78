"""What a screen can be in, apart from showing its content; and what an error says to a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import ReconcilerError
from reconciler.logs import masked
from tui.i18n import Texts

LEAST_COLUMNS = 60
LEAST_ROWS = 16
"""Below either there is no room for a row and its keys."""


@dataclass(frozen=True, slots=True)
class Loading:
    """Something is being read. `what` is a sentence such as “Reading 48,210 findings”."""

    what: str


@dataclass(frozen=True, slots=True)
class EmptyNone:
    """There is nothing to show, and that is the whole truth. `to_do` may be ""."""

    what: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class EmptyFiltered:
    """There is something, and the filter lets none of it through."""

    what: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a person reads it. `code` is stable and can be quoted."""

    what: str
    why: str
    to_do: str
    code: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be shown."""

    problem: Problem


ViewState = Loading | EmptyNone | EmptyFiltered | Failed
"""Stands in the place of the content."""


class NoticeKind(StrEnum):
    """Why the content is not to be taken as it stands. The word is the text `notice.<value>`."""

    PARTIAL = "partial"
    STALE = "stale"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the content."""

    kind: NoticeKind
    sentence: str


def problem_of(error: BaseException, texts: Texts) -> Problem:
    """What happened, why, what to do, and the code. Of a defect only its type: its words may hold a value."""
    if not isinstance(error, ReconcilerError):
        return Problem(texts("error.defect.what"), type(error).__name__, texts("error.defect.to_do"), code="defect")
    what, to_do = f"error.{error.code}.what", f"error.{error.code}.to_do"
    ours = texts(to_do) if texts.has(to_do) else ""
    return Problem(
        texts(what) if texts.has(what) else texts("error.other.what"),
        masked(texts.said(error.message)),
        " ".join(part for part in (ours, masked(texts.said(error.hint))) if part),
        error.code,
    )
