"""From a project and its options to a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import ConfigurationError, RefusedError
from tests.processes import run_command
from tests.tui.rig import Opening, Rig
from tui.__main__ import main
from tui.opening import Options, open_session

RigOf = Callable[..., Rig]
_OPTIONS = Options(Path("acme.toml"))
_NOBODY = '[people.ana]\nroles = ["admin"]\nos_users = ["nobody-else"]\n'


async def test_somebody_the_project_does_not_name_may_look(rig_of: RigOf, tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "none")}
    async with rig_of().workspace(Opening(more=_NOBODY)) as workspace:
        session = open_session(workspace, _OPTIONS, environment)
        assert session.read_only == "refusal.nobody"
        assert session.person.roles == frozenset()
        acting = open_session(workspace, Options(Path("acme.toml"), as_person="ana"), environment)
        assert (acting.read_only, acting.person.name) == (None, "ana")
        with pytest.raises(RefusedError, match="nobody in"):
            open_session(workspace, Options(Path("acme.toml"), as_person="bruno"), environment)


async def test_own_options_come_before_those_of_the_project(rig_of: RigOf, tmp_path: Path) -> None:
    own = tmp_path / "config" / "reconciler" / "tui.toml"
    own.parent.mkdir(parents=True)
    own.write_text('theme = "high-contrast"\n[keys]\n"runs.start" = "f5"\n')
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "TERM": "linux"}
    more = '[tui]\ntheme = "reconciler-light"\n[tui.keys]\n"runs.start" = "f4"\n"app.refresh" = "f6"\n'
    async with rig_of().workspace(Opening(more=more)) as workspace:
        session = open_session(workspace, _OPTIONS, environment)
        assert (session.theme, session.ascii_only) == ("high-contrast", True)
        assert session.keymap == {"runs.start": "f5", "app.refresh": "f6"}
        own.write_text('[keys]\n"runs.strat" = "f5"\n')
        with pytest.raises(ConfigurationError, match=r"tui\.toml: keys\.runs\.strat: is not an action"):
            open_session(workspace, _OPTIONS, environment)


async def test_a_wrong_key_of_the_project_is_told_with_its_line(rig_of: RigOf, tmp_path: Path) -> None:
    more = '[tui.keys]\n"runs.start" = "r"\n'
    async with rig_of().workspace(Opening(more=more)) as workspace:
        with pytest.raises(ConfigurationError, match=r"reconciler\.toml:\d+: tui\.keys.*“r” would be both"):
            open_session(workspace, _OPTIONS, {"XDG_CONFIG_HOME": str(tmp_path / "none")})


def test_a_project_that_is_wrong_ends_before_the_screen_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--project", str(tmp_path / "none.toml")]) == 2
    assert "there is no project file" in capsys.readouterr().err


def test_the_command_needs_a_terminal(tmp_path: Path) -> None:
    done = run_command("--project", tmp_path / "none.toml", "tui")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
