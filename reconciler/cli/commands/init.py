"""`init`: a commented project file, or a first description of an unknown system; asks only what it cannot find out."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import settings_of
from reconciler.cli.output import say
from reconciler.logs import configure_logging

if TYPE_CHECKING:
    from reconciler.connectors.guess.description_text import SecretHeader


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="init")(init)


def init(
    context: typer.Context,
    crm: Annotated[str | None, typer.Option(help="CRM: a shipped description or a path such as ./my-crm.toml.")] = None,
    erp: Annotated[str | None, typer.Option(help="ERP: a shipped description or a path.")] = None,
    crm_url: Annotated[str, typer.Option(help="Address of the CRM, where the description names none.")] = "",
    erp_url: Annotated[str, typer.Option(help="Address of the ERP, where the description names none.")] = "",
    name: Annotated[str | None, typer.Option(help="Name of the project; the folder's name by default.")] = None,
    locale: Annotated[str, typer.Option(help="pt-BR or en.")] = "pt-BR",
    from_url: Annotated[
        str | None, typer.Option(help="Address that lists records of an unknown REST system: guess its description.")
    ] = None,
    entity: Annotated[str, typer.Option(help="With --from-url: what the records are.")] = "customers",
    side: Annotated[str, typer.Option(help="With --from-url: crm or erp.")] = "erp",
    out: Annotated[Path | None, typer.Option(help="With --from-url: the description to write or to extend.")] = None,
    secret_header: Annotated[
        str | None, typer.Option(help="With --from-url: header that carries the credential, such as X-Api-Key.")
    ] = None,
    secret_env: Annotated[str | None, typer.Option(help="Environment variable that holds the credential.")] = None,
    secret_prefix: Annotated[str, typer.Option(help="Text before the credential, such as 'Bearer '.")] = "",
) -> None:
    """Write a commented project file, or with --from-url a first description of an unknown system."""
    if from_url is not None:
        configure_logging(debug=settings_of(context).debug)
        secret = _secret(secret_header, secret_env, secret_prefix)
        _describe(from_url, entity, side, out or Path(f"{side}.toml"), secret)
        return
    from reconciler.app.new_project import NewProject, write_project
    from reconciler.model.entities import Side

    path = settings_of(context).project_file
    wanted = NewProject(
        name=name or path.resolve().parent.name,
        vendors={Side.CRM: crm or _ask("CRM"), Side.ERP: erp or _ask("ERP")},
        base_urls={Side.CRM: crm_url, Side.ERP: erp_url},
        locale=locale,
    )
    write_project(Path(path), wanted)
    say(f"Wrote {path}. Next: set the credentials it names, then run: reconciler --project {path} check")


def _describe(url: str, entity: str, side: str, out: Path, secret: tuple[SecretHeader, str] | None) -> None:
    from reconciler.app.new_description import UnknownSystem, write_description
    from reconciler.model.entities import ENTITIES, Side

    if entity not in ENTITIES:
        raise typer.BadParameter(f"one of {', '.join(ENTITIES)}", param_hint="--entity")
    if side not in list(Side):
        raise typer.BadParameter("crm or erp", param_hint="--side")
    guessed = asyncio.run(write_description(out, UnknownSystem(Side(side), ENTITIES[entity], url, secret)))
    known = {field.name for field in guessed.fields}
    say(
        f"Wrote {out}: {len(known)} of {len(ENTITIES[entity].fields)} fields of {entity}, {guessed.paging.kind} paging."
    )
    if missing := [name for name in ENTITIES[entity].key if name not in known]:
        say(f"The key was not recognised: give {', '.join(missing)} its path before anything else.")
    say(f"Check what it says, then: reconciler init --{side} ./{out} …  and: reconciler check")


def _secret(header: str | None, variable: str | None, prefix: str) -> tuple[SecretHeader, str] | None:
    """The credential, from the environment: on the command line every user of the machine could read it."""
    from reconciler.connectors.guess.description_text import SecretHeader

    if header is None and variable is None:
        return None
    if header is None or variable is None:
        raise typer.BadParameter("--secret-header and --secret-env go together")
    value = os.environ.get(variable)
    if not value:
        raise typer.BadParameter(f"the variable {variable} is not set", param_hint="--secret-env")
    return SecretHeader(header, "key", prefix), value


def _ask(system: str) -> str:
    from reconciler.connectors.load import shipped_vendors

    option = f"--{system.lower()}"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"name the {system}; shipped: {', '.join(shipped_vendors())}", param_hint=option)
    return str(typer.prompt(f"{system} ({', '.join(shipped_vendors())}, or a path)", err=True))
