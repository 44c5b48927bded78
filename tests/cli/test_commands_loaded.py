"""A start loads the command it was asked for, and no other."""

from __future__ import annotations

from importlib import import_module

import pytest
import typer
from typer.main import get_command

from reconciler.cli import commands
from reconciler.cli.main import command_of, settings


def _offered(app: typer.Typer) -> list[str]:
    group = get_command(app)
    return list(getattr(group, "commands"))  # noqa: B009 - the library's own class of groups is private


def _app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(settings)
    return app


@pytest.mark.parametrize("module", commands.NAMES_BY_MODULE)
def test_a_module_has_the_commands_it_is_said_to_have(module: str) -> None:
    app = _app()
    import_module(f"reconciler.cli.commands.{module}").register(app)
    assert _offered(app) == list(commands.NAMES_BY_MODULE[module])


@pytest.mark.parametrize(
    ("arguments", "offered"),
    [
        (["run", "customers"], ["run"]),
        (["--project", "run", "findings", "list"], ["findings"]),
        (["--project=x", "--debug", "restore", "there"], ["backup", "restore"]),
    ],
    ids=["alone", "after an option whose value is a command's name", "of a module with two"],
)
def test_only_the_commands_beside_the_wanted_one_are_loaded(arguments: list[str], offered: list[str]) -> None:
    app = _app()
    commands.register(app, command_of(arguments))
    assert _offered(app) == offered


@pytest.mark.parametrize(
    "arguments",
    [[], ["--help"], ["--project", "x", "-h", "run"], ["rum"], ["--project"]],
    ids=["nothing", "help", "help before a command", "a word that is no command", "an option without its value"],
)
def test_without_a_command_all_are_offered(arguments: list[str]) -> None:
    app = _app()
    commands.register(app, command_of(arguments))
    assert sorted(_offered(app)) == sorted(name for names in commands.NAMES_BY_MODULE.values() for name in names)
