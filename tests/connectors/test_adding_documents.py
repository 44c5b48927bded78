"""Documents that refer to records of the system and are finished after they were added; and taken out of use again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from reconciler.connectors.write.current_record import FieldValue
from reconciler.connectors.write.result import WriteResult
from reconciler.corrections.overlay import OverlayWrites
from reconciler.errors import NotWritableError, OutcomeUnknownError, SupersededError, TomlError, WriteRefusedError
from tests.connectors.document_vendor import DESCRIPTION, ITEMS, Depot, depot_writer
from tests.connectors.writing_vendor import description_in, mappings_of

_ORDER: dict[str, FieldValue] = {"number": "95001", "customer": "11222333000181", "status": "open"}
_LINES: list[dict[str, FieldValue]] = [
    {"sku": "A", "quantity": "2", "discount": "7.25"},
    {"sku": "B", "quantity": "1"},
]
_MARK = "reconciler-1"


async def _added(server: Depot, folder: Path, **changed: FieldValue) -> WriteResult:
    async with depot_writer(server, folder) as writer:
        return await writer.create("orders", {**_ORDER, **changed}, _LINES, idempotency=_MARK)


def _states(server: Depot) -> list[Any]:
    return [each["state"] for each in server.orders.values()]


def _says(status: int, path: str) -> Any:
    """Answers so, where a request ends with the path."""
    words = {"message": "credit limit reached"}
    return lambda request, _: web.json_response(words, status=status) if request.path.endswith(path) else None


def _lost(path: str) -> Any:
    """Cuts the connection, where a request ends with the path."""

    def cut(request: web.Request, _: Depot) -> None:
        if request.path.endswith(path) and request.transport is not None:
            request.transport.abort()

    return cut


async def test_a_new_document_holds_what_was_looked_up_and_is_finished(tmp_path: Path) -> None:
    server = Depot()
    result = await _added(server, tmp_path)
    assert (result.id, result.written, result.verified) == ("1", True, True)
    order = server.orders["1"]
    assert {name: order[name] for name in ("ref", "buyer_id", "place", "mark", "with_lines", "sold_by")} == {
        "ref": "95001",
        "buyer_id": 41,
        "place": 9,
        "mark": _MARK,
        "with_lines": True,
        "sold_by": 41,
    }
    assert not {"terms", "doc", "customer"} & order.keys()
    assert order["given"] == [
        {"kind": "goods", "item": 71, "taxes": [["set", [1, 5]]], "row": 1, "quantity": 2, "rate": "0.0725"},
        {"kind": "goods", "item": 72, "row": 2, "quantity": 1},
    ]
    assert server.calls == ["/orders", "/orders/1/check", "/orders/1/submit"]
    assert order["state"] == "submitted"


@pytest.mark.parametrize(
    ("buyers", "defaults", "changed", "words"),
    [
        ([], {}, {}, "customer: the system has no records of that, and needs one"),
        ([41, 42], {}, {}, "customer: the system has 2 records of that, and needs one"),
        ([41], {"place": None}, {}, "customer: the system names no place for it"),
        ([41], {}, {"customer": None}, "customer: nothing is given to look it up in the system"),
        ([41], {}, {"status": "invoiced"}, "status: the value has no code in the system"),
    ],
    ids=["nobody", "two", "without a place", "no customer", "not to be begun there"],
)
async def test_what_cannot_be_looked_up_is_not_added(
    buyers: list[int], defaults: dict[str, Any], changed: dict[str, FieldValue], words: str, tmp_path: Path
) -> None:
    server = Depot()
    server.buyers["11222333000181"] = buyers
    server.defaults |= defaults
    with pytest.raises(NotWritableError, match=f"{words}; nothing was sent"):
        await _added(server, tmp_path, **changed)
    assert server.calls == []


async def test_a_line_of_something_the_system_has_not_is_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ITEMS, "B")
    server = Depot()
    with pytest.raises(NotWritableError, match="sku: the system has no records of that"):
        await _added(server, tmp_path)
    assert server.calls == []


@pytest.mark.parametrize(
    ("path", "state"),
    [("/orders", "draft"), ("/check", "checked"), ("/submit", "submitted")],
    ids=["when it was added", "when it was checked", "when it was submitted"],
)
async def test_a_lost_answer_never_leads_to_a_second_document(path: str, state: str, tmp_path: Path) -> None:
    server = Depot(after=_lost(path))
    with pytest.raises(OutcomeUnknownError):
        await _added(server, tmp_path)
    assert _states(server) == [state]
    server.after = None
    result = await _added(server, tmp_path)
    assert (result.id, result.verified, _states(server)) == ("1", True, ["submitted"])
    assert result.written is (state != "submitted")


async def test_what_somebody_else_began_with_the_same_number_is_not_finished(tmp_path: Path) -> None:
    server = Depot()
    theirs = {"id": "1", "ref": "95001", "mark": "theirs", "state": "draft", "stamp": "s1", "lines": []}
    server.orders["1"] = {**theirs, "buyer": {"doc": "11222333000181"}}
    result = await _added(server, tmp_path)
    assert (result.id, _states(server)) == ("2", ["draft", "submitted"])


async def test_a_document_that_cannot_be_finished_is_given_up_in_the_system_s_words(tmp_path: Path) -> None:
    server = Depot(before=_says(422, "/submit"))
    with pytest.raises(WriteRefusedError, match="erp: orders 1: "):
        await _added(server, tmp_path)
    assert _states(server) == ["cancelled"]


async def test_what_can_neither_be_finished_nor_given_up_is_of_unknown_outcome(tmp_path: Path) -> None:
    server = Depot(before=lambda request, _: _says(422, "/submit")(request, _) or _says(422, "/cancel")(request, _))
    with pytest.raises(OutcomeUnknownError, match=r"could not be finished .*, nor taken back"):
        await _added(server, tmp_path)
    assert _states(server) == ["checked"]


async def test_taking_a_document_out_of_use_that_leaves_its_entity_is_proved_by_its_absence(tmp_path: Path) -> None:
    server = Depot()
    await _added(server, tmp_path)
    server.calls.clear()
    async with depot_writer(server, tmp_path) as writer:
        assert writer.leaves("orders")
        result = await writer.deactivate("orders", "1", {"number": "95001"})
        assert await writer.read("orders", "1") is None
        with pytest.raises(SupersededError, match="not there any more"):
            await writer.deactivate("orders", "1", {"number": "95001"})
    assert (result.written, result.verified, result.after) == (True, True, None)
    assert server.calls == ["/orders/1/draft", "/orders/1/cancel"]
    assert _states(server) == ["cancelled"]


async def test_a_document_that_is_still_there_was_not_taken_out_of_use(tmp_path: Path) -> None:
    server = Depot(
        before=lambda request, _: web.Response(status=204) if request.path.endswith(("/draft", "/cancel")) else None
    )
    await _added(server, tmp_path)
    async with depot_writer(server, tmp_path) as writer:
        result = await writer.deactivate("orders", "1", {"number": "95001"})
    assert (result.written, result.verified) == (True, False)


async def test_a_document_that_went_too_far_is_not_taken_out_of_use(tmp_path: Path) -> None:
    server = Depot()
    await _added(server, tmp_path)
    server.orders["1"]["state"] = "shipped"
    server.calls.clear()
    async with depot_writer(server, tmp_path) as writer:
        current = await writer.read("orders", "1")
        assert current is not None
        why = "the system cannot take it out of use any more: its state is shipped"
        assert writer.deactivation_problem("orders", current) == why
        with pytest.raises(NotWritableError, match=why):
            await writer.deactivate("orders", "1", {"number": "95001"})
    assert server.calls == []


@pytest.mark.parametrize(
    ("stamp", "refused", "kind"),
    [("s2", "", SupersededError), ("s1", "/cancel", OutcomeUnknownError)],
    ids=["the guard refuses the first call", "the second call is refused"],
)
async def test_half_a_deactivation_is_never_called_refused(
    stamp: str, refused: str, kind: type[Exception], tmp_path: Path
) -> None:
    server = Depot()
    await _added(server, tmp_path)

    def between(request: web.Request, depot: Depot) -> web.StreamResponse | None:
        depot.orders["1"]["stamp"] = stamp
        return web.json_response({}, status=422) if refused and request.path.endswith(refused) else None

    server.before = between
    async with depot_writer(server, tmp_path) as writer:
        with pytest.raises(kind):
            await writer.deactivate("orders", "1", {"number": "95001"})


async def test_a_dry_run_tells_the_same_of_taking_out_of_use_and_writes_nothing(tmp_path: Path) -> None:
    server = Depot()
    await _added(server, tmp_path)
    server.calls.clear()
    description = description_in(tmp_path, DESCRIPTION)
    async with depot_writer(server, tmp_path) as writer:
        laid_over = OverlayWrites("erp", writer, description, mappings_of(description))
        result = await laid_over.deactivate("orders", "1", {"number": "95001"})
        assert (result.written, result.verified, result.after) == (True, True, None)
        assert await laid_over.read("orders", "1") is None
        assert await laid_over.look_up("orders", _ORDER) is None
        server.orders["1"]["state"] = "shipped"
        again = OverlayWrites("erp", writer, description, mappings_of(description))
        with pytest.raises(NotWritableError, match="its state is shipped"):
            await again.deactivate("orders", "1", {"number": "95001"})
    assert server.calls == []


_MISTAKES = {
    "a default of nothing": ('place = "$found.place"', 'place = "$found.plaice"', "refers to found.plaice"),
    "a look-up of what comes later": ("/buyers/{found.buyer}/", "/buyers/{found.place}/", "refers to found.place"),
    "a line's value for the record": ('sold_by = "$found.buyer"', 'sold_by = "$found.item"', "refers to found.item"),
    "optional and not taken": ('optional = ["terms"]', 'optional = ["term"]', "term is not taken"),
    "a path that is none": ('each = "tax.id"', 'each = "tax[0]"', "is not a path into the answer"),
    "begun by anybody": ('query = { mark = "$idempotency"', 'query = { mark = "x"', "would find what others began"),
    "begun by nobody": ('terms", mark = "$idempotency"', 'terms"', "says by which create it was begun"),
    "a call about no record": ('"/orders/{id}/check"', '"/orders/check"', "would not say which record"),
    "a call that reads": ('method = "POST", path = "/orders/{id}/submit"', 'path = "/orders/{id}/submit"', "a GET"),
    "shown by no path": ("shown_by = { state", 'shown_by = { "a[" ', "shown_by"),
    "giving up by deletion": (
        'give_up = { method = "POST"',
        'give_up = { method = "DELETE"',
        "giving up must not delete",
    ),
    "giving up nothing": ('path = "/orders/{id}/cancel" }', 'path = "/cancel" }', "would not say which record"),
    "deactivating no record": ("/orders/{id.number}/cancel", "/orders/cancel", "would not say which record"),
    "leaves and is looked at": ("leaves = true", "leaves = true\nafter = { status = 'open' }", "goes without leaves"),
}


@pytest.mark.parametrize(("text", "mistake", "problem"), _MISTAKES.values(), ids=_MISTAKES)
def test_a_mistake_in_how_documents_are_added_is_told(text: str, mistake: str, problem: str, tmp_path: Path) -> None:
    assert DESCRIPTION.count(text) == 1
    with pytest.raises(TomlError) as caught:
        description_in(tmp_path, DESCRIPTION.replace(text, mistake))
    assert problem in str(caught.value)
