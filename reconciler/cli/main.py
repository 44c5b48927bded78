"""The `reconciler` command. Heavy parts are imported by the command that needs them: `--help` stays quick."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.failures import exit_on_failure
from reconciler.cli.options import Settings

_CONTAINERS_BETWEEN_COLLECTIONS = 20_000
"""At Python's usual pace a tenth of every start is a search for garbage in modules that are being loaded."""

app = typer.Typer(
    name="reconciler",
    help="Find what differs between a CRM and an ERP, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reconciler {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    context: typer.Context,
    project: Annotated[Path, typer.Option(help="Project file.", envvar="RECONCILER_PROJECT_FILE")] = Path(
        "reconciler.toml"
    ),
    debug: Annotated[bool, typer.Option("--debug", help="Log every call and show tracebacks.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""
    context.obj = Settings(project_file=project, debug=debug)


def main() -> None:
    """Run the command line and exit with the code of CONTRACT.md."""
    gc.set_threshold(_CONTAINERS_BETWEEN_COLLECTIONS)
    from reconciler.cli import commands

    commands.register(app, command_of(sys.argv[1:]))
    exit_on_failure(app)


def command_of(arguments: Sequence[str]) -> str | None:
    """The word that names the command: the first one that is none of the `settings`.

    It may name no command, as `--help` does.
    """
    rest = iter(arguments)
    for argument in rest:
        if argument == "--project":
            next(rest, None)
        elif argument != "--debug" and not argument.startswith("--project="):
            return argument
    return None
