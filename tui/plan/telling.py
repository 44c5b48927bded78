"""What came of planning, writing, trying again and taking back, in lines that stay on the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.app.correct import Applied, LeftAlone, Planned, Retried, UndoProposed
from reconciler.model.corrections import PROVED, Correction, CorrectionState
from tui.plan.writing import Work, WritingProgress
from tui.review.graphemes import shortened
from tui.session import Session
from tui.status import Status, glyph, word
from tui.text import sign, truncated

_MOST_LINES: Final = 40
_WORDS_CHARACTERS: Final = 300
_BAR_CELLS: Final = 24
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Attributes:
        lines: the first is the whole in one sentence.
        details: what was left alone and why; when there are any they need to be looked at.
        good: whether nothing needs a look.
    """

    lines: tuple[str, ...]
    details: tuple[str, ...] = ()
    good: bool = True


class Telling:
    """Puts it into the words of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts

    # While it goes on.

    def progress_lines(self, progress: WritingProgress, *, stopping: bool, room: int) -> list[str]:
        """How far the work is: count, rate, what is left, what became of the records so far."""
        texts = self._texts
        if progress.total is None:
            first = texts("plans.progress.begins", seconds=f"{progress.elapsed_s:.0f}")
        else:
            bar = self._bar(progress.done, progress.total)
            count = f"{texts.number(progress.done)} / {texts.number(progress.total)}"
            first = f"{bar} {count}{self._pace(progress)}"
        told = [first]
        if counted := self._states(progress.counts, progress.held_back):
            told.append(counted)
        if progress.last:
            told.append(texts("plans.progress.last", key=shortened(progress.last, _WORDS_CHARACTERS)))
        if stopping:
            told.append(texts("plans.progress.stopping"))
        return [truncated(each, room) for each in told]

    def _bar(self, done: int, total: int) -> str:
        filled = _BAR_CELLS * min(done, total) // max(1, total)
        full, empty = ("#", ".") if self._session.ascii_only else ("█", "░")
        return full * filled + empty * (_BAR_CELLS - filled)

    def _pace(self, progress: WritingProgress) -> str:
        rate, left_s = progress.rate_per_s, progress.left_s
        if rate is None or left_s is None:
            return ""
        return "  " + self._texts("plans.progress.pace", rate=f"{rate:.1f}", left=duration(left_s))

    def _states(self, counts: Mapping[CorrectionState, int], held_back: int = 0) -> str:
        parts = [self._count(state, count) for state, count in counts.items() if count]
        if held_back:
            parts.append(self._texts.counted("plans.held_back", held_back))
        return sign(" · ", " | ").join(parts)

    def _count(self, state: CorrectionState, count: int) -> str:
        status = Status(state.value)
        sign = glyph(status, ascii_only=self._session.ascii_only)
        return f"{sign} {self._texts.number(count)} {word(status, self._texts)}"

    # When it is over.

    def sealed(self, planned: Planned) -> Outcome:
        """Of a plan that was made."""
        left = tuple(self._reasons((each.why, each.correction.key) for each in planned.left_out))
        if planned.sealed is None:
            return Outcome((self._texts("plans.nothing_sealed"),), left, good=False)
        first = self._texts.counted("plans.sealed", len(planned.corrections))
        return Outcome((first,), left, good=not left)

    def applied(self, applied: Applied) -> Outcome:
        """Of a plan that was written, or would be."""
        texts, summary = self._texts, applied.summary
        total = len(applied.corrections)
        proved = sum(each.state in PROVED for each in applied.corrections)
        stopped = summary is not None and summary.interrupted
        text_id = "plans.dry_run" if applied.dry_run else "plans.stopped" if stopped else "plans.applied"
        first = texts(text_id, proved=texts.number(proved), total=texts.number(total))
        told = [first, self._states(applied.counts)]
        if stopped and (left := applied.counts.get(CorrectionState.PLANNED, 0)):
            told.append(texts.counted("plans.still_planned", left))
        if summary is not None:
            told += [
                texts("plans.recovered", key=each.correction.key, words=texts.said(each.words))
                for each in summary.recovered
            ]
            told += [
                texts("plans.system_stopped", system=side.value.upper(), why=texts.said(why))
                for side, why in summary.stopped.items()
            ]
        troubled = [each for each in applied.corrections if self._is_troubled(each, applied.held_back)]
        pairs = ((applied.held_back.get(each.id) or self._said(each), each.key) for each in troubled)
        return Outcome(tuple(filter(None, told)), tuple(self._reasons(pairs)), good=proved == total)

    def retried(self, retried: Retried) -> Outcome:
        """Of trying again."""
        texts = self._texts
        counts = Counter(each.state for each in retried.corrections)
        told = [texts.counted("plans.retried", len(retried.corrections)), self._states(counts)]
        if retried.proposals:
            told.append(texts.counted("plans.proposed_anew", len(retried.proposals)))
        if retried.to_plan:
            told.append(texts.counted("plans.wait_for_plan", len(retried.to_plan)))
        told += [
            texts("plans.ask_again", key=each.correction.key, at=texts.moment(each.again_at))
            for each in retried.found_out
            if each.again_at is not None
        ]
        if retried.interrupted:
            told.append(texts("plans.retry_stopped"))
        return Outcome(tuple(filter(None, told)), self.left(retried.left_alone), good=retried.exit_code == 0)

    def undone(self, proposed: UndoProposed) -> Outcome:
        """Of asking to take back."""
        first = self._texts.counted("plans.undo_proposed", len(proposed.proposals))
        left = self.left(proposed.left_alone)
        return Outcome((first,), left, good=not left)

    def left(self, left: Sequence[LeftAlone]) -> tuple[str, ...]:
        """What was left alone, by reason."""
        return tuple(self._reasons((each.why, each.correction.key) for each in left))

    def _is_troubled(self, correction: Correction, held_back: Mapping[str, str]) -> bool:
        if correction.id in held_back:
            return True
        return correction.state not in PROVED and correction.state is not CorrectionState.PLANNED

    def _said(self, correction: Correction) -> str:
        state = word(Status(correction.state.value), self._texts)
        return f"{state}: {self._texts.said(correction.words)}" if correction.words else state

    def _reasons(self, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
        counts: Counter[str] = Counter()
        example: dict[str, str] = {}
        for english, key in pairs:
            why = self._texts.said(english)
            counts[why] += 1
            example.setdefault(why, key)
        for why, count in counts.most_common(_MOST_LINES):
            key = shortened(example[why], _WORDS_CHARACTERS)
            yield f"{self._texts.number(count)} {sign('×', 'x')} {shortened(why, _WORDS_CHARACTERS)} ({key})"
        if len(counts) > _MOST_LINES:
            yield self._texts("plans.more", count=self._texts.number(len(counts) - _MOST_LINES))


def title_of(work: Work, session: Session) -> str:
    """What goes on."""
    return session.texts(f"plans.work.{work.value}")


def duration(seconds: float) -> str:
    """Such as `40 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
