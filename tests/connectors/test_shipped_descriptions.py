"""Every shipped description: complete, honest about how far it was verified, and with a contract test of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from reconciler.connectors.description import Description, EntitySource
from reconciler.connectors.load import load_description, shipped_vendors
from reconciler.model.entities import ENTITIES
from reconciler.ports.http.paging import page_names
from reconciler.ports.http.settings import Listing

VENDORS = shipped_vendors()

OF_THE_ISSUE = {
    "bling",
    "dolibarr",
    "erpnext",
    "espocrm",
    "hubspot",
    "odoo",
    "odoo_legacy",
    "omie",
    "pipedrive",
    "ploomes",
    "protheus",
    "rd_station_crm",
    "salesforce",
    "sankhya",
    "sap_b1",
    "tryton",
}

RUN_AGAINST_THE_SYSTEM = {"tryton"}
"""Whose descriptions may say `live`: what runs against them is `make test-real`."""

STAND_INS = {name for name in VENDORS if name.startswith("sandbox_")}
"""Nobody's product: the package's own stand-ins, tested against themselves."""

TESTED_ELSEWHERE = {
    "tryton": "test_tryton.py",
}
"""Descriptions whose exchanges are replayed by a test that was there before the others."""


@lru_cache
def _description(vendor: str) -> Description:
    return load_description(vendor, Path())


def _sources(vendor: str) -> Iterator[tuple[str, EntitySource]]:
    yield from _description(vendor).entities.items()


def _listings(source: EntitySource) -> Iterator[Listing]:
    for listing in (source.full, source.keys, source.changed.listing if source.changed else None):
        if isinstance(listing, Listing):
            yield listing


def test_every_system_that_was_asked_for_is_described() -> None:
    assert set(VENDORS) >= OF_THE_ISSUE


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_says_where_its_facts_come_from(vendor: str) -> None:
    documentation = _description(vendor).vendor.documentation
    assert documentation.startswith("part of this package" if vendor in STAND_INS else "https://")


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_never_claims_more_than_was_done(vendor: str) -> None:
    """What was run against the system itself is `live`; against a stand-in of ours, `sandbox`; else neither."""
    allowed = {"documentation", "third-party notes"}
    if vendor in RUN_AGAINST_THE_SYSTEM:
        allowed.add("live")
    if vendor in STAND_INS:
        allowed = {"sandbox"}
    assert {source.verified for _, source in _sources(vendor)} <= allowed


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in STAND_INS])
def test_every_entity_says_against_what_it_was_verified(vendor: str) -> None:
    for entity, source in _sources(vendor):
        assert len(source.note) > 40, entity
        if source.verified != "live":
            assert "not run" in source.note.lower(), entity


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in STAND_INS])
def test_its_exchanges_are_replayed(vendor: str) -> None:
    folder = Path(__file__).parent
    file = folder / TESTED_ELSEWHERE.get(vendor, f"contracts/test_{vendor}.py")
    assert file.is_file()
    assert vendor in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("vendor", VENDORS)
def test_entities_and_their_keys_are_canonical(vendor: str) -> None:
    """A tax id that is a field of each account's own is named by the project; every other key is described."""
    for entity, source in _sources(vendor):
        canonical = ENTITIES[entity]
        named_by_project = {"tax_id"} if "crm" in _description(vendor).vendor.roles else set()
        assert set(canonical.key) - named_by_project <= source.fields.keys(), entity
        if source.lines is not None and canonical.lines is not None:
            assert set(canonical.lines.key) <= source.lines.fields.keys(), entity


@pytest.mark.parametrize("vendor", VENDORS)
def test_pages_are_asked_for_in_the_size_that_is_counted_with(vendor: str) -> None:
    """A request that leaves the size to the system could take its first page for the last."""
    for entity, source in _sources(vendor):
        for listing in _listings(source):
            if "size" in page_names(listing.paging) and listing.paging.kind in {"offset", "number", "keyset"}:
                asked = listing.request.model_dump_json()
                said = listing.stop.more or listing.stop.total or listing.stop.pages or not listing.stop.short_page
                assert "page.size" in asked or said or f'"{listing.paging.size}"' in asked, entity
