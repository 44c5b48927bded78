"""`findings`: list, show, explain, accept, export."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.commands import finding_filters
from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import (
    CauseFilter,
    EntityFilter,
    FieldFilter,
    Json,
    KeyFilter,
    KindFilter,
    StatusFilter,
    TextFilter,
    WithoutFilter,
)
from reconciler.cli.output import plain, print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.findings import ExplainedFinding
    from reconciler.app.wire import Workspace
    from reconciler.store.state.records import FindingFilter

_TABLE_ROWS = 200


def register(app: typer.Typer) -> None:
    """Add the commands."""
    findings = typer.Typer(help="What differs, and why.", no_args_is_help=True)
    findings.command(name="list")(list_findings)
    findings.command(name="show")(show_finding)
    findings.command(name="explain")(explain_finding)
    findings.command(name="accept")(accept)
    findings.command(name="withdraw")(withdraw)
    findings.command(name="export")(export)
    finding_filters.register(findings)
    app.add_typer(findings, name="findings")


def list_findings(
    context: typer.Context,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    kind: KindFilter = None,
    cause: CauseFilter = None,
    status: StatusFilter = None,
    key: KeyFilter = None,
    text: TextFilter = None,
    without: WithoutFilter = None,
    saved: Annotated[
        str | None, typer.Option("--saved", help="Those of a filter of your own (`findings filters`), and no other.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many; a table shows 200 by default.")] = None,
    json: Json = False,
) -> None:
    """List findings; the open ones unless --status says otherwise."""
    chosen = replace(_filter(entity, field, kind, cause, status or ["open"], key), text=text, without=without)
    if saved is not None:
        chosen = finding_filters.saved_filter(context, saved)
    rows = limit if json else limit or _TABLE_ROWS

    async def read(workspace: Workspace) -> tuple[list[dict[str, Any]], int]:
        from reconciler.app.findings import finding_documents

        return await finding_documents(workspace, chosen, rows), await workspace.state.findings.count(chosen)

    documents, total = with_workspace(context, read)
    if json:
        print_json(documents)
        return
    print_table(
        ("id", "entity", "key", "field", "CRM", "ERP", "cause"),
        [
            (
                document["id"],
                document["entity"],
                document["key"],
                document["field"] or document["kind"],
                document["crm"]["value"],
                document["erp"]["value"],
                document["cause"],
            )
            for document in documents
        ],
        widest=30,
    )
    say(f"{len(documents)} of {total} findings" if total else "No findings.")


def show_finding(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Id of the finding, or its beginning.")],
    json: Json = False,
) -> None:
    """Show one finding: both values, the cause, and what happened to it."""
    explained = with_workspace(context, _explained(finding))
    if json:
        print_json(explained.document)
        return
    _print_finding(explained.document)
    for event in explained.history:
        words = " ".join(filter(None, [event.kind.value, event.person, event.reason]))
        typer.echo(f"{event.at:%Y-%m-%d %H:%M} UTC  {plain(words)}")
    for said in explained.feedback:
        words = f"{said.who} said ({said.severity}): {said.text}"
        typer.echo(f"{said.at:%Y-%m-%d %H:%M} UTC  {plain(words)}")


def explain_finding(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Id of the finding, or its beginning.")],
    json: Json = False,
) -> None:
    """Show how each side's value came to be: path, raw value, decoded value, canonical form."""
    explained = with_workspace(context, _explained(finding))
    steps = {
        side.value: [{"step": step.stage, "what": step.what, "value": step.result} for step in trace.steps]
        for side, trace in explained.traces.items()
    }
    if json:
        print_json({**explained.document, "steps": steps})
        return
    _print_finding(explained.document)
    for side, trace in steps.items():
        typer.echo(f"\n{side.upper()}")
        print_table(
            ("step", "what", "value"), [(step["step"], step["what"], step["value"]) for step in trace], widest=70
        )
    if not steps:
        say("The snapshot this finding came from is no longer kept, or it is not about one field.")


def accept(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why this difference is known and allowed.")],
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of findings; or choose by the filters.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day on which it is accepted.")
    ] = None,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    kind: KindFilter = None,
    cause: CauseFilter = None,
    key: KeyFilter = None,
    text: TextFilter = None,
    without: WithoutFilter = None,
    as_person: AsPerson = None,
) -> None:
    """Accept findings as known differences. They open again when a value changes or the day has passed."""
    last_day: date | None = until.date() if until is not None else None

    async def decide(workspace: Workspace) -> int:
        from reconciler.app.findings import accept_findings

        whole = [(await workspace.state.findings.get(finding)).id for finding in ids or ()]
        chosen = _filter(entity, field, kind, cause, None, key, whole or None)
        chosen = replace(chosen, text=text, without=without)
        return await accept_findings(acting(workspace, as_person), chosen, reason=reason, until=last_day)

    count = with_workspace(context, decide)
    say(f"Accepted {count} finding{'' if count == 1 else 's'}.")


def withdraw(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids of accepted findings, or their beginnings.")],
    as_person: AsPerson = None,
) -> None:
    """Take the acceptance of findings back: they are open again."""

    async def decide(workspace: Workspace) -> int:
        from reconciler.app.correct import withdraw_acceptances

        whole = [(await workspace.state.findings.get(finding)).id for finding in ids]
        return await withdraw_acceptances(acting(workspace, as_person), whole)

    count = with_workspace(context, decide)
    say(f"{count} finding{'' if count == 1 else 's'} open again.")


def export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write: .csv or .jsonl.")],
    entity: EntityFilter = None,
    field: FieldFilter = None,
    kind: KindFilter = None,
    cause: CauseFilter = None,
    status: StatusFilter = None,
    key: KeyFilter = None,
) -> None:
    """Write findings to a file; the open ones unless --status says otherwise."""
    chosen = _filter(entity, field, kind, cause, status or ["open"], key)

    async def write(workspace: Workspace) -> int:
        from reconciler.app.findings import export_findings

        await export_findings(workspace, chosen, path)
        return await workspace.state.findings.count(chosen)

    count = with_workspace(context, write)
    say(f"Wrote {count} finding{'' if count == 1 else 's'} to {path}.")


def _explained(finding: str) -> Callable[[Workspace], Awaitable[ExplainedFinding]]:
    from reconciler.app.findings import explained_finding

    return lambda workspace: explained_finding(workspace, finding)


def _filter(
    entity: list[str] | None,
    field: list[str] | None,
    kind: list[str] | None,
    cause: list[str] | None,
    status: list[str] | None,
    key: list[str] | None,
    ids: list[str] | None = None,
) -> FindingFilter:
    from reconciler.model.findings import Cause, FindingKind, FindingStatus
    from reconciler.store.state.records import FindingFilter

    for option, words, known in (
        ("--kind", kind, FindingKind),
        ("--cause", cause, Cause),
        ("--status", status, FindingStatus),
    ):
        for word in words or ():
            if word not in list(known):
                raise typer.BadParameter(f"“{word}” is none of {', '.join(known)}", param_hint=option)
    return FindingFilter(entity=entity, field=field, kind=kind, cause=cause, status=status, key=key, ids=ids)


def _print_finding(document: dict[str, Any]) -> None:
    field = document["field"] or "the whole record"
    typer.echo(f"{document['id']}  {document['entity']} {plain(document['key'])}: {field} ({document['kind']})")
    typer.echo(plain(document["explanation"]))
    print_table(
        ("", "id", "value", "as sent"),
        [(side.upper(), *(document[side][part] for part in ("id", "value", "raw"))) for side in ("crm", "erp")],
    )
    owner = f"; owner: {document['owner']}" if document["owner"] else ""
    seen = f"seen {document['occurrences']} times since {document['first_seen']}"
    typer.echo(f"{document['status']}, {seen}{owner}")
