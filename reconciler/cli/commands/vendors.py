"""`vendors`: the shipped descriptions, and how far each was verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import print_json, print_table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    vendors = typer.Typer(
        help="Shipped vendor descriptions and how far each was verified.", invoke_without_command=True
    )
    vendors.callback()(list_vendors)
    vendors.command(name="show")(show_vendor)
    app.add_typer(vendors, name="vendors")


def list_vendors(context: typer.Context, json: Json = False) -> None:
    """List the shipped descriptions."""
    if context.invoked_subcommand is not None:
        return
    from reconciler.app.vendors import vendor_documents

    documents = vendor_documents()
    if json:
        print_json(documents)
        return
    print_table(
        ("name", "system", "role", "ports", "entities (how far verified)"),
        [
            (
                document["name"],
                document["title"],
                "/".join(document["roles"]),
                "/".join(document["ports"]),
                ", ".join(f"{name} ({entity['verified']})" for name, entity in document["entities"].items()),
            )
            for document in documents
        ],
        widest=100,
    )


def show_vendor(
    name: Annotated[str, typer.Argument(help="A shipped name, or a path such as ./my-crm.toml.")],
    json: Json = False,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the description file itself, to copy and change.")
    ] = False,
) -> None:
    """Show one description: entities, fields, what it can do, and how far it was verified."""
    from reconciler.app.vendors import description_text, vendor_document

    if toml:
        typer.echo(description_text(name, Path.cwd()), nl=False)
        return
    document = vendor_document(name, Path.cwd())
    if json:
        print_json(document)
        return
    typer.echo(f"{document['title']} ({document['name']}): {' or '.join(document['roles'])}")
    for entity, source in document["entities"].items():
        typer.echo(f"\n{entity}: verified by {source['verified']}. {source['note']}".rstrip())
        typer.echo(f"  paging: {source['paging']}; can: {', '.join(source['can']) or 'only full listings'}")
        print_table(
            ("  field", "place"), [(f"  {field}", place) for field, place in source["fields"].items()], widest=100
        )
