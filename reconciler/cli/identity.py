"""Who runs a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.app.operating_system import operating_system_user

if TYPE_CHECKING:
    from reconciler.app.correct import Acting
    from reconciler.app.wire import Workspace

AsPerson = Annotated[
    str | None,
    typer.Option("--as", metavar="PERSON", help="Act as this person; only where the stage is sandbox."),
]


def looking(workspace: Workspace) -> Acting:
    """Whoever runs the command, only to read: they need be nobody the project names.

    Raises:
        ConfigurationError: the project file or a description is wrong.
    """
    from reconciler.app.correct import Acting
    from reconciler.model.corrections import Person

    return Acting.begin(workspace, Person(operating_system_user()))


def acting(workspace: Workspace, as_person: str | None) -> Acting:
    """The person who runs the command, at work on the corrections of the workspace.

    Raises:
        RefusedError: they are nobody the project names, or say they are somebody where that does not count.
        ConfigurationError: the project file or a description is wrong.
    """
    from reconciler.app.correct import Acting, person_of_user

    person = person_of_user(workspace.project, operating_system_user(), as_person=as_person)
    return Acting.begin(workspace, person)
