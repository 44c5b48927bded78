"""`run`: pull both systems, compare, store what was found, write the reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="run")(run)


def run(
    context: typer.Context,
    entities: Annotated[list[str] | None, typer.Argument(help="Only these entities; all in scope by default.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")] = False,
    accept_empty: Annotated[
        bool, typer.Option("--accept-empty", help="Believe a side that is empty or far smaller than before.")
    ] = False,
    no_taxes: Annotated[bool, typer.Option("--no-taxes", help="Ask the ERP for no taxes of open quotes.")] = False,
    no_notify: Annotated[bool, typer.Option("--no-notify", help="Tell nobody of it, whatever [notify] says.")] = False,
    new_data_folder: Annotated[
        bool,
        typer.Option("--new-data-folder", help="The data folder that machines shared is lost: begin with this one."),
    ] = False,
    json: Json = False,
) -> None:
    """Pull both systems, compare, store what was found, write the reports, tell whom [notify] names."""
    from reconciler.app.run import run_once
    from reconciler.app.run_options import RunOptions
    from reconciler.cli.progress import TerminalProgress

    options = RunOptions(
        entities=entities or (),
        full=full,
        accept_empty=accept_empty,
        taxes=not no_taxes,
        new_data_folder=new_data_folder,
    )
    troubles: list[str] = []

    async def reconcile(workspace: Workspace) -> tuple[Mapping[str, Any], int]:
        with TerminalProgress() as progress:
            finished = await run_once(workspace, options, progress, notify=not no_notify, warn=troubles.append)
        return finished.document, finished.exit_code

    try:
        document, exit_code = with_workspace(context, reconcile)
    finally:
        for trouble in troubles:
            say(f"warning: {trouble}")
    for warning in document.get("warnings", ()):
        say(f"warning: {warning}")
    if json:
        print_json(document)
    else:
        print_summary(document)
    raise typer.Exit(exit_code)


def print_summary(document: Mapping[str, Any]) -> None:
    """The accounting of a run, its findings by cause, and where its reports are."""
    typer.echo(f"Run {document['run']}: {document['status']} in {document['seconds']:.1f} s\n")
    print_table(
        ("entity", "side", "pulled", "= matched", "+ only here", "+ duplicate", "+ rejected", "new", "open", "closed"),
        [row for name, entity in document["entities"].items() for row in _accounting(name, entity)],
        right=(2, 3, 4, 5, 6, 7, 8, 9),
    )
    causes: dict[str, int] = {}
    for entity in document["entities"].values():
        for cause, count in ((entity["findings"] or {}).get("by_cause") or {}).items():
            causes[cause] = causes.get(cause, 0) + count
    if causes:
        typer.echo()
        ranked = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
        print_table(("open findings by cause", ""), ranked, right=(1,))
    _print_taxes(document.get("taxes"))
    typer.echo()
    for kind, path in document["reports"].items():
        typer.echo(f"{kind.upper()} report: {plain(path)}")


def _print_taxes(taxes: Mapping[str, Any] | None) -> None:
    if taxes is None or taxes["quotes"] is None:
        return
    counts = f"{taxes['calculated']} calculated, {taxes['unavailable']} unavailable, {taxes['drifted']} drifted"
    at_stake = f"{taxes['value_at_stake']} {taxes['currency']} at stake"
    typer.echo(f"\ntaxes of {taxes['quotes']} open quotes: {counts}, {at_stake}")


def _accounting(name: str, entity: Mapping[str, Any]) -> list[list[object]]:
    if entity["findings"] is None:
        return [[name, "not compared"]]
    findings = [entity["findings"][count] for count in ("new", "open", "closed")]
    rows: list[list[object]] = []
    for side in ("crm", "erp"):
        counts = [entity[side][count] for count in ("pulled", "matched", "only_here", "duplicate", "rejected")]
        rows.append([name if side == "crm" else "", side.upper(), *counts, *(findings if side == "crm" else [])])
    return rows
