"""Options by which the commands of `corrections` are told which ones are meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reconciler.app.correct import Choice
    from reconciler.model.correction_records import CorrectionFilter

CorrectionIds = Annotated[
    list[str] | None, typer.Argument(help="Ids of corrections, or their beginnings; or choose by the options.")
]
SideFilter = Annotated[str | None, typer.Option("--side", help="Only corrections of this system: crm or erp.")]
StateFilter = Annotated[list[str] | None, typer.Option("--state", help="Only this state, such as proposed.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them.")]


def correction_filter(
    entity: list[str] | None = None,
    field: list[str] | None = None,
    cause: list[str] | None = None,
    key: list[str] | None = None,
    side: str | None = None,
    state: list[str] | None = None,
) -> CorrectionFilter:
    """The filter that these options make."""
    from reconciler.model.correction_records import CorrectionFilter
    from reconciler.model.corrections import CorrectionState
    from reconciler.model.entities import Side
    from reconciler.model.findings import Cause

    check_words("--cause", cause, Cause)
    check_words("--state", state, CorrectionState)
    check_words("--side", None if side is None else [side], Side)
    return CorrectionFilter(entity=entity, field=field, cause=cause, key=key, side=side, states=state)


def correction_choice(
    ids: list[str] | None,
    everything: bool,
    entity: list[str] | None,
    field: list[str] | None,
    cause: list[str] | None,
    key: list[str] | None,
    side: str | None,
) -> Choice:
    """What these ids and options choose."""
    from reconciler.app.correct import Choice

    chosen = correction_filter(entity, field, cause, key, side)
    return Choice(ids or (), replace(chosen, ids=None), everything)


def check_words(option: str, words: Iterable[str] | None, known: type[StrEnum]) -> None:
    """Refuse a word that the option does not know."""
    for word in words or ():
        if word not in list(known):
            raise typer.BadParameter(f"“{word}” is none of {', '.join(known)}", param_hint=option)
