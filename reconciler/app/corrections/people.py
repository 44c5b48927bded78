"""Who acts, and what the project file lets them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from reconciler.errors import RefusedError
from reconciler.model.corrections import Person
from reconciler.phrases.phrase import phrase
from reconciler.project import Project
from reconciler.project_people import LONGEST_NAME_CHARACTERS, OURSELVES, PersonSection, Role
from reconciler.toml_file import suggestion

EVERY_ROLE: Final[frozenset[str]] = frozenset(get_args(Role))
REVIEWING: Final = frozenset({"reviewer", "admin"})
"""May propose, edit, approve, reject and accept differences."""
OPERATING: Final = frozenset({"operator", "admin"})
"""May plan, apply and try again."""
PROMOTING: Final = frozenset({"admin"})
"""May declare a pilot and promote the project."""


def person_of_user(project: Project, os_user: str, *, as_person: str | None = None) -> Person:
    """The person who runs a command.

    Without `[people]` every operating-system user is a person with all roles.

    Args:
        as_person: who they say they are, which counts only where nothing real can be written.

    Raises:
        RefusedError: `as_person` outside stage "sandbox", or somebody whom the project file does not name.
    """
    through = f"user {os_user}"
    if as_person is not None:
        return _as_they_say(project, as_person, f"{through}, by --as")
    people = project.file.people
    if people is None:
        return Person(_usable_name(os_user), EVERY_ROLE, through)
    for name, section in people.items():
        if os_user in (section.os_users if section.os_users is not None else [name]):
            return _person(name, section, through)
    raise RefusedError(
        phrase("the operating-system user {os_user} is nobody in [people] of the project file.", os_user=os_user),
        hint=phrase('Add os_users = ["{os_user}"] to the person it is.', os_user=os_user),
    )


def person_of_token(project: Project, token: str) -> Person:
    """The person that a service token is.

    Args:
        token: its name, which is no secret.

    Raises:
        RefusedError: the project file says of nobody that the token is theirs.
    """
    for name, section in (project.file.people or {}).items():
        if token in section.tokens:
            return _person(name, section, f"token {token}")
    raise RefusedError(
        phrase("this token is nobody in [people] of the project file."),
        hint=phrase("Add its name to the tokens of a person."),
    )


def known_people(project: Project, named: Iterable[str]) -> Mapping[str, Person]:
    """Those whose approvals can count, by name.

    Args:
        named: those who act or acted. Without `[people]` each of them is a person with all roles, as they were when
            they acted. The product itself is among them where the project lets it approve anything in this stage.
    """
    people, names = project.file.people, set(named)
    if people is None:
        known = {name: Person(name, EVERY_ROLE) for name in sorted(names - {OURSELVES})}
    else:
        known = {name: _person(name, section) for name, section in people.items()}
    if OURSELVES in names and _approves_by_itself(project):
        known[OURSELVES] = Person(OURSELVES, frozenset({"reviewer"}))
    return known


def _approves_by_itself(project: Project) -> bool:
    return any(project.file.project.stage in each.stages for each in project.file.corrections.auto_approve)


def _as_they_say(project: Project, name: str, through: str) -> Person:
    # A single run that is told another stage must not let its user approve as somebody else.
    if project.file.project.stage != "sandbox" or project.written("project", "stage") not in (None, "sandbox"):
        raise RefusedError(
            phrase("--as is only for stage “sandbox”."),
            hint=phrase("In other stages the person is the operating-system user."),
        )
    people = project.file.people
    if people is None:
        return Person(_usable_name(name), EVERY_ROLE, through)
    if name not in people:
        raise RefusedError(
            phrase("“{name}” is nobody in [people] of the project file.", name=name), hint=suggestion(name, people)
        )
    return _person(name, people[name], through)


def _person(name: str, section: PersonSection, through: str = "") -> Person:
    return Person(name, frozenset(section.roles), through)


def _usable_name(name: str) -> str:
    if name == OURSELVES or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME_CHARACTERS:
        raise RefusedError(
            phrase(
                "a person has a name of 1 to {longest_name_characters} printable characters other than “{ourselves}”.",
                longest_name_characters=LONGEST_NAME_CHARACTERS,
                ourselves=OURSELVES,
            )
        )
    return name
