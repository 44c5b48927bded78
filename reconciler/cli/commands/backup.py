"""`backup` and `restore`: what is kept on this machine, as one file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import Json, settings_of
from reconciler.cli.output import plain, print_json, say

if TYPE_CHECKING:
    from reconciler.project import Project

_UNKNOWN = 4


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="backup")(backup)
    app.command(name="restore")(restore)


def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to make; it must not be there.")],
    json: Json = False,
) -> None:
    """Copy the state, snapshots, reports and received files into one file, while work goes on.

    It holds customers' data and tokens: keep it as safe as the state. The project file and secrets are not in it.
    """
    from reconciler.app.backup.making import make_backup

    made = asyncio.run(make_backup(_project(context), path))
    manifest = made.manifest
    for name in manifest.missing:
        say(f"warning: {name} was not there; after a restoration the next run takes it anew.")
    size_bytes = path.stat().st_size
    if json:
        document = {"path": str(path), "size_bytes": size_bytes, "files": len(manifest.members)}
        print_json({**document, "missing": list(manifest.missing), "head": manifest.trail_head})
        return
    typer.echo(f"{plain(str(path))}: {len(manifest.members)} files, {size_bytes} bytes")
    typer.echo(f"audit trail: {manifest.trail_entries} entries, head {manifest.trail_head}")


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    json: Json = False,
) -> None:
    """Put a backup where the project keeps its state and data. Nothing that is there is replaced.

    Exit code 4: of some corrections in it nobody knows whether they were written.
    """
    from reconciler.app.backup.restoring import restore_backup
    from reconciler.app.operating_system import operating_system_user

    done = asyncio.run(restore_backup(_project(context), path, person=operating_system_user()))
    if done.other_project:
        say("warning: the project file is not the one this backup was made with.")
    if done.undecided:
        say(f"{done.undecided} corrections may have been written or not. Find out with: reconciler corrections retry")
    if json:
        corrections = {state.value: count for state, count in done.corrections.items()}
        document = {"state": str(done.state), "made_at": done.manifest.made_at.isoformat(), "corrections": corrections}
        print_json({**document, "files": len(done.manifest.members), "head": done.manifest.trail_head})
    else:
        typer.echo(
            f"restored what was backed up at {done.manifest.made_at:%Y-%m-%d %H:%M:%S %Z} to {plain(str(done.state))}"
        )
        say("What was done since then is not in it: run with --full before anything is applied.")
    raise typer.Exit(_UNKNOWN if done.undecided else 0)


def _project(context: typer.Context) -> Project:
    from reconciler.logs import configure_logging
    from reconciler.project import load_project

    settings = settings_of(context)
    configure_logging(debug=settings.debug)
    return load_project(settings.project_file)
