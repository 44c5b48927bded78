"""`audit`: the hash-chained trail of who did what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.audit import TrailFilter
    from reconciler.app.wire import Workspace
    from reconciler.model.correction_records import TrailCheck

_DIGEST_CHARACTERS = 64
_BROKEN = 1

PersonFilter = Annotated[str | None, typer.Option("--person", help="Only what this person did.")]
ActFilter = Annotated[str | None, typer.Option("--act", help="Only this act, or its beginning, such as correction.")]
SubjectFilter = Annotated[
    str | None, typer.Option("--subject", help="Only about this correction, finding or plan: its id or the beginning.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(help="Who did what, when, to what: appended to, never changed.", no_args_is_help=True)
    audit.command(name="list")(list_entries)
    audit.command(name="verify")(verify)
    audit.command(name="export")(export)
    audit.command(name="confirm-clock")(confirm_clock)
    app.add_typer(audit, name="audit")


def list_entries(
    context: typer.Context,
    person: PersonFilter = None,
    act: ActFilter = None,
    subject: SubjectFilter = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the latest.")] = 200,
    json: Json = False,
) -> None:
    """List the latest entries, oldest first."""

    async def work(workspace: Workspace) -> list[dict[str, Any]]:
        from reconciler.app.audit import entry_document, latest_entries

        return [entry_document(each) for each in await latest_entries(workspace, _filter(person, act, subject), limit)]

    documents = with_workspace(context, work)
    if json:
        print_json(documents)
        return
    print_table(
        ("", "at (UTC)", "person", "act", "subject"),
        [(each["number"], each["at"][:16], each["person"], each["act"], each["subject"][:16]) for each in documents],
        right=(0,),
        widest=27,
    )


def verify(
    context: typer.Context,
    head: Annotated[
        str | None, typer.Option(help="Digest that was noted earlier; it must be in the trail, unchanged.")
    ] = None,
    json: Json = False,
) -> None:
    """Prove that no entry was changed, removed, inserted or moved. Exit code 1 when one was.

    The head digest it prints, noted elsewhere and given back with --head, also shows a trail that was written anew.
    """
    if head is not None and (len(head) != _DIGEST_CHARACTERS or not set(head) <= set("0123456789abcdef")):
        raise typer.BadParameter(f"a digest has {_DIGEST_CHARACTERS} hexadecimal digits", param_hint="--head")

    async def work(workspace: Workspace) -> TrailCheck:
        from reconciler.app.audit import verified_trail

        return await verified_trail(workspace, head)

    check = with_workspace(context, work)
    if json:
        print_json(
            {
                "whole": check.is_whole,
                "entries": check.entries,
                "head": check.head,
                "breaks": [{"number": each.number, "problem": each.problem} for each in check.breaks],
            }
        )
    else:
        for each in check.breaks:
            typer.echo(plain(each.problem))
        typer.echo(f"{check.entries} entries, {'whole' if check.is_whole else 'NOT as they were written'}")
        typer.echo(f"head {plain(check.head)}")
    raise typer.Exit(0 if check.is_whole else _BROKEN)


def confirm_clock(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="How you know; it stays in the trail.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Say that the clock is right now, and was ahead when later moments were noted.

    Until then nothing is planned or applied: approvals that have run out would count again.
    """

    async def work(workspace: Workspace) -> int:
        from reconciler.app.correct import confirm_clock

        return round((await confirm_clock(acting(workspace, as_person), reason)).total_seconds())

    behind_s = with_workspace(context, work)
    if json:
        print_json({"behind_s": behind_s})
        return
    say(f"Noted. The clock is {behind_s} s behind what was noted before; that does not count any more.")


def export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="File to write: .jsonl or .csv.")],
    person: PersonFilter = None,
    act: ActFilter = None,
    subject: SubjectFilter = None,
) -> None:
    """Write the trail to a file. JSON lines hold everything that the digests are over."""

    async def work(workspace: Workspace) -> None:
        from reconciler.app.audit import export_trail

        await export_trail(workspace, _filter(person, act, subject), path)

    with_workspace(context, work)
    say(f"Wrote the trail to {path}.")


def _filter(person: str | None, act: str | None, subject: str | None) -> TrailFilter:
    from reconciler.app.audit import TrailFilter

    return TrailFilter(person, act, subject)
