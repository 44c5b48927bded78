"""What every screen is given: the open workspace, who is at the keyboard, and how things are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

from reconciler.app.workspace import Workspace
from reconciler.model.corrections import Person
from reconciler.reports.languages import texts_of as report_texts_of
from reconciler.reports.texts import Texts as ReportTexts
from tui.action import Action, Words
from tui.i18n import Texts
from tui.text import folded

if TYPE_CHECKING:
    from reconciler.app.correct import Acting
    from reconciler.app.review.own_filters import OwnFilters


_CODES: Final = frozenset({"language", "date_pattern"})


def _now() -> datetime:
    return datetime.now(UTC)


def _folded(words: ReportTexts) -> ReportTexts:
    """The same without letters that a terminal without them cannot draw."""

    def ascii_of(value: object) -> object:
        if isinstance(value, Mapping):
            return {key: ascii_of(word) for key, word in value.items()}
        return folded(value) if isinstance(value, str) else value

    parts = {each.name: ascii_of(getattr(words, each.name)) for each in fields(words) if each.name not in _CODES}
    return replace(words, **parts)  # type: ignore[arg-type]  # each part is of the kind it was


@dataclass(frozen=True)
class Session:
    """One person at one open workspace.

    Attributes:
        person: with no roles where the project names them nowhere.
        read_only: id of the text that says why nothing may be changed here; None where it may.
        as_person: who the person said they are (`--as`); None for the user of the operating system.
        ascii_only: no sign outside ASCII is drawn by us.
        own_filters: the filters this person gave a name; None where none can be kept.
        keymap: keys that differ from the usual ones, by id of the action.
        clock: gives aware instants.
    """

    workspace: Workspace
    texts: Texts
    person: Person
    project_file: Path
    read_only: str | None = None
    as_person: str | None = None
    ascii_only: bool = False
    keymap: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    own_filters: OwnFilters | None = None
    clock: Callable[[], datetime] = _now

    @cached_property
    def words(self) -> ReportTexts:
        """The words of reports: for entities, fields, kinds, causes, statuses."""
        words = report_texts_of(self.texts.locale)
        return _folded(words) if self.ascii_only else words

    @property
    def stage(self) -> str:
        """As in the project file."""
        return self.workspace.project.file.project.stage

    def acting(self) -> Acting:
        """The person, at work on corrections: the one way to anything that is written.

        Raises:
            ConfigurationError: the project file or a description is wrong.
        """
        # Loaded by who needs it: it brings everything that reads and writes systems.
        from reconciler.app.correct import Acting

        return Acting.begin(self.workspace, self.person, self.clock)

    def refusal(self, action: Action) -> str | None:
        """Why this person may not do that here, as a sentence; None when they may."""
        if action.changes and self.read_only is not None:
            return self.texts(self.read_only)
        if action.roles and self.person.roles.isdisjoint(action.roles):
            return self.texts("refusal.role", person=self.person.name, roles=", ".join(sorted(action.roles)))
        return None

    def command_line(self, action: Action, values: Mapping[str, Words]) -> str | None:
        """The command that does the same, as it would be typed; None where there is none."""
        said = () if self.as_person is None or not action.roles else ("--as", self.as_person)
        line = action.command_line(("reconciler", "--project", str(self.project_file)), values)
        return line if line is None or not said else f"{line} {said[0]} {quote(said[1])}"
