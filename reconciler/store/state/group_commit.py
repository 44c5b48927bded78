"""Many small durable writes at once: what waits while one transaction is written goes into the next one together.

A commit waits for the disk, some milliseconds; eight tasks that apply corrections would wait for each other's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from reconciler.store.state.database import Database

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Request, Answer]):
    """Writes requests in the order they came, each once, and answers when the transaction it was in is durable.

    A request whose caller is cancelled while it waits is left out; one that is being written stays.
    """

    def __init__(
        self, database: Database, write: Callable[[AsyncConnection, Sequence[Request]], Awaitable[Sequence[Answer]]]
    ) -> None:
        """Keep how to write.

        Args:
            write: gives one answer for each request; it is called again for each alone when it fails with several.
        """
        self._database = database
        self._write = write
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, request: Request) -> Answer:
        """Write a request. When this returns it survives a loss of power.

        Raises:
            StateError: the database cannot be written; nothing of the request was.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_waiting(), name="group commit")
        return await answer

    async def close(self) -> None:
        """Wait until nothing is being written."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                await self._commit()
        finally:
            self._writer = None
            for _, answer in self._take():
                answer.cancel()

    async def _commit(self) -> None:
        batch: list[tuple[Request, asyncio.Future[Answer]]] = []
        try:
            async with self._database.write() as connection:
                # Taken only now: whatever came while another writer had the database is written along.
                batch = self._take()
                answers = await self._write(connection, [request for request, _ in batch])
            _answer(batch, answers)
        except Exception as error:  # noqa: BLE001  # it is raised where the request was made
            if len(batch) > 1:
                await self._commit_each(batch)
            else:
                _refuse(batch or self._take(), error)
        finally:
            for _, answer in batch:
                answer.cancel()

    async def _commit_each(self, batch: Sequence[tuple[Request, asyncio.Future[Answer]]]) -> None:
        """One bad request must not fail those it happened to be written with."""
        for each in batch:
            try:
                async with self._database.write() as connection:
                    answers = await self._write(connection, [each[0]])
                _answer([each], answers)
            except Exception as error:  # noqa: BLE001  # as above
                _refuse([each], error)

    def _take(self) -> list[tuple[Request, asyncio.Future[Answer]]]:
        waiting, self._waiting = self._waiting, []
        return [(request, answer) for request, answer in waiting if not answer.done()]


def _answer(batch: Sequence[tuple[Request, asyncio.Future[Answer]]], answers: Sequence[Answer]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if not future.done():
            future.set_result(answer)


def _refuse(batch: Sequence[tuple[Request, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
