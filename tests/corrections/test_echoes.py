"""Our own writes coming back as news are known as such; what somebody else wrote is not taken for ours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reconciler.corrections.echoes import DEFAULT_WINDOW, OwnWrite, is_echo, own_writes
from reconciler.model.entities import Side
from tests.corrections.applying_rig import START, Rig, correction_of, creation
from tests.corrections.memory_system import Fault

WRITE = OwnWrite(Side.ERP, "customers", "erp-1", "K1", {"email": "new", "city": None}, START)


@pytest.mark.parametrize(
    ("values", "seconds", "echo"),
    [
        pytest.param({"email": "new"}, 5, True, id="one value"),
        pytest.param({"email": "new", "city": None}, 5, True, id="all values"),
        pytest.param({"email": "theirs"}, 5, False, id="changed since"),
        pytest.param({"email": "new", "zip": "1"}, 5, False, id="a field that is not ours"),
        pytest.param({}, 5, False, id="nothing"),
        pytest.param({"email": "new"}, DEFAULT_WINDOW.total_seconds(), True, id="at the end of the window"),
        pytest.param({"email": "new"}, DEFAULT_WINDOW.total_seconds() + 1, False, id="later"),
    ],
)
def test_an_echo_is_what_we_wrote_and_nothing_else(values: dict[str, str | None], seconds: float, echo: bool) -> None:
    seen_at = START + timedelta(seconds=seconds)
    assert is_echo([WRITE], Side.ERP, "customers", "erp-1", values, seen_at) is echo


@pytest.mark.parametrize(
    ("side", "entity", "record"),
    [(Side.CRM, "customers", "erp-1"), (Side.ERP, "products", "erp-1"), (Side.ERP, "customers", "erp-2")],
    ids=["other side", "other entity", "other record"],
)
def test_another_record_is_no_echo(side: Side, entity: str, record: str) -> None:
    assert not is_echo([WRITE], side, entity, record, {"email": "new"}, START)


def test_the_last_of_two_writes_counts() -> None:
    later = OwnWrite(Side.ERP, "customers", "erp-1", "K1", {"email": "newer"}, START + timedelta(seconds=1))
    for value, echo in (("newer", True), ("new", False)):
        values = {"email": value}
        assert is_echo([later, WRITE], Side.ERP, "customers", "erp-1", values, START) is echo


async def test_what_was_written_is_remembered_by_the_journal() -> None:
    rig = Rig()
    rig.record(email="old", city="Recife", zip="1")
    changes = {"email": ("old", "new"), "zip": ("1", "1")}
    await rig.process().apply(rig.plan(correction_of(1, changes, key="K1")))
    store = rig.process().store
    (write,) = await own_writes(store, store, "customers", "K1")
    assert write == OwnWrite(Side.ERP, "customers", "erp-1", "K1", {"email": "new"}, START)
    assert await own_writes(store, store, "customers", "K2") == []


async def test_what_the_system_made_of_it_is_what_echoes() -> None:
    rig = Rig()
    rig.record(email="old")
    planned = rig.plan(correction_of(1, {"email": ("old", "new")}, key="K1"))
    await rig.process().misbehave(Fault.ALTERED).apply(planned)
    store = rig.process().store
    (write,) = await own_writes(store, store, "customers", "K1")
    assert write.values == {"email": "n"}


async def test_a_record_that_may_just_have_been_added_is_known_by_its_key() -> None:
    rig = Rig()
    await rig.process().misbehave(Fault.LOST_AFTER).apply(rig.plan(creation(1, "111", city="Santos")))
    store = rig.process().store
    own = await own_writes(store, store, "customers", "111")
    values = {"city": "Santos"}
    assert is_echo(own, Side.ERP, "customers", "erp-1", values, START, key="111")
    assert not is_echo(own, Side.ERP, "customers", "erp-1", values, START, key="222")
    assert not is_echo(own, Side.ERP, "customers", "erp-1", values, START)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.UNREACHABLE])
async def test_what_was_not_written_does_not_echo(fault: Fault) -> None:
    rig = Rig()
    rig.record(email="old")
    await rig.process().misbehave(fault).apply(rig.plan(correction_of(1, {"email": ("old", "new")}, key="K1")))
    store = rig.process().store
    assert await own_writes(store, store, "customers", "K1") == []
