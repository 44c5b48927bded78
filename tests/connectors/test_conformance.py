"""What every connector must get right, whatever its port: one set of tests for all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from structlog.testing import capture_logs

from reconciler.connectors.conformance import Outcome, conformance
from reconciler.connectors.load import load_description
from reconciler.errors import CredentialsRefusedError, SystemReadError, UnreachableError, VendorFaultError
from reconciler.mapping.page import map_pages
from reconciler.model import staging
from reconciler.model.entities import Side
from reconciler.sandbox.generator.dataset import generate
from tests.connectors.conforming import COLLECTIONS, KINDS, PAGE, Kind, Reached, reached
from tests.connectors.unknown_system import Pages

_CALLED = [kind for kind in KINDS if kind.is_called]
_FAULTS = ("429", "drop", "truncate", "html502", "expire")

every_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
every_called_kind = pytest.mark.parametrize("kind", _CALLED, ids=[kind.name for kind in _CALLED])


async def _pulled(system: Reached, entity: str, since: datetime | None = None) -> Pages:
    sink = Pages()
    await system.connector.pull_stable(entity, since, sink)
    return sink


def _ids(system: Reached, entity: str, pages: Pages) -> list[str]:
    staged = map_pages(system.mappings[entity], [(page.number, page.records) for page in pages.pages]).records
    return sorted(staged[staging.ID].to_list())


def _only(side: Side, entity: str, count: int) -> dict[str, Any]:
    """Generated records of one collection, the first few of them, and nothing else anywhere."""
    records = generate(25, 3)
    collection = COLLECTIONS[side][entity]
    kept = (records.crm if side is Side.CRM else records.erp)[collection][:count]
    return {side.value: {collection: kept}}


@every_kind
@pytest.mark.parametrize("entity", ["customers", "orders"])
async def test_every_record_comes_once_over_many_pages(kind: Kind, entity: str, tmp_path: Path) -> None:
    async with reached(kind, tmp_path) as system:
        pages = await _pulled(system, entity)
        assert _ids(system, entity, pages) == await system.ids(entity)
        assert await system.connector.ids(entity) == set(await system.ids(entity))
        if kind.is_called:
            assert len(pages.pages) > 1


@every_kind
async def test_nothing_a_customer_could_try_fails(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path) as system:
        for entity, mapping in system.mappings.items():
            found = await conformance(system.connector, mapping)
            assert found.failures == []
            outcomes = {verdict.check: verdict.outcome for verdict in found.verdicts}
            source = system.connector.description.entities[entity]
            offered = {"changed since": source.changed, "one record": source.one, "ids only": source.keys}
            for check, listing in offered.items():
                assert (outcomes[check] is Outcome.PASSED) is (listing is not None), check
            assert outcomes["order"] is outcomes["round trip"] is Outcome.PASSED


@every_kind
async def test_a_system_that_holds_nothing_is_read_without_error(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path, records={}) as system:
        assert (await _pulled(system, "customers")).records == []
        found = await conformance(system.connector, system.mappings["customers"])
    assert found.failures == []


@every_kind
async def test_a_single_record_is_a_list_of_one(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path, records=_only(kind.side, "products", 1)) as system:
        pages = await _pulled(system, "products")
        assert _ids(system, "products", pages) == await system.ids("products")
        assert len(pages.records) == 1


@every_kind
async def test_exactly_one_full_page_is_not_followed_by_a_double(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path, records=_only(kind.side, "products", PAGE)) as system:
        pages = await _pulled(system, "products")
        assert _ids(system, "products", pages) == await system.ids("products")


@every_called_kind
async def test_only_what_changed_since_comes(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path) as system:
        staged = map_pages(
            system.mappings["customers"],
            [(page.number, page.records) for page in (await _pulled(system, "customers")).pages],
        ).records
        stamps = dict(staged.select(staging.ID, staging.form_column("updated_at")).drop_nulls().iter_rows())
        moment = sorted(stamps.values())[len(stamps) // 2]
        since = set(_ids(system, "customers", await _pulled(system, "customers", moment)))
        assert since >= {identity for identity, stamp in stamps.items() if stamp >= moment}
        assert not since & {identity for identity, stamp in stamps.items() if stamp < moment - timedelta(days=1)}
        assert (await _pulled(system, "customers", datetime.now(UTC) + timedelta(days=30))).records == []


@every_called_kind
@pytest.mark.parametrize("fault", _FAULTS)
async def test_faults_give_the_same_records_or_an_error_never_others(kind: Kind, fault: str, tmp_path: Path) -> None:
    async with reached(kind, tmp_path, misbehave=fault, records=_only(kind.side, "products", 3 * PAGE)) as system:
        expected = await system.ids("products")
        assert _ids(system, "products", await _pulled(system, "products")) == expected


_WRONG = [
    pytest.param(KINDS[0], {"user_key": "wrong-key-9876"}, id="header"),
    pytest.param(KINDS[1], {"password": "wrong-password-9876"}, id="session"),
    pytest.param(KINDS[2], {"password": "wrong-password-9876"}, id="SOAP"),
    pytest.param(KINDS[4], {"password": "wrong-password-9876"}, id="FTP"),
]


@pytest.mark.parametrize(("kind", "credentials"), _WRONG)
async def test_wrong_credentials_are_told_as_such_and_never_shown(
    kind: Kind, credentials: dict[str, str], tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with reached(kind, tmp_path, credentials=credentials) as system:
            with pytest.raises(CredentialsRefusedError) as refused:
                await _pulled(system, "customers")
    said = f"{refused.value} {refused.value.detail} {logs}"
    assert not any(secret in said for secret in credentials.values())


_NOBODY = [
    pytest.param(KINDS[0], "http://127.0.0.1:1", UnreachableError, id="REST"),
    pytest.param(KINDS[2], "http://127.0.0.1:1/soap", UnreachableError, id="SOAP"),
    pytest.param(KINDS[4], "ftp://127.0.0.1:1/", UnreachableError, id="FTP"),
    pytest.param(KINDS[3], "file:///no/such/folder", VendorFaultError, id="folder"),
]


@pytest.mark.parametrize(("kind", "address", "error"), _NOBODY)
async def test_a_system_that_is_not_there_is_told_as_such(
    kind: Kind, address: str, error: type[SystemReadError], tmp_path: Path
) -> None:
    async with reached(kind, tmp_path, address=address) as system:
        with pytest.raises(error):
            await _pulled(system, "customers")


_WRITABLE = [kind for kind in KINDS if kind.vendor in ("ploomes", "sandbox_erp")]


def test_every_shipped_connector_that_writes_is_among_those_tested() -> None:
    described = {kind.vendor: load_description(kind.vendor, Path()) for kind in KINDS}
    writable = {vendor for vendor, each in described.items() if any(source.write for source in each.entities.values())}
    assert writable == {kind.vendor for kind in _WRITABLE}


@pytest.mark.parametrize("kind", _WRITABLE, ids=[kind.name for kind in _WRITABLE])
async def test_what_is_written_is_read_back_by_the_listing_too(kind: Kind, tmp_path: Path) -> None:
    async with reached(kind, tmp_path) as system:
        assert system.writer is not None
        staged = map_pages(
            system.mappings["customers"],
            [(page.number, page.records) for page in (await _pulled(system, "customers")).pages],
        ).records.filter(pl.col(staging.REJECTED).is_null())
        identity, name = staged[staging.ID][0], staged["value.legal_name"][0]
        changed = await system.writer.update(
            "customers", identity, {"legal_name": "Conformidade Ltda"}, {"legal_name": name}
        )
        created = await system.writer.create(
            "products", {"sku": "CONF-1", "name": "Peça nova", "unit": "UN", "price": Decimal("10.5")}
        )
        assert (changed.verified, created.written, created.verified) == (True, True, True)
        names = map_pages(
            system.mappings["customers"],
            [(page.number, page.records) for page in (await _pulled(system, "customers")).pages],
        ).records.filter(pl.col(staging.ID) == identity)["value.legal_name"]
        assert names.to_list() == ["Conformidade Ltda"]
        assert created.id in await system.connector.ids("products")


@every_kind
async def test_secrets_and_values_of_records_stay_out_of_the_log(kind: Kind, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with reached(kind, tmp_path) as system:
            pages = await _pulled(system, "customers")
            staged = map_pages(system.mappings["customers"], [(0, pages.records)]).records
    said = str(logs)
    assert "sandbox-user-key" not in said
    assert "sandbox-erp-password" not in said
    for column in ("value.legal_name", "form.tax_id", "form.email"):
        assert not any(value in said for value in staged[column].drop_nulls().to_list())
