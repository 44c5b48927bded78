"""`pilot run | report | sign`: a day of the pilot, and what follows from all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_paragraph, print_table, say
from reconciler.cli.pilot_texts import PilotTexts, with_texts

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

    (document, exit_code), texts = with_texts(context, work)
    for warning in document["warnings"]:
        say(texts("warning", text=texts.said(warning)))
    if json:
        print_json(document)
    else:
        _print_run(document, texts)
    raise typer.Exit(exit_code)


def report(context: typer.Context, json: Json = False) -> None:
    """Write the report of the pilot (HTML, XLSX, JSON), and tell go or no-go with the reasons."""

    async def work(workspace: Workspace) -> tuple[Document, list[str]]:
        from reconciler.app.pilot.assessment import assess
        from reconciler.app.pilot.report import write_pilot_report

        person, locale = looking(workspace), workspace.project.file.project.locale
        reasons = (await assess(person)).scorecard.reasons
        return await write_pilot_report(person), [each.words(locale) for each in reasons]

    (document, reasons), texts = with_texts(context, work)
    if json:
        print_json(document)
        return
    typer.echo(texts(document["scorecard"]["verdict"]))
    for reason in reasons:
        print_paragraph(f"- {reason}")
    typer.echo("\n" + texts("content", content=document["content"]))
    for each in document["signatures"]:
        typer.echo(texts("signed_at", role=texts(each["role"]), person=plain(each["person"]), at=each["at"]))
    for kind, path in document["reports"].items():
        typer.echo(texts("report_at", kind=kind.upper(), path=plain(path)))


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

    document, texts = with_texts(context, work)
    if json:
        print_json(document)
    else:
        typer.echo(texts("signed", role=texts(document["role"]), person=plain(document["person"])))


def _print_run(document: Document, texts: PilotTexts) -> None:
    marks = {True: texts("met"), False: texts("not_met"), None: ""}
    print_table(
        (texts("measure_on", day=document["day"]), texts("value"), texts("sample"), texts("criterion"), ""),
        [
            (texts.measure(name), each["value"], each["sample"], each["criterion"], marks[each["met"]])
            for name, each in document["measures"].items()
        ],
        right=(1, 2, 3),
    )
    if document["dry_run"] is not None:
        rehearsed = document["dry_run"]
        counts = {"would_be": rehearsed["would_be_written"], "left_out": len(rehearsed["left_out"])}
        typer.echo("\n" + texts("rehearsed", **counts))
    if document["applied"] is not None:
        states = (f"{count} {texts.said(state)}" for state, count in document["applied"].items())
        typer.echo(texts("applied", counts=", ".join(states)))
    for rule in document["rules_fired"]:
        print_paragraph(texts("stop_rule", rule=texts.said(rule)))
    if document["frozen"]:
        typer.echo(texts("frozen_now"))
