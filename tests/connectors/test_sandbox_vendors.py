"""The descriptions of the CRM and of the sandbox ERP, against the stand-in systems over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from reconciler.connectors.connector import Connector
from reconciler.connectors.load import load_description
from reconciler.connectors.plan import entity_mapping
from reconciler.errors import CredentialsRefusedError, PageDriftError
from reconciler.mapping.composite import parse_id
from reconciler.mapping.page import MappedPage, map_pages
from reconciler.model import staging
from reconciler.model.entities import ENTITIES, Side
from reconciler.ports.http.client import HttpPort
from reconciler.sandbox.crm.server import CrmServer
from reconciler.sandbox.erp.server import ErpServer
from reconciler.sandbox.faults import FaultKind, FaultPlan
from reconciler.sandbox.generator.dataset import Dataset, generate
from tests.connectors.unknown_system import Pages

_ZONE = ZoneInfo("America/Sao_Paulo")
_COLLECTIONS = {
    Side.CRM: {"customers": "Contacts", "products": "Products", "orders": "Orders", "quotes": "Quotes"},
    Side.ERP: {"customers": "clientes", "products": "produtos", "orders": "pedidos", "quotes": "orcamentos"},
}
_VENDORS = {Side.CRM: "ploomes", Side.ERP: "sandbox_erp"}
_CREDENTIALS = {Side.CRM: {"user_key": "made-up"}, Side.ERP: {"user": "integracao", "password": "made-up"}}
_EVERY = [(side, entity) for side in Side for entity in ENTITIES]
_EVERY_ID = [f"{side}-{entity}" for side, entity in _EVERY]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return generate(120, 1)


@dataclass(frozen=True)
class Reached:
    """A running stand-in system."""

    side: Side
    connector: Connector
    records: dict[str, list[Any]]

    def held(self, entity: str) -> list[dict[str, Any]]:
        """The records the system holds now that belong to the entity."""
        rows = self.records[_COLLECTIONS[self.side][entity]]
        return [row for row in rows if row.get("LastReview", True)]

    def id_of(self, entity: str, record: dict[str, Any]) -> str:
        return str(parse_id(self.connector.description.entities[entity].id, {}).read(record))

    def ids(self, entity: str) -> list[str]:
        return [self.id_of(entity, record) for record in self.held(entity)]


@asynccontextmanager
async def reached(
    side: Side,
    dataset: Dataset,
    folder: Path,
    *,
    fault: FaultKind = FaultKind.NONE,
    page_size: int | None = None,
    credentials: dict[str, str] | None = None,
) -> AsyncIterator[Reached]:
    """A stand-in system and a connector to it. Waits for doubtful pages are cut short, nothing else is changed."""
    text = (files("reconciler.connectors") / "vendors" / f"{_VENDORS[side]}.toml").read_text(encoding="utf-8")
    text = text.replace("confirm_empty_s = 2", "confirm_empty_s = 0.01")
    if page_size is not None:
        text = text.replace("size = 300", f"size = {page_size}").replace("size = 500", f"size = {page_size}")
    (folder / "shipped.toml").write_text(text, encoding="utf-8")
    description = load_description("./shipped.toml", folder)
    assert description.http is not None
    right, plan = _CREDENTIALS[side], FaultPlan(fault)
    server: CrmServer | ErpServer
    if side is Side.CRM:
        server = CrmServer(dataset.crm, user_key=right["user_key"], plan=plan)
    else:
        server = ErpServer(dataset.erp, user=right["user"], password=right["password"], plan=plan)
    async with _served(server.application()) as address:
        base_url = address if side is Side.CRM else f"{address}/api"
        async with HttpPort(
            side.value, description.http, base_url=base_url, credentials=credentials or right, context={}
        ) as port:
            connector = Connector(side.value, description, port, _ZONE)
            yield Reached(side, connector, server.store.state())


@asynccontextmanager
async def _served(application: web.Application) -> AsyncIterator[str]:
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


async def _pulled(system: Reached, entity: str, since: datetime | None = None) -> Pages:
    sink = Pages()
    await system.connector.pull_stable(entity, since, sink)
    return sink


@pytest.mark.parametrize(("side", "entity"), _EVERY, ids=_EVERY_ID)
async def test_every_record_is_pulled_once_over_many_pages(
    side: Side, entity: str, dataset: Dataset, tmp_path: Path
) -> None:
    async with reached(side, dataset, tmp_path, page_size=7) as system:
        sink = await _pulled(system, entity)
        assert sorted(system.id_of(entity, record) for record in sink.records) == sorted(system.ids(entity))
        assert await system.connector.ids(entity) == set(system.ids(entity))
        assert len(sink.pages) > 1


@pytest.mark.parametrize(("side", "entity"), _EVERY, ids=_EVERY_ID)
async def test_one_record_is_read_by_id_and_by_key_as_in_a_pull(
    side: Side, entity: str, dataset: Dataset, tmp_path: Path
) -> None:
    async with reached(side, dataset, tmp_path) as system:
        sink = await _pulled(system, entity)
        staged = _mapped(system, entity, sink).records
        keys = dict(staged.select(staging.ID, staging.KEY).drop_nulls().iter_rows())
        only_once = [identity for identity, key in keys.items() if list(keys.values()).count(key) == 1]
        for identity in (only_once[0], only_once[-1]):
            pulled = [record for record in sink.records if system.id_of(entity, record) == identity]
            assert await system.connector.one(entity, identity) == pulled
            assert pulled[0] in await system.connector.find(entity, keys[identity])
        assert await system.connector.one(entity, "987654321") == []
        for unknown in ("987654321", "NOBODY", "O'Neill; --"):
            assert await system.connector.find(entity, unknown) == []


_INCREMENTAL = [(side, entity) for side, entity in _EVERY if (side, entity) != (Side.CRM, "quotes")]


@pytest.mark.parametrize(("side", "entity"), _INCREMENTAL, ids=[f"{side}-{entity}" for side, entity in _INCREMENTAL])
async def test_changed_records_are_those_stamped_at_the_moment_or_later(
    side: Side, entity: str, dataset: Dataset, tmp_path: Path
) -> None:
    async with reached(side, dataset, tmp_path, page_size=7) as system:
        stamps = {system.id_of(entity, record): _stamp_of(record) for record in system.held(entity)}
        since = sorted(stamps.values())[len(stamps) // 2].replace(microsecond=0)
        changed = await _pulled(system, entity, since)
        found = sorted(system.id_of(entity, record) for record in changed.records)
    assert found == sorted(identity for identity, stamp in stamps.items() if stamp >= since)
    assert 0 < len(found) < len(stamps)


def _stamp_of(record: dict[str, Any]) -> datetime:
    if "LastUpdateDate" in record:
        return datetime.fromisoformat(record["LastUpdateDate"])
    written = f"{record['data_alteracao']} {record['hora_alteracao']}"
    return datetime.strptime(written, "%d/%m/%Y %H:%M:%S").replace(tzinfo=_ZONE)


@pytest.mark.parametrize("entity", ENTITIES)
async def test_both_descriptions_read_the_same_from_records_without_discrepancy(
    entity: str, dataset: Dataset, tmp_path: Path
) -> None:
    """Two contracts that share nothing but the business: whatever was not planted must come out equal."""
    mapped: dict[Side, MappedPage] = {}
    for side in Side:
        async with reached(side, dataset, tmp_path) as system:
            mapped[side] = _mapped(system, entity, await _pulled(system, entity))
    planted = {found.key.split("|")[0] for found in dataset.planted if found.entity.partition(".")[0] == entity}
    crm, erp = (_rows(mapped[side].records, planted) for side in Side)
    assert crm == erp
    assert len(crm) >= 10
    line_tables = [mapped[side].lines for side in Side]
    if ENTITIES[entity].lines is not None:
        crm_lines, erp_lines = (_rows(lines, planted) for lines in line_tables if lines is not None)
        assert crm_lines == erp_lines
        assert len(crm_lines) >= 10


def _rows(staged: pl.DataFrame, planted: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Forms by key, of fields that both sides describe, without the records that something was planted in."""
    forms = [name for name in staged.columns if name.startswith("form.") and name not in _ONE_SIDE_ONLY]
    rows = staged.filter(pl.col(staging.KEY).is_not_null()).select(staging.KEY, *forms).iter_rows(named=True)
    return {
        row[staging.KEY]: row for row in rows if row[staging.KEY].split(staging.KEY_SEPARATOR)[0] not in set(planted)
    }


_ONE_SIDE_ONLY = frozenset(
    staging.form_column(name)
    for name in (
        "updated_at",
        "state_registration",
        "credit_limit",
        "special_discount",
        "sales_volume",
        "ncm",
        "status",
        "taxes",
    )
) | {"form.active"}


def _mapped(system: Reached, entity: str, sink: Pages) -> MappedPage:
    description, known = system.connector.description, ENTITIES[entity]
    source = description.entities[entity]
    lines = {} if source.lines is None else source.lines.fields
    mapping = entity_mapping(
        description,
        entity,
        key=known.key,
        fields=source.fields,
        types={field.name: field.type for field in known.fields},
        line_key=known.lines.key if known.lines else (),
        line_fields=lines,
        line_types={field.name: field.type for field in known.lines.fields} if known.lines else {},
        time_zone="America/Sao_Paulo",
    )
    return map_pages(mapping, [(page.number, page.records) for page in sink.pages])


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("fault", [FaultKind.EMPTY, FaultKind.EXPIRE])
async def test_a_system_that_misbehaves_gives_the_same_records(
    side: Side, fault: FaultKind, dataset: Dataset, tmp_path: Path
) -> None:
    """Empty answers that mean "too fast", and sessions that end in the middle of a pull."""
    async with reached(side, dataset, tmp_path, fault=fault, page_size=20) as system:
        sink = await _pulled(system, "customers")
        assert sorted(system.id_of("customers", record) for record in sink.records) == sorted(system.ids("customers"))


async def test_records_that_shift_between_pages_never_give_a_wrong_set(dataset: Dataset, tmp_path: Path) -> None:
    """Trap 11. Pages by number: one page holds everything, or the scan is given up rather than believed."""
    async with reached(Side.ERP, dataset, tmp_path, fault=FaultKind.SHIFT) as system:
        _check_complete(system, await _pulled(system, "customers"))
    async with reached(Side.ERP, dataset, tmp_path, fault=FaultKind.SHIFT, page_size=20) as system:
        with pytest.raises(PageDriftError):
            await _pulled(system, "customers")


async def test_records_that_shift_do_not_disturb_pages_by_key(dataset: Dataset, tmp_path: Path) -> None:
    async with reached(Side.CRM, dataset, tmp_path, fault=FaultKind.SHIFT, page_size=20) as system:
        sink = await _pulled(system, "customers")
        _check_complete(system, sink)
        assert sink.restarts == 0


def _check_complete(system: Reached, sink: Pages) -> None:
    """All lasting records are there, once. The one that came and went may be there or not."""
    lasting = sorted(system.ids("customers"))
    pulled = sorted(system.id_of("customers", record) for record in sink.records)
    assert [identity for identity in pulled if identity in lasting] == lasting
    assert len(pulled) <= len(lasting) + 1


@pytest.mark.parametrize("side", Side)
async def test_the_probe_needs_the_right_credentials(side: Side, dataset: Dataset, tmp_path: Path) -> None:
    async with reached(side, dataset, tmp_path) as system:
        await system.connector.probe()
    wrong = dict.fromkeys(_CREDENTIALS[side], "wrong")
    async with reached(side, dataset, tmp_path, credentials=wrong) as system:
        with pytest.raises(CredentialsRefusedError):
            await system.connector.probe()
