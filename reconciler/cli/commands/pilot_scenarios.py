"""`pilot scenarios list | run`: test scenarios, one by one or all, each with evidence."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_paragraph, print_table, say
from reconciler.cli.pilot_texts import PilotTexts, with_texts

if TYPE_CHECKING:
    from reconciler.app.correct import Acting, HandTask
    from reconciler.app.wire import Workspace
    from reconciler.model.corrections import Person
    from reconciler.pilot.scenarios import Scenario

Document = dict[str, Any]
_PATIENCE_S = 1800.0
"""How long others are waited for who approve from elsewhere."""


def register(pilot: typer.Typer) -> None:
    """Add the commands to `pilot`."""
    scenarios = typer.Typer(help="Test scenarios.", no_args_is_help=True)
    scenarios.command(name="list")(list_all)
    scenarios.command(name="run")(run)
    pilot.add_typer(scenarios, name="scenarios")


def list_all(context: typer.Context, json: Json = False) -> None:
    """List the scenarios: what each does, what has to come of it, and what came of it last."""

    async def work(workspace: Workspace) -> list[Document]:
        from reconciler.app.pilot.scenarios.playing import listed_scenarios

        return await listed_scenarios(looking(workspace))

    documents, texts = with_texts(context, work)
    if json:
        print_json(documents)
        return
    for each in documents:
        last = each["last"]
        typer.echo(f"{each['id']}: {each['title']}")
        for number, step in enumerate(each["steps"], start=1):
            print_paragraph(f"{number}. {step}", "   ")
        print_paragraph(texts("listed_expected", text=each["expected"]), "   ")
        if each["refused"] is not None:
            print_paragraph(texts("not_played_now", why=each["refused"]), "   ")
        if last is not None:
            named = {name: last[name] for name in ("person", "seen")}
            told = texts("listed_last", status=texts(last["status"]), at=last["at"][:16], **named)
            print_paragraph(told, "   ")


def run(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which; `list` shows them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for what a person does by hand, and for approvals of others.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the evidence; in the data folder by default.")
    ] = None,
    as_person: AsPerson = None,
    approve_as: Annotated[
        list[str] | None,
        typer.Option("--approve-as", metavar="PERSON", help="Approve as this person too; only in stage sandbox."),
    ] = None,
    json: Json = False,
) -> None:
    """Play scenarios through the product, put away what they made, and keep result and evidence.

    Exit 1: one failed. 2: one was refused. 3: a system was not read. 4: a write of unknown outcome.
    """

    async def work(workspace: Workspace) -> tuple[list[Document], int]:
        from reconciler.app.pilot.scenarios.playing import chosen_scenarios

        chosen = chosen_scenarios(ids or [], everything=everything)
        return await _played(acting(workspace, as_person), chosen, approve_as or [], out, wait=wait)

    (documents, exit_code), texts = with_texts(context, work)
    if json:
        print_json(documents)
    else:
        _print_results(documents, texts)
    raise typer.Exit(exit_code)


async def _played(
    person: Acting, chosen: list[Scenario], approve_as: list[str], out: Path | None, *, wait: bool
) -> tuple[list[Document], int]:
    from reconciler.app.correct import NoHands
    from reconciler.app.pilot.scenarios.correcting import Eyes
    from reconciler.app.pilot.scenarios.playing import PlayOptions, exit_code_of_results, play_scenarios
    from reconciler.app.pilot.scenarios.quiet import Quiet
    from reconciler.app.pilot.status import result_document
    from reconciler.cli.progress import TerminalProgress

    locale = person.workspace.project.file.project.locale

    def begun(scenario: Scenario) -> None:
        say(f"{scenario.id}: {scenario.told(locale).title} …")

    eyes = Eyes(_people(person.workspace, approve_as), _PATIENCE_S if wait else 0.0, say)
    options = PlayOptions(out, _AskingHands(PilotTexts(locale)) if wait else NoHands(), eyes, begun)
    if wait:
        # Bars would be drawn over the questions.
        results = await play_scenarios(person, chosen, options, Quiet())
    else:
        with TerminalProgress() as progress:
            results = await play_scenarios(person, chosen, options, progress)
    return [result_document(each) for each in results], exit_code_of_results(results)


class _AskingHands:
    """Whoever sits at the terminal."""

    def __init__(self, texts: PilotTexts) -> None:
        self._texts = texts

    async def do(self, task: HandTask) -> str | None:
        """Ask, and wait for the Enter key; None where the input ends."""
        say(task.instruction)
        # On stderr: stdout is for data.
        typer.echo(self._texts("done"), nl=False, err=True)
        line = await _line()
        return line.rstrip("\n") if line else None


async def _line() -> str:
    """The next line of the input, "" at its end. Without a thread, which nothing could take away from its reading."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def ready() -> None:
        if not read.done():
            read.set_result(sys.stdin.readline())

    try:
        loop.add_reader(sys.stdin.fileno(), ready)
    except PermissionError:
        # A file is always ready, and cannot be waited for.
        return sys.stdin.readline()
    try:
        return await read
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _people(workspace: Workspace, names: list[str]) -> list[Person]:
    from reconciler.app.correct import person_of_user
    from reconciler.app.operating_system import operating_system_user

    return [person_of_user(workspace.project, operating_system_user(), as_person=each) for each in names]


def _print_results(documents: list[Document], texts: PilotTexts) -> None:
    print_table(
        (texts("scenario"), texts("result"), texts("seconds")),
        [(each["scenario"], texts(each["status"]), f"{each['seconds']:.1f}") for each in documents],
        right=(2,),
    )
    for each in documents:
        typer.echo()
        if each["status"] == "passed":
            print_paragraph(f"{each['scenario']}: {each['seen']}")
        else:
            print_paragraph(f"{each['scenario']} {texts(each['status'])}")
            print_paragraph(texts("expected", text=each["expected"]), "  ")
            seen = "seen_instead" if each["status"] == "failed" else "why"
            print_paragraph(texts(seen, text=each["seen"]), "  ")
        if each["evidence"]:
            typer.echo(f"  {texts('evidence', path=plain(each['evidence']))}")
            typer.echo(f"  sha-256: {each['digest']}")
