"""The nightly job of a project, and its like: what every unit has to know of it."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from reconciler.app.correct import OPERATING, person_of_user
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.model.entities import Side
from reconciler.ports.files.address import FolderAddress
from reconciler.project import Project
from reconciler.project_secrets import SecretSource

ENVIRONMENT_FILE: Final = "reconciler.env"
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME_CHARACTERS: Final = 40
_RUN: Final = ("run",)
_PILOT_RUN: Final = ("pilot", "run")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Hour and minute on the clock of the project's time zone."""

    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class NightlyJob:
    """One project's nightly run.

    Attributes:
        name: of units: `reconciler-` and the project's name in lower-case ASCII.
        title: the project's name, in one line.
        project_file: absolute.
        program: what is run, before its options.
        at: when, every day.
        time_zone: in which.
        writable: folders the job writes in; absolute, none inside another.
        variables: environment variables that hold secrets.
        environment_file: where they are to be put, `NAME=value` a line; absolute.
        warnings: what will not work as it is, one sentence each.
        arguments: the command that is run.
    """

    name: str
    title: str
    project_file: Path
    program: tuple[str, ...]
    at: TimeOfDay
    time_zone: str
    writable: tuple[Path, ...]
    variables: tuple[str, ...]
    environment_file: Path
    warnings: tuple[str, ...] = ()
    arguments: tuple[str, ...] = _RUN

    @property
    def unit(self) -> str:
        """The name of what runs it: that of the pilot stands beside that of the nightly run."""
        return f"{self.name}-pilot" if self.arguments[:2] == _PILOT_RUN else self.name

    @property
    def what(self) -> str:
        """What it is, for people."""
        does = "Daily run of the pilot of" if self.arguments[:2] == _PILOT_RUN else "Nightly reconciliation of"
        return f"{does} {self.title}"

    @property
    def folder(self) -> Path:
        """Of the project."""
        return self.project_file.parent

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command line."""
        return (*self.program, "--project", str(self.project_file), *self.arguments)


def nightly_job(
    project: Project, project_file: Path, at: TimeOfDay, *, environment_file: Path | None = None
) -> NightlyJob:
    """The job of a project, run by the interpreter that runs this.

    Raises:
        ConfigurationError: a path holds what no unit can: a control character, or a space at its end.
    """
    project_file = project_file.absolute()
    variables, warnings = _secrets(project)
    job = NightlyJob(
        name=_name(project.file.project.name),
        title=_title(project.file.project.name),
        project_file=project_file,
        # -P: a module in the project's folder must not take the place of one of ours.
        program=(sys.executable, "-P", "-m", "reconciler"),
        at=at,
        time_zone=project.file.project.timezone,
        writable=_outermost(path.resolve() for path in [project_file.parent, *_written_folders(project)]),
        variables=variables,
        environment_file=(environment_file or project_file.parent / ENVIRONMENT_FILE).absolute(),
        warnings=warnings,
    )
    for path in (*job.program, job.project_file, *job.writable, job.environment_file):
        _refuse_unprintable(str(path))
    return job


def serving_job(project: Project, project_file: Path, *, environment_file: Path | None = None) -> NightlyJob:
    """The same for the HTTP service, which is always running. Raises as `nightly_job`."""
    job = nightly_job(project, project_file, TimeOfDay(0, 0), environment_file=environment_file)
    tokens = project.file.service.tokens
    named = () if tokens is None or tokens.env is None or tokens.env in job.variables else (tokens.env,)
    return replace(job, variables=(*job.variables, *named), arguments=("serve",))


def pilot_job(
    project: Project,
    project_file: Path,
    at: TimeOfDay,
    *,
    user: str,
    apply: bool = False,
    environment_file: Path | None = None,
) -> NightlyJob:
    """The same for the pilot's run of each day.

    Args:
        user: of the operating system, who runs it.
        apply: also write what is approved, within the pilot's limits.

    Raises:
        RefusedError: the project declares no pilot.
        ConfigurationError: as `nightly_job`.
    """
    if project.file.pilot is None:
        raise RefusedError("the project declares no pilot.", hint="Write [pilot] first; see docs/pilot.md.")
    job = nightly_job(project, project_file, at, environment_file=environment_file)
    warnings = (*job.warnings, *_nobody(project, user))
    return replace(job, arguments=(*_PILOT_RUN, *(("--apply",) if apply else ())), warnings=warnings)


def _nobody(project: Project, user: str) -> Iterator[str]:
    """A run of the pilot has a person, who may do it."""
    try:
        person = person_of_user(project, user)
    except RefusedError as error:
        yield f"{error.message} {error.hint}"
        return
    if person.roles.isdisjoint(OPERATING):
        yield f"{person.name} has none of the roles {', '.join(sorted(OPERATING))}, which running the pilot takes."


def _title(name: str) -> str:
    """In one line; a backslash at its end would join it with the next one."""
    return "".join(filter(str.isprintable, " ".join(name.split()))).rstrip("\\ ")


def _name(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    short = _NOT_IN_A_NAME.sub("-", plain)[:_LONGEST_NAME_CHARACTERS].strip("-")
    return f"reconciler-{short}" if short else "reconciler"


def _secrets(project: Project) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables that hold secrets, in order and once each; and what will not work at night."""
    variables: dict[str, None] = {}
    warnings: list[str] = []
    for place, source in _sources(project):
        if source.env is not None:
            if _VARIABLE.fullmatch(source.env):
                variables[source.env] = None
            else:
                warnings.append(f"{place}: no shell or unit sets a variable called {source.env!r}.")
        if source.keyring is not None:
            warnings.append(f"{place}: a keyring is locked while its user is not logged in; use `env` or `file`.")
    return tuple(variables), tuple(warnings)


def _sources(project: Project) -> Iterator[tuple[str, SecretSource]]:
    for side in Side:
        for name, source in project.system(side).credentials.items():
            if isinstance(source, SecretSource):
                yield f"{side.value}.credentials.{name}", source
    notify = project.file.notify
    if notify.webhook is not None and isinstance(notify.webhook.secret, SecretSource):
        yield "notify.webhook.secret", notify.webhook.secret
    if notify.smtp is not None and isinstance(notify.smtp.password, SecretSource):
        yield "notify.smtp.password", notify.smtp.password


def _written_folders(project: Project) -> Iterator[Path]:
    """Where snapshots, reports and the state go, and files are taken from: where a run writes, moves or deletes."""
    yield project.data
    scheme, _, path = project.file.project.state.partition(":///")
    if scheme.startswith("sqlite") and path:
        yield (project.folder / path).parent
    for side in Side:
        address = project.system(side).base_url
        if address is not None and not address.startswith(("http://", "https://")):
            folder = FolderAddress.parse(address, project.folder)
            if folder.scheme == "file":
                yield Path(folder.path)


def _outermost(folders: Iterator[Path]) -> tuple[Path, ...]:
    kept: list[Path] = []
    for folder in sorted(set(folders)):
        if not any(folder.is_relative_to(outer) for outer in kept):
            kept.append(folder)
    return tuple(kept)


def _refuse_unprintable(path: str) -> None:
    if not path.isprintable() or path != path.strip() or path.endswith("\\"):
        raise ConfigurationError(
            f"{path!r} holds a control character, or ends in a space or backslash: no unit can name it.",
            hint="Move or rename the project's folder.",
        )
