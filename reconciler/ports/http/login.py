"""Sessions: the calls that open one, the values or cookies that carry it, the call that closes it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Final

import structlog
from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, ReconcilerError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.logs import keep_out_of_logs
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import Composer, Signature, label_of
from reconciler.ports.http.exchange import Exchange, Question
from reconciler.ports.http.json_path import ABSENT, value_at
from reconciler.ports.http.messages import Outgoing, Reply, Traffic
from reconciler.ports.http.references import Values, resolve_headers, resolve_text
from reconciler.ports.http.renewal import Renewal
from reconciler.ports.http.settings import LoginAuth, LoginStep, Outcome, Request

_ATTEMPTS: Final = 3
_CLOSE_WITHIN_S: Final = 5.0
_REFUSED_STATUS: Final = frozenset({"400", "403"})
_LOCKED_OUT: Final = Outcome(status=[429], then="fail")
"""Tryton answers 429 after five failed logins, to right passwords too: asking again only makes it longer."""

_log = structlog.get_logger("reconciler.http")


class LoginAuthentication:
    """A session, opened before the first request and again when it is lost."""

    def __init__(
        self,
        system: str,
        settings: LoginAuth,
        composer: Composer,
        exchange: Exchange,
        traffic: Traffic,
        forget_cookies: Callable[[], None],
    ) -> None:
        self._system = system
        self._settings = settings
        self._composer = composer
        self._exchange = exchange
        self._forget_cookies = forget_cookies
        self._renewal = Renewal(system, self._log_in, traffic)
        self._names = [name for step in settings.steps for name in (*step.take, *step.base64)]
        self._signature = Signature(session=dict.fromkeys(self._names))

    async def ready(self) -> None:
        await self._renewal.first()

    @property
    def signature(self) -> Signature:
        return self._signature

    def accepted(self, generation: int) -> None:
        self._renewal.proven(generation)

    async def renew(self, refused: int, label: str) -> None:
        await self._renewal.next(refused, label)

    async def close(self) -> None:
        """Tell the system that the session is over. A system that does not listen is only noted: the work is done."""
        await self._renewal.settle()
        request = self._settings.close
        if request is None or self._renewal.generation == 0:
            return
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._ask(request, self._signature, attempts=1)
        except (ReconcilerError, TimeoutError) as error:
            _log.debug("http_session_not_closed", request=label_of(request), reason=type(error).__name__)

    async def _log_in(self) -> None:
        self._forget_cookies()
        generation = self._renewal.generation + 1
        session: dict[str, JsonValue] = dict.fromkeys(self._names)
        signature = Signature(generation, session=session)
        for step in self._settings.steps:
            reply = await self._step(step, signature)
            self._take(step, reply, session)
            signature = Signature(
                generation, resolve_headers(self._settings.headers, self._values(session)), session=session
            )
        self._signature = signature

    async def _step(self, step: LoginStep, signature: Signature) -> Reply:
        label = label_of(step.request)
        status = "401"
        try:
            reply = await self._ask(step.request, signature, attempts=_ATTEMPTS)
            if reply is not None:
                return reply
        except VendorFaultError as error:
            status = error.vendor_code
            if status not in {"429", *_REFUSED_STATUS}:
                raise
        if status == "429":
            raise VendorFaultError(
                self._system,
                phrase("{label}: logins are refused for now (HTTP 429).", label=label),
                status,
                hint=phrase("Often after several wrong passwords. Wait some minutes; trying sooner makes it longer."),
            )
        raise CredentialsRefusedError(
            self._system,
            phrase("{label}: the login is refused.", label=label),
            hint=phrase("Check the credentials in the project file. They are not tried a second time."),
        )

    async def _ask(self, request: Request, signature: Signature, *, attempts: int) -> Reply | None:
        def prepare() -> Outgoing:
            return self._composer.compose(request, {}, signature)

        question = Question(
            prepare, label_of(request), rules=(_LOCKED_OUT,), own_rules=request.outcomes, attempts=attempts
        )
        answered = await self._exchange.ask(question)
        return answered if isinstance(answered, Reply) else None

    def _take(self, step: LoginStep, reply: Reply, session: dict[str, JsonValue]) -> None:
        for name, path in step.take.items():
            found = value_at(reply.document, path)
            if found is ABSENT or found is None:
                raise ResponseNotUnderstoodError(
                    self._system,
                    phrase(
                        "{request}: the answer to the login has nothing at `{path}`.",
                        request=label_of(step.request),
                        path=path,
                    ),
                )
            session[name] = found
            if isinstance(found, str):
                keep_out_of_logs(found, passing=True)
        for name, template in step.base64.items():
            text = resolve_text(template, self._values(session))
            encoded = base64.b64encode((text or "").encode()).decode()
            session[name] = encoded
            keep_out_of_logs(encoded, passing=True)

    def _values(self, session: dict[str, JsonValue]) -> Values:
        return {**self._composer.values, "session": session}
