"""`privacy export | erase`: what is kept of one person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.identity import AsPerson, acting
from reconciler.cli.options import Json
from reconciler.cli.output import plain, print_json, print_table, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.privacy.erase import Erased
    from reconciler.app.privacy.export import Exported
    from reconciler.app.wire import Workspace

About = Annotated[
    list[str],
    typer.Option(
        "--about",
        metavar="IDENTIFIER",
        help="CPF or CNPJ, e-mail address, telephone number; repeat it for each one the person has.",
    ),
]
Request = Annotated[str, typer.Option("--request", help="Number of the person's request; it stays in the trail.")]
_NAMES = {
    "records": "records of the systems",
    "snapshots": "snapshots",
    "findings": "findings",
    "corrections": "corrections",
    "journal": "steps of corrections",
    "plans": "plans",
    "feedback": "feedback",
    "webhooks": "records to be read again",
    "changes": "noticed changes",
    "audit": "entries of the audit trail",
    "reports": "report files",
    "received_files": "copies of received files",
    "evidence": "files of evidence of test scenarios",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    privacy = typer.Typer(no_args_is_help=True, help="A person's data: take it out, or erase it (LGPD).")
    privacy.command(name="export")(export)
    privacy.command(name="erase")(erase)
    app.add_typer(privacy, name="privacy")


def export(
    context: typer.Context,
    about: About,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Takes the data; it must not be there.")],
    request: Request,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Write all that is kept here of one person into a JSON file."""

    async def work(workspace: Workspace) -> Exported:
        from reconciler.app.privacy.export import export_person
        from reconciler.app.privacy.identifiers import Identifiers

        return await export_person(acting(workspace, as_person), Identifiers.of(about), out, request)

    done = with_workspace(context, work)
    if json:
        print_json({"path": str(out), "counts": done.counts})
        return
    _print_counts(done.counts)
    typer.echo(f"written to {plain(str(out))}")


def erase(
    context: typer.Context,
    about: About,
    request: Request,
    reason: Annotated[str, typer.Option("--reason", help="Why it may be erased; it stays in the trail.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this only say what would be erased.")] = False,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Erase what is kept here of one person, but for the audit trail. Erase it in the systems first."""

    async def work(workspace: Workspace) -> Erased:
        from reconciler.app.privacy.erase import erase_person
        from reconciler.app.privacy.identifiers import Identifiers

        who = acting(workspace, as_person)
        return await erase_person(who, Identifiers.of(about), request=request, reason=reason, only_look=not yes)

    done = with_workspace(context, work)
    if json:
        print_json({"erased": yes, "counts": done.counts, "kept_in_trail": done.kept_in_trail})
        return
    _print_counts(done.counts)
    if not yes:
        say("Nothing was erased. With --yes all of this is, but for the audit trail.")
        return
    say(f"Erased. The audit trail keeps {done.kept_in_trail} entries: they prove what was written to the systems.")
    if done.full_run_needed:
        say("The next run reads everything anew; what the systems still hold of the person comes back with it.")
    say("Backups and exported files still hold it: replace them, or erase again after a restoration.")


def _print_counts(counts: dict[str, int]) -> None:
    rows = [[_NAMES[name], str(count)] for name, count in counts.items()]
    print_table(["where", "found"], rows, right=(1,))
