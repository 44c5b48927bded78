"""From exceptions to exit codes: a user reads what happened, where, and what to do next; never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from reconciler.errors import ReconcilerError
from reconciler.logs import masked


def exit_on_failure(app: typer.Typer) -> NoReturn:
    """Run the app; end the process with the exit code that belongs to what happened.

    Usage errors (2) and interruption (130) are the command-line library's own.
    """
    try:
        app()
    except ReconcilerError as error:
        tell(error)
        if "--debug" in sys.argv:
            raise
        sys.exit(error.exit_code)
    sys.exit(0)


def tell(error: ReconcilerError) -> None:
    """Write what happened and what to do next on stderr."""
    typer.echo(f"error: {masked(error.message)}", err=True)
    if error.hint:
        typer.echo(f"  {masked(error.hint)}", err=True)
    typer.echo(f"  ({error.code})", err=True)
