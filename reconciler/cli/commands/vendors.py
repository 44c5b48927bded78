"""`vendors`: the shipped descriptions, and how far each was verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import print_json, print_paragraph, print_table
from reconciler.connectors.certainty import Certainty


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
    rows: list[tuple[str, ...]] = []
    for document in documents:
        head = (document["name"], "/".join(document["roles"]))
        for certainty, names in _by_certainty(document["entities"]).items():
            rows.append((*head, certainty, ", ".join(names)))
            head = ("", "")
    print_table(("name", "role", "verified by", "entities"), rows)


def _by_certainty(entities: dict[str, Any]) -> dict[str, list[str]]:
    """Names of entities under how far they were verified, best first."""
    grouped: dict[str, list[str]] = {}
    for certainty in get_args(Certainty):
        names = [name for name, entity in entities.items() if entity["verified"] == certainty]
        if names:
            grouped[certainty] = names
    return grouped


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
    _print_head(document)
    for entity, source in document["entities"].items():
        _print_entity(entity, source)


def _print_head(document: dict[str, Any]) -> None:
    typer.echo(f"{document['title']} ({document['name']}): {' or '.join(document['roles'])}")
    for label, text in (("ports", ", ".join(document["ports"])), ("documentation", document["documentation"])):
        if text:
            typer.echo(f"  {label}: {text}")
    for label in ("credentials", "context"):
        for name, meaning in document[label].items():
            print_paragraph(f"{label}.{name}: {meaning}", indent="  ")
    if (webhooks := document["webhooks"]) is not None:
        how = "registered by `webhooks register`" if webhooks["registered_by_us"] else "set up in the system itself"
        told = f"webhooks: {webhooks['verification']}, {how}; verified by {webhooks['verified']}"
        print_paragraph(told, indent="  ")
        for name, meaning in webhooks["secrets"].items():
            print_paragraph(f"credentials.{name}: {meaning}", indent="    ")
        if webhooks["signed_with"] is not None:
            print_paragraph(f"signed with credentials.{webhooks['signed_with']}", indent="    ")
        print_paragraph(webhooks["note"], indent="    ")
    if document["taxes"] is not None:
        _print_taxes("taxes", document["taxes"])
    for name, taxes in document["other_taxes"].items():
        _print_taxes(f'taxes, where a project says call = "{name}"', taxes)


def _print_taxes(title: str, taxes: dict[str, Any]) -> None:
    asked = "one call for the document" if taxes["mode"] == "document" else "one call for each item"
    if taxes["conversation"]:
        asked = "a conversation of several calls"
    buyers = "prospects too" if taxes["prospects"] else "registered customers only"
    told = f"{title}: {asked}, {taxes['yields']}, saves {taxes['saves']}; {buyers}; verified by {taxes['verified']}"
    print_paragraph(told, indent="  ")
    if taxes["requires"]:
        print_paragraph(f"a quote must say: {', '.join(taxes['requires'])}", indent="    ")
    for name, meaning in (*taxes["context"].items(), *taxes["optional_context"].items()):
        print_paragraph(f"context.{name}: {meaning}", indent="    ")
    print_paragraph(taxes["note"], indent="    ")


def _print_entity(entity: str, source: dict[str, Any]) -> None:
    typer.echo(f"\n{entity}: verified by {source['verified']}")
    print_paragraph(source["note"], indent="  ")
    typer.echo(f"  paging: {source['paging']}; can: {', '.join(source['can']) or 'only full listings'}")
    if source["details"]:
        typer.echo(f"  further requests for each record: {source['details']}")
    if (writes := source["writes"]) is not None:
        guard = f"guarded by {writes['guard']}" if writes["guard"] else "compared right before, no guard"
        told = f"writes: {', '.join(writes['can'])}; {guard}; verified by {writes['verified']}"
        print_paragraph(told, indent="  ")
        print_paragraph(writes["note"], indent="    ")
    if source["lines"]:
        print_paragraph(f"lines: {', '.join(source['lines'])}", indent="  ")
    print_table(("  field", "place"), [(f"  {field}", place) for field, place in source["fields"].items()], widest=100)
