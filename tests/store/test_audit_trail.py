"""The audit trail: in order, whole, and every tampering with the database file behind its back is found."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest

from reconciler.errors import StateError
from reconciler.model.correction_records import NO_DIGEST, TrailBreak, TrailCheck
from reconciler.model.corrections import AuditEntry
from reconciler.store.state.audit_chain import digest_after, digest_of
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State
from tests.processes import FORKS
from tests.store.correction_cases import acts, listed
from tests.store.side_processes import ENTRIES_EACH, append
from tests.store.state_cases import Clock, row, run_with

URL = "sqlite:///state.db"
ENTRIES = 6


async def _written(folder: Path) -> list[AuditEntry]:
    async with State.open(URL, folder) as state:
        return [
            await state.audit.append("ana", "plan.exported", f"plan {number}", {"to": "Ação & Cia", "n": number})
            for number in range(1, ENTRIES + 1)
        ]


def _tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


async def _check(folder: Path, head: str | None = None) -> TrailCheck:
    async with State.open(URL, folder) as state:
        return await state.audit.verify(head)


async def test_entries_come_back_in_order_each_following_the_one_before(state: State, clock: Clock) -> None:
    assert await state.audit.head() == (0, NO_DIGEST)
    assert await state.audit.verify() == TrailCheck(0, NO_DIGEST)
    first = await state.audit.append("ana", "plan.exported", "p", {"b": [1, None], "a": "Ação"})
    clock.move(seconds=1.5)
    second = await state.audit.append("rui\0\ud800", "run.started", "", {})
    assert await listed(state.audit.iterate()) == [first, second]
    assert await listed(state.audit.iterate(after=1)) == [second]
    assert await state.audit.about("p") == [first]
    assert (first.number, first.previous, first.details) == (1, NO_DIGEST, '{"a":"Ação","b":[1,null]}')
    assert (second.number, second.previous, second.person) == (2, first.digest, "rui\u2400?")
    assert second.at == clock.now
    assert await state.audit.head() == (2, second.digest)
    assert await state.audit.verify(first.digest) == TrailCheck(2, second.digest)


def test_the_digest_is_the_published_one() -> None:
    """Anybody can compute it from an export; this one was made with `printf | sha256sum`."""
    at = datetime(2026, 11, 22, 10, 11, 12, 500_000, tzinfo=UTC)
    digest = "3be08a8aada345836fc53833c996fb4dd8d467758cabd66d8a1b9c27f9e2991e"
    entry = AuditEntry(1, at, "ana", "plan.made", "p", '{"a":"é"}', NO_DIGEST, digest)
    assert digest_of(entry) == digest


@pytest.mark.parametrize("act", ["", "a" * 65])
async def test_an_act_without_a_name_that_fits_is_refused(act: str, tmp_path: Path) -> None:
    async with State.open(URL, tmp_path) as state:
        with pytest.raises(ValueError, match="64 characters"):
            await state.audit.append("ana", act, "", {})
        assert await acts(state) == []


_COLUMNS = "number, at, person, act, subject, details, previous, digest"
TAMPERINGS: dict[str, tuple[tuple[str, ...], list[int]]] = {
    "time": (("UPDATE audit_entries SET at = at + 1 WHERE number = 3",), [3]),
    "person": (("UPDATE audit_entries SET person = 'eva' WHERE number = 3",), [3]),
    "act": (("UPDATE audit_entries SET act = 'plan.made' WHERE number = 3",), [3]),
    "subject": (("UPDATE audit_entries SET subject = 'plan 4' WHERE number = 3",), [3]),
    "details": (("UPDATE audit_entries SET details = replace(details, 'Cia', 'cia') WHERE number = 3",), [3]),
    "same text as bytes": (("UPDATE audit_entries SET details = CAST(details AS BLOB) WHERE number = 3",), [3]),
    "previous as bytes": (("UPDATE audit_entries SET previous = CAST(previous AS BLOB) WHERE number = 3",), [3, 3]),
    "no text at all": (("UPDATE audit_entries SET person = CAST(X'FF' AS TEXT) WHERE number = 3",), [3]),
    "digest": (("UPDATE audit_entries SET digest = previous WHERE number = 3",), [3, 4]),
    "digest of the last": ((f"UPDATE audit_entries SET digest = previous WHERE number = {ENTRIES}",), [6, 6]),
    "removed first": (("DELETE FROM audit_entries WHERE number = 1",), [1, 2]),
    "removed in between": (("DELETE FROM audit_entries WHERE number IN (3, 4)",), [3, 5]),
    "removed and closed up": (
        (
            "DELETE FROM audit_entries WHERE number = 3",
            "UPDATE audit_entries SET number = number - 1 WHERE number > 3",
            "UPDATE audit_head SET number = number - 1",
        ),
        [3, 3, 4, 5],
    ),
    "removed last": ((f"DELETE FROM audit_entries WHERE number = {ENTRIES}",), [6]),
    "removed tail": (("DELETE FROM audit_entries WHERE number > 2",), [3]),
    "removed all": (("DELETE FROM audit_entries",), [1]),
    "head removed": (("DELETE FROM audit_head",), [6]),
    "head doubled": (("INSERT INTO audit_head SELECT * FROM audit_head",), [6]),
    "head edited": (("UPDATE audit_head SET digest = 'x'",), [6]),
    "reordered": (
        (
            "UPDATE audit_entries SET number = 0 WHERE number = 3",
            "UPDATE audit_entries SET number = 3 WHERE number = 4",
            "UPDATE audit_entries SET number = 4 WHERE number = 0",
        ),
        [3, 3, 4, 4, 5],
    ),
    "inserted in between": (
        (
            *(f"UPDATE audit_entries SET number = {n + 1} WHERE number = {n}" for n in range(ENTRIES, 3, -1)),
            f"INSERT INTO audit_entries ({_COLUMNS}) SELECT 4, at, person, act, subject, details, previous, digest"
            " FROM audit_entries WHERE number = 3",
        ),
        [4, 4, 5, 6, 7, 7],
    ),
    "inserted before the first": (
        (
            f"INSERT INTO audit_entries ({_COLUMNS}) SELECT 0, at, person, act, subject, details, previous, digest"
            " FROM audit_entries WHERE number = 1",
        ),
        [0],
    ),
}


@pytest.fixture(scope="module")
def written_trail(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database file with a trail in it."""
    folder = tmp_path_factory.mktemp("trail")
    asyncio.run(_written(folder))
    _tamper(folder, "PRAGMA journal_mode = DELETE")
    return (folder / "state.db").read_bytes()


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_tampering_is_found_where_it_was_done(tampering: str, written_trail: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(written_trail)
    statements, numbers = TAMPERINGS[tampering]
    _tamper(tmp_path, *statements)
    check = await _check(tmp_path)
    assert not check.is_whole
    assert [each.number for each in check.breaks] == numbers
    assert "Cia" not in str(check)


def _chained_anew(folder: Path, *, entries: int, edited: int | None = None) -> None:
    """What somebody does who knows how the chain is made: the first so many entries, one of them edited, and a head."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as database:
        rows = database.execute(f"SELECT {_COLUMNS} FROM audit_entries ORDER BY number").fetchall()[:entries]
        database.execute("DELETE FROM audit_entries")
        previous = NO_DIGEST
        for number, at, person, act, subject, details, _, _ in rows:
            told = "nothing" if number == edited else subject
            digest = digest_after(previous, number, at, person, act, told, details)
            values = (number, at, person, act, told, details, previous, digest)
            database.execute("INSERT INTO audit_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            previous = digest
        database.execute("UPDATE audit_head SET number = ?, digest = ?", [len(rows), previous])


@pytest.mark.parametrize(
    ("entries", "edited", "noted", "found"),
    [(ENTRIES, None, 4, False), (ENTRIES, 2, 4, True), (3, None, 4, True), (ENTRIES, 5, 4, False)],
    ids=["the-same", "edited", "shortened", "edited-after-the-noted-one"],
)
async def test_a_trail_chained_anew_is_found_by_a_digest_noted_elsewhere(
    entries: int, edited: int | None, noted: int, found: bool, tmp_path: Path
) -> None:
    digests = [entry.digest for entry in await _written(tmp_path)]
    _chained_anew(tmp_path, entries=entries, edited=edited)
    assert (await _check(tmp_path)).is_whole
    breaks = (await _check(tmp_path, digests[noted - 1])).breaks
    assert bool(breaks) is found
    if found:
        text = "no entry has the digest that was noted: the trail was shortened or chained anew."
        assert breaks == (TrailBreak(0, text),)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM audit_head", "head of the audit trail is gone"),
        ("UPDATE audit_head SET number = 2", "not written by the reconciler"),
    ],
    ids=["no-head", "head-behind"],
)
async def test_nothing_is_done_on_top_of_a_trail_that_is_not_as_it_was_left(
    statement: str, problem: str, tmp_path: Path
) -> None:
    await _written(tmp_path)
    _tamper(tmp_path, statement)
    async with State.open(URL, tmp_path) as state:
        with pytest.raises(StateError, match=problem) as refused:
            await state.audit.append("ana", "plan.exported", "p", {})
        assert "verify" in refused.value.hint
        assert len(await listed(state.audit.iterate())) == ENTRIES


async def test_an_entry_that_cannot_be_read_stops_the_reading_with_its_number(tmp_path: Path) -> None:
    await _written(tmp_path)
    async with State.open(URL, tmp_path) as state:
        for wrong, number in (("act = X'00'", 5), ("at = 9e300", 4), ("at = 'x'", 3)):
            _tamper(tmp_path, f"UPDATE audit_entries SET {wrong} WHERE number = {number}")
            with pytest.raises(StateError, match=f"entry {number}"):
                await listed(state.audit.iterate())
        _tamper(tmp_path, "UPDATE audit_entries SET subject = CAST(X'6D6164652D7570FF' AS TEXT) WHERE number = 2")
        with pytest.raises(StateError, match="damaged") as refused:
            await listed(state.audit.iterate())
    assert "made-up" not in f"{refused.value} {refused.value.detail}"


async def test_two_processes_never_fork_the_chain(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as state:
        writers = [FORKS.Process(target=append, args=(state_url, tmp_path, name)) for name in ("a", "b")]
        for writer in writers:
            writer.start()
        for writer in writers:
            await asyncio.to_thread(writer.join, 50)
        assert [writer.exitcode for writer in writers] == [0, 0]
        check = await state.audit.verify()
        assert (check.entries, check.breaks) == (2 * ENTRIES_EACH, ())
        entries = [(person, subject) for person, _, subject in await acts(state)]
        for name in ("a", "b"):
            assert [subject for person, subject in entries if person == name] == list(map(str, range(ENTRIES_EACH)))


async def test_an_acceptance_and_its_end_are_in_the_trail_with_what_was_seen(state: State, clock: Clock) -> None:
    rows = [row("changes"), row("expires"), row("goes"), row("stays"), row("never")]
    await run_with(state, rows)
    await state.findings.accept(FindingFilter(key=["changes", "goes", "stays"]), reason="agreed", person="rui")
    await state.findings.accept(FindingFilter(key="expires"), reason="for now", person="eva", until=date(2026, 11, 22))
    clock.move(days=1)
    await run_with(state, [row("changes", erp_value="ACME SA"), row("expires"), row("stays"), row("never")])
    entries = await listed(state.audit.iterate())
    told = [(entry.person, entry.act, entry.subject) for entry in entries]
    by_key = {each.key: each.id for each in rows}
    accepted = [("rui", "finding.accepted", by_key[key]) for key in ("changes", "goes", "stays")]
    assert sorted(told[:3]) == sorted(accepted)
    assert told[3] == ("eva", "finding.accepted", by_key["expires"])
    ended = {entry.subject: orjson.loads(entry.details) for entry in entries[4:]}
    assert {entry.person for entry in entries[4:]} == {"reconciler"}
    assert {entry.act for entry in entries[4:]} == {"finding.acceptance_ended"}
    assert {subject: details["why"] for subject, details in ended.items()} == {
        by_key["changes"]: "value_changed",
        by_key["expires"]: "expired",
        by_key["goes"]: "closed",
    }
    changed = ended[by_key["changes"]]
    assert (changed["erp_value"], changed["now"]["erp_value"]) == ("ACME", "ACME SA")
    assert (changed["reason"], changed["accepted_by"], changed["until"]) == ("agreed", "rui", None)
    assert "now" not in ended[by_key["goes"]]
    assert (await state.audit.verify()).is_whole
