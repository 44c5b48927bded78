"""How a command ends when it fails: a sentence and an exit code, a traceback only for those who ask."""

from __future__ import annotations

import pytest
import typer

from reconciler.cli.failures import exit_on_failure
from reconciler.errors import ReconcilerError, StateError, UnreachableError


def _app_that_raises(error: Exception) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        """Fail."""
        raise error

    return app


@pytest.fixture(autouse=True)
def bare_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["reconciler"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StateError("the state is locked.", hint="Wait."), 2),
        (UnreachableError("crm", "no connection."), 3),
        (ReconcilerError("it cannot be done.", hint="Do something else."), 2),
    ],
    ids=["state", "system", "other"],
)
def test_a_known_failure_is_told_with_its_hint_and_code(
    error: ReconcilerError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        exit_on_failure(_app_that_raises(error))
    told = capsys.readouterr()
    assert ended.value.code == code
    assert error.message in told.err
    assert error.hint in told.err
    assert f"({error.code})" in told.err
    assert told.out == ""


def test_a_defect_is_told_without_a_traceback_or_its_data(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        exit_on_failure(_app_that_raises(ValueError("11222333000181")))
    told = capsys.readouterr().err
    assert ended.value.code == 3
    assert "ValueError" in told
    assert "--debug" in told
    assert "11222333000181" not in told
