"""The ledger of received files: nothing is taken twice, and what was noted is there after opening again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.ports.files.ledger import FileLedger, FileState, Sighting
from reconciler.store.state.state import State
from tests.store.state_cases import START, Clock

_A, _B = "a" * 64, "b" * 64


def _sighting(name: str = "customers.csv", *, hours: float = 0) -> Sighting:
    return Sighting(name, 120, f"stamp-{hours}", START + timedelta(hours=hours))


async def _taken(ledger: FileLedger, digest: str, *, hours: float, renew: bool = True, folder: str = "") -> int:
    record = await ledger.claim(folder, _sighting(hours=hours))
    await ledger.take(record.number, digest, f"{digest[:4]}.csv", renew=renew)
    return record.number


async def test_a_claimed_file_is_found_again_after_opening_again(state_url: str, tmp_path: Path, clock: Clock) -> None:
    async with State.open(state_url, tmp_path, clock=clock) as state:
        claimed = await state.file_ledger("erp").claim("in", _sighting())
        await state.file_ledger("erp").renamed(claimed.number, "customers.csv.claimed-1")
    async with State.open(state_url, tmp_path, clock=clock) as state:
        (found,) = await state.file_ledger("erp").unsettled("in")
    assert (found.name, found.claimed_as, found.state) == ("customers.csv", "customers.csv.claimed-1", "claimed")
    assert (found.size_bytes, found.stamp, found.delivered_at) == (120, "stamp-0", START)


async def test_the_same_name_and_content_is_taken_once(state: State) -> None:
    ledger = state.file_ledger("erp")
    first = await ledger.claim("", _sighting())
    second = await ledger.claim("", _sighting(hours=1))
    assert await ledger.take(first.number, _A, "aaaa.csv", renew=False)
    assert not await ledger.take(second.number, _A, "aaaa.csv", renew=False)
    states = {record.number: record.state for record in await ledger.of_names("", ["customers.csv"])}
    assert states == {first.number: FileState.TAKEN, second.number: FileState.REPEATED}
    assert [record.number for record in await ledger.archived("")] == [first.number]


@pytest.mark.parametrize(("renew", "newest"), [(True, _A), (False, _B)], ids=["renewed", "not renewed"])
async def test_a_repeated_file_counts_as_new_only_where_that_is_wanted(state: State, renew: bool, newest: str) -> None:
    ledger = state.file_ledger("erp")
    await _taken(ledger, _A, hours=0)
    await _taken(ledger, _B, hours=1)
    await _taken(ledger, _A, hours=2, renew=renew)
    assert (await ledger.archived(""))[0].digest == newest


async def test_an_older_delivery_of_the_same_content_changes_nothing(state: State) -> None:
    ledger = state.file_ledger("erp")
    await _taken(ledger, _A, hours=5)
    await _taken(ledger, _A, hours=1)
    assert [record.delivered_at for record in await ledger.archived("")] == [START + timedelta(hours=5)]


async def test_systems_and_folders_are_apart(state: State) -> None:
    await _taken(state.file_ledger("erp"), _A, hours=0, folder="one")
    assert not await state.file_ledger("crm").archived("one")
    assert not await state.file_ledger("erp").archived("two")
    other = await state.file_ledger("crm").claim("one", _sighting())
    assert await state.file_ledger("crm").take(other.number, _A, "aaaa.csv", renew=False)


async def test_what_is_left_to_do_is_listed_oldest_first(state: State) -> None:
    ledger = state.file_ledger("erp")
    taken = await _taken(ledger, _A, hours=0)
    refused = await ledger.claim("", _sighting("broken.csv"))
    await ledger.refuse(refused.number, "cccc.csv", "row 3: too few columns")
    again = await ledger.claim("", _sighting(hours=1))
    await ledger.renamed(again.number, "customers.csv.claimed-3")
    await ledger.take(again.number, _A, "aaaa.csv", renew=True)
    gone = await ledger.claim("", _sighting("gone.csv"))
    await ledger.settle(gone.number, FileState.GONE)
    assert [record.number for record in await ledger.unsettled("")] == [taken, refused.number, again.number]
    await ledger.settle(taken, FileState.DONE)
    await ledger.settle(again.number, FileState.REPEATED)
    (left,) = await ledger.unsettled("")
    assert (left.number, left.archive, left.problem) == (refused.number, "cccc.csv", "row 3: too few columns")


async def test_a_refused_file_can_be_taken_later(state: State) -> None:
    ledger = state.file_ledger("erp")
    record = await ledger.claim("", _sighting())
    await ledger.refuse(record.number, "aaaa.csv", "row 3: too few columns")
    assert not await ledger.archived("")
    assert await ledger.take(record.number, _A, "aaaa.csv", renew=True)
    (found,) = await ledger.archived("")
    assert (found.state, found.problem) == (FileState.TAKEN, None)


async def test_a_file_whose_content_was_lost_can_be_taken_again(state: State) -> None:
    ledger = state.file_ledger("erp")
    await ledger.settle(await _taken(ledger, _A, hours=0), FileState.GONE)
    assert not await ledger.archived("")
    again = await ledger.claim("", _sighting())
    assert await ledger.take(again.number, _A, "aaaa.csv", renew=False)


async def test_a_claimed_file_that_grew_is_noted_as_it_is_now(state: State) -> None:
    ledger = state.file_ledger("erp")
    claimed = await ledger.claim("", _sighting())
    await ledger.noticed_again(claimed.number, Sighting("customers.csv", 500, "later", START + timedelta(hours=1)))
    (found,) = await ledger.unsettled("")
    assert (found.size_bytes, found.stamp, found.delivered_at) == (500, "later", START + timedelta(hours=1))


async def test_a_dropped_copy_is_no_longer_in_the_archive_but_never_taken_again(state: State) -> None:
    ledger = state.file_ledger("erp")
    number = await _taken(ledger, _A, hours=0)
    await ledger.drop_archives([number])
    assert not await ledger.archived("")
    again = await ledger.claim("", _sighting(hours=0))
    assert not await ledger.take(again.number, _A, "aaaa.csv", renew=False)
