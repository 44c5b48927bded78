"""Where the word tables, the tax rules and the recipe of discrepancies are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_IN_WHEEL = Path(__file__).resolve().parent / "fixtures"
_IN_CHECKOUT = Path(__file__).resolve().parents[2] / "fixtures"


def data_file(name: str) -> Path:
    """The file `name` of the fixtures, in an installed wheel or in a checkout."""
    folder = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
    return folder / name


def read_data_file(name: str) -> dict[str, Any]:
    """The parsed TOML file `name` of the fixtures. They ship with the code, so a missing or broken one is a bug."""
    with data_file(name).open("rb") as stream:
        return tomllib.load(stream)
