"""`init`: a commented project file; asks only what it cannot find out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.options import settings_of
from reconciler.cli.output import say


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
) -> None:
    """Write a commented project file."""
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


def _ask(system: str) -> str:
    from reconciler.connectors.load import shipped_vendors

    option = f"--{system.lower()}"
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"name the {system}; shipped: {', '.join(shipped_vendors())}", param_hint=option)
    return str(typer.prompt(f"{system} ({', '.join(shipped_vendors())}, or a path)", err=True))
