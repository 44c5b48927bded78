"""Filters that a person gave a name: tabs of the review beside the usual ones, and names for `findings list --saved`.

They are a person's own, like their colours and keys, and lie in a file beside those: `filters.json`, by project. What
one person looks for is of no use to others, and a state that is only read can still be looked at through them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, TypeAdapter, ValidationError

from reconciler.app.review.causes import SAVED, SavedFilter
from reconciler.app.review.narrowing import LONGEST_CHARACTERS, WrongWord, narrowed
from reconciler.errors import ConfigurationError, RefusedError
from reconciler.phrases.phrase import phrase
from reconciler.project_tui import own_tui_file
from reconciler.project_types import StrictSection
from reconciler.whole_file import whole_file, write_failures

LONGEST_NAME_CHARACTERS: Final = 24
MOST: Final = 20
_MAX_SIZE_BYTES: Final = 1_000_000
_FILE: Final = "filters.json"


class OwnFilter(StrictSection):
    """One of them.

    Attributes:
        tab: the usual filter it narrows, by its name.
        typed: as it was typed behind `/`.
    """

    name: str = Field(min_length=1, max_length=LONGEST_NAME_CHARACTERS)
    tab: str = SAVED[0].name
    typed: str = Field(default="", max_length=LONGEST_CHARACTERS)

    def saved(self) -> SavedFilter | None:
        """The filter it stands for; None where it was made for other words than there are now."""
        basis = next((each.filter for each in SAVED if each.name == self.tab), None)
        try:
            return None if basis is None else SavedFilter(self.name, narrowed(basis, self.typed))
        except WrongWord:
            return None


_File = dict[str, list[OwnFilter]]
_FORM: Final = TypeAdapter(_File)


@dataclass(frozen=True, slots=True)
class OwnFilters:
    """Those of one person for one project."""

    file: Path
    project: str

    @classmethod
    def of(cls, environment: Mapping[str, str], project: str) -> OwnFilters:
        """Those of whoever has this environment."""
        return cls(own_tui_file(environment).with_name(_FILE), project)

    def listed(self) -> list[OwnFilter]:
        """In the order they were saved.

        Raises:
            ConfigurationError: the file cannot be read, or was changed into something else.
        """
        return self._read().get(self.project, [])

    def save(self, wanted: OwnFilter) -> None:
        """Keep one more, or another one under the same name.

        Raises:
            RefusedError: the name cannot be had, or there are too many.
            ConfigurationError: the file cannot be read.
            StateError: it cannot be written.
        """
        _check(wanted.name)

        def put(own: list[OwnFilter]) -> list[OwnFilter]:
            if all(each.name != wanted.name for each in own):
                if len(own) >= MOST:
                    raise RefusedError(
                        phrase("there are {most} filters of your own already.", most=MOST),
                        hint=phrase("Remove one that is not needed any more."),
                    )
                return [*own, wanted]
            return [wanted if each.name == wanted.name else each for each in own]

        self._change(put)

    def rename(self, name: str, new: str) -> None:
        """Give one another name. Raises as `save`, and where there is none of that name."""
        _check(new)

        def put(own: list[OwnFilter]) -> list[OwnFilter]:
            _find(own, name)
            if new != name and any(each.name == new for each in own):
                raise RefusedError(phrase("there is a filter “{name}” already.", name=new))
            return [each.model_copy(update={"name": new}) if each.name == name else each for each in own]

        self._change(put)

    def remove(self, name: str) -> None:
        """Forget one. Raises as `rename`."""

        def put(own: list[OwnFilter]) -> list[OwnFilter]:
            found = _find(own, name)
            return [each for each in own if each is not found]

        self._change(put)

    def get(self, name: str) -> OwnFilter:
        """One of them. Raises as `rename`."""
        return _find(self.listed(), name)

    def _read(self) -> _File:
        try:
            if not self.file.is_file():
                return {}
            with self.file.open("rb") as file:
                text = file.read(_MAX_SIZE_BYTES + 1)
            if len(text) <= _MAX_SIZE_BYTES:
                return _FORM.validate_json(text)
        except OSError as error:
            raise self._trouble(error) from error
        except ValidationError:
            pass
        raise ConfigurationError(
            phrase("{path} holds no saved filters.", path=self.file), hint=phrase("Move it away, and save them again.")
        )

    def _change(self, put: Callable[[list[OwnFilter]], list[OwnFilter]]) -> None:
        """Read again before writing, so that what another session saved meanwhile stays."""
        whole = self._read()
        whole[self.project] = put(whole.get(self.project, []))
        with write_failures(self.file):
            self.file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self.file, replaces=True) as file, write_failures(self.file):
            file.write(_FORM.dump_json(whole, indent=1))

    def _trouble(self, error: OSError) -> ConfigurationError:
        reason = error.strerror or os.strerror(error.errno or 0)
        return ConfigurationError(phrase("{path} cannot be used: {reason}.", path=self.file, reason=reason))


def _find(own: list[OwnFilter], name: str) -> OwnFilter:
    found = next((each for each in own if each.name == name), None)
    if found is None:
        raise RefusedError(
            phrase("there is no filter “{name}” of your own.", name=name),
            hint=phrase("`reconciler findings filters list` shows them."),
        )
    return found


def _check(name: str) -> None:
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME_CHARACTERS or not name.isprintable():
        raise RefusedError(
            phrase("a filter has a name of 1 to {longest} printable characters.", longest=LONGEST_NAME_CHARACTERS)
        )
    if any(each.name == name.casefold() for each in SAVED):
        raise RefusedError(phrase("“{name}” is the name of a usual filter.", name=name))
