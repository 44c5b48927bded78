"""A dry run says what the real run would: the same results and refusals, and not one request that writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.connectors.write.current_record import FieldValue, LineChange
from reconciler.connectors.write.result import WriteResult
from reconciler.corrections.overlay import OverlayWrites
from reconciler.corrections.ports import RecordWrites
from reconciler.corrections.values import text_of
from reconciler.errors import NotWritableError, SupersededError, WriteError
from tests.connectors.writing_vendor import DESCRIPTION, Bazaar, mappings_of, writer_to
from tests.corrections.proposal_rig import TAX_ID, described

_OTHER_TAX_ID = "11444777000161"
_CUSTOMER = {"tax_id": _OTHER_TAX_ID, "legal_name": "Beta Ltda", "credit_limit": "10.5", "state": "RJ"}
Values = Mapping[str, FieldValue]


def laid_over(writer: RecordWrites, text: str = DESCRIPTION) -> OverlayWrites:
    return OverlayWrites("erp", writer, described(text), mappings_of(described(text)), {"model": 12})


@asynccontextmanager
async def overlay(tmp_path: Path, text: str = DESCRIPTION) -> AsyncIterator[tuple[OverlayWrites, Bazaar]]:
    """An overlay of a server, which must not have been written in the end."""
    server = Bazaar()
    async with writer_to(server, tmp_path, text) as writer:
        yield laid_over(writer, text), server
    assert server.written == []


async def test_what_was_written_is_read_again_and_nowhere_else(tmp_path: Path) -> None:
    accepted: list[str] = []

    async def note(identity: str) -> None:
        accepted.append(identity)

    async with overlay(tmp_path) as (writes, server):
        seen: Values = {"legal_name": "Alfa Ltda"}
        result = await writes.update("customers", "C1", {"legal_name": "Beta Ltda"}, seen, accepted=note)
        assert (result.id, result.written, result.verified, accepted) == ("C1", True, True, ["C1"])
        assert result.before is not None
        assert result.before.values["legal_name"] == "Alfa Ltda"
        again = await writes.read("customers", "C1")
        assert again is not None
        assert (again.values["legal_name"], again.values["phone"]) == ("Beta Ltda", "11988887777")
        assert server.customers["C1"]["name"] == "Alfa Ltda"
        with pytest.raises(SupersededError, match="changed since it was seen: legal_name"):
            await writes.update("customers", "C1", {"legal_name": "Gama"}, seen)


async def test_what_somebody_else_writes_shows_through(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, server):
        await writes.update("customers", "C1", {"legal_name": "Beta"}, {"legal_name": "Alfa Ltda"})
        server.customers["C1"]["state"] = "RJ"
        again = await writes.read("customers", "C1")
        assert again is not None
        assert (again.values["legal_name"], again.values["state"]) == ("Beta", "RJ")


async def test_a_new_record_has_a_made_up_id_and_is_found_by_its_key(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        assert await writes.look_up("customers", _CUSTOMER) is None
        result = await writes.create("customers", {**_CUSTOMER, "sales_volume": "7"})
        assert (result.written, result.verified, result.left_out) == (True, True, ("sales_volume",))
        assert await writes.look_up("customers", {"tax_id": _OTHER_TAX_ID}) == result.id
        held = await writes.read("customers", result.id)
        assert held is not None
        assert {name: text_of(held.values[name]) for name in _CUSTOMER} == _CUSTOMER
        again = await writes.create("customers", _CUSTOMER)
        assert (again.id, again.written, again.verified) == (result.id, False, True)
        changed = await writes.update("customers", result.id, {"legal_name": "Gama"}, {"legal_name": "Beta Ltda"})
        assert changed.verified


async def test_a_record_is_found_by_the_key_it_was_given_here_and_not_by_the_one_it_had(tmp_path: Path) -> None:
    third = "11444777000242"
    async with overlay(tmp_path) as (writes, _):
        for old, new in ((TAX_ID, _OTHER_TAX_ID), (_OTHER_TAX_ID, third)):
            await writes.update("customers", "C1", {"tax_id": new}, {"tax_id": old})
            assert await writes.look_up("customers", {"tax_id": old}) is None
            assert await writes.look_up("customers", {"tax_id": new}) == "C1"
        made = await writes.create("customers", _CUSTOMER)
        assert made.written
        await writes.update("customers", made.id, {"tax_id": third}, {"tax_id": _OTHER_TAX_ID})
        with pytest.raises(NotWritableError, match="2 records have its key already"):
            await writes.look_up("customers", {"tax_id": third})


async def test_a_new_documents_lines_hold_what_the_system_takes(tmp_path: Path) -> None:
    record = {"number": "901", "customer": TAX_ID, "date": "2026-05-02", "status": "OPEN"}
    async with overlay(tmp_path) as (writes, _):
        made = await writes.create("orders", record, [{"sku": "A", "quantity": "2", "unit_price": "3"}])
        assert made.verified
        held = await writes.read("orders", made.id)
    assert held is not None
    assert [{name: text_of(value) for name, value in line.values.items()} for line in held.lines] == [
        {"sku": "A", "quantity": "2", "unit_price": None}
    ]


async def test_two_tasks_cannot_make_the_same_record_twice(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        made = await asyncio.gather(*(writes.create("customers", _CUSTOMER) for _ in range(4)))
    assert len({result.id for result in made}) == 1
    assert sorted(result.written for result in made) == [False, False, False, True]


async def test_lines_are_laid_over_by_their_key(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        change = {"B": LineChange({"quantity": "5"}, {"quantity": "2"})}
        result = await writes.update("orders", "900", {}, {}, lines=change)
        assert (result.written, result.verified) == (True, True)
        held = await writes.read("orders", "900")
        assert held is not None
        assert [text_of(line.values["quantity"]) for line in held.lines] == ["1", "5"]
        with pytest.raises(SupersededError, match=r"lines\[B\].quantity"):
            await writes.update("orders", "900", {}, {}, lines={"B": LineChange({"quantity": "6"}, {"quantity": "2"})})


async def test_what_cannot_be_composed_is_refused_without_a_trace(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        with pytest.raises(NotWritableError, match="the system takes at most 40 characters; nothing was sent"):
            await writes.update("customers", "C1", {"legal_name": "A" * 41}, {"legal_name": "Alfa Ltda"})
        with pytest.raises(NotWritableError, match="the system does not take the field"):
            await writes.update("customers", "C1", {"state": "RJ"}, {"state": "SP"})
        held = await writes.read("customers", "C1")
        assert held is not None
        assert held.values["legal_name"] == "Alfa Ltda"


async def test_what_it_would_take_is_what_the_system_takes(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        assert (writes.can_create("customers"), writes.can_deactivate("orders")) == (True, True)
        assert writes.problem("customers", "update", "state") == "the system does not take the field"
        assert writes.line_problem("orders", "unit_price") == "the system does not take the field"


async def test_every_field_that_changes_needs_the_value_that_was_seen(tmp_path: Path) -> None:
    async with overlay(tmp_path) as (writes, _):
        with pytest.raises(ValueError, match="needs the value that was seen"):
            await writes.update("customers", "C1", {"legal_name": "Beta"}, {})


@dataclass(frozen=True)
class Asked:
    """One call, the same for the real system and for the dry run."""

    name: str
    call: Callable[[RecordWrites, list[str]], Awaitable[WriteResult]]

    def __repr__(self) -> str:
        return self.name


def _update(changes: dict[str, str | None], stale: bool, identity: str) -> Asked:
    """Of a customer as it is now; or as if it had been seen with another limit."""

    async def call(writes: RecordWrites, ids: list[str]) -> WriteResult:
        seen = await writes.read("customers", identity)
        expected = {name: None if seen is None else seen.values.get(name) for name in changes}
        return await writes.update(
            "customers", identity, changes, {**expected, **({"credit_limit": "7.25"} if stale else {})}
        )

    return Asked(f"update {changes} of {identity}{' stale' if stale else ''}", call)


def _line(sku: str, quantity: str, seen: str) -> Asked:
    change = {sku: LineChange({"quantity": quantity}, {"quantity": seen})}
    return Asked(
        f"line {sku} {seen} to {quantity}", lambda writes, _: writes.update("orders", "900", {}, {}, lines=change)
    )


def _status(new: str) -> Asked:
    return Asked(
        f"order to {new}", lambda writes, _: writes.update("orders", "900", {"status": new}, {"status": "OPEN"})
    )


def _deactivate(entity: str, identity: str, expected: Values) -> Asked:
    return Asked(f"deactivate {entity} {expected}", lambda writes, _: writes.deactivate(entity, identity, expected))


def _create(record: dict[str, str | None]) -> Asked:
    async def call(writes: RecordWrites, ids: list[str]) -> WriteResult:
        result = await writes.create("customers", record)
        ids.append(result.id)
        return result

    return Asked(f"create {record}", call)


def _order(number: str, quantity: str) -> Asked:
    lines = [{"sku": "X", "quantity": quantity, "unit_price": "3"}, {"sku": "Y", "quantity": "1"}]
    record = {"number": number, "customer": TAX_ID, "date": "2026-05-02", "status": "OPEN"}
    return Asked(f"order {number} {quantity}", lambda writes, _: writes.create("orders", record, lines))


_TAKEN: dict[str, st.SearchStrategy[str | None]] = {
    "legal_name": st.sampled_from(["Beta Ltda", "Ação", "A" * 41, None]),
    "credit_limit": st.sampled_from(["0", "12345.67", "1e3", "mil", None]),
    "phone": st.sampled_from(["1133334444", None]),
    "active": st.sampled_from(["true", "false"]),
    "tax_id": st.sampled_from([_OTHER_TAX_ID, TAX_ID, "123", None]),
    "state": st.just("RJ"),
}
_NEW = st.fixed_dictionaries({}, optional=_TAKEN)
_CHANGED = st.fixed_dictionaries({}, optional={**_TAKEN, "special_discount": st.sampled_from(["2.5", "0.125", None])})
_QUANTITIES = st.sampled_from(["1", "2", "3", "0.5", "x"])
_ASKED = st.one_of(
    st.builds(_update, _CHANGED, st.booleans(), st.sampled_from(["C1", "C1", "C1", "C77"])),
    st.builds(
        _line, st.sampled_from(["A", "B", "C"]), st.sampled_from(["3", "0.5", "x"]), st.sampled_from(["1", "2", "3"])
    ),
    st.builds(_status, st.sampled_from(["CANCELLED", "LOST"])),
    st.builds(_create, _NEW),
    st.builds(_order, st.sampled_from(["900", "901"]), st.sampled_from(["2", "two"])),
    st.sampled_from(
        [
            _deactivate("orders", "900", {"number": "900"}),
            _deactivate("orders", "900", {"total": "1"}),
            _deactivate("orders", "77", {}),
            _deactivate("customers", "C1", {"active": True}),
        ]
    ),
)


async def _told(asked: list[Asked], writes: RecordWrites) -> list[Any]:
    ids = ["C1"]
    told: list[Any] = []
    for each in asked:
        try:
            result = await each.call(writes, ids)
        except WriteError as error:
            told.append((type(error), str(error).replace(str(ids), ""), getattr(error, "fields", ())))
        else:
            place = ids.index(result.id) if result.id in ids else result.id.startswith(("9", "new"))
            told.append((place, result.written, result.verified, result.differing, result.left_out))
    return told


async def _both(asked: list[Asked]) -> tuple[list[Any], list[Any], list[Any]]:
    """What the real run tells, what the dry run tells, and what the dry run wrote."""
    with TemporaryDirectory() as folder:
        real, dry = Bazaar(), Bazaar()
        async with writer_to(real, Path(folder)) as writer, writer_to(dry, Path(folder)) as inner:
            return await _told(asked, writer), await _told(asked, laid_over(inner)), dry.written


@settings(max_examples=30, deadline=None)
@given(st.lists(_ASKED, min_size=1, max_size=6))
def test_the_dry_run_tells_what_the_real_run_does(asked: list[Asked]) -> None:
    real, dry, written = asyncio.run(_both(asked))
    assert dry == real
    assert written == []
