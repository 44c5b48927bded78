"""What a run is asked for, and whom it tells how it goes. Loading it loads nothing that reads or compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.entities import Side


class Progress(Protocol):
    """Told how a run goes. `total` is None while unknown."""

    def pulling(self, side: Side, entity: str, records: int, total: int | None) -> None: ...

    def pulled(self, side: Side, entity: str, records: int) -> None: ...

    def comparing(self, entity: str) -> None: ...

    def compared(self, entity: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked of one run.

    Attributes:
        entities: only these, or all in scope when empty.
        full: read everything, whatever was read before.
        accept_empty: believe a side that holds no record, or far fewer than before.
        taxes: compare the taxes of open quotes where the project has it so, and quotes are among the entities.
        of_pilot: it is a part of the pilot's run that goes on in this process.
        new_data_folder: the data folder from before is lost (see `look_at_data_folder`).
    """

    entities: Sequence[str] = ()
    full: bool = False
    accept_empty: bool = False
    taxes: bool = True
    of_pilot: bool = False
    new_data_folder: bool = False
