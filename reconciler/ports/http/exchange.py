"""Asks one thing and obeys the decision: waits, repeats, or fails with an error a user understands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Never

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_random_exponential

from reconciler.errors import (
    ResponseNotUnderstoodError,
    ResponseTimeoutError,
    SystemReadError,
    UnreachableError,
    VendorFaultError,
)
from reconciler.logs import masked
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.breaker import ERRORS_IN_A_ROW, Breaker, Trial
from reconciler.ports.http.messages import Answer, Outgoing, Reply, Traffic
from reconciler.ports.http.outcome import Blocked, Empty, Fail, Page, RefreshAuth, Retry, classify
from reconciler.ports.http.settings import HttpSettings, Outcome
from reconciler.ports.http.throttle import Throttle
from reconciler.ports.http.transport import Broken, Transport

_LONGEST_WORDS_CHARACTERS: Final = 240
_ATTEMPTS_WITHOUT_ANSWER: Final = 3
"""Each of them may take the whole time limit."""

_ATTEMPTS_BEFORE_FIRST_ANSWER: Final = 2
"""A host that never answered is most likely misspelt or down: the user should hear of it soon."""

_log = structlog.get_logger("reconciler.http")

_Final = Reply | RefreshAuth | Blocked | Fail
_Result = _Final | Retry


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask, possibly several times.

    Attributes:
        prepare: builds the request; called just before each sending, so that it carries the current session.
        label: name of the request in messages.
        rules: outcome rules of the kind of question, after those of the description; `own_rules` are those of the
            request, before them.
        safe_to_repeat: False for what must not happen twice: then it is sent again only when it surely had no effect.
        attempts: requests in all, when fewer than the settings allow.
    """

    prepare: Callable[[], Outgoing]
    label: str
    rules: Sequence[Outcome] = ()
    own_rules: Sequence[Outcome] = ()
    safe_to_repeat: bool = True
    attempts: int | None = None


class Exchange:
    """Everything asked of one system goes through here, logins included."""

    def __init__(
        self,
        system: str,
        settings: HttpSettings,
        transport: Transport,
        throttle: Throttle,
        traffic: Traffic,
        clock: Callable[[], datetime],
    ) -> None:
        self._system = system
        self._settings = settings
        self._transport = transport
        self._throttle = throttle
        self._traffic = traffic
        self._clock = clock
        self._breaker = Breaker()
        self._ever_answered = False
        self._growing_wait = wait_random_exponential(multiplier=settings.retry.first_s, max=settings.retry.longest_s)

    @property
    def breaker(self) -> Breaker:
        """Shared by everything asked of the system."""
        return self._breaker

    async def ask(self, question: Question) -> Reply | RefreshAuth:
        """Ask until there is an answer to use.

        Returns:
            RefreshAuth when the session or token is refused: the caller obtains another and asks again.

        Raises:
            SystemReadError: one of its leaves, when asking again does not help or is not allowed.
        """
        trial = self._breaker.call()
        try:
            first = await self._attempt(question, trial)
            # Nearly every call needs no second request, and the machinery for those costs more than the call itself.
            result = await self._asked_again(question, trial, first) if isinstance(first, Retry) else first
        finally:
            trial.ended()
        if isinstance(result, Blocked):
            message = f"{question.label}: {_shown(result.message)}"
            self._throttle.block(result.until, message)
            raise _with_effect(self._throttle.refusal(result.until, message), result)
        if isinstance(result, Fail):
            self._raise(question.label, result)
        return result

    async def _asked_again(self, question: Question, trial: Trial, first: Retry) -> _Final:
        """What comes of a call whose first request has to be repeated."""
        begun: list[_Result] = [first]

        async def attempt() -> _Result:
            return begun.pop() if begun else await self._attempt(question, trial)

        retrying = AsyncRetrying(
            sleep=asyncio.sleep,
            retry=retry_if_result(lambda result: isinstance(result, Retry)),
            wait=self._wait_s,
            stop=lambda state: self._gives_up(state, question),
            before_sleep=lambda state: self._note_retry(state, question),
            retry_error_callback=lambda state: _retry_of(state).at_last,
        )
        result: _Final = await retrying(attempt)
        return result

    async def _attempt(self, question: Question, trial: Trial) -> _Result:
        result = self._decided(await self._send(question, trial), question)
        match result:
            case Reply():
                trial.succeeded()
            case Retry(after_s=float(pause_s)):
                self._throttle.hold(pause_s)
            case Retry() | Fail():
                trial.failed()
                if self._breaker.open:
                    return self._stay_away(result)
            case _:
                pass
        return result

    async def _send(self, question: Question, trial: Trial) -> Answer | Broken:
        while True:
            await trial.admitted()
            async with self._throttle.turn() as turn:
                # Others may have failed while this call waited for its turn; then it gives the turn back, unused.
                if trial.may_send:
                    outgoing = question.prepare()
                    turn.begin()
                    return await self._transport.send(outgoing, turn.answered)

    def _decided(self, got: Answer | Broken, question: Question) -> _Result:
        if isinstance(got, Broken):
            return self._broken(got, question)
        self._ever_answered = True
        decision = classify(got, self._settings, question.rules, question.own_rules)
        match decision:
            case Page(document):
                return Reply(
                    got.status, got.headers, got.body, document, got.url, next_link=got.next_link, format=got.format
                )
            case Empty():
                return Reply(got.status, got.headers, b"", None, got.url, empty=True)
            case Retry() if not question.safe_to_repeat and not decision.rejected:
                return decision.at_last
            case _:
                return decision

    def _broken(self, broken: Broken, question: Question) -> Retry | Fail:
        fail = replace(broken.fail, may_have_acted=broken.sent)
        if not broken.again or (broken.sent and not question.safe_to_repeat):
            return fail
        if not self._ever_answered and not broken.sent:
            return Retry(None, fail, _ATTEMPTS_BEFORE_FIRST_ANSWER)
        is_slow = fail.kind == "timeout"
        return Retry(None, fail, _ATTEMPTS_WITHOUT_ANSWER if is_slow or not self._ever_answered else None)

    def _stay_away(self, result: Retry | Fail) -> Fail:
        """Too many errors in a row: this call reports its own, the others are refused for a while."""
        until = self._clock() + timedelta(seconds=self._settings.retry.patience_s)
        self._throttle.block(
            until,
            phrase(
                "{errors_in_a_row} errors in a row; a pause, so as not to be locked out",
                errors_in_a_row=ERRORS_IN_A_ROW,
            ),
        )
        self._breaker.close()
        return result.at_last if isinstance(result, Retry) else result

    def _wait_s(self, state: RetryCallState) -> float:
        asked_s = _retry_of(state).after_s
        if asked_s is None:
            return self._growing_wait(state)
        # Not all at the very end of the pause.
        return asked_s + random.uniform(0, self._settings.retry.first_s)  # noqa: S311  # spreads calls, hides nothing

    def _gives_up(self, state: RetryCallState, question: Question) -> bool:
        bounds = (self._settings.retry.attempts, _retry_of(state).attempts, question.attempts)
        most = min(bound for bound in bounds if bound is not None)
        waited_s = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= most or waited_s > self._settings.retry.patience_s + self._settings.retry.first_s

    def _note_retry(self, state: RetryCallState, question: Question) -> None:
        self._traffic.retries += 1
        _log.debug(
            "http_retry",
            request=question.label,
            attempt=state.attempt_number,
            reason=_shown(_retry_of(state).at_last.code),
            wait_s=round(state.upcoming_sleep, 3),
        )

    def _raise(self, label: str, fail: Fail) -> Never:
        text = phrase("{label}: {problem}.", label=label, problem=_shown(fail.message))
        error: SystemReadError
        match fail.kind:
            case "fault":
                error = VendorFaultError(self._system, text, _shown(fail.code), hint=fail.hint)
            case "not_understood":
                error = ResponseNotUnderstoodError(self._system, text, hint=fail.hint)
            case "timeout":
                error = ResponseTimeoutError(self._system, text, hint=fail.hint)
            case "unreachable":
                error = UnreachableError(self._system, text, hint=fail.hint)
        raise _with_effect(error, fail)


def _with_effect(error: SystemReadError, decision: Fail | Blocked) -> SystemReadError:
    error.may_have_acted = decision.may_have_acted
    return error


def _shown(words: str) -> str:
    """A vendor's words as a message may hold them: they can repeat what was sent, credentials included.

    Masked before they are cut: the beginning of a secret would not be recognised any more.
    """
    safe = masked(words).rstrip(".")
    return f"{safe[:_LONGEST_WORDS_CHARACTERS]}…" if len(safe) > _LONGEST_WORDS_CHARACTERS else safe


def _retry_of(state: RetryCallState) -> Retry:
    result = state.outcome.result() if state.outcome is not None else None
    if not isinstance(result, Retry):
        raise TypeError("only a Retry is retried")
    return result
