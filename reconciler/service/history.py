"""`GET /v1/findings` and `GET /v1/runs`: read-only, in pages."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

from reconciler.app.findings import FindingPages
from reconciler.app.runs import run_document
from reconciler.errors import RefusedError
from reconciler.model.findings import Cause, FindingKind, FindingStatus
from reconciler.service.callers import Role, allows
from reconciler.service.cursors import cursor_after, member_of
from reconciler.service.gate import Gate
from reconciler.service.queries import Query, WrongQueryError
from reconciler.store.state.records import FindingFilter
from reconciler.store.state.state import State

MOST_ON_A_PAGE: Final = 200
USUAL_PAGE: Final = 50
_AT_ONCE: Final = 4
_WAITING: Final = 60

FINDING_FILTERS: Final[dict[str, list[str] | None]] = {
    "entity": None,
    "field": None,
    "kind": list(FindingKind),
    "cause": list(Cause),
    "status": list(FindingStatus),
    "key": None,
}
"""As the options of `findings list`; the values of those that have a fixed set."""

_HERE: Final = "reports"
"""Where this machine keeps the files of a run is of no use elsewhere."""


class HistoryRoom:
    """Lists what the state holds."""

    def __init__(self, state: State, findings: FindingPages) -> None:
        self._state = state
        self._findings = findings
        self._reading = Gate(_AT_ONCE, _WAITING)

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        application.router.add_get("/v1/findings", self._list_findings, allow_head=False)
        application.router.add_get("/v1/runs", self._list_runs, allow_head=False)

    @allows(Role.REVIEWER)
    async def _list_findings(self, request: web.Request) -> web.StreamResponse:
        try:
            query = Query(request, {*FINDING_FILTERS, "limit", "cursor"})
            chosen: dict[str, Any] = {name: query.several(name, among) for name, among in FINDING_FILTERS.items()}
            chosen["status"] = chosen["status"] or [FindingStatus.OPEN.value]
            limit, cursor = query.number("limit", USUAL_PAGE, MOST_ON_A_PAGE), query.one("cursor")
            after = None if cursor is None else member_of(cursor, chosen)
            async with self._reading:
                found = await self._findings.page(FindingFilter(**chosen), after=after, limit=limit + 1)
        except WrongQueryError as error:
            return error.answer()
        except RefusedError as error:
            return WrongQueryError(
                "cursor" if cursor else "key", f"cannot be used: {error.message}", status=422
            ).answer()
        return _page("findings", found, limit, "id", chosen)

    @allows(Role.REVIEWER)
    async def _list_runs(self, request: web.Request) -> web.StreamResponse:
        chosen = "runs"
        try:
            query = Query(request, {"limit", "cursor"})
            limit, cursor = query.number("limit", USUAL_PAGE, MOST_ON_A_PAGE), query.one("cursor")
            before = None if cursor is None else member_of(cursor, chosen)
        except WrongQueryError as error:
            return error.answer()
        async with self._reading:
            records = await self._state.runs.history(limit + 1, before=before)
        found = [run_document(record) for record in records]
        for document in found:
            document.pop(_HERE, None)
        return _page("runs", found, limit, "run", chosen)


def _page(name: str, found: list[dict[str, Any]], limit: int, identity: str, chosen: object) -> web.Response:
    """One page of a list of which one more than the page holds was read."""
    page = found[:limit]
    more = cursor_after(page[-1][identity], chosen) if len(found) > limit else None
    return web.Response(body=orjson.dumps({name: page, "next_cursor": more}), content_type="application/json")
