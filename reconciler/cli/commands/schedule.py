"""`schedule`: prints the unit that runs the nightly job, or the pilot's run of each day."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import settings_of
from reconciler.cli.output import say

if TYPE_CHECKING:
    from reconciler.app.schedule.job import NightlyJob

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_ROOT = ("root", "0")
_AT_NIGHT, _OF_PILOT = "02:30", "04:30"
_IMAGE_USER = "reconciler"
"""The user of the container file."""

At = Annotated[
    str | None,
    typer.Option(help="When, in the project's time zone, as HH:MM; 02:30, and 04:30 of the pilot.", show_default=False),
]
Pilot = Annotated[bool, typer.Option("--pilot", help="The daily run of the pilot instead of the nightly run.")]
Apply = Annotated[
    bool, typer.Option("--apply", help="With --pilot: also write what is approved, within the pilot's limits.")
]
EnvFile = Annotated[Path | None, typer.Option(help="File with the secrets; reconciler.env in the project's folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    schedule = typer.Typer(help="Print the unit that runs the nightly job.", no_args_is_help=True)
    schedule.command(name="systemd")(systemd)
    schedule.command(name="cron")(cron)
    schedule.command(name="kubernetes")(kubernetes)
    schedule.command(name="service")(service)
    app.add_typer(schedule, name="schedule")


def systemd(
    context: typer.Context,
    at: At = None,
    user: Annotated[str | None, typer.Option(help="Who it runs as; you, unless named.")] = None,
    env_file: EnvFile = None,
    out: Annotated[Path | None, typer.Option(help="Write both units into this folder instead.")] = None,
    pilot: Pilot = False,
    apply: Apply = False,
) -> None:
    """Print a systemd service and its timer."""
    from reconciler.app.schedule.systemd import systemd_units

    name = _user(user) or _ourselves()
    job = _job(context, at, env_file, name if pilot else None, apply=apply)
    if name in _ROOT:
        say("warning: the job would run as root; name another user with --user.")
    units = systemd_units(job, name)
    if out is not None:
        for file_name, text in units.items():
            _write(out / file_name, text)
            typer.echo(out / file_name)
        return
    typer.echo("\n".join(f"# /etc/systemd/system/{name}\n{text}" for name, text in units.items()), nl=False)
    say(f"Save each under the name above it, then: systemctl daemon-reload && systemctl enable --now {job.unit}.timer")


def cron(
    context: typer.Context,
    at: At = None,
    user: Annotated[str | None, typer.Option(help="Who it runs as; then the lines are for /etc/cron.d.")] = None,
    env_file: EnvFile = None,
    pilot: Pilot = False,
    apply: Apply = False,
) -> None:
    """Print lines for cron."""
    from reconciler.app.schedule.cron import cron_lines

    name = _user(user)
    job = _job(context, at, env_file, (name or _ourselves()) if pilot else None, apply=apply)
    typer.echo(cron_lines(job, name), nl=False)


def kubernetes(
    context: typer.Context,
    at: At = None,
    user: Annotated[str | None, typer.Option(help="Number of the user in the container.")] = None,
    image: Annotated[str | None, typer.Option(help="Image with this program installed.")] = None,
    pilot: Pilot = False,
    apply: Apply = False,
) -> None:
    """Print a Kubernetes CronJob."""
    from reconciler import __version__
    from reconciler.app.schedule.kubernetes import DEFAULT_USER_ID, cron_job, outside_the_volume

    if user is not None and (not user.isascii() or not user.isdigit() or int(user) == 0):
        raise typer.BadParameter("in a container a user is a number, and not 0.", param_hint="--user")
    user_id = DEFAULT_USER_ID if user is None else int(user)
    # Without a name in the container a user is called by its number.
    name = _IMAGE_USER if user_id == DEFAULT_USER_ID else str(user_id)
    job = _job(context, at, None, name if pilot else None, apply=apply)
    for folder in outside_the_volume(job):
        say(f"warning: {folder} is not in the project's folder; mount it too, or name another one in the project file.")
    typer.echo(cron_job(job, image or f"reconciler:{__version__}", user_id), nl=False)


def service(
    context: typer.Context,
    user: Annotated[str | None, typer.Option(help="Who it runs as; you, unless named.")] = None,
    env_file: EnvFile = None,
) -> None:
    """Print a systemd service that keeps `reconciler serve` running."""
    from reconciler.app.schedule.job import serving_job
    from reconciler.app.schedule.systemd import serving_unit
    from reconciler.project import load_project

    path = settings_of(context).project_file
    job = serving_job(load_project(path), path, environment_file=env_file)
    for warning in job.warnings:
        say(f"warning: {warning}")
    name = _user(user) or _ourselves()
    if name in _ROOT:
        say("warning: the service would run as root; name another user with --user.")
    for file_name, text in serving_unit(job, name).items():
        typer.echo(f"# /etc/systemd/system/{file_name}\n{text}", nl=False)
        say(f"Save it under the name above it, then: systemctl daemon-reload && systemctl enable --now {file_name}")


def _job(
    context: typer.Context, at: str | None, env_file: Path | None, pilot_user: str | None, *, apply: bool
) -> NightlyJob:
    """The nightly job, or that of the pilot where somebody is to run it."""
    from reconciler.app.schedule.job import TimeOfDay, nightly_job, pilot_job
    from reconciler.project import load_project

    if apply and pilot_user is None:
        raise typer.BadParameter("goes with --pilot: the nightly run writes to neither system.", param_hint="--apply")
    time = _TIME.fullmatch(at or (_AT_NIGHT if pilot_user is None else _OF_PILOT))
    if time is None:
        raise typer.BadParameter("is not a time of day, such as 02:30.", param_hint="--at")
    path = settings_of(context).project_file
    project, when = load_project(path), TimeOfDay(int(time[1]), int(time[2]))
    if pilot_user is None:
        job = nightly_job(project, path, when, environment_file=env_file)
    else:
        job = pilot_job(project, path, when, user=pilot_user, apply=apply, environment_file=env_file)
    for warning in job.warnings:
        say(f"warning: {warning}")
    return job


def _user(user: str | None) -> str | None:
    if user is not None and not _USER.fullmatch(user):
        raise typer.BadParameter("is not the name of a user.", param_hint="--user")
    return user


def _ourselves() -> str:
    import os
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _write(path: Path, text: str) -> None:
    from reconciler.errors import ConfigurationError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
