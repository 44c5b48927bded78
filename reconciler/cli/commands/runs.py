"""`runs`: the history, with the accounting of every run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reconciler.cli.commands.run import print_summary
from reconciler.cli.options import Json
from reconciler.cli.output import print_json, print_table
from reconciler.cli.workspace import with_workspace

_TO_THE_SECOND = len("2026-11-22T10:11:12")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    runs = typer.Typer(help="The history of runs, with the accounting of each.", invoke_without_command=True)
    runs.callback()(list_runs)
    runs.command(name="show")(show_run)
    app.add_typer(runs, name="runs")


def list_runs(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """List the latest runs."""
    if context.invoked_subcommand is not None:
        return
    from reconciler.app.runs import run_document

    records = with_workspace(context, lambda workspace: workspace.state.runs.history(limit))
    documents = [run_document(record) for record in records]
    if json:
        print_json(documents)
        return
    print_table(
        ("run", "status", "started (UTC)", "seconds", "entities", "new", "open"),
        [
            (
                document["run"],
                document["status"],
                document["started_at"][:_TO_THE_SECOND],
                document.get("seconds", ""),
                ", ".join(document.get("entities", {})),
                _total(document, "new"),
                _total(document, "open"),
            )
            for document in documents
        ],
        right=(3, 5, 6),
    )


def show_run(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="Id of the run, or its beginning.")],
    json: Json = False,
) -> None:
    """Show one run with its accounting."""
    from reconciler.app.runs import run_document

    document = run_document(with_workspace(context, lambda workspace: workspace.state.runs.get(run)))
    if json:
        print_json(document)
    elif "entities" in document:
        print_summary(document)
    else:
        typer.echo(f"Run {document['run']}: {document['status']}")


def _total(document: dict[str, Any], count: str) -> object:
    entities = document.get("entities", {}).values()
    return sum((entity.get("findings") or {}).get(count, 0) for entity in entities) if entities else ""
