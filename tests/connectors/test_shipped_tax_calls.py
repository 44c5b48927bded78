"""Every shipped tax call: which there are, and honest about how far each was verified."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reconciler.cli.commands import vendors
from reconciler.connectors.load import load_description, shipped_vendors
from reconciler.connectors.tax.call import TaxCall

SHIPPED = ("bling", "omie", "protheus", "sandbox_erp", "sankhya", "sap_b1", "tryton")
RUN = {"sandbox_erp": "sandbox", "tryton": "live"}
"""Those that were asked: our own stand-in, and the real server of `make test-real`."""


@lru_cache
def _call(vendor: str) -> TaxCall | None:
    return load_description(vendor, Path()).taxes


def test_these_systems_can_be_asked_for_taxes_and_no_others() -> None:
    assert tuple(vendor for vendor in shipped_vendors() if _call(vendor) is not None) == SHIPPED


@pytest.mark.parametrize("vendor", SHIPPED)
def test_it_never_claims_more_than_was_done(vendor: str) -> None:
    call = _call(vendor)
    assert call is not None
    if vendor in RUN:
        assert call.verified == RUN[vendor]
    else:
        assert call.verified in {"documentation", "third-party notes"}
        assert "not run" in call.note
    for other in load_description(vendor, Path()).other_taxes.values():
        assert other.verified in {"documentation", "third-party notes"}
        assert "not run" in other.note


@pytest.mark.parametrize("vendor", [vendor for vendor in SHIPPED if vendor != "sandbox_erp"])
def test_its_exchanges_are_replayed(vendor: str) -> None:
    tests = (Path(__file__).parent / "contracts").glob("test_taxes_*.py")
    assert any(f'"{vendor}"' in file.read_text(encoding="utf-8") for file in tests)


@pytest.mark.parametrize(
    ("vendor", "words"),
    [
        (
            "bling",
            ("one call for each item, amounts, saves nothing; prospects too", "context.natureza: id of the nature"),
        ),
        ("sankhya", ("one call for the document", "registered customers only", "verified by third-party notes")),
        ("tryton", ("a conversation of several calls, amounts, saves nothing; registered customers only",)),
        ("omie", ("a quote must say: customer.final_consumer", 'where a project says call = "cenario"')),
    ],
    ids=["bling", "sankhya", "tryton", "omie"],
)
def test_it_is_shown_with_the_vendor(vendor: str, words: tuple[str, ...]) -> None:
    app = typer.Typer()
    vendors.register(app)
    shown = CliRunner().invoke(app, ["vendors", "show", vendor]).stdout
    assert all(each in shown for each in words)
