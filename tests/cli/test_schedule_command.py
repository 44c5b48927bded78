"""`schedule` on the command line: what is printed, what is told, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reconciler.cli import commands
from reconciler.cli.main import app

_PROJECT = """\
[project]
name = "acme"
[crm]
vendor = "ploomes"
[erp]
vendor = "tryton"
credentials = { password = { keyring = "erp/robot" } }
"""


@pytest.fixture(scope="module")
def whole() -> typer.Typer:
    if not app.registered_groups:
        commands.register(app)
    return app


def _schedule(whole: typer.Typer, folder: Path, *arguments: str) -> Result:
    (folder / "reconciler.toml").write_text(_PROJECT)
    return CliRunner().invoke(whole, ["--project", str(folder / "reconciler.toml"), "schedule", *arguments])


def test_units_are_printed_and_what_is_to_be_done_is_told(whole: typer.Typer, tmp_path: Path) -> None:
    done = _schedule(whole, tmp_path, "systemd", "--at", "4:07", "--user", "robot")
    assert done.exit_code == 0
    assert done.stdout.startswith("# /etc/systemd/system/reconciler-acme.service\n[Unit]\n")
    assert "OnCalendar=*-*-* 04:07:00 America/Sao_Paulo" in done.stdout
    assert "User=robot" in done.stdout
    assert "keyring" in done.stderr
    assert "systemctl enable --now reconciler-acme.timer" in done.stderr


def test_units_are_written_where_they_are_wanted(whole: typer.Typer, tmp_path: Path) -> None:
    done = _schedule(whole, tmp_path, "systemd", "--out", str(tmp_path / "units"))
    names = ["reconciler-acme.service", "reconciler-acme.timer"]
    assert done.stdout.splitlines() == [str(tmp_path / "units" / name) for name in names]
    assert sorted(path.name for path in (tmp_path / "units").iterdir()) == names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cron", "--at", "24:00"), "time of day"),
        (("cron", "--apply"), "goes with --pilot"),
        (("cron", "--at", "02:30:00"), "time of day"),
        (("cron", "--user", "robot; rm"), "name of a user"),
        (("systemd", "--user", "a\nUser=root"), "name of a user"),
        (("kubernetes", "--user", "root"), "number"),
        (("kubernetes", "--user", "0"), "number"),
    ],
    ids=["hour", "apply", "seconds", "shell", "unit", "name", "root"],
)
def test_what_makes_no_unit_is_refused(
    whole: typer.Typer, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = _schedule(whole, tmp_path, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
