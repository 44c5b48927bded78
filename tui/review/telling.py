"""What a decision came to, in sentences: what was done, who is still missing, what was left alone and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.app.review.conflicts import Conflict
from reconciler.app.review.decisions import Decided
from reconciler.corrections.reasons import sentence
from tui.review.cells import separator
from tui.review.graphemes import shortened
from tui.session import Session
from tui.text import ellipsis

_MOST_LINES: Final = 40
_VALUE_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class Told:
    """What a person reads after a decision.

    Attributes:
        short: one sentence.
        details: lines about what was not done; when there are any they need to be looked at.
        conflicts: whether something was not what had been looked at.
    """

    short: str
    details: tuple[str, ...] = ()
    conflicts: bool = False


class Telling:
    """Puts decisions into the words of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = session.texts
        self._times = "x" if session.ascii_only else "×"

    def told(self, done: str, decided: Decided) -> Told:
        """Everything about a decision.

        Args:
            done: id of the counted text of what was done, such as `review.done.approved`.
        """
        texts = self._texts
        number = len(decided.done) or len(decided.findings)
        parts = [texts.counted(done, number)] if number or not decided.waiting else []
        if decided.waiting:
            people = {name for _, missing in decided.waiting for name in missing.may_approve}
            who = ", ".join(sorted(people)) or "-"
            parts.append(texts.counted("review.waiting", len(decided.waiting), people=who))
        details = [*self._conflicts(decided.conflicts), *self._left(decided)]
        if details:
            left = len(decided.conflicts) + len(decided.left_out) + len(decided.left_alone)
            parts.append(texts.counted("review.left", left))
        return Told(" ".join(parts), tuple(details), bool(decided.conflicts))

    def _left(self, decided: Decided) -> Iterable[str]:
        reasons: Counter[str] = Counter()
        example: dict[str, str] = {}
        for finding, left_out in decided.left_out:
            why = sentence(left_out, self._texts.locale)
            reasons[why] += 1
            example.setdefault(why, finding.key)
        for alone in decided.left_alone:
            why = self._texts.said(alone.why)
            reasons[why] += 1
            example.setdefault(why, alone.correction.key)
        for why, count in reasons.most_common(_MOST_LINES):
            key = shortened(example[why], _VALUE_CHARACTERS)
            yield f"{self._texts.number(count)} {self._times} {shortened(why, 4 * _VALUE_CHARACTERS)} ({key})"

    def _conflicts(self, conflicts: Iterable[Conflict]) -> Iterable[str]:
        for number, each in enumerate(conflicts):
            if number >= _MOST_LINES:
                yield ellipsis()
                return
            field = "" if each.field is None else self._session.words.field_label(each.field)
            where = separator(self._session).join(
                part
                for part in (
                    self._session.words.entity_label(each.entity) if each.entity else "",
                    shortened(each.key, _VALUE_CHARACTERS),
                    field,
                )
                if part
            )
            yield f"{where}: {self._texts(f'review.clash.{each.clash.value}', by=each.by or '?')}"
            if each.was is not None or each.now is not None:
                yield self._texts("review.clash.seen", was=self._word(each.was), now=self._word(each.now))

    def _word(self, value: str | None) -> str:
        return self._texts("review.no_value") if value is None else shortened(value, _VALUE_CHARACTERS)
