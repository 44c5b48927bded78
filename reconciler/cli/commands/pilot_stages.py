"""`pilot status | start | promote | fall-back | lift`: how far the project is let."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_paragraph, print_table
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

Document = dict[str, Any]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays in the trail.")]


def register(pilot: typer.Typer) -> None:
    """Add the commands to `pilot`."""
    pilot.command(name="status")(status)
    pilot.command(name="start")(start)
    pilot.command(name="promote")(promote)
    pilot.command(name="fall-back")(fall_back)
    pilot.command(name="lift")(lift)


def status(context: typer.Context, json: Json = False) -> None:
    """The stage in force, what freezes it, and what the next promotion still asks for."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.status import status_document

        return await status_document(looking(workspace))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        _print_status(document)


def start(
    context: typer.Context,
    reason: Annotated[
        str, typer.Option("--reason", help="Why [pilot] is declared anew; needed after another one was started.")
    ] = "",
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Seal [pilot] as it is in the project file: scope, limits, criteria and stop rules."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import start_pilot

        declared = await start_pilot(acting(workspace, as_person), reason)
        return {"number": declared.number, "declaration": declared.digest, "reason": declared.reason or None}

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(f"Pilot {document['number']} is declared; its declaration is {document['declaration']}.")


def promote(context: typer.Context, reason: Reason, as_person: AsPerson = None, json: Json = False) -> None:
    """Let the project go one stage further. Exit 2, with every reason, where something stands against it."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import promote as promoted
        from reconciler.app.pilot.status import change_document

        return change_document(await promoted(acting(workspace, as_person), reason))

    _print_change(with_workspace(context, work), json)


def fall_back(
    context: typer.Context,
    reason: Reason,
    to: Annotated[str | None, typer.Option("--to", help="The stage to fall back to; one down by default.")] = None,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Fall back to a lower stage at once: what is being applied stops before its next record."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import fall_back as fallen_back
        from reconciler.app.pilot.status import change_document

        return change_document(await fallen_back(acting(workspace, as_person), reason, _stage(to)))

    _print_change(with_workspace(context, work), json)


def lift(context: typer.Context, reason: Reason, as_person: AsPerson = None, json: Json = False) -> None:
    """Let corrections be written again after a stop rule froze them."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import lift_freeze
        from reconciler.app.pilot.status import freeze_document

        return freeze_document(await lift_freeze(acting(workspace, as_person), reason))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(f"Writes are not frozen any more. The rule was: {plain(document['rule'])}")


def _stage(name: str | None) -> Any:
    from reconciler.errors import RefusedError
    from reconciler.model.pilot import Stage
    from reconciler.toml_file import suggestion

    if name is None:
        return None
    if name not in [*Stage]:
        raise RefusedError(f"there is no stage “{name}”.", hint=suggestion(name, [*Stage]))
    return Stage(name)


def _print_change(document: Document, json: bool) -> None:
    if json:
        print_json(document)
    else:
        typer.echo(f"The project stands at “{document['to']}” now; before at “{document['from']}”.")


def _print_status(document: Document) -> None:
    stage = f"Stage in force: {document['stage']}; the project file names {document['file_stage']}."
    print_paragraph(stage + (f" {document['why_lower'].capitalize()}." if document["why_lower"] else ""))
    if document["frozen"] is not None:
        print_paragraph(f"FROZEN since {document['frozen']['at']}: {document['frozen']['rule']}.")
    if document["pilot"] is not None:
        changed = "" if document["pilot"]["as_started"] else " [pilot] is another now."
        print_paragraph(f"Pilot {document['pilot']['number']}, started {document['pilot']['started_at']}.{changed}")
        print_paragraph(
            f"Records begun to be written today: {document['writes_today']} of {document['writes_per_day']}."
        )
    if document["next"] is not None:
        print_paragraph(
            f"To be promoted to “{document['next']}”:" + ("" if document["missing"] else " nothing is missing.")
        )
        for missing in document["missing"]:
            print_paragraph(f"- {missing}", "  ")
    if document["scenarios"]:
        typer.echo()
        played = [
            (each["scenario"], each["status"].upper(), each["at"][:16], each["person"], each["stage"], each["seen"])
            for each in document["scenarios"]
        ]
        print_table(("scenario", "last", "at (UTC)", "person", "stage", "seen"), played)
    if document["history"]:
        typer.echo()
        rows = [
            (each["at"][:16], each["from"], each["to"], each["person"], each["reason"]) for each in document["history"]
        ]
        print_table(("at (UTC)", "from", "to", "person", "reason"), rows)
