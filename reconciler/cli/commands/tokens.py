"""`tokens`: making tokens for callers of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import Json
from reconciler.cli.output import print_json, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tokens = typer.Typer(help="Tokens for callers of the HTTP service.", no_args_is_help=True)
    tokens.command(name="new")(new)
    tokens.command(name="revoke")(revoke)
    app.add_typer(tokens, name="tokens")


def new(
    name: Annotated[str, typer.Argument(help="Who will call: a program or a page, such as crm-plugin.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="sales (taxes), reviewer (findings, corrections, runs, taxes), admin or metrics; may be repeated.",
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


def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose tokens are to be refused, all of that name.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Refuse every token of a name at once, in every process of the service, and end its sessions.

    It cannot be taken back: make another token, and take the line out of where tokens are kept.
    """

    async def work(workspace: Workspace) -> int:
        from reconciler.app.correct import OPERATING
        from reconciler.errors import RefusedError
        from reconciler.service.exposure import tokens_of

        person = acting(workspace, as_person)
        person.require(OPERATING, "revoke tokens")
        known = tokens_of(workspace.project)
        marks = [] if known is None else known.marks_of(name)
        if not marks:
            raise RefusedError(
                f"no token of the service is called {name}.", hint="Names are those where tokens under [service] says."
            )
        revoked = workspace.state.revoked_tokens
        return len(await revoked.add(dict.fromkeys(marks, name), person=person.person.name))

    number = with_workspace(context, work)
    if json:
        print_json({"revoked": number})
        return
    say(
        f"{number} of {name} refused from now on; the service knows within a second or two."
        if number
        else f"every token of {name} was revoked before."
    )
