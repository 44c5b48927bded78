"""What becomes of a write: refused, unknown, or not even begun. Never taken for done, never sent twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from reconciler.connectors.write.current_record import FieldValue
from reconciler.errors import (
    BlockedError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    ResponseNotUnderstoodError,
    SystemReadError,
    WriteRefusedError,
)
from tests.connectors.writing_vendor import CUSTOMER, Bazaar, writer_to

_NAME: dict[str, FieldValue] = {"legal_name": "Alfa Ltda"}
_NEW_NAME: dict[str, FieldValue] = {"legal_name": "Beta Ltda"}
_BETA: dict[str, FieldValue] = {"tax_id": "16727230000197", "legal_name": "Beta Ltda", "credit_limit": Decimal(10)}


def _instead(response: Any) -> Any:
    """Answers so to every write, without doing it."""

    def hook(request: web.Request, server: Bazaar) -> web.StreamResponse | None:
        return None if request.method == "GET" else response()

    return hook


_REFUSALS = {
    "error inside 200": (lambda: web.json_response({"fault": {"code": "F7", "words": "limite acima do teto"}}), "F7"),
    "no sign of success": (lambda: web.json_response({"status": "7", "words": "limite acima do teto"}), "7"),
    "400": (lambda: web.json_response({"why": "?"}, status=400), "400"),
    "403": (lambda: web.Response(status=403), "403"),
}


@pytest.mark.parametrize(("response", "code"), _REFUSALS.values(), ids=_REFUSALS)
async def test_a_refusal_is_never_taken_for_done(response: Any, code: str, tmp_path: Path) -> None:
    """Trap 2: errors travel inside 200."""
    server = Bazaar(_instead(response))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(WriteRefusedError) as caught:
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert (caught.value.code, caught.value.vendor_code, caught.value.exit_code) == ("write_refused", code, 2)
    assert (len(server.written), server.customers["C1"]["name"]) == (1, "Alfa Ltda")
    if code in {"F7", "7"}:
        assert "limite acima do teto" in caught.value.message


async def test_an_answer_without_content_lacks_the_sign_of_success(tmp_path: Path) -> None:
    server = Bazaar(_instead(lambda: web.Response(status=204)))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(WriteRefusedError, match="lacks the sign of success at `status`"):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)


_SILENCES = {
    "500": lambda: web.Response(status=500),
    "502 with a web page": lambda: web.Response(status=502, text="<html>", content_type="text/html"),
    "503": lambda: web.Response(status=503),
    "redirect": lambda: web.Response(status=303, headers={"Location": "/elsewhere"}),
    "web page": lambda: web.Response(text="<html>", content_type="text/html"),
    "cut": lambda: web.Response(text='{"status": ', content_type="application/json"),
}


@pytest.mark.parametrize("response", _SILENCES.values(), ids=_SILENCES)
async def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(response: Any, tmp_path: Path) -> None:
    server = Bazaar(_instead(response))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError) as caught:
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert (caught.value.code, caught.value.exit_code) == ("outcome_unknown", 4)
    assert caught.value.check == "Look at the record in the system: it was done if it has the new values of legal_name."
    assert len(server.written) == 1


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_a_lost_connection_leaves_the_outcome_unknown_and_the_write_is_not_repeated(
    done: bool, tmp_path: Path
) -> None:
    server = Bazaar()

    def lost(request: web.Request, held: Bazaar) -> web.StreamResponse | None:
        if request.method == "GET":
            return None
        if done:
            held.customers["C1"] |= {"name": "Beta Ltda", "modified": "m2"}
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    server.hook = lost
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError, match="customers C1: sent, and the outcome is not known"):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
        assert len(server.written) == 1
        server.hook = None
        again = await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert (again.written, again.verified) == (not done, True)


async def test_a_create_whose_answer_was_lost_is_found_and_not_doubled(tmp_path: Path) -> None:
    server = Bazaar()

    def lost(request: web.Request, held: Bazaar) -> web.StreamResponse | None:
        if request.method == "POST":
            held.customers["C2"] = {**CUSTOMER, **held.written[-1], "ref": "C2"}
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return None

    server.hook = lost
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError) as caught:
            await writer.create("customers", _BETA)
        assert (
            caught.value.check
            == "Look in the system for customers with the same tax_id, before anything is sent again."
        )
        assert await writer.look_up("customers", _BETA) == "C2"
        again = await writer.create("customers", _BETA)
    assert (again.id, again.written, len(server.written)) == ("C2", False, 1)


async def test_a_create_with_warnings_is_not_taken_for_done(tmp_path: Path) -> None:
    """Some systems answer a success that holds errors: a part may have been done."""
    server = Bazaar(_instead(lambda: web.json_response({"ref": "C2", "alerts": ["sem vendedor"]}, status=201)))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError, match="lacks the sign of success at `alerts`"):
            await writer.create("customers", _BETA)


async def test_a_create_whose_record_is_nowhere_is_unknown(tmp_path: Path) -> None:
    server = Bazaar(_instead(lambda: web.json_response({})))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError, match="names no id, and no record with its key was found"):
            await writer.create("customers", _BETA)


async def test_a_create_that_left_two_records_behind_is_unknown(tmp_path: Path) -> None:
    """It was sent: that two have the key afterwards is no reason to say that nothing was."""

    def doubling(request: web.Request, server: Bazaar) -> web.StreamResponse | None:
        if request.method == "GET":
            return None
        for ref in ("C2", "C3"):
            server.customers[ref] = {**CUSTOMER, **server.written[-1], "ref": ref}
        return web.json_response({})

    async with writer_to(Bazaar(doubling), tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError, match="was not found by its key"):
            await writer.create("customers", _BETA)


async def test_a_system_that_says_too_fast_is_asked_again_and_writes_once(tmp_path: Path) -> None:
    """429 says that nothing was done."""
    left = [web.Response(status=429, headers={"Retry-After": "0"}) for _ in range(2)]

    def busy(request: web.Request, server: Bazaar) -> web.StreamResponse | None:
        return left.pop() if request.method == "POST" and left else None

    server = Bazaar(busy)
    async with writer_to(server, tmp_path) as writer:
        result = await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert result.verified
    assert (len(server.written), server.customers["C1"]["modified"]) == (3, "m1+")


async def test_a_system_that_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    server = Bazaar(lambda request, held: web.Response(text="<html>", content_type="text/html"))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(ResponseNotUnderstoodError):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert server.written == []


_NOT_DONE = {
    "401": (lambda: web.Response(status=401), CredentialsRefusedError),
    "429 for a day": (lambda: web.Response(status=429, headers={"Retry-After": "86400"}), BlockedError),
}


@pytest.mark.parametrize(("response", "kind"), _NOT_DONE.values(), ids=_NOT_DONE)
async def test_what_surely_did_not_take_place_is_no_unknown_outcome(
    response: Any, kind: type[SystemReadError], tmp_path: Path
) -> None:
    server = Bazaar(_instead(response))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(kind) as caught:
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
    assert not caught.value.may_have_acted


async def test_a_pause_of_a_day_after_an_error_of_the_server_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    server = Bazaar(_instead(lambda: web.Response(status=503, headers={"Retry-After": "86400"})))
    async with writer_to(server, tmp_path) as writer:
        with pytest.raises(OutcomeUnknownError):
            await writer.update("customers", "C1", _NEW_NAME, _NAME)
