"""`pilot`: from the sandbox to everybody, with a week of a small team in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.commands import pilot_scenarios, pilot_stages, pilot_week
from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table
from reconciler.cli.pilot_texts import PilotTexts, with_texts

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

Document = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    pilot = typer.Typer(help="Stages, and the pilot week.", no_args_is_help=True)
    pilot_stages.register(pilot)
    pilot_week.register(pilot)
    pilot_scenarios.register(pilot)
    feedback = typer.Typer(help="What participants say.", no_args_is_help=True)
    feedback.command(name="add")(add)
    feedback.command(name="list")(list_all)
    feedback.command(name="close")(close)
    pilot.add_typer(feedback, name="feedback")
    app.add_typer(pilot, name="pilot")


def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What you have to say.")],
    severity: Annotated[str, typer.Option(help="note, problem or blocker.")] = "note",
    quote: Annotated[str, typer.Option(help="Number of the quote it is about.")] = "",
    entity: Annotated[str, typer.Option(help="Of the record it is about, such as customers.")] = "",
    key: Annotated[str, typer.Option(help="Of that record, as findings show it.")] = "",
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Say something about a quote, a record, or the pilot."""
    from reconciler.errors import RefusedError

    if quote and (entity or key):
        raise RefusedError("it is about a quote, or about a record.", hint="Give --quote, or --entity and --key.")

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.feedback import add_feedback
        from reconciler.app.pilot.status import feedback_document

        said = await add_feedback(
            acting(workspace, as_person),
            text,
            severity=severity,
            entity="quotes" if quote else entity,
            key=quote or key,
        )
        return feedback_document(said)

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(texts("kept", id=document["id"]))


def list_all(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="Only what nobody has dealt with.")] = False,
    json: Json = False,
) -> None:
    """List what was said."""

    async def work(workspace: Workspace) -> list[Document]:
        from reconciler.app.pilot.feedback import list_feedback
        from reconciler.app.pilot.status import feedback_document

        return [feedback_document(each) for each in await list_feedback(workspace, only_open=only_open)]

    documents, texts = with_texts(context, work)
    if json:
        print_json(documents)
        return
    print_table(
        [texts(each) for each in ("id", "at", "who", "severity", "about", "status", "text")],
        [_row(each, texts) for each in documents],
    )


def close(
    context: typer.Context,
    feedback_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    answer: Annotated[str, typer.Option("--answer", help="What became of it.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Say that something was dealt with, and how."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.pilot.feedback import close_feedback
        from reconciler.app.pilot.status import feedback_document

        return feedback_document(await close_feedback(acting(workspace, as_person), feedback_id, answer))

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(texts("closed", id=document["id"], answer=plain(document["answer"])))


def _row(document: Document, texts: PilotTexts) -> tuple[str, ...]:
    about = f"{texts.entity(document['entity'])} {document['key']}" if document["entity"] else ""
    severity, status = texts(f"severity.{document['severity']}"), texts(f"status.{document['status']}")
    return document["id"], document["at"][:16], document["who"], severity, about, status, document["text"]
