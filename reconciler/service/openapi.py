"""`/openapi.json`: everything the service answers, described beside the routes. A test compares both."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

from reconciler import __version__
from reconciler.service.callers import open_to_all
from reconciler.service.corrections import CORRECTION_FILTERS
from reconciler.service.history import FINDING_FILTERS
from reconciler.service.openapi_corrections import CORRECTION_ID, CORRECTION_SCHEMAS
from reconciler.service.openapi_schemas import SCHEMAS, Schema, filters, paging, parameter, said
from reconciler.service.problems import PROBLEM_TYPE

_WHY: Final = {
    400: "The request cannot be read.",
    401: "No token, or one that is not known.",
    403: "The token has no role that may do this, or a page of another site asks.",
    404: "There is no such thing.",
    408: "The body did not arrive in time.",
    409: "This service has no tokens, or what is decided about is not what was looked at any more.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The request can be read and not answered: what is wrong is named.",
    429: "This token asks more often than it may.",
    500: "A mistake of the service.",
    501: "This project cannot answer that.",
    503: "Not now; come again.",
}
_COME_AGAIN: Final = {429, 503}
_ALWAYS: Final = (500, 503)
_WITH_TOKEN: Final = (401, 403, 429)
_WITH_BODY: Final = (400, 408, 413, 415)

_REQUEST_ID: Final[Schema] = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "description": "As the caller gave it, when short and plain; made otherwise.",
    }
}
_RETRY_AFTER: Final[Schema] = {
    "Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds.", "required": True}
}
_ALLOW_STALE: Final = parameter(
    "allow_stale",
    {"type": "boolean", "default": False},
    "Take an old answer, labelled stale, where the ERP gives none.",
)


def _problems(*statuses: int) -> Schema:
    return {
        str(status): {
            "description": _WHY[status],
            "headers": {**_REQUEST_ID, **(_RETRY_AFTER if status in _COME_AGAIN else {})},
            "content": {PROBLEM_TYPE: {"schema": said("Problem")}},
        }
        for status in sorted({*statuses, *_ALWAYS})
    }


def _json(schema: Schema, description: str) -> Schema:
    content = {"application/json": {"schema": schema}}
    return {"200": {"description": description, "headers": _REQUEST_ID, "content": content}}


def _one_of(*names: str) -> Schema:
    return {"oneOf": [said(name) for name in names]}


def _operation(
    name: str, summary: str, answers: Schema, parameters: list[Schema] | None = None, body: Schema | None = None
) -> Schema:
    described: Schema = {"operationId": name, "summary": summary, "responses": answers}
    if parameters:
        described["parameters"] = parameters
    if body is not None:
        described["requestBody"] = {"required": True, "content": body}
    return described


def _open(operation: Schema) -> Schema:
    return {**operation, "security": []}


_CORRECTION: Final = parameter("id", CORRECTION_ID, "Of the correction, whole.", "path")


def _decision(name: str, summary: str, body: str) -> Schema:
    """Who decides is whose token it is: a session of a page is not enough."""
    answers = {
        **_json(said("ShownCorrection"), "Done; the correction as it is now."),
        **_problems(*_WITH_TOKEN, *_WITH_BODY, 404, 409, 422),
    }
    described = _operation(name, summary, answers, [_CORRECTION], {"application/json": {"schema": said(body)}})
    return {**described, "security": [{"token": []}]}


_FORM: Final = "application/x-www-form-urlencoded"
_SEE_OTHER: Final[Schema] = {
    "303": {
        "description": "Back to the page.",
        "headers": {**_REQUEST_ID, "Location": {"schema": {"type": "string"}, "required": True}},
    }
}

_READINESS: Final[Schema] = {
    "type": "object",
    "required": ["status", "webhooks", "systems"],
    "properties": {
        "status": {"enum": ["ready", "degraded"]},
        "webhooks": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
        "systems": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["status", "problem", "last_contact_at"],
                "properties": {
                    "status": {"enum": ["up", "down", "unknown"]},
                    "problem": {"type": ["string", "null"], "description": "A code."},
                    "last_contact_at": {"type": ["string", "null"], "format": "date-time"},
                    "circuit": {"enum": ["closed", "open", "half_open"]},
                },
            },
        },
    },
}

_PATHS: Final[dict[str, Schema]] = {
    "/v1/taxes": {
        "post": _operation(
            "taxesOfWouldBeQuote",
            "Taxes of a would-be quote, asked from the ERP now. An answer without amounts says why.",
            {
                **_json(_one_of("Calculated", "Unavailable"), "What the ERP says, or that it said nothing usable."),
                **_problems(*_WITH_TOKEN, *_WITH_BODY, 422, 501),
            },
            [_ALLOW_STALE],
            {"application/json": {"schema": said("WouldBeQuote")}},
        )
    },
    "/v1/quotes/{number}/taxes": {
        "get": _operation(
            "taxesOfQuote",
            "Taxes of the latest revision of a quote of the CRM, and what it carries.",
            {
                **_json(_one_of("QuoteCalculated", "QuoteUnavailable"), "As for a would-be quote, with the quote."),
                **_problems(*_WITH_TOKEN, 400, 404, 422, 501),
            },
            [parameter("number", {"type": "string", "minLength": 1}, "As the CRM shows it.", "path"), _ALLOW_STALE],
        )
    },
    "/v1/findings": {
        "get": _operation(
            "listFindings",
            "Findings; the open ones unless `status` says otherwise.",
            {**_json(said("Findings"), "A page."), **_problems(*_WITH_TOKEN, 400, 422)},
            [*filters(FINDING_FILTERS), *paging()],
        )
    },
    "/v1/corrections": {
        "get": _operation(
            "listCorrections",
            "Corrections with their content and how far they are from being approved, in the order of the proposals.",
            {**_json(said("Corrections"), "A page."), **_problems(*_WITH_TOKEN, 400, 422)},
            [*filters(CORRECTION_FILTERS), *paging()],
        )
    },
    "/v1/corrections/{id}": {
        "get": _operation(
            "showCorrection",
            "One correction with its approvals, and what happened when it was written.",
            {**_json(said("ShownCorrection"), "The correction."), **_problems(*_WITH_TOKEN, 404)},
            [_CORRECTION],
        )
    },
    "/v1/corrections/{id}/approve": {
        "post": _decision("approveCorrection", "Says yes to exactly the content of the digest.", "Approval")
    },
    "/v1/corrections/{id}/reject": {
        "post": _decision("rejectCorrection", "Says no, with the reason; nothing may be written yet.", "Rejection")
    },
    "/v1/runs": {
        "get": _operation(
            "listRuns",
            "Runs with their accounting, the newest first.",
            {**_json(said("Runs"), "A page."), **_problems(*_WITH_TOKEN, 400, 422)},
            paging(),
        )
    },
    "/v1/webhooks/{side}": {
        "post": _open(
            _operation(
                "takeWebhook",
                "A delivery of one of the systems, proved by its signature.",
                {
                    **_json({"type": "object"}, "On disk; or the answer to a test of the sender."),
                    **_problems(*_WITH_BODY, 401, 404),
                },
                [parameter("side", {"enum": ["crm", "erp"]}, "Whose.", "path")],
                {"application/json": {"schema": {}}},
            )
        )
    },
    "/sign-in": {
        "post": _open(
            _operation(
                "signIn",
                "Opens a session for a page of this service, in a cookie.",
                {**_SEE_OTHER, **_problems(*_WITH_BODY, *_WITH_TOKEN, 409)},
                None,
                {_FORM: {"schema": {"type": "object", "properties": {"token": {"type": "string"}}}}},
            )
        )
    },
    "/sign-out": {
        "post": _open(
            _operation(
                "signOut",
                "Ends the session of the cookie.",
                {**_SEE_OTHER, **_problems(*_WITH_BODY, 403)},
                None,
                {_FORM: {"schema": {"type": "object", "properties": {"csrf_token": {"type": "string"}}}}},
            )
        )
    },
    "/healthz": {
        "get": _open(
            _operation("isAlive", "The process answers.", {**_json({"type": "object"}, "Yes."), **_problems()})
        )
    },
    "/readyz": {
        "get": _open(
            _operation(
                "isReady",
                "It can do its work; degraded where a system cannot be reached.",
                {**_json(_READINESS, "Yes, what waits, and how each system stands."), **_problems()},
            )
        )
    },
    "/metrics": {
        "get": _operation(
            "scrape",
            "Numbers of all processes together, in the text format of Prometheus.",
            {
                "200": {
                    "description": "Everything that is counted.",
                    "headers": _REQUEST_ID,
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                },
                **_problems(*_WITH_TOKEN),
            },
        )
    },
    "/openapi.json": {
        "get": _open(
            _operation("describe", "This description.", {**_json({"type": "object"}, "OpenAPI."), **_problems()})
        )
    },
}


def openapi_document() -> dict[str, Any]:
    """The description, as JSON."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reconciler",
            "version": __version__,
            "description": "Taxes of quotes from the ERP, findings, corrections and runs. Amounts and rates are text.",
        },
        "security": [{"token": []}, {"session": []}],
        "paths": _PATHS,
        "components": {
            "schemas": {**SCHEMAS, **CORRECTION_SCHEMAS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made by `reconciler tokens new`."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "reconciler",
                    "description": "For pages of this service, `__Host-reconciler` over TLS; what may change something "
                    "carries X-CSRF-Token too.",
                },
            },
        },
    }


class Documentation:
    """Gives the description away."""

    def __init__(self) -> None:
        self._body = orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2)

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get("/openapi.json", self._describe, allow_head=False)

    @open_to_all
    async def _describe(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=self._body, content_type="application/json")
