"""One action of the terminal UI: what may be asked with a key, a click or the command palette."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

EVERYWHERE: Final[frozenset[str]] = frozenset()

Words = str | Sequence[str]
"""What fills one place of an equivalent command: one word, or several."""


class ActionGroup(StrEnum):
    """Under which heading the help lists an action, in this order."""

    GO = "go"
    MOVE = "move"
    CHOOSE = "choose"
    DECIDE = "decide"
    WORK = "work"
    LOOK = "look"
    GENERAL = "general"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One row of the action table.

    The texts are `action.<id>` (two or three words, for footer and palette) and `action.<id>.help` (one sentence).

    Attributes:
        id: such as `runs.start`. The screen or the application carries it out with a method `do_runs_start`.
        key: as Textual names keys; several separated by commas.
        group: heading in the help.
        places: ids of the places it belongs to; `EVERYWHERE` for all. A place that is no screen (`table`) is a widget
            that takes its bindings with `bindings_of`.
        changes: whether it changes anything outside the screen; such an action is refused in read-only mode.
        roles: any of them is needed; empty when everybody may.
        command: words after `reconciler` of the command that does the same; a word `{name}` stands for what the screen
            says (`PlaceScreen.command_values`). Empty when it changes and asks nothing.
        in_footer: whether the footer has it; the help has every action.
        runs: the Textual action behind the key where it is not the dispatcher, such as `cursor_down`.
        listed_in_palette: False for what only makes sense as a key.
    """

    id: str
    key: str
    group: ActionGroup
    places: frozenset[str] = EVERYWHERE
    changes: bool = False
    roles: frozenset[str] = frozenset()
    command: tuple[str, ...] = ()
    in_footer: bool = False
    runs: str | None = None
    listed_in_palette: bool = True

    @property
    def text_id(self) -> str:
        """Of the label."""
        return f"action.{self.id}"

    @property
    def help_id(self) -> str:
        """Of the sentence."""
        return f"action.{self.id}.help"

    @property
    def method(self) -> str:
        """Name of the method that carries it out."""
        return "do_" + self.id.replace(".", "_")

    @property
    def binding(self) -> str:
        """The Textual action of its keys."""
        return self.runs or f"do({self.id!r})"

    def belongs_to(self, place: str) -> bool:
        """Whether it can be asked for in that place."""
        return not self.places or place in self.places

    def command_line(self, head: Sequence[str], values: Mapping[str, Words]) -> str | None:
        """The equivalent command as it would be typed; None where there is none, or where a value is missing.

        Args:
            head: the words before it, such as `("reconciler", "--project", "acme.toml")`.
            values: what fills the `{names}`.
        """
        words = list(head)
        for word in self.command:
            if not (word.startswith("{") and word.endswith("}")):
                words.append(word)
                continue
            value = values.get(word[1:-1])
            if value is None:
                return None
            words += [value] if isinstance(value, str) else value
        return shlex.join(words) if self.command else None
