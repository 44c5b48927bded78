"""Whether a proposal is still what the person who decides has looked at. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.corrections.values import was_cut
from reconciler.model.corrections import Correction, CorrectionAction, FieldChange
from reconciler.model.entities import Side
from reconciler.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on the screen of the person who decides.

    Attributes:
        crm, erp: the values of the finding.
        correction: id of the proposal that was shown whole, with its `digest`; None where none was.
    """

    crm: str | None
    erp: str | None
    correction: str | None = None
    digest: str | None = None


class Clash(StrEnum):
    """Why a decision would have been about something else than what was looked at."""

    VALUES = "values"
    """A side shows another value now."""
    EDITED = "edited"
    """Somebody else gave the proposal another value."""
    MORE = "more"
    """The proposal for the record also changes something that was not looked at."""
    REPLACED = "replaced"
    """The proposal is gone; another one took its place, or nothing differs any more."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One record that was left as it is, because what was looked at is not what is there.

    Attributes:
        field: the first field that differs; None for the whole record.
        was, now: what the field was to become as it was looked at, and as it is there.
        by: who made it so, where that is known.
    """

    clash: Clash
    entity: str
    key: str
    field: str | None = None
    was: str | None = None
    now: str | None = None
    by: str | None = None


def conflict_of(
    correction: Correction, seen: Mapping[str, Seen], chosen: Collection[str] | None, person: str
) -> Conflict | None:
    """Why a proposal must not be decided about yet; None when it is what was looked at.

    Args:
        seen: by id of the finding.
        chosen: the findings that are meant, where they were chosen one by one; None where a filter chose them, and not
            each was looked at.
    """
    for change in correction.changes:
        shown = seen.get(change.finding or "")
        if shown is not None and shown.correction == correction.id:
            return None if shown.digest == correction.digest else _changed(correction, seen, person)
    return _changed(correction, seen, person) or _more(correction, chosen)


def _changed(correction: Correction, seen: Mapping[str, Seen], person: str) -> Conflict | None:
    for change in correction.changes:
        shown = seen.get(change.finding or "")
        old, new = (None, None) if shown is None else _expected(shown, correction.side)
        if change.edited_by not in (None, person):
            return _conflict(Clash.EDITED, correction, change, new, change.edited_by)
        is_plain_update = correction.action is CorrectionAction.UPDATE and change.edited_by is None
        if shown is not None and is_plain_update and not (_same(change.old, old) and _same(change.new, new)):
            return _conflict(Clash.VALUES, correction, change, new, None)
    looked_at = next((each for each in seen.values() if each.correction == correction.id), None)
    if looked_at is not None and looked_at.digest != correction.digest:
        return Conflict(Clash.MORE, correction.entity, correction.key, by=correction.proposed_by)
    return None


def _more(correction: Correction, chosen: Collection[str] | None) -> Conflict | None:
    for change in correction.changes if chosen is not None else ():
        if change.finding is not None and change.finding not in (chosen or ()):
            return _conflict(Clash.MORE, correction, change, None, correction.proposed_by)
    return None


def _conflict(clash: Clash, correction: Correction, change: FieldChange, was: str | None, by: str | None) -> Conflict:
    return Conflict(clash, correction.entity, correction.key, change.field, was, change.new, by)


def _expected(shown: Seen, side: Side) -> tuple[str | None, str | None]:
    """Old and new value of a correction of that side."""
    return (shown.crm, shown.erp) if side is Side.CRM else (shown.erp, shown.crm)


def _same(value: str | None, shown: str | None) -> bool:
    # A finding keeps the beginning of a long value only.
    return value == shown or (was_cut(shown) and (value or "").startswith((shown or "")[:-1]))


def moved(finding: Finding, shown: Seen) -> Conflict | None:
    """Whether the values of a finding are others than those looked at."""
    if (finding.crm.value, finding.erp.value) == (shown.crm, shown.erp):
        return None
    was, now = (shown.erp, finding.erp.value) if finding.erp.value != shown.erp else (shown.crm, finding.crm.value)
    return Conflict(Clash.VALUES, finding.entity, finding.key, finding.field, was, now)
