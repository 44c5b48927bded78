"""`doctor`: diagnoses the installation, and makes a support bundle."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Json, settings_of
from reconciler.cli.output import plain, print_json, print_table, say

if TYPE_CHECKING:
    from reconciler.app.doctor.diagnosis import Diagnosis


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="doctor")(doctor)


def doctor(
    context: typer.Context,
    bundle: Annotated[
        Path | None, typer.Option(help="Also write a support bundle: no secret, no value and no name is in it.")
    ] = None,
    json: Json = False,
) -> None:
    """Diagnose this installation. Nothing is changed and no system is called.

    Exit codes: 0 all is well, 1 something to see to, 4 an outcome is unknown, 2 the product cannot do its work.
    """
    from datetime import UTC, datetime

    from reconciler.app.doctor.examine import examine
    from reconciler.app.doctor.support import write_bundle
    from reconciler.logs import configure_logging
    from reconciler.service.tokens import plain_tokens

    settings = settings_of(context)
    configure_logging(debug=settings.debug)
    found = asyncio.run(examine(settings.project_file, plain_tokens))
    if bundle is not None:
        names = write_bundle(bundle, found.diagnosis, found.project, found.file, found.state, datetime.now(UTC))
        say(f"Wrote {bundle} ({', '.join(names)}). Look into it before you send it.")
    _show(found.diagnosis, json)
    raise typer.Exit(found.diagnosis.exit_code)


def _show(diagnosis: Diagnosis, json: bool) -> None:
    if json:
        print_json(
            {
                "grade": diagnosis.grade.value,
                "checks": [
                    {
                        "name": check.name,
                        "grade": check.grade.value,
                        "words": check.words,
                        "hint": check.hint,
                        "facts": dict(check.facts),
                    }
                    for check in diagnosis.checks
                ],
            }
        )
        return
    rows = [(check.name, check.grade.value, check.words) for check in diagnosis.checks]
    print_table(("check", "grade", "what was seen"), rows, widest=200)
    for check in diagnosis.checks:
        if check.hint:
            typer.echo(f"\n{check.name}: {plain(check.hint)}")
