"""`pilot run | report | sign`: a day of the pilot, and what follows from all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_paragraph, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

Document = dict[str, Any]


def register(pilot: typer.Typer) -> None:
    """Add the commands to `pilot`."""
    pilot.command(name="run")(run)
    pilot.command(name="report")(report)
    pilot.command(name="sign")(sign)


def run(
    context: typer.Context,
    apply: Annotated[
        bool, typer.Option("--apply", help="Also write what is approved and would go through, within the limits.")
    ] = False,
    notify: Annotated[bool, typer.Option("--notify/--no-notify", help="Tell whom [notify] names of a freeze.")] = True,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Compare the pilot's records twice, ask for taxes, rehearse what is approved, and measure the day.

    Exit 1: a criterion is not met, or a stop rule fired. 3: something was not compared. 4: a write of unknown outcome.
    """

    async def work(workspace: Workspace) -> tuple[Document, int]:
        from reconciler.app.pilot.assessment import started_pilot
        from reconciler.app.pilot.run import PilotRunOptions, exit_code_of_run, run_document, run_pilot
        from reconciler.cli.progress import TerminalProgress

        person = acting(workspace, as_person)
        with TerminalProgress() as progress:
            done = await run_pilot(person, PilotRunOptions(apply=apply, notify=notify), progress)
        pilot = started_pilot(person)
        return run_document(pilot, done), exit_code_of_run(pilot, done)

    document, exit_code = with_workspace(context, work)
    for warning in document["warnings"]:
        say(f"warning: {warning}")
    if json:
        print_json(document)
    else:
        _print_run(document)
    raise typer.Exit(exit_code)


def report(context: typer.Context, json: Json = False) -> None:
    """Write the report of the pilot (HTML, XLSX, JSON), and tell go or no-go with the reasons."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.report import write_pilot_report

        return await write_pilot_report(looking(workspace))

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    typer.echo(f"{document['scorecard']['verdict'].replace('_', '-').upper()}")
    for reason in document["scorecard"]["reasons"]:
        print_paragraph(f"- {reason}")
    typer.echo(f"\ncontent to be signed: {document['content']}")
    for each in document["signatures"]:
        typer.echo(f"signed as {each['role'].replace('_', ' ')} by {plain(each['person'])} at {each['at']}")
    for kind, path in document["reports"].items():
        typer.echo(f"{kind.upper()} report: {plain(path)}")


def sign(
    context: typer.Context,
    content: Annotated[str, typer.Argument(help="Content of the scorecard you saw, or its first 8 digits or more.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Sign the scorecard as technical lead or scope owner. Any change of it makes the signature count no more."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.assessment import sign_scorecard
        from reconciler.app.pilot.report import signature_document

        return signature_document(await sign_scorecard(acting(workspace, as_person), content))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(f"Signed as {document['role'].replace('_', ' ')} by {plain(document['person'])}.")


def _print_run(document: Document) -> None:
    marks = {True: "met", False: "NOT MET", None: ""}
    print_table(
        (f"measure on {document['day']}", "value", "sample", "criterion", ""),
        [
            (name, each["value"], each["sample"], each["criterion"], marks[each["met"]])
            for name, each in document["measures"].items()
        ],
        right=(1, 2, 3),
    )
    if document["dry_run"] is not None:
        rehearsed = document["dry_run"]
        typer.echo(f"\nwould be written: {rehearsed['would_be_written']}; left out: {len(rehearsed['left_out'])}")
    if document["applied"] is not None:
        typer.echo("applied: " + ", ".join(f"{count} {state}" for state, count in document["applied"].items()))
    for rule in document["rules_fired"]:
        print_paragraph(f"STOP RULE: {rule}")
    if document["frozen"]:
        typer.echo("Writes are frozen now.")
