"""Whether one side of a run is read by a process of its own, and which."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.connectors.description import Description
from reconciler.model.entities import Side
from reconciler.ports.http.settings import OAuth2Auth

_PREFERENCE: Final = (Side.ERP, Side.CRM)
_FEWEST_PROCESSORS: Final = 2


@dataclass(frozen=True, slots=True)
class Apart:
    """The side that another process may read.

    Attributes:
        surely: it is known that the process pays, and it may be started at once. Otherwise the first page that is read
            of an entity must say so.
    """

    side: Side
    surely: bool


def side_apart(
    descriptions: Mapping[Side, Description], records: Mapping[Side, int | None], at_least: int, processors: int
) -> Apart | None:
    """The side to be read apart, or None where one process does as well.

    Two processes halve the time in which records are decoded and mapped, and one takes half a second to start: both
    sides must have many records to be read. They do nothing about the time that a system makes us wait.

    Args:
        records: how many will be read of each side; None where nobody knows yet.
        at_least: so many records of each side pay for a process.
        processors: that this process may use.
    """
    if processors < _FEWEST_PROCESSORS or any(_waits(each) for each in descriptions.values()):
        return None
    if any(count is not None and count < at_least for count in records.values()):
        return None
    surely = all(count is not None for count in records.values())
    return next((Apart(side, surely) for side in _PREFERENCE if _shares_nothing(descriptions[side])), None)


def processors_of_this_process() -> int:
    """How many processors it may use."""
    # Not every system says it for one process.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _waits(description: Description) -> bool:
    """Whether its calls are limited: then the limit decides how long a pull takes."""
    http = description.http
    return http is not None and bool(http.rates)


def _shares_nothing(description: Description) -> bool:
    """Whether another connection can do without what ours knows: rotating tokens, calls of today, answers of a moment
    ago.
    """
    http = description.http
    if http is None or http.day_budget is not None or http.repeat_after_s is not None:
        return False
    return not isinstance(http.auth, OAuth2Auth)
