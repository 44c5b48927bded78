"""What a file port gives: the newest full file with later changes laid over it, or an honest error."""

from __future__ import annotations

import os
import threading
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from pathlib import Path

import orjson
import pytest

from reconciler.errors import ConfigurationError, RefusedError, ResponseNotUnderstoodError, SystemReadError
from reconciler.ports.files.ledger import FileLedger
from reconciler.ports.files.shaping import RECORDS_PER_PAGE
from reconciler.ports.http.settings import Request
from tests.ports.files.file_servers import HOST, PASSWORD, USER, Behaviour, ftp_server
from tests.ports.files.receiving import NOW, listing, names_of, port_on, records_of, write

HOUR = timedelta(hours=1)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


async def test_the_body_of_a_page_is_the_list_of_its_records(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv", *(f"{number:05d};Acme {number}" for number in range(RECORDS_PER_PAGE + 1)))
    async with port_on(remote, tmp_path, ledger) as port, aclosing(port.pages(listing())) as pages:
        found = [page async for page in pages]
    assert [(page.number, len(page.records)) for page in found] == [(0, RECORDS_PER_PAGE), (1, 1)]
    assert all(orjson.loads(page.body) == page.records for page in found)
    assert found[0].records[7] == {"code": "00007", "name": "Acme 7"}


async def test_a_full_file_without_records_is_one_empty_page(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv")
    async with port_on(remote, tmp_path, ledger) as port, aclosing(port.pages(listing())) as pages:
        found = [(page.number, page.body, page.records) async for page in pages]
    assert found == [(0, b"[]", [])]


async def test_later_changes_replace_records_of_the_newest_full_file(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers1.csv", "9;Of a file before", at=NOW - 2 * HOUR)
    write(remote / "changes0.csv", "1;From before", "3;the full file", at=NOW - HOUR)
    write(remote / "customers2.csv", "1;Acme", "2;Beta", "3;Gamma")
    write(remote / "changes1.csv", "1;First", "1;Second", "2;Changed once", at=NOW + HOUR)
    write(remote / "changes2.csv", "1;Third", "4;New", at=NOW + 2 * HOUR)
    async with port_on(remote, tmp_path, ledger, clock=lambda: NOW + 2 * HOUR) as port:
        found = await names_of(port, listing(changes="changes*.csv"))
    assert found == {"1": "Third", "2": "Changed once", "3": "Gamma", "4": "New"}


async def test_a_change_without_id_is_an_error_because_nobody_knows_what_it_changes(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    write(remote / "changes.csv", ";Beta", at=NOW + HOUR)
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ResponseNotUnderstoodError, match=r"changes\.csv: a record has no code"):
            await names_of(port, listing(changes="changes*.csv"))


async def test_rows_with_one_id_become_one_record_with_its_lines(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "7;first line", "7;second line", "8;only line", ";no id", ";no id")
    async with port_on(remote, tmp_path, ledger) as port:
        found = await records_of(port, listing(rows_into="lines"))
    assert [(record["code"], [line["name"] for line in record["lines"]]) for record in found] == [
        ("7", ["first line", "second line"]),
        ("8", ["only line"]),
        ("", ["no id"]),
        ("", ["no id"]),
    ]


async def test_a_record_whose_rows_are_apart_is_an_error_and_not_two_records(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "7;first line", "8;only line", "7;second line")
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ResponseNotUnderstoodError, match="record 3 continues an earlier code"):
            await records_of(port, listing(rows_into="lines"))


async def test_many_lines_stay_together_across_pages(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    orders = RECORDS_PER_PAGE + 5
    write(remote / "customers.csv", *(f"{number};line {line}" for number in range(orders) for line in range(3)))
    async with port_on(remote, tmp_path, ledger) as port:
        found = await records_of(port, listing(rows_into="lines"))
    assert [record["code"] for record in found] == [str(number) for number in range(orders)]
    assert {len(record["lines"]) for record in found} == {3}


async def test_no_file_at_all_is_an_error_with_a_hint(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "orders.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(SystemReadError, match=r"no file customers\*\.csv has ever arrived") as missing:
            await names_of(port, listing())
    assert "pattern" in missing.value.hint


async def test_changes_without_a_full_file_are_not_taken_for_all_records(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers-changes.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(SystemReadError, match="has ever arrived"):
            await names_of(port, listing(changes="customers-changes*.csv"))


@pytest.mark.parametrize(("hours", "believed"), [(26, True), (26.01, False)], ids=["just young enough", "too old"])
async def test_a_side_that_is_no_longer_exported_is_an_error_and_not_a_mass_of_differences(
    hours: float, believed: bool, remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger, clock=lambda: NOW + hours * HOUR) as port:
        if believed:
            assert await names_of(port, listing(max_age_h=26))
            return
        with pytest.raises(SystemReadError, match=r"customers\.csv is 26 hours old, and 26 are allowed"):
            await names_of(port, listing(max_age_h=26))


async def test_an_unchanged_export_delivered_again_is_as_young_as_its_delivery(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    for days in range(3):
        night = NOW + timedelta(days=days)
        write(remote / "customers.csv", "1;Acme", at=night)
        async with port_on(remote, tmp_path, ledger, clock=partial(night.__add__, HOUR)) as port:
            assert await names_of(port, listing(max_age_h=2)) == {"1": "Acme"}


async def test_everything_read_through_a_port_is_of_one_moment(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger) as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
        write(remote / "customers.csv", "1;Beta", at=NOW + HOUR)
        port.forget_answers()
        assert await names_of(port, listing()) == {"1": "Acme"}


async def test_a_look_leaves_no_trace(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv", "1;Acme")
    before = sorted(path.name for path in tmp_path.iterdir())
    async with port_on(remote, tmp_path, ledger, take_in=False, done="done") as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    assert [path.name for path in remote.iterdir()] == ["customers.csv"]
    assert not await ledger.of_names("", ["customers.csv"])
    assert sorted(path.name for path in tmp_path.iterdir()) == before


async def test_a_look_sees_what_a_run_would_read(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv", "1;Acme")
    async with port_on(remote, tmp_path, ledger, done="done") as port:
        await names_of(port, listing())
    async with port_on(remote, tmp_path, ledger, take_in=False, done="done") as port:
        assert await names_of(port, listing()) == {"1": "Acme"}
    write(remote / "customers.csv", "1;Beta", at=NOW + HOUR)
    async with port_on(remote, tmp_path, ledger, take_in=False, done="done") as port:
        assert await names_of(port, listing()) == {"1": "Beta"}


async def test_reading_may_stop_early(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    write(remote / "customers.csv", *(f"{number};Acme" for number in range(20 * RECORDS_PER_PAGE)))
    async with port_on(remote, tmp_path, ledger) as port:
        async with aclosing(port.pages(listing())) as pages:
            assert (await anext(pages)).number == 0
        for thread in threading.enumerate():
            if thread.name.startswith("file-reader"):
                thread.join(5)
                assert not thread.is_alive()


async def test_a_single_request_is_refused_in_words(remote: Path, tmp_path: Path, ledger: FileLedger) -> None:
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ConfigurationError, match="cannot be asked for GET /customers/1"):
            await port.call(Request(path="/customers/1"))


async def test_a_file_goes_up_under_another_name_and_is_whole_when_it_gets_its_own(
    tmp_path: Path, ledger: FileLedger
) -> None:
    root = tmp_path / "served"
    (root / "in").mkdir(parents=True)
    auth = {"username": USER, "password": PASSWORD}
    behaviour = Behaviour()
    with ftp_server(root, behaviour) as server:
        async with port_on(f"ftp://{HOST}:{server}", tmp_path, ledger, auth=auth) as port:
            await port.put("in/orders.csv", b"1;open\n")
            with pytest.raises(RefusedError, match="is there already"):
                await port.put("in/orders.csv", b"2;open\n")
    assert {path.name: path.read_bytes() for path in (root / "in").iterdir()} == {"orders.csv": b"1;open\n"}
    (sent_as,) = behaviour.stored_as
    assert sent_as != "orders.csv"
    assert sent_as.endswith(".part")


@pytest.mark.parametrize("path", ["../orders.csv", "in/../../orders.csv", "", "in/a\nb.csv", "/etc/orders.csv"])
async def test_a_file_cannot_go_up_outside_the_folder(
    path: str, remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(ConfigurationError, match="cannot be called that way"):
            await port.put(path, b"")


async def test_the_age_of_a_file_counts_from_when_it_was_written_not_from_when_it_was_taken(
    remote: Path, tmp_path: Path, ledger: FileLedger
) -> None:
    write(remote / "customers.csv", "1;Acme")
    os.utime(remote / "customers.csv", (0, (NOW - 90 * HOUR).timestamp()))
    async with port_on(remote, tmp_path, ledger) as port:
        with pytest.raises(SystemReadError, match="90 hours old"):
            await names_of(port, listing(max_age_h=26))
