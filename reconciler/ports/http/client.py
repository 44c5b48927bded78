"""The HTTP port to one system: single calls, and listings read page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Final, Self

from pydantic import JsonValue

from reconciler.errors import CredentialsRefusedError, SystemReadError
from reconciler.logs import keep_out_of_logs
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.address import BaseAddress, LinkRefusedError, redacted_url
from reconciler.ports.http.answers import RepeatedAnswers
from reconciler.ports.http.auth import Authentication, FixedAuthentication
from reconciler.ports.http.composing import Composer, Signature, label_of
from reconciler.ports.http.exchange import Exchange, Question
from reconciler.ports.http.login import LoginAuthentication
from reconciler.ports.http.messages import Outgoing, Reply, Traffic
from reconciler.ports.http.oauth2 import OAuth2Authentication
from reconciler.ports.http.page_facts import PageRead, Place, RecordPage
from reconciler.ports.http.paging import PageRequest, Positions, chain_of, rules_of
from reconciler.ports.http.reading import PageSource, chained_pages, positioned_pages
from reconciler.ports.http.references import Value, Values
from reconciler.ports.http.renewal import TokenStore
from reconciler.ports.http.settings import (
    HttpSettings,
    Listing,
    LoginAuth,
    NumberPaging,
    OAuth2Auth,
    OffsetPaging,
    Outcome,
    RangePaging,
    Request,
)
from reconciler.ports.http.standing import CallStanding, RateLimit
from reconciler.ports.http.throttle import Throttle
from reconciler.ports.http.transport import Transport
from reconciler.ports.listing import RecordListing

__all__ = ["HttpPort", "RecordPage", "Reply", "TokenStore", "Traffic", "redacted_url"]

_RENEWALS_PER_CALL: Final = 3
"""Sessions may end again before a call has its turn; more logins than this for one call do not help it."""

_READING: Final = frozenset({"GET", "POST"})
"""Verbs of a call that can be repeated and changes nothing: systems with one verb for all read with POST."""

_NOTHING: Final[Values] = MappingProxyType({})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HttpPort:
    """One system, one session, one throttle. An async context manager; calls may run concurrently inside it.

    Args:
        system: `crm` or `erp`, for messages.
        base_url: http or https address without user, query or fragment.
        credentials, context: what requests refer to as `credentials.<name>` and `context.<name>`.
        tokens: needed for the OAuth 2 refresh token grant.
        spent_today: calls of earlier runs in this UTC day, counted against `day_budget`.
        clock: aware current time.

    Raises:
        ConfigurationError: the address, a credential or the authentication cannot be used.
    """

    def __init__(
        self,
        system: str,
        settings: HttpSettings,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        context: Mapping[str, JsonValue],
        tokens: TokenStore | None = None,
        spent_today: int = 0,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        for secret in credentials.values():
            keep_out_of_logs(secret)
        self._system = system
        self._settings = settings
        self._traffic = Traffic()
        self._throttle = Throttle(
            system, settings.rates, settings.concurrency, settings.day_budget, self._traffic, clock, spent_today
        )
        self._transport = Transport(settings, self._traffic, clock)
        self._exchange = Exchange(system, settings, self._transport, self._throttle, self._traffic, clock)
        self._composer = Composer(settings, BaseAddress(base_url), credentials, context)
        self._authentication = self._authentication_of(settings, tokens)
        self._answers = None if settings.repeat_after_s is None else RepeatedAnswers(settings.repeat_after_s)
        self._tasks: set[asyncio.Task[PageRead]] = set()

    async def __aenter__(self) -> Self:
        await self._composer.open()
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._authentication.close()
        finally:
            await self._transport.close()

    @property
    def requests_sent(self) -> int:
        """Requests sent since the port was opened, repetitions and logins included."""
        return self._traffic.requests

    @property
    def traffic(self) -> Traffic:
        """Counters for the run report."""
        return self._traffic

    @property
    def standing(self) -> CallStanding:
        """How calls stand now."""
        breaker, traffic = self._exchange.breaker, self._traffic
        return CallStanding(
            rates=tuple(RateLimit(rate.calls, rate.per_s) for rate in self._settings.rates),
            concurrency=self._settings.concurrency,
            requests=traffic.requests,
            retries=traffic.retries,
            waited_s=traffic.waited_s,
            blocked_until=self._throttle.blocked_until,
            errors_in_a_row=breaker.errors_in_a_row,
            breaker_open=breaker.open,
        )

    @property
    def spent_today(self) -> int:
        """Calls of this UTC day, those given as `spent_today` included."""
        return self._throttle.spent_today

    async def call(
        self, request: Request, values: Mapping[str, Value] = _NOTHING, *, safe_to_repeat: bool = True
    ) -> Reply:
        """Send one request and return the answer that was accepted.

        Args:
            values: for references beside `credentials`, `context` and `session`.
            safe_to_repeat: False for what must not happen twice. Then a lost connection, a timeout or a server error is
                raised at once; it is sent again only when the system surely did nothing (no connection, 401, 429).

        Raises:
            UnreachableError: no connection, or it was lost each time.
            ResponseTimeoutError: no whole answer in time, each time.
            CredentialsRefusedError: the system does not accept who we are.
            BlockedError: calls are forbidden for now.
            ResponseNotUnderstoodError: HTML, truncated or no JSON, too large.
            VendorFaultError: the system answered with an error.
            ConfigurationError: a reference has no value, or one that cannot be used there.
        """

        def compose(signature: Signature) -> Outgoing:
            return self._composer.compose(request, values, signature)

        return await self._ask(compose, label_of(request), (), request.outcomes, safe_to_repeat=safe_to_repeat)

    def forget_answers(self) -> None:
        """Ask the system itself from now on, also what it answered a moment ago (`HttpSettings.repeat_after_s`)."""
        if self._answers is not None:
            self._answers.forget()

    def pages(self, listing: RecordListing, values: Mapping[str, Value] = _NOTHING) -> AsyncGenerator[RecordPage]:
        """Read a listing. Close the generator (`contextlib.aclosing`) to stop early; that ends what is under way.

        The first page comes even when it is empty; later empty ones do not. Offset, number and range listings are read
        with up to `concurrency` pages in flight and may come out of order.

        Raises:
            SystemReadError: as `call`. Also ResponseNotUnderstoodError for a declared path that is not there or holds
                something else, a next link that leaves the system, pages that lead in a circle or are all the same.
        """
        if not isinstance(listing, Listing):
            raise TypeError("HTTP reads listings of requests")
        place = Place(self._system, label_of(listing.request))

        async def ask(page: PageRequest) -> Reply:
            return await self._page(listing, values, page, place)

        def pause(wait_s: float) -> None:
            # What is doubted must be asked of the system, and not of our own memory.
            self.forget_answers()
            self._throttle.hold(wait_s)

        source = PageSource(listing, place, ask, pause, self._settings.retry.first_s, self._tasks)
        match listing.paging:
            case OffsetPaging() | NumberPaging() | RangePaging() as paging:
                return positioned_pages(source, Positions(paging), self._settings.concurrency)
            case paging:
                return chained_pages(source, chain_of(paging, listing.stop, place))

    async def _page(self, listing: Listing, values: Values, page: PageRequest, place: Place) -> Reply:
        with_page = {**values, "page": dict(page.values)}

        def compose(signature: Signature) -> Outgoing:
            return self._composer.compose(
                listing.request, with_page, signature, headers=page.headers, following=page.following
            )

        try:
            return await self._ask(compose, place.label, rules_of(listing.paging), listing.request.outcomes)
        except LinkRefusedError as error:
            problem = str(error)
        raise place.not_understood(
            phrase("the link to the next page {problem}, and is not followed", problem=problem),
            phrase("If the link names the same system by another name, write that name as base_url."),
        )

    async def _ask(
        self,
        compose: Callable[[Signature], Outgoing],
        label: str,
        rules: Sequence[Outcome],
        own_rules: Sequence[Outcome],
        *,
        safe_to_repeat: bool = True,
    ) -> Reply:
        """Ask, or give the answer of a moment ago where the system would refuse to answer again."""

        async def ask() -> Reply:
            return await self._ask_system(compose, label, rules, own_rules, safe_to_repeat=safe_to_repeat)

        if self._answers is None:
            return await ask()
        await _as_login(self._authentication.ready())
        outgoing = compose(self._authentication.signature)
        if safe_to_repeat and outgoing.method in _READING:
            return await self._answers.reply(outgoing, ask)
        try:
            return await ask()
        finally:
            # Also when it failed: it may have been done.
            self._answers.forget()

    async def _ask_system(
        self,
        compose: Callable[[Signature], Outgoing],
        label: str,
        rules: Sequence[Outcome],
        own_rules: Sequence[Outcome],
        *,
        safe_to_repeat: bool,
    ) -> Reply:
        generation = 0

        def prepare() -> Outgoing:
            nonlocal generation
            signature = self._authentication.signature
            generation = signature.generation
            return compose(signature)

        question = Question(prepare, label, rules, own_rules, safe_to_repeat)
        for _ in range(_RENEWALS_PER_CALL + 1):
            await _as_login(self._authentication.ready())
            answered = await self._exchange.ask(question)
            if isinstance(answered, Reply):
                self._authentication.accepted(generation)
                return answered
            await _as_login(self._authentication.renew(generation, label))
        raise CredentialsRefusedError(
            self._system,
            phrase(
                "{label}: refused after {renewals_per_call} new sessions.",
                label=label,
                renewals_per_call=_RENEWALS_PER_CALL,
            ),
            hint=phrase("The integration user may lack the right to read this."),
        )

    def _authentication_of(self, settings: HttpSettings, tokens: TokenStore | None) -> Authentication:
        match settings.auth:
            case LoginAuth() as auth:
                return LoginAuthentication(
                    self._system, auth, self._composer, self._exchange, self._traffic, self._transport.forget_cookies
                )
            case OAuth2Auth() as auth:
                return OAuth2Authentication(self._system, auth, self._composer, self._exchange, self._traffic, tokens)
            case auth:
                return FixedAuthentication(self._system, auth, self._composer.values)


async def _as_login(call: Awaitable[None]) -> None:
    """A login that got lost tells nothing about the call it was for, which was not sent or was refused."""
    try:
        await call
    except SystemReadError as error:
        error.may_have_acted = False
        raise
