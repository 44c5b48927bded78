"""The week: every measure against its criterion, day by day, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from textual.content import Content

from reconciler.app.pilot.assessment import Assessment
from reconciler.pilot.measures import MEASURES, Measure
from reconciler.pilot.scorecard import Day, Mark, Verdict
from tui.pilot.reading import PilotLook
from tui.session import Session
from tui.status import LOOKS, Status, glyph
from tui.text import amount, fitted, plain, truncated

_TITLE_CELLS: Final = 26
_WIDE_TITLE_CELLS: Final = 42
_WIDE_CELLS: Final = 110
_CRITERION_CELLS: Final = 9
_DAY_CELLS: Final = 8
_SIGN_CELLS: Final = 3
_REASONS_SHOWN: Final = 12
_ENGLISH: Final = "en"
_VERDICTS: Final = {Verdict.GO: Status.APPROVED, Verdict.NO_GO: Status.REJECTED, Verdict.TOO_EARLY: Status.RUNNING}


class WeekView:
    """Writes the week as lines."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    def lines(self, look: PilotLook, room: int) -> Iterator[Content]:
        """The verdict, the table of the days, the reasons, the names under it.

        Args:
            room: cells of a line. Of the days as many are shown as there is room for, the latest ones.
        """
        assessment = look.assessment
        if assessment is None:
            yield plain(self._texts.said(look.why_none), "$text-muted")
            return
        yield self._verdict(assessment)
        yield plain("")
        yield from self._table(assessment, room)
        yield plain("")
        yield from self._reasons(assessment, room)
        yield plain("")
        yield from self._names(assessment)

    def _verdict(self, assessment: Assessment) -> Content:
        card, texts = assessment.scorecard, self._texts
        status = _VERDICTS[card.verdict]
        sign = glyph(status, ascii_only=self._session.ascii_only)
        content = texts("pilot.content", content=card.content[:16])
        return Content.assemble(
            plain(f"{sign} {texts(f'pilot.verdict.{card.verdict}')}", f"bold {LOOKS[status].tone}"),
            plain(f"  {content}", "$text-muted"),
        )

    def _table(self, assessment: Assessment, room: int) -> Iterator[Content]:
        texts, card = self._texts, assessment.scorecard
        title_cells = _WIDE_TITLE_CELLS if room >= _WIDE_CELLS else _TITLE_CELLS
        values = [mark.value for day in card.days for mark in day.marks.values() if mark.value is not None]
        cells = max([_DAY_CELLS, *(len(self._number(value)) + _SIGN_CELLS + 1 for value in values)])
        most = max(1, (room - title_cells - _CRITERION_CELLS) // cells)
        days = card.days[-most:]
        heading = fitted(texts("pilot.measure"), title_cells) + amount(texts("pilot.criterion"), _CRITERION_CELLS)
        yield plain(heading + "".join(_padded(self._day(each.day), cells) for each in days), "bold")
        for measure in MEASURES.values():
            criterion = card.criteria.get(measure.name)
            if criterion is not None or any(measure.name in day.marks for day in days):
                yield self._row(measure, criterion, days, title_cells, cells)

    def _row(
        self, measure: Measure, criterion: Decimal | None, days: Sequence[Day], title_cells: int, cells: int
    ) -> Content:
        title = measure.title if self._texts.locale == _ENGLISH else measure.title_pt
        bound = "" if criterion is None else ("<=" if measure.good == "at_most" else ">=") + self._number(criterion)
        parts = [plain(fitted(truncated(title, title_cells - 1), title_cells)), plain(amount(bound, _CRITERION_CELLS))]
        parts += [self._cell(day.marks.get(measure.name), cells) for day in days]
        return Content.assemble(*parts)

    def _cell(self, mark: Mark | None, cells: int) -> Content:
        """The value with a sign: reached, missed; without one where nothing was agreed for that day."""
        if mark is None or mark.value is None:
            return plain(_padded("-", cells), "$text-muted")
        if mark.met is None:
            return plain(_padded(self._number(mark.value), cells))
        status = Status.APPROVED if mark.met else Status.FAILED
        sign = glyph(status, ascii_only=self._session.ascii_only)
        return plain(_padded(self._number(mark.value), cells, sign), LOOKS[status].tone)

    def _number(self, value: Decimal) -> str:
        return shortest(value) if self._texts.locale == _ENGLISH else shortest(value).replace(".", ",")

    def _day(self, day: date) -> str:
        return f"{self._texts(f'pilot.weekday.{day.weekday()}')} {day.day:02}"

    def _reasons(self, assessment: Assessment, room: int) -> Iterator[Content]:
        reasons = assessment.scorecard.reasons
        for each in reasons[:_REASONS_SHOWN]:
            yield plain(truncated(f"- {each.words(self._texts.locale)}", room))
        if len(reasons) > _REASONS_SHOWN:
            more = self._texts("pilot.more_reasons", count=len(reasons) - _REASONS_SHOWN)
            yield plain(more, "$text-muted")

    def _names(self, assessment: Assessment) -> Iterator[Content]:
        texts = self._texts
        for each in assessment.signatures:
            role = texts(f"pilot.role.{each.role}")
            yield plain(texts("pilot.signed", role=role, person=each.person, at=texts.moment(each.at)), "$text-success")
        for role in assessment.missing_signatures:
            yield plain(texts("pilot.not_signed", role=texts(f"pilot.role.{role}")), "$text-muted")


def _padded(text: str, cells: int, sign: str = "") -> str:
    """The text to the right of its column, before the room of the sign: digits stand below each other."""
    return amount(text, cells - _SIGN_CELLS) + fitted(f" {sign}", _SIGN_CELLS)


def shortest(value: Decimal) -> str:
    """A number without the zeros at its end: a week has to fit on a line."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
