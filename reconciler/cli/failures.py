"""From exceptions to exit codes: a user reads what happened, where, and what to do next; never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from reconciler.errors import ReconcilerError, WrongQuoteError
from reconciler.logs import masked

_NOT_UNDERSTOOD = 3


def exit_on_failure(app: typer.Typer) -> NoReturn:
    """Run the app; end the process with the exit code that belongs to what happened.

    Usage errors (2) and interruption (130) are the command-line library's own. A defect of ours ends with 3, as a run
    that could not be carried out.
    """
    try:
        app()
    except ReconcilerError as error:
        tell(error)
        if "--debug" in sys.argv:
            raise
        sys.exit(error.exit_code)
    except Exception as error:
        typer.echo(f"error: something went wrong that should not ({type(error).__name__}).", err=True)
        typer.echo("  Nothing stored before is lost. Run again with --debug and report what it shows.", err=True)
        if "--debug" in sys.argv:
            raise
        sys.exit(_NOT_UNDERSTOOD)
    sys.exit(0)


def tell(error: ReconcilerError) -> None:
    """Write what happened and what to do next on stderr."""
    others = error.others if isinstance(error, WrongQuoteError) else ()
    for each in (error, *others):
        typer.echo(f"error: {masked(each.message)}", err=True)
    if error.hint:
        typer.echo(f"  {masked(error.hint)}", err=True)
    typer.echo(f"  ({error.code})", err=True)
