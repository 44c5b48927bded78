"""`vendors` fits a terminal of 80 columns, and says what the descriptions say."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest
import typer
from typer.testing import CliRunner

from reconciler.app.vendors import vendor_documents
from reconciler.cli.commands import vendors


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    vendors.register(app)
    return app


def test_every_entity_is_listed_under_how_far_it_was_verified(app: typer.Typer) -> None:
    lines = CliRunner().invoke(app, ["vendors"]).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines[2:]} >= {document["name"] for document in vendor_documents()}
    pipedrive = next(place for place, line in enumerate(lines) if line.startswith("pipedrive "))
    assert lines[pipedrive].split() == ["pipedrive", "crm", "documentation", "orders"]
    assert lines[pipedrive + 1].split() == ["third-party", "notes", "customers,", "products"]


def test_one_is_shown_with_what_it_needs_and_what_it_can(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["vendors", "show", "salesforce"]).stdout
    for words in (
        "Salesforce (salesforce): crm",
        "ports: rest",
        "documentation: https://developer.salesforce.com/",
        "context.tax_id_field: API name of the account field",
        "customers: verified by third-party notes",
        "not run against Salesforce",
        "can: changed since, ids only, one record, by key",
        "lines: sku, quantity, unit_price, discount, total",
    ):
        assert words in shown


def test_a_long_note_is_wrapped_in_a_terminal() -> None:
    master, slave = os.openpty()
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder, os.fdopen(master, "rb") as screen:
        command = [sys.executable, "-m", "reconciler", "vendors", "show", "espocrm"]
        subprocess.run(command, stdout=slave, env=environment, cwd=folder, check=True, timeout=30)
        shown = os.read(screen.fileno(), 65536).decode()
        os.close(slave)
    lines = shown.splitlines()
    begins = next(place for place, line in enumerate(lines) if line.startswith("  Calls and filters"))
    assert lines[begins + 1].startswith("  ")
    assert "not run against EspoCRM" in lines[begins + 1]
    assert max(map(len, lines)) <= 80
