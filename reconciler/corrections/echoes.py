"""Our own writes coming back as news: what we wrote a moment ago is no difference that somebody made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reconciler.corrections.asked import ReadValues
from reconciler.corrections.ports import Corrections, Journal
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import Correction, CorrectionAction, CorrectionState, JournalStep, StepKind
from reconciler.model.entities import Side

DEFAULT_WINDOW: Final = timedelta(minutes=15)
"""News of a write come within minutes; later the same value may be somebody's own."""

_MAY_ECHO: Final = frozenset(
    {CorrectionState.APPLYING, CorrectionState.APPLIED, CorrectionState.VERIFIED, CorrectionState.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """What we wrote to one record.

    Attributes:
        record_id: None for a new record whose id is not known yet; then `key` tells it.
        values: canonical text by field, lines as `lines[<key>].<field>`.
        at: of the last step that is known of it.
    """

    side: Side
    entity: str
    record_id: str | None
    key: str
    values: Mapping[str, str | None]
    at: datetime


def is_echo(
    own: Iterable[OwnWrite],
    side: Side,
    entity: str,
    record_id: str,
    values: Mapping[str, str | None],
    seen_at: datetime,
    *,
    key: str | None = None,
    window: timedelta = DEFAULT_WINDOW,
) -> bool:
    """Whether everything in `values`, as just read, is what we wrote ourselves, so that it tells nothing new.

    A value that we did not write, or that is not what we wrote any more, is somebody's, and then it is no echo.

    Args:
        values: those in question, such as the one of a finding; never empty.
        seen_at: when they were read, aware.
        key: of the record, for records that we are adding at this moment.
        window: how long after a write it can echo.
    """
    written: ReadValues = {}
    for each in sorted(own, key=lambda write: write.at):
        same = each.record_id == record_id if each.record_id is not None else key is not None and each.key == key
        if same and (each.side, each.entity) == (side, entity) and seen_at - each.at <= window:
            written |= each.values
    return bool(values) and all(name in written and written[name] == value for name, value in values.items())


def own_write(correction: Correction, steps: Iterable[JournalStep]) -> OwnWrite | None:
    """What the journal says we wrote, or may have written; None where nothing was sent."""
    sent = [step for step in steps if step.kind is not StepKind.DONE or step.state in _MAY_ECHO]
    if not sent:
        return None
    wanted = {
        change.field if change.line is None else f"lines[{change.line}].{change.field}": change.new
        for change in correction.changes
        if change.old != change.new or correction.action is CorrectionAction.CREATE
    }
    read = next((step.after for step in reversed(sent) if step.after is not None), None)
    identity = next((step.record_id for step in reversed(sent) if step.record_id is not None), correction.record_id)
    # Systems cut and tidy what they take: what was read back is what comes back.
    values = wanted if read is None else wanted | {name: read[name] for name in wanted if name in read}
    return OwnWrite(correction.side, correction.entity, identity, correction.key, values, sent[-1].at)


async def own_writes(corrections: Corrections, journal: Journal, entity: str, key: str) -> list[OwnWrite]:
    """Our writes to the records of both sides with that key, as findings show it."""
    chosen = CorrectionFilter(entity=entity, key=key, states=_MAY_ECHO)
    async with aclosing(corrections.iterate(chosen)) as candidates:
        found = [own_write(each, await journal.steps(each.id)) async for each in candidates]
    return [write for write in found if write is not None]
