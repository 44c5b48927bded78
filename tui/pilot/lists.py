"""Scenarios and feedback as rows, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from textual.content import Content

from reconciler.model.pilot import Feedback
from tui.pilot.reading import Document
from tui.session import Session
from tui.status import LOOKS, Status, glyph, word
from tui.text import plain
from tui.widgets.table_rows import Cell, Column, TableRow

_RESULTS: Final = {"passed": Status.APPROVED, "failed": Status.FAILED, "refused": Status.REFUSED}
_MOMENT_CELLS: Final = 16
_STATUS_CELLS: Final = 22
_WHO_CELLS: Final = 14
_TEXT_CELLS: Final = 20


class PilotLists:
    """Writes rows and details for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    def columns(self) -> list[Column]:
        """The same for both lists."""
        texts = self._texts
        return [
            Column(texts("pilot.column.what"), _TEXT_CELLS, share=1),
            Column(texts("pilot.column.status"), _STATUS_CELLS),
            Column(texts("pilot.column.at"), _MOMENT_CELLS, order=1),
            Column(texts("pilot.column.who"), _WHO_CELLS, order=2),
        ]

    def scenario_rows(self, scenarios: Sequence[Document]) -> list[TableRow]:
        """One row for each scenario, in the order they are played."""
        return [self._scenario(each) for each in scenarios]

    def feedback_rows(self, feedback: Sequence[Feedback]) -> list[TableRow]:
        """One row for each thing that was said."""
        return [self._feedback(each) for each in feedback]

    def scenario_details(self, scenario: Document) -> Iterator[Content]:
        """Steps, what has to come of it, what came of it, and where the evidence is."""
        texts, last = self._texts, scenario["last"]
        yield plain(scenario["title"], "bold")
        for number, step in enumerate(scenario["steps"], 1):
            yield plain(f"{number}. {step}")
        yield plain(texts("pilot.expected", what=scenario["expected"]))
        if scenario["refused"]:
            yield plain(texts.said(scenario["refused"]), "$text-warning")
        if last is None:
            yield plain(texts("pilot.never_played"), "$text-muted")
            return
        status = _RESULTS[last["status"]]
        yield plain(texts("pilot.seen", what=last["seen"]), LOOKS[status].tone)
        if last["evidence"]:
            yield plain(
                texts("pilot.evidence", path=last["evidence"], digest=(last["digest"] or "")[:16]), "$text-muted"
            )

    def feedback_details(self, feedback: Feedback) -> Iterator[Content]:
        """What was said, about what, and what became of it."""
        texts = self._texts
        about = texts("pilot.about_pilot")
        if feedback.entity:
            about = f"{self._session.words.entity_label(feedback.entity)} {feedback.key}"
        yield plain(f"{about} {self._dot} {feedback.who} {self._dot} {texts.moment(feedback.at)}", "bold")
        for line in feedback.text.splitlines():
            yield plain(line)
        if feedback.closed_at is not None:
            at = texts.moment(feedback.closed_at)
            said = texts("pilot.closed_by", person=feedback.closed_by or "", at=at, answer=feedback.answer)
            yield plain(said, "$text-muted")

    @property
    def _dot(self) -> str:
        return "-" if self._session.ascii_only else "·"

    def _scenario(self, scenario: Document) -> TableRow:
        last = scenario["last"]
        if last is None:
            told = self._status(Status.NOT_ASKED, self._texts("pilot.not_played"))
            return TableRow(scenario["id"], (Cell(scenario["title"]), told, Cell(""), Cell("")))
        status = _RESULTS[last["status"]]
        told = self._status(status, self._texts(f"pilot.result.{last['status']}"))
        at = self._texts.moment(datetime.fromisoformat(last["at"]))
        return TableRow(scenario["id"], (Cell(scenario["title"]), told, Cell(at), Cell(last["person"])))

    def _feedback(self, said: Feedback) -> TableRow:
        status = Status.OPEN if said.closed_at is None else Status.CLOSED
        severity = self._texts(f"review.feedback.{said.severity}")
        state = self._status(status, severity if said.closed_at is None else word(status, self._texts))
        words = " ".join(said.text.split())
        return TableRow(said.id, (Cell(words), state, Cell(self._texts.moment(said.at)), Cell(said.who)))

    def _status(self, status: Status, words: str) -> Cell:
        return Cell(f"{glyph(status, ascii_only=self._session.ascii_only)} {words}", LOOKS[status].tone)
