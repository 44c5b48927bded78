"""`[tui]` of the project file, and the same options in a file of one's own: colours and keys of the terminal UI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from reconciler.errors import ConfigurationError
from reconciler.phrases.phrase import phrase
from reconciler.project_types import StrictSection

ThemeName = Literal["reconciler", "reconciler-light", "colour-blind-safe", "high-contrast"]


class TuiSection(StrictSection):
    """How the terminal UI looks and which keys it takes.

    Attributes:
        theme: colours; None for the usual ones.
        keys: by id of the action (`docs/tui.md` lists them), several keys separated by commas.
    """

    theme: ThemeName | None = None
    keys: dict[str, str] = Field(default={})


def own_tui_file(environment: Mapping[str, str]) -> Path:
    """Where a person keeps their own options: `$XDG_CONFIG_HOME/reconciler/tui.toml`, or under `~/.config`."""
    folder = environment.get("XDG_CONFIG_HOME", "")
    return (Path(folder) if Path(folder).is_absolute() else Path.home() / ".config") / "reconciler" / "tui.toml"


def own_tui(environment: Mapping[str, str] | None = None) -> TuiSection:
    """A person's own options, which come before those of the project; the usual ones where there is no file.

    Raises:
        ConfigurationError: the file is not TOML, or holds a mistake.
    """
    from reconciler.toml_file import read_toml, validate

    path = own_tui_file(os.environ if environment is None else environment)
    try:
        if not path.is_file():
            return TuiSection()
    except OSError as error:
        raise ConfigurationError(
            phrase("{path} cannot be read: {reason}.", path=path, reason=error.strerror or type(error).__name__)
        ) from error
    return validate(TuiSection, read_toml(path))
