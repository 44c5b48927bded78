"""Options by which the commands of `corrections` are told which ones are meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.options import CauseFilter, EntityFilter, FieldFilter, KeyFilter

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
    ids: CorrectionIds = None,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    cause: CauseFilter = None,
    key: KeyFilter = None,
    side: SideFilter = None,
    everything: Everything = False,
) -> Choice:
    """What these ids and options choose."""
    from reconciler.app.correct import Choice

    return Choice(ids or (), correction_filter(entity, field, cause, key, side), everything)


def with_choice(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose second parameter, `choice`, is made of the ids and options of `correction_choice`."""
    # `Choice` is not imported before a command runs, and typer is not to see it.
    command.__annotations__.pop("choice")
    options = inspect.signature(correction_choice, eval_str=True, locals={"Choice": None}).parameters
    context, _, *others = inspect.signature(command, eval_str=True).parameters.values()

    @functools.wraps(command)
    def chosen(**given: Any) -> None:
        choice = correction_choice(**{name: given.pop(name) for name in options})
        command(choice=choice, **given)

    parameters = [context, *options.values(), *others]
    keyword_only = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    chosen.__annotations__ = {each.name: each.annotation for each in keyword_only}
    vars(chosen)["__signature__"] = inspect.Signature(keyword_only)
    return chosen


def check_words(option: str, words: Iterable[str] | None, known: type[StrEnum]) -> None:
    """Refuse a word that the option does not know."""
    for word in words or ():
        if word not in list(known):
            raise typer.BadParameter(f"“{word}” is none of {', '.join(known)}", param_hint=option)
