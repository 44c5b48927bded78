"""A system is read as its description says, and never believed when its records moved meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from reconciler.connectors.connector import SCANS, Capabilities
from reconciler.connectors.plan import entity_mapping
from reconciler.errors import (
    ConfigurationError,
    CredentialsRefusedError,
    PageDriftError,
    ResponseNotUnderstoodError,
    VendorFaultError,
)
from reconciler.mapping.page import map_pages
from reconciler.model.entities import CUSTOMERS
from tests.connectors.unknown_system import DESCRIPTION, PAGE, Hook, Pages, UnknownSystem, connected, record

_COUNT = 3 * PAGE + 1
_BRASILIA = timezone(timedelta(hours=-3))


def _without(text: str, *starts: str) -> str:
    """The description without the tables whose headers start so."""
    kept: list[str] = []
    dropping = False
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            dropping = line.startswith(starts)
        if not dropping:
            kept.append(line)
    return "".join(kept)


_WITHOUT_CHANGES = _without(DESCRIPTION, "[entities.customers.changed")
_WITHOUT_KEYS = _without(DESCRIPTION, "[entities.customers.keys")
_BARE = _without(_WITHOUT_CHANGES, "[entities.customers.keys").replace('stop = { total = "count" }\n', "")


def _at_request(number: int, act: Callable[[UnknownSystem], None]) -> Hook:
    """Do something to the records just before the n-th request (from 1) is answered."""

    def hook(request: web.Request, system: UnknownSystem) -> None:
        if len(system.paths) == number:
            act(system)

    return hook


def _instead_of(number: int, answer: object, status: int = 200) -> Hook:
    """Answer the n-th request (from 1) with this."""

    def hook(request: web.Request, system: UnknownSystem) -> web.StreamResponse | None:
        return web.json_response(answer, status=status) if len(system.paths) == number else None

    return hook


async def test_a_system_nobody_has_seen_is_pulled_and_mapped_from_its_file_alone(tmp_path: Path) -> None:
    async with connected(UnknownSystem(_COUNT), tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
        source = connector.description.entities["customers"]
        mapping = entity_mapping(
            connector.description,
            "customers",
            key=["legal_name"],
            fields={name: entry for name, entry in source.fields.items() if name != "tax_id"},
            types={field.name: field.type for field in CUSTOMERS.fields},
            time_zone="America/Sao_Paulo",
        )
    staged = map_pages(mapping, [(page.number, page.records) for page in sink.pages]).records
    assert staged["_id"].to_list() == [f"R{number:03d}" for number in range(1, _COUNT + 1)]
    assert staged["form.credit_limit"][1] == Decimal("2000.50")
    assert staged["form.active"].to_list() == [True] * _COUNT
    assert staged["form.updated_at"][0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert staged["_invalid"].null_count() == _COUNT


async def test_changes_are_asked_for_in_the_systems_own_time_and_format(tmp_path: Path) -> None:
    system = UnknownSystem(_COUNT)
    system.records[4]["stamp"] = "20260301120000"
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", datetime(2026, 3, 1, 9, 0, tzinfo=_BRASILIA), sink)
    assert sink.refs == ["R005"]
    assert "since=20260301120000" in system.paths[0]


async def test_ids_are_read_from_the_light_listing(tmp_path: Path) -> None:
    system = UnknownSystem(_COUNT)
    async with connected(system, tmp_path) as connector:
        assert await connector.ids("customers") == {f"R{number:03d}" for number in range(1, _COUNT + 1)}
    assert all(path.startswith(("/refs?", "/partners?")) for path in system.paths)
    assert sum(path.startswith("/refs?") for path in system.paths) == 4


async def test_without_a_light_listing_ids_come_from_the_records(tmp_path: Path) -> None:
    async with connected(UnknownSystem(_COUNT), tmp_path, _WITHOUT_KEYS) as connector:
        assert len(await connector.ids("customers")) == _COUNT


async def test_one_record_is_read_by_id_and_found_by_key(tmp_path: Path) -> None:
    async with connected(UnknownSystem(_COUNT), tmp_path) as connector:
        assert await connector.one("customers", "R002") == [record(2)]
        assert await connector.find("customers", "doc3") == [record(3)]
        assert await connector.one("customers", "R999") == []
        assert await connector.find("customers", "doc999") == []


@pytest.mark.parametrize("status", [400, 422])
async def test_a_key_the_system_cannot_be_asked_for_is_not_there(status: int, tmp_path: Path) -> None:
    system = UnknownSystem(1, lambda request, _: web.json_response({"problem": "not a number"}, status=status))
    async with connected(system, tmp_path) as connector:
        assert await connector.find("customers", "12A") == []


async def test_a_key_that_does_not_fit_into_the_request_is_not_there(tmp_path: Path) -> None:
    text = DESCRIPTION.replace('doc = "$key"', 'doc = "is {key}"')
    system = UnknownSystem(1)
    async with connected(system, tmp_path, text) as connector:
        assert await connector.find("customers", "1' or '1") == []
    assert system.paths == []


async def test_another_fault_while_finding_is_told(tmp_path: Path) -> None:
    system = UnknownSystem(1, lambda request, _: web.json_response({"problem": "no"}, status=403))
    async with connected(system, tmp_path) as connector:
        with pytest.raises(VendorFaultError):
            await connector.find("customers", "doc1")


async def test_what_a_description_offers_can_be_asked(tmp_path: Path) -> None:
    async with connected(UnknownSystem(0), tmp_path, _WITHOUT_CHANGES) as connector:
        assert connector.capabilities("customers") == Capabilities(
            paging="number",
            shifts=True,
            total=True,
            changed=False,
            keys=True,
            one=True,
            find=True,
            verified="sandbox",
            note="",
        )
        assert connector.can_read_one("customers")
        assert connector.can_find("customers")


async def test_what_is_not_described_cannot_be_asked(tmp_path: Path) -> None:
    text = _without(_WITHOUT_CHANGES, "[entities.customers.one")
    async with connected(UnknownSystem(1), tmp_path, text) as connector:
        with pytest.raises(ConfigurationError, match="describes no orders"):
            connector.capabilities("orders")
        with pytest.raises(ConfigurationError, match="no listing `one`"):
            await connector.one("customers", "R001")
        with pytest.raises(ConfigurationError, match="changed customers"):
            await connector.pull_stable("customers", datetime.now(UTC), Pages())
        assert not connector.can_read_one("customers")


@pytest.mark.parametrize("described", [False, True], ids=["first listing", "described"])
async def test_a_probe_needs_the_credentials(described: bool, tmp_path: Path) -> None:
    text = DESCRIPTION + ('\n[probe]\npath = "/refs"\n' if described else "")
    system = UnknownSystem(1)
    async with connected(system, tmp_path, text) as connector:
        await connector.probe()
        assert system.paths[0].startswith("/refs" if described else "/partners")
        system.hook = lambda request, _: web.json_response({"problem": "no key"}, status=401)
        with pytest.raises(CredentialsRefusedError):
            await connector.probe()


def _delete_first(system: UnknownSystem) -> None:
    del system.records[0]


def _insert_first(system: UnknownSystem) -> None:
    system.records.insert(0, record(0))


def _replace_first(system: UnknownSystem) -> None:
    """A deletion that an insertion makes good: the totals stay the same."""
    del system.records[0]
    system.records.append(record(900, f"{datetime.now(UTC):%Y%m%d%H%M%S}"))


MOVES = {
    "deletion, a record is skipped": (DESCRIPTION, _delete_first),
    "insertion, a record comes twice": (DESCRIPTION, _insert_first),
    "both at once": (DESCRIPTION, _replace_first),
    "both at once, changes not described": (_WITHOUT_CHANGES, _replace_first),
    "both at once, no light listing": (_WITHOUT_KEYS, _replace_first),
    "deletion, nothing else described": (_BARE, _delete_first),
    "both at once, nothing else described": (_BARE, _replace_first),
}


@pytest.mark.parametrize(("text", "move"), MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("request_number", [2, 3])
async def test_records_that_move_during_a_scan_are_noticed_and_the_scan_is_repeated(
    text: str, move: Callable[[UnknownSystem], None], request_number: int, tmp_path: Path
) -> None:
    system = UnknownSystem(_COUNT, _at_request(request_number, move))
    async with connected(system, tmp_path, text) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert sink.restarts == 1
    assert sorted(sink.refs) == sorted(each["ref"] for each in system.records)


async def test_a_quiet_scan_is_read_once_and_checked_with_one_request(tmp_path: Path) -> None:
    system = UnknownSystem(_COUNT)
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert sink.restarts == 0
    # Nothing changed: the empty list of changes is asked for twice before it is believed.
    assert [path.partition("&since")[0] for path in system.paths] == [
        *(f"/partners?page={number}&size=3" for number in (1, 2, 3, 4)),
        *["/partners?page=1&size=3"] * 2,
    ]


async def test_records_that_never_stay_put_are_given_up_with_a_clear_error(tmp_path: Path) -> None:
    def move(request: web.Request, system: UnknownSystem) -> None:
        _insert_first(system)
        system.records[0]["ref"] = f"N{len(system.paths)}"

    async with connected(UnknownSystem(_COUNT, move), tmp_path) as connector:
        sink = Pages()
        with pytest.raises(PageDriftError, match="crm: customers changed while they were read") as caught:
            await connector.pull_stable("customers", None, sink)
    assert sink.restarts == SCANS - 1
    assert caught.value.exit_code == 3


async def test_ids_that_move_are_read_again(tmp_path: Path) -> None:
    """A skipped id would be taken for a deleted record."""
    system = UnknownSystem(_COUNT, _at_request(2, _replace_first))
    async with connected(system, tmp_path) as connector:
        assert await connector.ids("customers") == {each["ref"] for each in system.records}


async def test_changes_that_move_are_read_again(tmp_path: Path) -> None:
    system = UnknownSystem(_COUNT, _at_request(2, _delete_first))
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", datetime(2025, 1, 1, tzinfo=UTC), sink)
    assert sink.restarts == 1
    assert sink.refs == [each["ref"] for each in system.records]


async def test_the_same_id_twice_on_a_page_is_not_taken_for_two_records(tmp_path: Path) -> None:
    system = UnknownSystem(2)
    system.records[1]["ref"] = system.records[0]["ref"]
    async with connected(system, tmp_path) as connector:
        with pytest.raises(PageDriftError, match="two records with the same id"):
            await connector.pull_stable("customers", None, Pages())


async def test_records_without_an_id_are_counted_and_kept(tmp_path: Path) -> None:
    """They become rejected records; a total that counts them must not look like drift."""
    system = UnknownSystem(_COUNT)
    system.records[1]["ref"] = system.records[7]["ref"] = None
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert len(sink.records) == _COUNT


NOTHING = {"items": [], "count": 0}


async def test_nothing_at_all_is_believed_only_when_it_is_said_twice(tmp_path: Path) -> None:
    """Throttled systems may answer with an empty list and a zero for its total."""
    system = UnknownSystem(2, _instead_of(1, NOTHING))
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
        assert sink.refs == ["R001", "R002"]
        assert len(sink.pages) == 1

        system.hook = _instead_of(len(system.paths) + 1, NOTHING)
        assert await connector.one("customers", "R001") == [record(1)]
        system.hook = _instead_of(len(system.paths) + 1, NOTHING)
        assert await connector.ids("customers") == {"R001", "R002"}


async def test_an_empty_entity_is_one_empty_page(tmp_path: Path) -> None:
    system = UnknownSystem(0)
    async with connected(system, tmp_path) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert [(page.number, page.records) for page in sink.pages] == [(0, [])]
    assert len(system.paths) == 2


_KEYSET = DESCRIPTION.replace(
    'request = { path = "/partners", query = { page = "$page.number", size = "$page.size" } }\nrecords = "items"\n'
    'paging = { kind = "number", size = 3 }',
    'request = { path = "/partners", query = { after = "$page.after", size = "$page.size" } }\nrecords = "items"\n'
    'paging = { kind = "keyset", size = 3, after = "ref", start = "" }',
    1,
)


def _by_key(request: web.Request, system: UnknownSystem) -> web.StreamResponse | None:
    after = request.query.get("after")
    if after is None:
        return None
    rest = [each for each in system.records if each["ref"] > after]
    return web.json_response({"items": rest[: int(request.query["size"])], "count": len(rest)})


@pytest.mark.parametrize("move", [_delete_first, _replace_first], ids=["deletion", "replacement"])
async def test_pages_by_key_stand_records_that_come_and_go(
    move: Callable[[UnknownSystem], None], tmp_path: Path
) -> None:
    def hook(request: web.Request, system: UnknownSystem) -> web.StreamResponse | None:
        if len(system.paths) == 3:
            move(system)
        return _by_key(request, system)

    system = UnknownSystem(_COUNT, hook)
    async with connected(system, tmp_path, _KEYSET) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert sink.restarts == 0
    assert {each["ref"] for each in system.records} <= set(sink.refs)
    assert len(sink.refs) == len(set(sink.refs))


@pytest.mark.parametrize("cut_at", [2, 3, 4])
async def test_pages_by_key_that_break_off_are_noticed_by_the_total(cut_at: int, tmp_path: Path) -> None:
    def hook(request: web.Request, system: UnknownSystem) -> web.StreamResponse | None:
        return web.json_response(NOTHING) if len(system.paths) == cut_at else _by_key(request, system)

    system = UnknownSystem(_COUNT, hook)
    async with connected(system, tmp_path, _KEYSET) as connector:
        sink = Pages()
        await connector.pull_stable("customers", None, sink)
    assert sink.restarts == 1
    assert sink.refs == [each["ref"] for each in system.records]


async def test_an_answer_of_another_shape_ends_the_pull_with_an_error(tmp_path: Path) -> None:
    system = UnknownSystem(_COUNT, _instead_of(2, {"rows": []}))
    async with connected(system, tmp_path) as connector:
        with pytest.raises(ResponseNotUnderstoodError, match="`items`"):
            await connector.pull_stable("customers", None, Pages())
