"""Corrections over HTTP: what is shown, what a person's yes and no come to, and every way around them, refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs

from reconciler.app.correct import Acting, Choice, Edit, edit_correction, plan_corrections
from reconciler.corrections.content import digest_of
from reconciler.model.correction_records import Move
from reconciler.model.corrections import Approval, Correction, CorrectionState, FieldChange, Person
from reconciler.model.entities import Side
from reconciler.service.callers import ANYBODY_HERE
from reconciler.service.corrections import CORRECTION_FILTERS
from reconciler.service.cursors import cursor_after
from reconciler.service.openapi import openapi_document
from reconciler.service.sessions import csrf_token
from tests.service.service_rig import PROJECT, Answer, Service, service_in
from tests.service.test_page_sessions import cookie_of, sign_in
from tests.store import correction_cases

S = CorrectionState
PEOPLE = """
[people]
ana = { roles = ["reviewer"], tokens = ["ana-laptop"] }
bia = { roles = ["operator"], tokens = ["bia-laptop"] }
caio = { roles = ["admin"], tokens = ["caio-laptop", "caio-phone", "anonymous"] }
dora = { roles = ["reviewer"], tokens = ["dora-laptop"] }
[approvals]
rules = [{ entity = "customers", field = "legal_name", required = 2 }]
"""
ROLES = {
    "ana-laptop": "reviewer",
    "bia-laptop": "admin",
    "caio-laptop": "reviewer",
    "caio-phone": "sales",
    "dora-laptop": "admin",
    "stray": "reviewer",
}
SECRETS = {name: f"{name}-token-0123456789" for name in ROLES}


def proposal(number: int, field: str = "trade_name", new: str = "ACME", **parts: Any) -> Correction:
    """A proposal of Ana's about a customer of its own."""
    changes = (FieldChange(field, "Acme", new),)
    made = correction_cases.correction(number, record_id=str(number), key=f"{number:014d}", changes=changes, **parts)
    return replace(made, digest=digest_of(made))


NAME, LEGAL, REFUSED = proposal(1), proposal(2, "legal_name"), proposal(3, problems=("it is too long",))


@asynccontextmanager
async def service_with(
    folder: Path, *proposals: Correction, project_text: str = PROJECT + PEOPLE, **options: Any
) -> AsyncIterator[Service]:
    tokens = "\n".join(f"{name}:{role}:{SECRETS[name]}" for name, role in ROLES.items())
    async with service_in(folder, tokens=tokens, project_text=project_text, **options) as service:
        service.tokens = SECRETS
        await service.state.corrections.add(proposals or (NAME, LEGAL, REFUSED), person="ana")
        yield service


async def decide(
    service: Service,
    token: str | None,
    correction: Correction,
    what: str = "approve",
    *,
    headers: Mapping[str, str] | None = None,
    **said: Any,
) -> Answer:
    body = {"digest": correction.digest, **({"reason": "it is right there"} if what == "reject" else {}), **said}
    return await service.call("POST", f"/v1/corrections/{correction.id}/{what}", role=token, body=body, headers=headers)


async def kept(service: Service) -> tuple[list[Correction], dict[str, list[Approval]], int]:
    """Everything that a decision could change, and how long the trail is."""
    found = await service.state.corrections.listed()
    approvals = await service.state.corrections.approvals([each.id for each in found])
    return found, approvals, (await service.state.audit.head())[0]


async def last_act(service: Service, correction: Correction) -> tuple[str, str, dict[str, Any]]:
    entry = (await service.state.audit.about(correction.id))[-1]
    return entry.person, entry.act, json.loads(entry.details)


def checked(answer: Answer, schema: str) -> Any:
    """The document, held against the published description."""
    document = openapi_document()
    root = {**document["components"]["schemas"][schema], "components": document["components"]}
    jsonschema_rs.validator_for(root).validate(answer.document)
    return answer.document


async def test_a_person_says_yes_and_no_and_the_trail_says_by_which_token(tmp_path: Path) -> None:
    async with service_with(tmp_path) as service:
        shown = await service.call("GET", f"/v1/corrections/{NAME.id}", role="caio-laptop")
        document = checked(shown, "ShownCorrection")
        assert [(each["field"], each["old"], each["new"]) for each in document["changes"]] == [
            ("trade_name", "Acme", "ACME")
        ]
        assert (document["digest"], document["state"], document["held_back"]) == (NAME.digest, "proposed", None)
        yes = checked(await decide(service, "caio-laptop", NAME, digest=document["digest"]), "ShownCorrection")
        assert (yes["state"], yes["approval"]["by"], yes["approval"]["missing"]) == ("approved", ["caio"], 0)
        for entry in (await service.state.audit.about(NAME.id))[-2:]:
            assert (entry.person, json.loads(entry.details)["through"]) == ("caio", "token caio-laptop")
        no = checked(await decide(service, "dora-laptop", NAME, "reject", reason=" not ours "), "ShownCorrection")
        assert (no["state"], no["words"], no["approvals"]) == ("rejected", "not ours", [])
        person, act, details = await last_act(service, NAME)
        assert (person, act, details["through"]) == ("dora", "correction.rejected", "token dora-laptop")
        assert details["words"] == "not ours"


async def test_nobody_goes_around(tmp_path: Path) -> None:
    """No token, a wrong role of token or person, a token of nobody, other content, and names in the request."""
    caio, edited = "caio-laptop", replace(NAME, digest="0" * 64)
    asked = "GET", f"/v1/corrections/{NAME.id}/approve"
    async with service_with(tmp_path) as service:
        before = await kept(service)
        for what in ("approve", "reject"):
            tried = {
                "no token": (await decide(service, None, NAME, what), 401, "token_missing"),
                "a token that is wrong": (
                    await decide(service, None, NAME, what, headers={"Authorization": "Bearer made-up-token"}),
                    401,
                    "token_unknown",
                ),
                "a token without the role, of an admin": (
                    await decide(service, "caio-phone", NAME, what),
                    403,
                    "forbidden",
                ),
                "a token with every role, of an operator": (
                    await decide(service, "bia-laptop", NAME, what),
                    403,
                    "person_may_not",
                ),
                "a token of nobody": (await decide(service, "stray", NAME, what), 403, "no_person"),
                "content that was not looked at": (await decide(service, caio, edited, what), 409, "content_changed"),
                "no content": (await decide(service, caio, NAME, what, digest=None), 422, "wrong_decision"),
                "somebody else, in the body": (
                    await decide(service, caio, NAME, what, person="dora"),
                    422,
                    "wrong_decision",
                ),
                "somebody else, in a header": (
                    await decide(service, "stray", NAME, what, headers={"X-Remote-User": "caio", "X-Person": "caio"}),
                    403,
                    "no_person",
                ),
                "no such correction": (
                    await decide(service, caio, replace(NAME, id="f" * 16), what),
                    404,
                    "unknown_correction",
                ),
                "the beginning of an id": (
                    await decide(service, caio, replace(NAME, id=NAME.id[:15]), what),
                    404,
                    "unknown_correction",
                ),
                "too much": (
                    await decide(service, caio, NAME, what, reason="x" * 20_000),
                    413,
                    "too_large",
                ),
                "a form": (
                    await decide(service, caio, NAME, what, headers={"Content-Type": "text/plain"}),
                    415,
                    "not_json_type",
                ),
            }  # fmt: skip
            for name, (answer, status, code) in tried.items():
                assert answer.problem == (status, code), (what, name)
        for reason in ("", " ", "a\nb", "x" * 501, None, 3):
            assert (await decide(service, caio, NAME, "reject", reason=reason)).problem == (422, "wrong_decision")
        assert (await decide(service, caio, REFUSED)).problem == (409, "will_not_be_taken")
        assert (await service.call(*asked, role=caio)).problem == (405, "method_not_allowed")
        for not_served in ("plan", "apply", "edit", "undo", "withdraw", "settle"):
            answer = await service.call("POST", f"/v1/corrections/{NAME.id}/{not_served}", role="dora-laptop", body={})
            assert answer.problem == (404, "not_found")
        assert await kept(service) == before


async def test_a_second_pair_of_eyes_is_another_person_s_and_looks_at_the_same_content(tmp_path: Path) -> None:
    """The proposer is the first or nobody, one person with two tokens is one, an edit and time end what was said."""
    async with service_with(tmp_path) as service:
        waits = checked(await decide(service, "dora-laptop", LEGAL), "ShownCorrection")
        assert (waits["state"], waits["approval"]["by"], waits["approval"]["missing"]) == ("proposed", ["dora"], 1)
        assert (await decide(service, "ana-laptop", LEGAL)).problem == (403, "not_yours_to_approve")
        again = await decide(service, "dora-laptop", LEGAL)
        assert (again.document["state"], again.document["approval"]["missing"]) == ("proposed", 1)

        acting = Acting.begin(service.workspace, Person("ana", frozenset({"reviewer"})))
        edited = await edit_correction(acting, LEGAL.id, [Edit("legal_name", "Acme Ltda")])
        assert (await decide(service, "caio-laptop", LEGAL)).problem == (409, "content_changed")

        long_ago = datetime.now(UTC) - timedelta(days=2)
        lapsed = Approval(LEGAL.id, "dora", long_ago, edited.digest, long_ago + timedelta(hours=24))
        await service.state.corrections.approve([lapsed])
        alone = checked(await decide(service, "caio-laptop", edited), "ShownCorrection")
        assert (alone["state"], alone["approval"]["by"], alone["approval"]["missing"]) == ("proposed", ["caio"], 1)
        assert {"person": "dora", "why": "lapsed"} in alone["approval"]["not_counted"]
        assert (await decide(service, "dora-laptop", edited)).document["state"] == "approved"
        assert (await decide(service, "caio-laptop", edited)).problem == (409, "wrong_state")
        assert (await decide(service, "caio-laptop", LEGAL, "reject")).problem == (409, "content_changed")
        assert await correction_cases.in_state(service.state, LEGAL.id) is S.APPROVED


async def test_two_who_say_yes_at_once_are_two(tmp_path: Path) -> None:
    async with service_with(tmp_path) as service:
        answers = await asyncio.gather(*(decide(service, name, LEGAL) for name in ("caio-laptop", "dora-laptop")))
        assert {answer.status for answer in answers} == {200}
        assert await correction_cases.in_state(service.state, LEGAL.id) is S.APPROVED
        acts = [entry.act for entry in await service.state.audit.about(LEGAL.id)]
        assert sorted(acts[1:]) == ["correction.approval_given", "correction.approval_given", "correction.approved"]


async def test_a_session_of_a_page_decides_nothing(tmp_path: Path) -> None:
    """Not from another site, not without the secret of the page, and not with it: only a token that is shown."""
    async with service_with(tmp_path) as service:
        cookie = cookie_of(await sign_in(service, SECRETS["caio-laptop"]))
        by_cookie = {"Cookie": "=".join(cookie), "Sec-Fetch-Site": "same-origin"}
        shown = await service.call("GET", f"/v1/corrections/{NAME.id}", role=None, headers=by_cookie)
        assert shown.document["digest"] == NAME.digest
        before = await kept(service)
        for what in ("approve", "reject"):
            for headers, code in (
                ({"Sec-Fetch-Site": "cross-site"}, "foreign_page"),
                ({}, "csrf_token_wrong"),
                ({"X-CSRF-Token": csrf_token(cookie[1])}, "bearer_needed"),
            ):
                answer = await decide(service, None, NAME, what, headers={**by_cookie, **headers})
                assert answer.problem == (403, code)
        assert await kept(service) == before
        both = await decide(service, "caio-laptop", NAME, headers={**by_cookie, "Sec-Fetch-Site": "cross-site"})
        assert both.document["state"] == "approved"


async def test_without_tokens_whoever_is_on_this_machine_looks_and_does_not_decide(tmp_path: Path) -> None:
    """Nor does a person become theirs who has a token of the name they go by."""
    assert f'"{ANYBODY_HERE.name}"' in PEOPLE
    async with service_with(tmp_path, anybody_here=True) as service:
        assert (await service.call("GET", f"/v1/corrections/{NAME.id}", role=None)).status == 200
        for token in (None, "caio-laptop"):
            assert (await decide(service, token, NAME)).problem == (403, "no_person")
            assert (await decide(service, token, NAME, "reject")).problem == (403, "no_person")
    (tmp_path / "nobody").mkdir()
    async with service_with(tmp_path / "nobody", project_text=PROJECT) as service:
        assert (await decide(service, "caio-laptop", NAME)).problem == (403, "no_person")


async def test_an_approval_does_not_lift_the_stage(tmp_path: Path) -> None:
    """In the sandbox nothing reaches a system elsewhere: it is told with the correction, and no plan takes it."""
    away = (PROJECT + PEOPLE).replace("http://127.0.0.1:9/crm", "https://crm.example.com")
    async with service_with(tmp_path, project_text=away) as service:
        answer = await decide(service, "caio-laptop", NAME)
        assert answer.document["state"] == "approved"
        assert "sandbox" in answer.document["held_back"]
        acting = Acting.begin(service.workspace, Person("bia", frozenset({"operator"})))
        planned = await plan_corrections(acting, Choice([NAME.id]), out=None, check=False)
        assert [each.why for each in planned.left_out] == [answer.document["held_back"]]
        assert planned.sealed is None


async def test_a_token_decides_no_more_often_than_it_may(tmp_path: Path) -> None:
    async with service_with(tmp_path, per_minute=6) as service:
        assert (await decide(service, "caio-laptop", NAME)).status == 200
        refused = await decide(service, "caio-laptop", NAME, "reject")
        assert (refused.problem, "Retry-After" in refused.headers) == ((429, "too_many_requests"), True)
        assert await correction_cases.in_state(service.state, NAME.id) is S.APPROVED


FILTERS: Mapping[str, list[int]] = {
    "": list(range(1, 8)),
    "entity=customers": list(range(1, 8)),
    "entity=orders": [],
    "field=legal_name": [2, 4],
    "key=*5": [5],
    "side=erp": [6],
    "state=rejected": [7],
    "state=proposed&state=rejected&side=crm": [1, 2, 3, 4, 5, 7],
    "id=0000000000000004&id=0000000000000006": [4, 6],
    "cause=case": [],
}


async def test_corrections_come_whole_and_once_in_pages_with_the_filters_of_the_command_line(tmp_path: Path) -> None:
    made = [
        NAME,
        LEGAL,
        REFUSED,
        proposal(4, "legal_name"),
        proposal(5),
        proposal(6, side=Side.ERP),
        proposal(7),
    ]
    async with service_with(tmp_path, *made) as service:
        await service.state.corrections.move([Move(made[6].id, S.PROPOSED, S.REJECTED)], person="ana")
        for query, numbers in FILTERS.items():
            for limit in (2, 200):
                found, cursor = list[str](), ""
                while cursor is not None:
                    path = f"/v1/corrections?limit={limit}&{query}{cursor}"
                    document = checked(await service.call("GET", path, role="stray"), "Corrections")
                    assert len(document["corrections"]) <= limit
                    found += [each["id"] for each in document["corrections"]]
                    cursor = document["next_cursor"] and f"&cursor={document['next_cursor']}"
                assert found == [f"{number:016x}" for number in numbers], query
        first = (await service.call("GET", "/v1/corrections?limit=2", role="stray")).document["next_cursor"]
        await service.state.corrections.add([replace(proposal(8), record_id="2")], person="ana")
        rest = await service.call("GET", f"/v1/corrections?limit=200&cursor={first}", role="stray")
        assert [each["id"][-1] for each in rest.document["corrections"]] == ["3", "4", "5", "6", "7", "8"]


WRONG_QUERIES = {
    "state=strange": 400,
    "side=both": 400,
    "limit=201": 400,
    "proposer=ana": 400,
    "id=xyz": 422,
    "cursor=x": 422,
    "cursor=WyJhIiwiYjUyYjA1ZjFkZGY1ZmU5NyJd": 422,
}


async def test_a_query_that_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    async with service_with(tmp_path) as service:
        for query, status in WRONG_QUERIES.items():
            answer = await service.call("GET", f"/v1/corrections?{query}", role="stray")
            assert answer.problem == (status, "wrong_parameter"), query
        assert (await service.call("GET", "/v1/corrections/0001", role="stray")).problem == (404, "unknown_correction")
        for query in ("entity=orders", ""):
            chosen = dict.fromkeys(CORRECTION_FILTERS) | ({"entity": ["orders"]} if query else {})
            forged = await service.call(
                "GET", f"/v1/corrections?{query}&cursor={cursor_after('x', chosen)}", role="stray"
            )
            assert forged.problem == (422, "wrong_parameter")
