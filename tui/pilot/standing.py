"""The stage: how far the project is let, what freezes it, what the next one asks for, and the run going on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from textual.content import Content

from tui.pilot.reading import PilotLook
from tui.session import Session
from tui.text import plain

_CHANGES_SHOWN: Final = 10


def standing_lines(look: PilotLook, session: Session) -> Iterator[Content]:
    """The stage in force and everything about it, line by line."""
    texts, status = session.texts, look.status
    yield plain(texts("pilot.stage", stage=texts(f"stage.{status['stage']}")), "bold")
    if status["why_lower"]:
        yield plain(texts.said(status["why_lower"]), "$text-warning")
    if (frozen := status["frozen"]) is not None:
        at = texts.moment(_instant(frozen["at"]))
        yield plain(texts("pilot.frozen", rule=frozen["rule"], at=at), "bold $text-error")
    most = "-" if status["writes_per_day"] is None else str(status["writes_per_day"])
    yield plain(texts("pilot.writes_today", count=status["writes_today"], most=most))
    yield plain("")
    yield from _next(look, session)
    yield plain("")
    yield from _declared(look, session)
    yield plain("")
    yield plain(texts("pilot.history"), "bold $text-primary")
    for each in status["history"][:_CHANGES_SHOWN]:
        before, after = (texts(f"stage.{each[end]}") for end in ("from", "to"))
        stages = f"{before} -> {after}"
        yield plain(f"{texts.moment(_instant(each['at']))}  {stages}  {each['person']}: {each['reason']}")


def _next(look: PilotLook, session: Session) -> Iterator[Content]:
    texts, status = session.texts, look.status
    if status["next"] is None:
        yield plain(texts("pilot.highest_stage"), "$text-muted")
        return
    yield plain(texts("pilot.next", stage=texts(f"stage.{status['next']}")), "bold $text-primary")
    if not status["missing"]:
        yield plain(texts("pilot.nothing_missing"), "$text-success")
    for each in status["missing"]:
        yield plain(f"- {texts.said(each)}")


def _declared(look: PilotLook, session: Session) -> Iterator[Content]:
    texts, declared = session.texts, look.status["pilot"]
    yield plain(texts("pilot.declared"), "bold $text-primary")
    if declared is None:
        yield plain(texts("pilot.not_declared"), "$text-muted")
        return
    at = texts.moment(_instant(declared["started_at"]))
    yield plain(texts("pilot.declared_by", person=declared["started_by"], at=at, number=declared["number"]))
    if not declared["as_started"]:
        yield plain(texts("pilot.declared_otherwise"), "$text-warning")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
