"""`corrections plan | apply | undo | retry | settle`: writing what was approved, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.app.garbage import few_garbage_collections
from reconciler.cli.correction_choice import with_choice
from reconciler.cli.correction_tables import (
    print_changes,
    print_correction,
    print_corrections,
    print_left_out,
    print_totals,
    print_trouble,
)
from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import Json
from reconciler.cli.output import print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.correct import Choice
    from reconciler.app.wire import Workspace

_SHOWN_RECORDS = 200
_REFUSED = 2
_PROVED = ("verified", "undone")

Document = dict[str, Any]


def register(corrections: typer.Typer) -> None:
    """Add the commands to `corrections`."""
    corrections.command(name="plan")(plan)
    corrections.command(name="apply")(apply)
    corrections.command(name="undo")(undo)
    corrections.command(name="retry")(retry)
    corrections.command(name="settle")(settle)


@with_choice
def plan(
    context: typer.Context,
    choice: Choice,
    out: Annotated[
        Path | None, typer.Option(help="Write the sealed plan to this file. Without it nothing is planned, only shown.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Read every record first, and leave out what would not go through."),
    ] = True,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Show exactly what would be written, old → new, and seal it. Everything approved, unless told which."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import plan_corrections
        from reconciler.app.correction_documents import planned_document
        from reconciler.cli.correction_progress import progress_bar

        actor = acting(workspace, as_person)
        with progress_bar("checking") as progress:
            planned = await plan_corrections(actor, choice, out=out, check=check, progress=progress)
        return planned_document(planned, at_most=None if json else _SHOWN_RECORDS)

    # To the very end of the command: a search for garbage right after planning would go through all of the plan.
    with few_garbage_collections():
        document = with_workspace(context, work)
        if json:
            print_json(document)
        else:
            _print_plan(document)
    raise typer.Exit(0 if document["corrections"] else _REFUSED)


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The sealed plan.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read both systems and tell what would become of it; write nothing.")
    ] = False,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Write a sealed plan: each record is read, compared with what was approved, written, and read back.

    Exit codes: 0 all of it is proved; 1 a part is not; 2 refused; 4 of some nobody knows; 130 stopped.
    """

    async def work(workspace: Workspace) -> tuple[Document, int]:
        from reconciler.app.correct import apply_plan, read_plan_file
        from reconciler.app.correction_documents import applied_document
        from reconciler.cli.correction_progress import progress_bar
        from reconciler.cli.stopping import stop_on_signal

        actor, sealed = acting(workspace, as_person), read_plan_file(file)
        if dry_run:
            with progress_bar("checking") as progress:
                applied = await apply_plan(actor, sealed, dry_run=True, progress=progress)
        else:
            with stop_on_signal() as stop, progress_bar("writing") as progress:
                applied = await apply_plan(actor, sealed, progress=progress, stop=stop)
        return applied_document(applied), applied.exit_code

    document, exit_code = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        _print_applied(document)
    raise typer.Exit(exit_code)


@with_choice
def undo(
    context: typer.Context,
    choice: Choice,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Propose to take back what was written; it is approved, planned and applied like any other correction."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import undo_corrections
        from reconciler.app.correction_documents import correction_document, left_alone_documents

        proposed = await undo_corrections(acting(workspace, as_person), choice)
        return {
            "proposed": [correction_document(each) for each in proposed.proposals],
            "left_out": left_alone_documents(proposed.left_alone),
        }

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    print_changes(document["proposed"][:_SHOWN_RECORDS])
    print_left_out(document["left_out"], "corrections")
    say(f"{len(document['proposed'])} proposed to be taken back; approve, plan and apply them.")


@with_choice
def retry(
    context: typer.Context,
    choice: Choice,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Try again what did not go through: find out, write again, or propose anew, as its state asks for."""

    async def work(workspace: Workspace) -> tuple[Document, int]:
        from reconciler.app.correct import retry_corrections
        from reconciler.app.correction_documents import retried_document
        from reconciler.cli.correction_progress import progress_bar
        from reconciler.cli.stopping import stop_on_signal

        actor = acting(workspace, as_person)
        with stop_on_signal() as stop, progress_bar("writing") as progress:
            retried = await retry_corrections(actor, choice, progress=progress, stop=stop)
        return retried_document(retried), retried.exit_code

    document, exit_code = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        _print_retried(document)
    raise typer.Exit(exit_code)


def settle(
    context: typer.Context,
    correction: Annotated[str, typer.Argument(help="Id of the correction, or its beginning.")],
    written: Annotated[
        bool, typer.Option("--as-written/--not-written", help="Whether the system did what it was sent.")
    ],
    reason: Annotated[str, typer.Option(help="How you know; it stays with the correction and in the trail.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Say what became of an unknown outcome. The record is read first, and your word counts only where that tells
    nothing."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import settle_correction, shown_correction
        from reconciler.app.correction_documents import shown_document

        actor = acting(workspace, as_person)
        settled = await settle_correction(actor, correction, written=written, reason=reason)
        return shown_document(await shown_correction(actor, settled.id))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        print_correction(document)


def _print_plan(document: Document) -> None:
    corrections = document["corrections"]
    print_changes(corrections)
    more = sum(count["records"] for count in document["totals"].values()) - len(corrections)
    if more:
        typer.echo(f"and {more} more records")
    print_left_out(document["left_out"], "corrections")
    if not corrections:
        say("There is nothing to plan.")
        return
    typer.echo()
    print_totals(document["totals"])
    if document["file"] is None:
        say("Nothing is planned yet: --out FILE seals it.")
        return
    typer.echo(f"\nplan {document['plan']}")
    say(f"Sealed for 24 hours. Write it with: reconciler corrections apply {document['file']}")


def _print_applied(document: Document) -> None:
    for found in document["recovered"]:
        say(f"Left behind by an earlier process: {found['id'][:8]} is {found['state']}. {found['words']}")
    _print_states(document["states"])
    _print_troubled(document["corrections"])
    for side, why in document["stopped"].items():
        say(f"{side.upper()} took nothing more: {why}")
    if document["dry_run"]:
        say("Nothing was written.")
    elif not document["written"]:
        say("There was nothing left to write in this plan.")


def _print_retried(document: Document) -> None:
    _print_states(document["states"])
    _print_troubled(document["corrections"])
    if document["proposed"]:
        typer.echo("\nproposed anew")
        print_corrections(document["proposed"][:_SHOWN_RECORDS])
    if document["to_plan"]:
        say(f"{len(document['to_plan'])} wait for a new plan: theirs does not fit any more.")
    for identity, moment in document["ask_again"].items():
        say(f"{identity[:8]}: the system may still be at it; ask again after {moment}.")
    print_left_out(document["left_out"], "corrections")


def _print_states(states: dict[str, int]) -> None:
    if states:
        print_table(("state", "corrections"), sorted(states.items()), right=(1,))


def _print_troubled(corrections: list[Document]) -> None:
    """What is not proved, each with its reason: as many as there are. What nobody came to is only counted."""
    for document in corrections:
        why = document.get("held_back") or document["words"]
        state = document["state"]
        if state in _PROVED or (state == "planned" and not why):
            continue
        print_trouble(document, why)
