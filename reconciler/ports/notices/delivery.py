"""Delivering one message by one channel: how often and how long it is tried, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter


class NotDeliveredError(Exception):
    """One try failed.

    Attributes:
        problem: why, one clause without addresses of people, secrets, or the path of a URL.
        again: whether another try can help.
    """

    def __init__(self, problem: str, *, again: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.again = again


@dataclass(frozen=True, slots=True)
class Patience:
    """How long delivering is tried.

    Attributes:
        attempts: tries in all.
        first_wait_s: before the second try; it doubles each time, plus up to half a second by chance.
        attempt_s: one try may take this long.
        total_s: all of it, waits included, may take this long.
    """

    attempts: int = 4
    first_wait_s: float = 1.0
    attempt_s: float = 10.0
    total_s: float = 45.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of a message on one channel.

    Attributes:
        channel: `webhook` or `mail`.
        to: host it went to.
        attempts: tries that were begun.
        problem: why it was not delivered, or not to everybody; "" when there is nothing to say.
    """

    channel: str
    to: str
    delivered: bool
    attempts: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, in every form a channel may want.

    Attributes:
        identity: the same for every try and channel; letters, digits and dashes.
        subject: one line.
        text: lines for people.
        language: of both, such as `pt-BR`.
        document: for programs, JSON.
    """

    identity: str
    subject: str
    text: str
    language: str
    document: bytes


class Channel(Protocol):
    """A way to somebody."""

    @property
    def name(self) -> str:
        """`webhook` or `mail`."""
        ...

    @property
    def host(self) -> str:
        """Where it leads."""
        ...

    async def attempt(self, message: Message) -> str:
        """Try once, for as long as it takes: who calls cancels it in time.

        Returns:
            What is to be said although it was delivered, "" for nothing.

        Raises:
            NotDeliveredError: it was not delivered, as far as can be known.
        """
        ...


async def deliver(channel: Channel, message: Message, patience: Patience) -> Delivery:
    """Try until it is delivered, trying again cannot help, or patience ends. Never raises for a failed delivery."""
    tries = _Tries(lambda: channel.attempt(message), patience.attempt_s)
    again = AsyncRetrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_exponential_jitter(multiplier=patience.first_wait_s, jitter=min(patience.first_wait_s, 1.0) / 2),
        retry=retry_if_exception(lambda error: isinstance(error, NotDeliveredError) and error.again),
        reraise=True,
    )
    try:
        async with asyncio.timeout(patience.total_s):
            remark: str = await again(tries)
    except NotDeliveredError as error:
        return Delivery(channel.name, channel.host, delivered=False, attempts=tries.begun, problem=error.problem)
    except TimeoutError:
        problem = f"not delivered within {patience.total_s:g} s"
        return Delivery(channel.name, channel.host, delivered=False, attempts=tries.begun, problem=problem)
    except Exception as error:  # noqa: BLE001  # a defect in telling must not take what is told of with it
        # Without its words: they may hold an address.
        problem = f"a defect ({type(error).__name__})"
        return Delivery(channel.name, channel.host, delivered=False, attempts=tries.begun, problem=problem)
    return Delivery(channel.name, channel.host, delivered=True, attempts=tries.begun, problem=remark)


@dataclass(slots=True)
class _Tries:
    """Counts the tries and ends each in time, whatever the channel waits for."""

    attempt: Callable[[], Awaitable[str]]
    attempt_s: float
    begun: int = 0

    async def __call__(self) -> str:
        self.begun += 1
        try:
            async with asyncio.timeout(self.attempt_s):
                return await self.attempt()
        except TimeoutError as error:
            raise NotDeliveredError(f"no answer within {self.attempt_s:g} s", again=True) from error
