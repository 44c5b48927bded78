"""`tui`: the terminal UI. It is a package of its own: this command becomes its process."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from reconciler.cli.identity import AsPerson
from reconciler.cli.options import settings_of
from reconciler.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="tui")(tui)


def tui(
    context: typer.Context,
    read_only: Annotated[bool, typer.Option("--read-only", help="Look, and change nothing.")] = False,
    as_person: AsPerson = None,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII signs only.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="In a browser, on this machine; prints the link, which holds a token.")
    ] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="With --serve: instead of 8760.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="With --serve: how browsers reach it through a reverse proxy.")
    ] = None,
) -> None:
    """Review, approve, apply and ask taxes in the terminal, or in a browser."""
    if find_spec("textual") is None or find_spec("tui") is None:
        raise ConfigurationError(
            "the terminal UI is not installed.",
            hint="Install reconciler with everything it needs.",
        )
    if not serve and (port is not None or public_url is not None):
        raise typer.BadParameter("--port and --public-url go with --serve")
    if not serve and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigurationError(
            "the terminal UI needs a terminal.", hint="Every step is also a command: reconciler --help. Or use --serve."
        )
    settings = settings_of(context)
    session = ["--project", str(settings.project_file)]
    session += ["--read-only"] if read_only else []
    session += ["--as", as_person] if as_person is not None else []
    session += ["--ascii"] if ascii_only else []
    session += ["--debug"] if settings.debug else []
    if serve:
        session += ["--port", str(port)] if port is not None else []
        session += ["--public-url", public_url] if public_url is not None else []
    # Not imported but become: nothing of the engine depends on the terminal UI, and it starts without what this loaded.
    module = "tui.serve" if serve else "tui"
    os.execv(sys.executable, [sys.executable, "-m", module, *session])  # noqa: S606 - our own module, no shell
