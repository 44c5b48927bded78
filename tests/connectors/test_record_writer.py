"""Records written one by one: read again, compared, sent, read back. Over real HTTP, with somebody else at work."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from reconciler.connectors.write.current_record import FieldValue, LineChange, Unreadable
from reconciler.errors import NotWritableError, SupersededError
from tests.connectors.writing_vendor import CUSTOMER, DESCRIPTION, ORDER, Bazaar, writer_to

_NAME: dict[str, FieldValue] = {"legal_name": "Alfa Ltda"}
_NEW_NAME: dict[str, FieldValue] = {"legal_name": "Beta Ltda"}


async def test_a_change_is_sent_alone_and_read_back(tmp_path: Path) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        result = await writer.update("customers", "C1", {"credit_limit": Decimal(9)}, {"credit_limit": "1000.50"})
    assert (result.written, result.verified, result.differing, result.problem) == (True, True, (), None)
    assert result.before is not None
    assert result.after is not None
    assert (result.before.values["credit_limit"], result.after.values["credit_limit"]) == (Decimal("1000.5"), 9)
    (sent,) = server.written
    assert sent["guard"] == "m1"
    assert [each["name"] for each in sent["changes"].pop("extras")] == ["limit", "colour", "rank"]
    assert sent["changes"] == {}
    assert server.customers["C1"]["extras"][1] == {"name": "colour", "text": "blue"}


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ({"legal_name": "Alfa Comércio"}, ("legal_name",)),
        ({"legal_name": "alfa ltda"}, ("legal_name",)),
        ({"legal_name": None}, ("legal_name",)),
        ({**_NAME, "phone": "1122223333", "special_discount": Decimal("2.5")}, ("phone",)),
        ({**_NAME, "tax_id": Unreadable("11222333000181")}, ("tax_id",)),
    ],
    ids=["another name", "another case", "nothing", "another field that was looked at", "seen as unreadable"],
)
async def test_a_record_that_is_not_what_was_seen_is_not_written(
    expected: dict[str, FieldValue], fields: tuple[str, ...], tmp_path: Path
) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(SupersededError, match="erp: customers C1: changed since it was seen") as caught:
            await writer.update("customers", "C1", _NEW_NAME, expected)
    assert caught.value.fields == fields
    assert (caught.value.code, caught.value.exit_code) == ("superseded", 2)
    assert "Alfa" not in str(caught.value)
    assert server.written == []


async def test_an_unreadable_value_is_corrected_if_it_is_still_the_one_that_was_seen(tmp_path: Path) -> None:
    server = Bazaar()
    server.customers["C1"]["extras"][0]["value"] = "mil reais"
    async with writer_to(server, tmp_path) as writer:
        seen = await writer.read("customers", "C1")
        assert seen is not None
        assert seen.values["credit_limit"] == Unreadable("mil reais")
        change: dict[str, FieldValue] = {"credit_limit": Decimal(1000)}
        with pytest.raises(SupersededError):
            await writer.update("customers", "C1", change, {"credit_limit": Unreadable("cem reais")})
        result = await writer.update("customers", "C1", change, seen.values)
    assert result.verified


async def test_a_change_that_is_there_already_is_not_sent_again(tmp_path: Path) -> None:
    """Trap 15: what comes twice is done once."""
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        first = await writer.update("customers", "C1", _NEW_NAME, _NAME)
        again = await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert (first.written, first.verified, again.written, again.verified) == (True, True, False, True)
    assert len(server.written) == 1


async def test_only_what_is_not_there_yet_is_sent(tmp_path: Path) -> None:
    server = Bazaar()
    server.customers["C1"]["blocked"] = True
    async with writer_to(server, tmp_path) as writer:
        result = await writer.update("customers", "C1", {**_NEW_NAME, "active": False}, {**_NAME, "active": True})
    assert result.verified
    assert "blocked" not in server.written[0]["changes"]


async def test_every_changed_field_needs_the_value_that_was_seen(tmp_path: Path) -> None:
    async with writer_to(Bazaar(), tmp_path) as writer:
        with pytest.raises(ValueError, match="value that was seen"):
            await writer.update("customers", "C1", _NEW_NAME, {})


async def test_a_record_that_is_gone_is_superseded(tmp_path: Path) -> None:
    async with writer_to(Bazaar(), tmp_path) as writer:
        assert await writer.read("customers", "C9") is None
        with pytest.raises(SupersededError, match="not there any more"):
            await writer.update("customers", "C9", _NEW_NAME, _NAME)
        with pytest.raises(SupersededError, match="not there any more"):
            await writer.update("orders", "404", {"total": Decimal(1)}, {"total": Decimal(30)})


async def test_the_guard_refuses_what_changed_between_reading_and_writing(tmp_path: Path) -> None:
    """The field that changes in between is not even one that is compared."""

    def somebody(request: web.Request, server: Bazaar) -> None:
        if request.path == "/customers/save":
            server.customers["C1"] |= {"discount": 5, "modified": "m2"}

    server = Bazaar(somebody)
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(SupersededError, match="somebody changed the record since it was read") as caught:
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert caught.value.fields == ()
    assert server.customers["C1"]["name"] == "Alfa Ltda"


async def test_an_etag_refuses_what_changed_between_reading_and_writing(tmp_path: Path) -> None:
    def somebody(request: web.Request, server: Bazaar) -> None:
        if request.method == "PUT":
            server.orders["900"]["payments"].append({"days": 60})

    server = Bazaar(somebody)
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(SupersededError):
            await writer.update("orders", "900", {"total": Decimal(31)}, {"total": Decimal(30)})
    assert server.orders["900"]["payments"] == [{"days": 30}, {"days": 60}]
    assert server.orders["900"]["total"] == 30


async def test_a_record_without_its_guard_is_not_written(tmp_path: Path) -> None:
    server = Bazaar()
    del server.customers["C1"]["modified"]
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(NotWritableError, match="guards it"):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert server.written == []


async def test_a_line_is_changed_and_the_document_keeps_all_the_rest(tmp_path: Path) -> None:
    """Trap 7: the PUT replaces the whole document with all its lines."""
    server = Bazaar()
    lines = {"B": LineChange({"quantity": Decimal(5)}, {"quantity": Decimal(2), "unit_price": Decimal(10)})}
    async with writer_to(server, tmp_path) as writer:
        result = await writer.update("orders", "900", {"total": Decimal(60)}, {"total": Decimal(30)}, lines=lines)
        again = await writer.update("orders", "900", {"total": Decimal(60)}, {"total": Decimal(30)}, lines=lines)
    assert result.verified
    assert (again.written, len(server.written)) == (False, 1)
    kept = {name: ORDER[name] for name in ("buyer", "day", "stage", "payments", "number")}
    assert kept.items() <= server.orders["900"].items()
    assert server.orders["900"]["total"] == 60
    assert server.orders["900"]["lines"] == [ORDER["lines"][0], {**ORDER["lines"][1], "quantity": "5"}]


@pytest.mark.parametrize(
    ("key", "expected", "fields"),
    [
        ("B", {"quantity": Decimal(3)}, ("lines[B].quantity",)),
        ("B", {"quantity": Decimal(2), "unit_price": Decimal(11)}, ("lines[B].unit_price",)),
        ("C", {"quantity": Decimal(2)}, ("lines[C]",)),
    ],
    ids=["changed", "another field of it", "gone"],
)
async def test_a_line_that_is_not_what_was_seen_is_not_written(
    key: str, expected: dict[str, FieldValue], fields: tuple[str, ...], tmp_path: Path
) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        lines = {key: LineChange({"quantity": Decimal(5)}, expected)}
        with pytest.raises(SupersededError) as caught:
            await writer.update("orders", "900", {}, {}, lines=lines)
    assert caught.value.fields == fields
    assert server.written == []


async def test_a_value_the_system_makes_something_else_of_is_not_verified(tmp_path: Path) -> None:
    def shouting(request: web.Request, server: Bazaar) -> None:
        server.customers["C1"]["name"] = str(server.customers["C1"]["name"]).upper()

    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        seen = await writer.read("customers", "C1")
        server.hook = lambda request, held: (
            shouting(request, held) if request.method == "GET" and held.written else None
        )
        result = await writer.update("customers", "C1", _NEW_NAME, seen.values if seen else {})
    assert (result.written, result.verified, result.differing) == (True, False, ("legal_name",))
    assert result.after is not None
    assert result.after.values["legal_name"] == "BETA LTDA"


async def test_a_write_that_cannot_be_read_back_is_told_as_done_and_not_verified(tmp_path: Path) -> None:
    def blind(request: web.Request, server: Bazaar) -> web.StreamResponse | None:
        return web.Response(status=403) if server.written and request.method == "GET" else None

    server = Bazaar(blind)
    accepted: list[str] = []

    async def note(identity: str) -> None:
        accepted.append(identity)

    async with writer_to(server, tmp_path) as writer:
        result = await writer.update("customers", "C1", _NEW_NAME, _NAME, accepted=note)
    assert (result.written, result.verified, accepted) == (True, False, ["C1"])
    assert result.problem is not None
    assert "403" in result.problem.message


@pytest.mark.parametrize(
    ("entity", "changes", "problem"),
    [
        ("customers", {"state": "RJ"}, "state: the system does not take the field"),
        ("customers", {"legal_name": "x" * 41}, "at most 40 characters"),
        ("customers", {"email": "a@example.com"}, "email: the field is not mapped"),
    ],
    ids=["read only", "too long", "not mapped"],
)
async def test_what_cannot_be_written_is_refused_before_anything_is_sent(
    entity: str, changes: dict[str, FieldValue], problem: str, tmp_path: Path
) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        seen = await writer.read(entity, "C1")
        assert seen is not None
        expected = {name: seen.values.get(name) for name in changes}
        with pytest.raises(NotWritableError, match=problem) as caught:
            await writer.update(entity, "C1", changes, expected)
        name = next(iter(changes))
        assert writer.problem(entity, "update", name, changes[name]) is not None
    assert caught.value.code == "not_writable"
    assert server.written == []


async def test_an_entity_without_writes_is_not_written(tmp_path: Path) -> None:
    text = DESCRIPTION[: DESCRIPTION.index("[entities.orders.write]")]
    async with writer_to(Bazaar(), tmp_path, text) as writer:
        assert (writer.can_create("orders"), writer.can_deactivate("orders")) == (False, False)
        assert writer.problem("orders", "update", "total") == "the description does not say how it is written"
        assert writer.line_problem("orders", "quantity") == "the description does not say how it is written"
        with pytest.raises(NotWritableError):
            await writer.update("orders", "900", {"total": Decimal(1)}, {"total": Decimal(30)})
        with pytest.raises(NotWritableError):
            await writer.create("orders", {"number": "901"})


async def test_a_record_is_taken_out_of_use_as_the_description_says(tmp_path: Path) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        assert writer.can_deactivate("orders")
        with pytest.raises(SupersededError):
            await writer.deactivate("orders", "900", {"total": Decimal(31)})
        result = await writer.deactivate("orders", "900", {"total": Decimal(30)})
        again = await writer.deactivate("orders", "900", {"total": Decimal(30)})
    assert (result.written, result.verified, again.written, again.verified) == (True, True, False, True)
    assert server.orders["900"]["stage"] == 3
    assert "If-Match" in server.headers[0]


async def test_without_a_way_of_its_own_taking_out_of_use_writes_active(tmp_path: Path) -> None:
    server = Bazaar()
    async with writer_to(server, tmp_path) as writer:
        assert writer.can_deactivate("customers")
        result = await writer.deactivate("customers", "C1", _NAME)
    assert result.verified
    assert server.written[0]["changes"] == {"blocked": True}
    assert server.customers["C1"]["name"] == "Alfa Ltda"


_BETA: dict[str, FieldValue] = {"tax_id": "16727230000197", "legal_name": "Beta Ltda", "credit_limit": Decimal(10)}


async def test_a_record_that_is_created_twice_is_there_once(tmp_path: Path) -> None:
    server = Bazaar()
    accepted: list[str] = []

    async def note(identity: str) -> None:
        accepted.append(identity)

    async with writer_to(server, tmp_path) as writer:
        first = await writer.create("customers", {**_BETA, "updated_at": None}, idempotency="same", accepted=note)
        again = await writer.create("customers", _BETA, idempotency="same", accepted=note)
        other = await writer.create("customers", {**_BETA, "legal_name": "Beta"}, accepted=note)
    assert (first.id, first.written, first.verified) == ("C2", True, True)
    assert (again.id, again.written, again.verified) == ("C2", False, True)
    assert (other.id, other.written, other.verified, other.differing) == ("C2", False, False, ("legal_name",))
    assert accepted == ["C2"]
    assert [headers["X-Once"] for headers in server.headers] == ["same"]


async def test_a_key_that_several_records_have_creates_nothing(tmp_path: Path) -> None:
    server = Bazaar()
    server.customers["C2"] = {**CUSTOMER, "ref": "C2"}
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(NotWritableError, match="2 records have its key already"):
            await writer.create("customers", {"tax_id": "11222333000181"})
    assert server.written == []


async def test_a_new_document_has_its_lines_and_its_id_is_found_by_its_key(tmp_path: Path) -> None:
    """The answer to this create is empty."""
    server = Bazaar()
    lines: list[dict[str, FieldValue]] = [
        {"sku": "A", "quantity": Decimal(1), "unit_price": Decimal(3)},
        {"sku": "B", "quantity": Decimal("2.5")},
    ]
    async with writer_to(server, tmp_path) as writer:
        result = await writer.create("orders", {"number": "901", "total": Decimal(7)}, lines)
    assert (result.id, result.written, result.verified) == ("901", True, True)
    assert [line["position"] for line in server.orders["901"]["lines"]] == [1, 2]


async def test_a_new_document_that_lost_a_line_is_not_verified(tmp_path: Path) -> None:
    def careless(request: web.Request, server: Bazaar) -> None:
        if request.method == "POST" and request.path == "/orders":
            server.written[-1]["lines"].pop()

    lines: list[dict[str, FieldValue]] = [{"sku": "A", "quantity": Decimal(1)}, {"sku": "B", "quantity": Decimal(2)}]
    async with writer_to(Bazaar(careless), tmp_path) as writer:
        result = await writer.create("orders", {"number": "901"}, lines)
    assert (result.verified, result.differing) == (False, ("lines[B]",))


async def test_a_search_that_gives_more_than_was_asked_for_is_not_believed(tmp_path: Path) -> None:
    """Some systems search by beginning, or in other fields as well."""

    def generous(request: web.Request, server: Bazaar) -> web.StreamResponse | None:
        return web.json_response({"items": list(server.customers.values())}) if "doc" in request.query else None

    async with writer_to(Bazaar(generous), tmp_path) as writer:
        assert await writer.look_up("customers", {"tax_id": "11222333000181"}) == "C1"
        assert await writer.look_up("customers", _BETA) is None
        assert (await writer.create("customers", _BETA)).written


async def test_a_record_that_no_longer_belongs_to_the_entity_is_not_written(tmp_path: Path) -> None:
    server = Bazaar()
    text = DESCRIPTION.replace(
        'slots = { extras = "name" }\n', 'slots = { extras = "name" }\nonly = { state = "SP" }\n'
    )
    server.customers["C1"]["state"] = "RJ"
    async with writer_to(server, tmp_path, text) as writer:
        with pytest.raises(SupersededError, match="not there any more"):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)


async def test_answers_of_a_moment_ago_are_not_taken_for_the_record(tmp_path: Path) -> None:
    """A port that gives its last answer again, for systems that refuse to be asked twice."""
    server = Bazaar()
    text = DESCRIPTION.replace("concurrency = 1\n", "concurrency = 1\nrepeat_after_s = 60\n")
    async with writer_to(server, tmp_path, text) as writer:
        assert (await writer.update("customers", "C1", _NAME, _NAME)).written is False
        server.customers["C1"]["name"] = "Gama Ltda"
        with pytest.raises(SupersededError):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
        assert await writer.look_up("customers", _BETA) is None
        server.customers["C2"] = {**CUSTOMER, "ref": "C2", "company": _BETA["tax_id"]}
        assert await writer.look_up("customers", _BETA) == "C2"


async def test_a_new_record_without_its_key_is_not_created(tmp_path: Path) -> None:
    async with writer_to(Bazaar(), tmp_path) as writer:
        with pytest.raises(NotWritableError, match="tax_id: the key has no value"):
            await writer.create("customers", {"legal_name": "Beta Ltda"})
        with pytest.raises(NotWritableError, match="its key is incomplete"):
            await writer.look_up("customers", {"tax_id": "1"})
