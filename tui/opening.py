"""From the options of a command to an open session: who is at the keyboard, which keys, which colours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.corrections.people import person_of_user
from reconciler.app.operating_system import operating_system_user
from reconciler.app.review.own_filters import OwnFilters
from reconciler.app.workspace import Workspace
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.model.corrections import Person
from reconciler.project import Project
from reconciler.project_tui import TuiSection, own_tui, own_tui_file
from tui.actions import Keymap, checked_keymap
from tui.i18n import texts_of
from tui.session import Session

ASCII_VARIABLE = "RECONCILER_ASCII"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    project_file: Path
    read_only: bool = False
    as_person: str | None = None
    ascii_only: bool = False


def open_session(workspace: Workspace, options: Options, environment: Mapping[str, str] | None = None) -> Session:
    """The session of whoever runs this process.

    Raises:
        RefusedError: `--as` outside stage "sandbox", or for somebody whom the project does not name.
        ConfigurationError: the keys that somebody wants cannot be had.
    """
    environment = os.environ if environment is None else environment
    project, own = workspace.project, own_tui(environment)
    person, read_only = _person(project, options)
    return Session(
        workspace,
        texts_of(project.file.project.locale, project.time_zone),
        person,
        options.project_file,
        read_only="refusal.asked" if options.read_only else read_only,
        as_person=options.as_person,
        ascii_only=options.ascii_only or _ascii_terminal(environment),
        keymap=_keymap(project, own, environment),
        theme=own.theme or project.file.tui.theme,
        own_filters=OwnFilters.of(environment, project.file.project.name),
    )


def _person(project: Project, options: Options) -> tuple[Person, str | None]:
    """The person, and why they may only look."""
    user = operating_system_user()
    try:
        return person_of_user(project, user, as_person=options.as_person), None
    except RefusedError:
        if options.as_person is not None:
            raise
        # To look, one need be nobody the project names.
        return Person(user), "refusal.nobody"


def _keymap(project: Project, own: TuiSection, environment: Mapping[str, str]) -> Keymap:
    def refuse(action_id: str, problem: str) -> ConfigurationError:
        if action_id in own.keys:
            return ConfigurationError(f"{own_tui_file(environment)}: keys.{action_id}: {problem}")
        return project.fault(("tui", "keys", action_id), problem)

    return checked_keymap({**project.file.tui.keys, **own.keys}, refuse)


def _ascii_terminal(environment: Mapping[str, str]) -> bool:
    """Whether only ASCII can be counted on: asked for, a console without such signs, or another encoding."""
    if environment.get(ASCII_VARIABLE) or environment.get("TERM") == "linux":
        return True
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return not encoding.lower().replace("-", "").startswith("utf")
