"""`tokens new` and what `serve` refuses, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reconciler.cli.commands import serve, tokens
from reconciler.cli.main import settings
from reconciler.errors import ReconcilerError
from reconciler.service.tokens import Caller, Role, read_tokens
from tests.service.service_rig import PROJECT


def commands() -> typer.Typer:
    app = typer.Typer()
    app.callback()(settings)
    tokens.register(app)
    serve.register(app)
    return app


def test_a_token_is_shown_once_and_kept_as_a_hash() -> None:
    made = CliRunner().invoke(
        commands(), ["tokens", "new", "crm-plugin", "--role", "sales", "--role", "metrics", "--json"]
    )
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    caller = read_tokens(document["line"]).caller(document["token"])
    assert caller == Caller("crm-plugin", frozenset({Role.SALES, Role.METRICS}))
    assert document["token"] not in document["line"]
    plain = CliRunner().invoke(commands(), ["tokens", "new", "crm-plugin", "--role", "sales"])
    token, line = plain.stdout.splitlines()
    assert read_tokens(line).caller(token) is not None


@pytest.mark.parametrize(
    "arguments",
    [["crm-plugin"], ["a b", "--role", "sales"], ["crm", "--role", "boss"]],
    ids=["no role", "name", "role"],
)
def test_a_token_that_could_not_be_used_is_not_made(arguments: list[str]) -> None:
    made = CliRunner().invoke(commands(), ["tokens", "new", *arguments])
    assert made.exit_code != 0
    assert made.stdout == ""


@pytest.mark.parametrize("option", [[], ["--behind-proxy"]], ids=["plain", "behind a proxy"])
def test_the_service_is_not_started_where_others_could_call_it_without_a_token(
    tmp_path: Path, option: list[str]
) -> None:
    file = tmp_path / "reconciler.toml"
    file.write_text(f'{PROJECT}\n[service]\nhost = "0.0.0.0"\n')
    refused = CliRunner().invoke(commands(), ["--project", str(file), "serve", "--port", "0", *option])
    assert isinstance(refused.exception, ReconcilerError)
    assert refused.exception.exit_code == 2
    assert "tokens new" in refused.exception.hint
    assert refused.stdout == ""
