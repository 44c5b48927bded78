"""Which corrections somebody means, and why some of them were left as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from reconciler.errors import NothingDecidedError, RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionState
from reconciler.phrases.phrase import joined, phrase
from reconciler.store.state.state import State

_SHOWN_REASONS: Final = 5
_WHOLE_ID: Final = 16
"""Digits of an id that is no beginning: asking for each of many thousands first would take longer than deciding."""


class LeftReason(StrEnum):
    """Why a correction was left as it is, for programs."""

    WRONG_STATE = "wrong_state"
    CONTENT_CHANGED = "content_changed"
    """It is not what the person looked at."""
    NOT_TAKEN = "will_not_be_taken"
    """The system would refuse it."""
    NOT_YOURS = "not_yours_to_approve"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A correction that was chosen and not touched.

    Attributes:
        why: one clause, such as “it is planned already”.
    """

    correction: Correction
    why: str
    reason: LeftReason = LeftReason.OTHER


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody means.

    Attributes:
        ids: whole, or beginnings that only one correction has.
        filter: besides the ids; its own `ids` and `states` are not looked at.
        everything: that they know it is about all of them.
    """

    ids: Sequence[str] = ()
    filter: CorrectionFilter = field(default_factory=CorrectionFilter)
    everything: bool = False

    @property
    def restricts_nothing(self) -> bool:
        """Whether it would choose all corrections."""
        return not self.ids and self.filter.restricts_nothing

    def refuse_by_accident(self) -> None:
        """Refuse to touch everything where nobody said so.

        Raises:
            RefusedError: neither ids, nor a filter, nor `everything` was given.
        """
        if self.restricts_nothing and not self.everything:
            raise RefusedError(
                phrase("nothing says which corrections are meant."),
                hint=phrase("Name them by id, choose by --entity, --field, --cause, --key or --side, or say --all."),
            )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The corrections that were meant, in the order in which they were proposed.

    Attributes:
        left_alone: those named by id that are in another state.
    """

    corrections: tuple[Correction, ...]
    left_alone: tuple[LeftAlone, ...] = ()


async def chosen_corrections(state: State, choice: Choice, states: Collection[CorrectionState]) -> Chosen:
    """The corrections in one of these states that are meant.

    A filter passes over corrections in other states in silence; one that was named by its id is told.

    Raises:
        RefusedError: an id names none, or several.
    """
    ids = [each if len(each) == _WHOLE_ID else (await state.corrections.get(each)).id for each in choice.ids]
    wanted = replace(choice.filter, ids=ids or None, states=None if ids else states)
    found = await state.corrections.listed(wanted)
    return Chosen(
        tuple(each for each in found if each.state in states),
        tuple(
            LeftAlone(each, phrase("it is {state}", state=each.state.value), LeftReason.WRONG_STATE)
            for each in found
            if each.state not in states
        ),
    )


def refuse_when_none(taken: Collection[object], left_alone: Iterable[LeftAlone], done: str) -> None:
    """Refuse a request that came to nothing.

    Args:
        done: such as “approved”.

    Raises:
        NothingDecidedError: nothing was taken; the first reasons are told.
    """
    if taken:
        return
    left = list(left_alone)
    by_reason: dict[str, list[Correction]] = {}
    for each in left:
        by_reason.setdefault(each.why, []).append(each.correction)
    if not by_reason:
        hint = phrase("`reconciler corrections list` shows them.")
        raise NothingDecidedError(phrase("no correction was {done}: none was chosen.", done=done), hint=hint)
    reasons: list[str] = [
        phrase("{why} ({records})", why=why, records=_named(corrections)) for why, corrections in by_reason.items()
    ]
    others = len(reasons) - _SHOWN_REASONS
    if others > 0:
        reasons = [*reasons[:_SHOWN_REASONS], phrase("and {others} other reasons", others=others)]
    raise NothingDecidedError(
        phrase("no correction was {done}: {reasons}.", done=done, reasons=joined("; ", reasons)),
        reasons=frozenset(each.reason.value for each in left),
    )


def _named(corrections: Sequence[Correction]) -> str:
    first = corrections[0]
    if len(corrections) == 1:
        return phrase("{correction} of {entity} {key}", correction=first.id, entity=first.entity, key=first.key)
    return phrase(
        "{correction} of {entity} {key} and {more} more",
        correction=first.id,
        entity=first.entity,
        key=first.key,
        more=len(corrections) - 1,
    )
