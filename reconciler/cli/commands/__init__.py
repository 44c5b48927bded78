"""The commands, one module each; every module registers its own."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

NAMES_BY_MODULE: Final[dict[str, tuple[str, ...]]] = {
    "init": ("init",),
    "vendors": ("vendors",),
    "check": ("check",),
    "scope": ("scope",),
    "run": ("run",),
    "runs": ("runs",),
    "findings": ("findings",),
    "corrections": ("corrections",),
    "taxes": ("taxes",),
    "audit": ("audit",),
    "pilot": ("pilot",),
    "schedule": ("schedule",),
    "doctor": ("doctor",),
    "backup": ("backup", "restore"),
    "privacy": ("privacy",),
    "serve": ("serve",),
    "tui": ("tui",),
    "tokens": ("tokens",),
    "webhooks": ("webhooks",),
    "sandbox": ("sandbox",),
}
"""The commands of each module, in the order `--help` shows them."""


def register(app: typer.Typer, wanted: str | None = None) -> None:
    """Add the wanted command and those of its module; when there is none of that name, every command.

    To load and describe them all takes longer than most of them need to do their work.
    """
    modules = [module for module, names in NAMES_BY_MODULE.items() if wanted in names]
    for module in modules or NAMES_BY_MODULE:
        import_module(f"{__name__}.{module}").register(app)
