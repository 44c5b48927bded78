"""`pilot status | start | promote | fall-back | lift`: how far the project is let."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_paragraph, print_table
from reconciler.cli.pilot_texts import PilotTexts, with_texts

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

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        _print_status(document, texts)


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

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(texts("declared", number=document["number"], declaration=document["declaration"]))


def promote(context: typer.Context, reason: Reason, as_person: AsPerson = None, json: Json = False) -> None:
    """Let the project go one stage further. Exit 2, with every reason, where something stands against it."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import promote as promoted
        from reconciler.app.pilot.status import change_document

        return change_document(await promoted(acting(workspace, as_person), reason))

    _print_change(*with_texts(context, work), json)


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

    _print_change(*with_texts(context, work), json)


def lift(context: typer.Context, reason: Reason, as_person: AsPerson = None, json: Json = False) -> None:
    """Let corrections be written again after a stop rule froze them."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.promotion import lift_freeze
        from reconciler.app.pilot.status import freeze_document

        return freeze_document(await lift_freeze(acting(workspace, as_person), reason))

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(texts("lifted", rule=plain(texts.rules(document["rule"]))))


def _stage(name: str | None) -> Any:
    from reconciler.errors import RefusedError
    from reconciler.model.pilot import Stage
    from reconciler.toml_file import suggestion

    if name is None:
        return None
    if name not in [*Stage]:
        raise RefusedError(f"there is no stage “{name}”.", hint=suggestion(name, [*Stage]))
    return Stage(name)


def _print_change(document: Document, texts: PilotTexts, json: bool) -> None:
    if json:
        print_json(document)
    else:
        typer.echo(texts("stands_now", to=document["to"], before=document["from"]))


def _print_status(document: Document, texts: PilotTexts) -> None:
    stage, lower = texts("stage", stage=document["stage"], file_stage=document["file_stage"]), document["why_lower"]
    print_paragraph(f"{stage} {_capitalised(texts.said(lower))}." if lower else stage)
    if document["frozen"] is not None:
        frozen = document["frozen"]
        print_paragraph(texts("frozen_since", at=frozen["at"], rule=texts.rules(frozen["rule"])))
    if (pilot := document["pilot"]) is not None:
        changed = "" if pilot["as_started"] else texts("another_pilot")
        print_paragraph(texts("pilot_started", number=pilot["number"], at=pilot["started_at"]) + changed)
        print_paragraph(texts("writes_today", begun=document["writes_today"], most=document["writes_per_day"]))
    if document["next"] is not None:
        missing = "" if document["missing"] else texts("nothing_missing")
        print_paragraph(texts("to_be_promoted", stage=document["next"]) + missing)
        for each in document["missing"]:
            print_paragraph(f"- {texts.said(each)}", "  ")
    _print_played(document["scenarios"], texts)
    if document["history"]:
        typer.echo()
        rows = [
            (each["at"][:16], each["from"], each["to"], each["person"], each["reason"]) for each in document["history"]
        ]
        print_table([texts(each) for each in ("at", "from", "to", "person", "reason")], rows)


def _print_played(scenarios: list[Document], texts: PilotTexts) -> None:
    if not scenarios:
        return
    typer.echo()
    played = [
        (each["scenario"], texts(each["status"]), each["at"][:16], each["person"], each["stage"], each["seen"])
        for each in scenarios
    ]
    print_table([texts(each) for each in ("scenario", "last", "at", "person", "stage_heading", "seen")], played)


def _capitalised(clause: str) -> str:
    """Its first letter only: names in it keep theirs."""
    return clause[:1].upper() + clause[1:]
