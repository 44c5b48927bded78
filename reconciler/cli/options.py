"""Options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer


@dataclass(frozen=True, slots=True)
class Settings:
    """The options given before the command."""

    project_file: Path
    debug: bool


def settings_of(context: typer.Context) -> Settings:
    """The options given before the command."""
    return cast("Settings", context.obj)


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
EntityFilter = Annotated[list[str] | None, typer.Option("--entity", help="Only this entity (repeat for several).")]
FieldFilter = Annotated[list[str] | None, typer.Option("--field", help="Only this field.")]
KindFilter = Annotated[list[str] | None, typer.Option("--kind", help="Only this kind, such as differs.")]
CauseFilter = Annotated[list[str] | None, typer.Option("--cause", help="Only this cause, such as accents.")]
StatusFilter = Annotated[list[str] | None, typer.Option("--status", help="Only this status.")]
KeyFilter = Annotated[list[str] | None, typer.Option("--key", help="Only this key, as shown.")]
TextFilter = Annotated[str | None, typer.Option("--text", help="Only with this text in the key, an id or a value.")]
WithoutFilter = Annotated[list[str] | None, typer.Option("--without", metavar="ID", help="Leave this finding out.")]
