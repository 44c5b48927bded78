"""`tokens`: making tokens for callers of the service."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import print_json, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tokens = typer.Typer(help="Tokens for callers of the HTTP service.", no_args_is_help=True)
    # With a callback, `tokens new` stays a command of its own, though it is the only one.
    tokens.callback()(_tokens)
    tokens.command(name="new")(new)
    app.add_typer(tokens, name="tokens")


def _tokens() -> None:
    """Tokens for callers of the HTTP service."""


def new(
    name: Annotated[str, typer.Argument(help="Who will call: a program or a page, such as crm-plugin.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", help="sales (taxes), reviewer (findings, runs, taxes), admin or metrics; may be repeated."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a token. It is shown once; what the service is given does not lead back to it."""
    from reconciler.service.tokens import Role, new_token

    for word in role or ():
        if word not in list(Role):
            raise typer.BadParameter(f"“{word}” is none of {', '.join(Role)}", param_hint="--role")
    made = new_token(name, frozenset(map(Role, role or ())))
    if json:
        print_json({"token": made.token, "line": made.line})
        return
    say("The token, for the caller; it is not kept anywhere:")
    typer.echo(made.token)
    say("The line to keep where tokens under [service] says:")
    typer.echo(made.line)
