"""`/v1/corrections`: what is to change, in pages and one by one, and the yes and no of people. Nothing is written here.

Every decision goes the way that the command line and the terminal UI go: `app.correct`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

import orjson
from aiohttp import web

from reconciler.app.correct import (
    Acting,
    Choice,
    approve_corrections,
    corrections_page,
    reject_corrections,
    shown_correction,
    write_refusals,
)
from reconciler.app.correction_documents import correction_document, shown_document
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError
from reconciler.model.correction_records import CorrectionFilter
from reconciler.model.corrections import CorrectionState, Person
from reconciler.model.entities import Side
from reconciler.model.findings import Cause
from reconciler.service.bodies import Bodies, decoded, not_plain_json
from reconciler.service.callers import Role, allows
from reconciler.service.cursors import cursor_after, member_of
from reconciler.service.deciding import LARGEST_DECISION_BYTES, Decision, barred, decider, decision_in, not_done
from reconciler.service.gate import Gate
from reconciler.service.history import MOST_ON_A_PAGE, USUAL_PAGE
from reconciler.service.problems import problem
from reconciler.service.queries import Query, WrongQueryError

ID_PATTERN: Final = "^[0-9a-f]{16}$"
CORRECTION_FILTERS: Final[dict[str, list[str] | None]] = {
    "id": None,
    "entity": None,
    "field": None,
    "cause": list(Cause),
    "key": None,
    "side": list(Side),
    "state": list(CorrectionState),
}
"""As the options of `corrections list`; the values of those that have a fixed set."""

_ID: Final = re.compile(ID_PATTERN[1:-1])
_PLACE: Final = re.compile("[0-9]{1,18}")
_AT_ONCE: Final = 4
_WAITING: Final = 60


class CorrectionRoom:
    """Shows corrections, and takes what people decide about them.

    Raises:
        ConfigurationError: the project file or a description is wrong.
    """

    def __init__(self, workspace: Workspace, bodies: Bodies) -> None:
        self._workspace = workspace
        self._bodies = bodies
        self._looking = Acting.begin(workspace, Person(""))
        self._acting: dict[str, Acting] = {}
        self._reading = Gate(_AT_ONCE, _WAITING)
        self._deciding = Gate(_AT_ONCE, _WAITING)
        self._under_way: set[asyncio.Future[web.Response]] = set()

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        router = application.router
        router.add_get("/v1/corrections", self._list, allow_head=False)
        router.add_get("/v1/corrections/{id}", self._show, allow_head=False)
        router.add_post("/v1/corrections/{id}/approve", self._approve)
        router.add_post("/v1/corrections/{id}/reject", self._reject)
        application.on_cleanup.append(self._finish)

    async def _finish(self, _application: web.Application) -> None:
        """Let decisions that nobody waits for any more end before the state is closed."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    @allows(Role.REVIEWER)
    async def _list(self, request: web.Request) -> web.StreamResponse:
        try:
            query = Query(request, {*CORRECTION_FILTERS, "limit", "cursor"})
            chosen: dict[str, Any] = {name: query.several(name, among) for name, among in CORRECTION_FILTERS.items()}
            limit, cursor = query.number("limit", USUAL_PAGE, MOST_ON_A_PAGE), query.one("cursor")
            after = 0 if cursor is None else _place(member_of(cursor, chosen))
        except WrongQueryError as error:
            return error.answer()
        filter_ = CorrectionFilter(
            ids=chosen["id"],
            states=chosen["state"],
            **{name: chosen[name] for name in ("entity", "field", "cause", "key", "side")},
        )
        try:
            async with self._reading:
                found = await corrections_page(self._looking, filter_, after=after, limit=limit + 1)
        except RefusedError as error:
            place = "id" if chosen["id"] else "key"
            return WrongQueryError(place, f"cannot be used: {error.message}", status=422).answer()
        page = [correction_document(correction, missing) for _, correction, missing in found[:limit]]
        more = cursor_after(str(found[limit - 1][0]), chosen) if len(found) > limit else None
        return _json({"corrections": page, "next_cursor": more})

    @allows(Role.REVIEWER)
    async def _show(self, request: web.Request) -> web.StreamResponse:
        async with self._reading:
            return await self._shown(request.match_info["id"])

    @allows(Role.REVIEWER)
    async def _approve(self, request: web.Request) -> web.StreamResponse:
        return await self._decide(request, with_reason=False)

    @allows(Role.REVIEWER)
    async def _reject(self, request: web.Request) -> web.StreamResponse:
        return await self._decide(request, with_reason=True)

    async def _decide(self, request: web.Request, *, with_reason: bool) -> web.StreamResponse:
        person = decider(request, self._workspace.project)
        if isinstance(person, web.Response):
            return person
        acting = self._acting.setdefault(person.through, replace(self._looking, person=person))
        body = barred(acting) or not_plain_json(request) or await self._bodies.read(request, LARGEST_DECISION_BYTES)
        if isinstance(body, web.Response):
            return body
        document = decoded(body)
        decision = document if isinstance(document, web.Response) else decision_in(document, with_reason=with_reason)
        if isinstance(decision, web.Response):
            return decision
        correction = request.match_info["id"]
        async with self._deciding:
            carried_out = _rejected if with_reason else _approved
            return await self._whole(self._decided(correction, carried_out(acting, correction, decision)))

    async def _decided(self, correction: str, carrying_out: Awaitable[object]) -> web.Response:
        try:
            await carrying_out
        except _UnknownCorrectionError:
            return _unknown()
        except RefusedError as error:
            return not_done(error)
        return await self._shown(correction)

    async def _whole(self, deciding: Awaitable[web.Response]) -> web.Response:
        """A caller that goes away half-way must not take an approval with it whose correction is not moved yet."""
        task = asyncio.ensure_future(deciding)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _shown(self, correction: str) -> web.Response:
        try:
            shown = await shown_correction(self._looking, _whole_id(correction))
        except (_UnknownCorrectionError, RefusedError):
            return _unknown()
        held_back = await write_refusals(self._looking, [shown.correction])
        return _json({**shown_document(shown), "held_back": held_back.get(shown.correction.id)})


class _UnknownCorrectionError(Exception):
    """There is no such correction."""


async def _approved(acting: Acting, correction: str, decision: Decision) -> None:
    choice = await _choice(acting, correction)
    await approve_corrections(acting, choice, seen={correction: decision.digest})


async def _rejected(acting: Acting, correction: str, decision: Decision) -> None:
    choice = await _choice(acting, correction)
    await reject_corrections(acting, choice, reason=decision.reason, seen={correction: decision.digest})


async def _choice(acting: Acting, correction: str) -> Choice:
    if not await acting.workspace.state.corrections.count(CorrectionFilter(ids=_whole_id(correction))):
        raise _UnknownCorrectionError
    return Choice([correction])


def _whole_id(text: str) -> str:
    """The beginning of an id, which people may type, is no name of a correction for programs."""
    if not _ID.fullmatch(text):
        raise _UnknownCorrectionError
    return text


def _place(text: str) -> int:
    if not _PLACE.fullmatch(text):
        raise WrongQueryError("cursor", "is not one that this list gave", status=422)
    return int(text)


def _unknown() -> web.Response:
    return problem(404, "unknown_correction", "There is no such correction.", place="id")


def _json(document: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")
